"""What does a CSV file hold, as a spreadsheet wrote it? Rows of cells with the lines on which they begin."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.bulk.found import BadCell, NotAFile

_LOOK_LIKE_FORMULAS = "=+-@\t\r＝＋－＠"
_GUARDED = re.compile(f"'(?=['{re.escape(_LOOK_LIKE_FORMULAS)}])")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DELIMITERS = ",;\t"
CELL_LIMIT = 100_000
"""Characters of a cell; more is a quote that was never closed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and the line on which it begins, counted from 1."""

    line: int
    cells: tuple[str, ...]


def read_text(source: Path | str) -> str:
    """Return the text of a file, whatever a spreadsheet encoded it in; a str is the text itself. Raises NotAFile."""
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        content = source.read_bytes()
    except OSError as error:
        raise NotAFile(source, f"cannot be read: {error.strerror}") from None
    if content.startswith(_WORKBOOKS):
        raise NotAFile(source, "is a workbook; save it as CSV (in Excel: CSV UTF-8)")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        # what a Chinese Excel writes as plain CSV
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotAFile(source, "is neither UTF-8 nor GB18030; save it as CSV UTF-8")


def rows_of(text: str) -> Iterator[Row]:
    """Yield the rows that are not empty. Raises BadCell where the file stops making sense."""
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith("sep="):
        delimiter, text, skipped = first.strip()[4:] or ",", rest, 1
    else:
        head = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=_without_quoted(head).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begun = 1
    csv.field_size_limit(CELL_LIMIT)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(begun + skipped, tuple(unguarded(cell) for cell in cells))
            begun = reader.line_num + 1
    except csv.Error as error:
        why = "a quote that begins here is never closed, or stands inside of a value without being doubled"
        raise BadCell(begun + skipped, "", None, f"{why} ({error})") from None


def _without_quoted(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unguarded` gives it back as it was."""
    return f"'{cell}" if cell.startswith(("'", *_LOOK_LIKE_FORMULAS)) else cell


def unguarded(cell: str) -> str:
    """Return a cell without the quote that kept a spreadsheet from taking it for a formula."""
    return _GUARDED.sub("", cell, count=1) if _GUARDED.match(cell) else cell


def line_of(cells: list[str]) -> str:
    """Return a line of CSV, with its end."""
    written = io.StringIO(newline="")
    # written with both ends of a line, so that a cell which holds either is quoted
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue().removesuffix("\r\n") + "\n"
