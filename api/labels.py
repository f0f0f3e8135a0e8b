"""What stands on a label? A QR code that any phone's camera opens; a device's uid and kind, a door's code; nobody's name.

A sheet is A4 with 3 x 8 labels of 70 x 37 mm, as stationers sell them; drawn as SVG, so that a printer has it sharp.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias
from urllib.parse import urlencode

import segno

from alerts.texts import gettext
from api.console.words import DEVICE_KINDS

PLACE = "/my/scan"
"""Where a label leads to: the page that says what to do with a device at the door."""
DOOR_PLACE = "/my/door"
"""Where the label of a door leads to: whoever came to that home says so there."""
SHEET_MM = (210, 297)
COLUMNS, ROWS = 3, 8
A_SHEET = COLUMNS * ROWS
_WIDTH, _HEIGHT, _TOP = 70, 37, 0.5
_CODE, _CODE_X, _CODE_Y = 30, 3, 3.5
_TEXT_X = _CODE_X + _CODE + 2.5
_UID_LINE = 14
"""Signs of a uid that stand beside the code in one line."""
_MODEL_LIMIT = 22
_QUIET = 2
"""Modules of quiet around the code, beside the white of the label itself; together more than the standard's 4."""


@dataclass(frozen=True, slots=True)
class Label:
    """A device's label. `is_new`: it is in no registry yet, so its code also says what is in the box."""

    uid: str
    kind: str | None = None
    model: str | None = None
    is_new: bool = False

    def link(self, public_url: str) -> str:
        """Return what the code holds."""
        told = {"kind": self.kind, "model": self.model} if self.is_new else {}
        more = urlencode({name: value for name, value in told.items() if value})
        return f"{public_url.rstrip('/')}{PLACE}/{self.uid}" + (f"?{more}" if more else "")


@dataclass(frozen=True, slots=True)
class DoorLabel:
    """A door's label: its code says which home it is to us, and to nobody else; the home's number, where to hang it."""

    code: str
    home_id: int

    def link(self, public_url: str) -> str:
        """Return what the QR code holds."""
        return f"{public_url.rstrip('/')}{DOOR_PLACE}/{self.code}"


AnyLabel: TypeAlias = Label | DoorLabel


def sheets(labels: Sequence[AnyLabel], public_url: str) -> Iterator[str]:
    """Yield each A4 sheet as an SVG element."""
    for start in range(0, len(labels), A_SHEET):
        yield _svg(_drawn(labels[start : start + A_SHEET], public_url, 0), 1)


def as_svg(labels: Sequence[AnyLabel], public_url: str) -> str:
    """Return all sheets, one below the other, as an SVG document."""
    pages = [labels[start : start + A_SHEET] for start in range(0, len(labels), A_SHEET)]
    drawn = "".join(_drawn(page, public_url, number * SHEET_MM[1]) for number, page in enumerate(pages))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_svg(drawn, len(pages))}\n'


def as_html(labels: Sequence[AnyLabel], public_url: str) -> str:
    """Return all sheets as a page that prints one on each A4 sheet, with nothing around it."""
    width, height = SHEET_MM
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>Anju 安居</title>\n'
        "<style>@page { size: A4; margin: 0 } body { margin: 0 }"
        f" svg {{ display: block; width: {width}mm; height: {height}mm }} svg + svg {{ break-before: page }}"
        "</style></head><body>\n" + "\n".join(sheets(labels, public_url)) + "\n</body></html>\n"
    )


WRITERS: dict[str, Callable[[Sequence[AnyLabel], str], str]] = {".html": as_html, ".svg": as_svg}
"""How labels are written, by the end of the file's name."""


def _svg(drawn: str, pages: int) -> str:
    width, height = SHEET_MM[0], SHEET_MM[1] * pages
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm"'
        f' viewBox="0 0 {width} {height}" font-family="sans-serif" fill="#000">{drawn}</svg>'
    )


def _drawn(labels: Sequence[AnyLabel], public_url: str, top: float) -> str:
    return "".join(
        f'<g transform="translate({number % COLUMNS * _WIDTH} {top + _TOP + number // COLUMNS * _HEIGHT:g})">'
        f"{_label(each, public_url)}</g>"
        for number, each in enumerate(labels)
    )


def _label(label: AnyLabel, public_url: str) -> str:
    if isinstance(label, DoorLabel):
        grouped = [label.code[start : start + 4] for start in range(0, len(label.code), 4)]
        written = "".join(_text(line, 8.5 + number * 5, 4.2, "monospace") for number, line in enumerate(grouped))
        below = 8.5 + len(grouped) * 5 + 1.5
        written += _text("上门签到 Door", below, 2.8) + _text(f"住户 Home {label.home_id}", below + 4, 2.8)
        return _code(label.link(public_url)) + written
    lines = [label.uid[start : start + _UID_LINE] for start in range(0, len(label.uid), _UID_LINE)]
    written = "".join(_text(line, 8.5 + number * 4, 3.4, "monospace") for number, line in enumerate(lines))
    below = 8.5 + len(lines) * 4 + 1.5
    for line in (_kind_name(label.kind), (label.model or "")[:_MODEL_LIMIT]):
        if line:
            written += _text(line, below, 2.8)
            below += 4
    return _code(label.link(public_url)) + written


def _kind_name(kind: str | None) -> str:
    if kind not in DEVICE_KINDS:
        return kind or ""
    return f"{gettext('zh-CN', DEVICE_KINDS[kind])} {gettext('en', DEVICE_KINDS[kind])}"


def _text(line: str, y: float, size: float, family: str = "") -> str:
    named = f' font-family="{family}" font-weight="bold"' if family else ""
    return f'<text x="{_TEXT_X}" y="{y:g}" font-size="{size}"{named}>{escape(line)}</text>'


def _code(content: str) -> str:
    """Return the QR code of a text, its dark modules as one path."""
    rows = segno.make_qr(content, error="m").matrix
    side = len(rows) + 2 * _QUIET
    path = "".join(
        f"M{start + _QUIET} {y + _QUIET}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return (
        f'<svg x="{_CODE_X}" y="{_CODE_Y}" width="{_CODE}" height="{_CODE}" viewBox="0 0 {side} {side}"'
        f' shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules of a row begin, and how many they are."""
    start: int | None = None
    for x, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None
