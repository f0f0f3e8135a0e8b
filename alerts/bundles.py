"""Which words tell of several alerts in one text, or that one is somebody else's now? Never of two calls for help."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.texts import gettext, kind_name, place

MOST_LISTED = 5
"""A longer text is cut by nobody and read by nobody; the rest is on the staff page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One alert of several."""

    number: int
    kind: str
    who: str
    where: str


def bundle(language: str | None, lines: Sequence[Line], *, replies: bool) -> str:
    """Return the text with which several alerts leave that were held back, the most urgent first."""
    parts = [gettext(language, "[Anju] {count} alerts wait:", count=len(lines)), *_listed(language, lines)]
    if replies:
        example = f"1 {lines[0].number}"
        parts.append(gettext(language, "Reply with the number, like {example}.", example=example))
    return _joined(language, parts)


def digest(language: str | None, lines: Sequence[Line]) -> str:
    """Return the one text of a shift: what is open and not urgent."""
    return _joined(
        language,
        [
            gettext(language, "[Anju] For this shift, not urgent: {count}.", count=len(lines)),
            *_listed(language, lines),
            gettext(language, "Answer on the staff page."),
        ],
    )


def taken_back(language: str | None, *, number: int, kind: str) -> str:
    """Return what somebody hears who took an alert, was asked and stayed silent: others are told now."""
    return gettext(
        language,
        "[Anju] {what} #{number}: nothing was heard from you, so others are being told. Reply 1 if you are going.",
        what=kind_name(language, kind),
        number=number,
    )


def _listed(language: str | None, lines: Sequence[Line]) -> list[str]:
    listed = [
        gettext(
            language, "#{number} {what}, {place}.",
            number=each.number, what=kind_name(language, each.kind), place=place(language, each.who, each.where),
        )
        for each in lines[:MOST_LISTED]
    ]  # fmt: skip
    more = len(lines) - MOST_LISTED
    return [*listed, gettext(language, "And {count} more.", count=more)] if more > 0 else listed


def _joined(language: str | None, parts: Sequence[str]) -> str:
    return (" " if language == "en" else "").join(parts)
