"""How is a value written in a cell, and how read from one? Days, lists and people to call, as offices write them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from devices.model import Json

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_LIST = re.compile(r"[|;,、，；]")
_MANGLED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
_EXCEL_TEXT = re.compile(r"\d+\.0")


class NotWritten(ValueError):
    """The cell does not hold such a value; the message says how to write it."""


def _day(cell: str) -> str:
    found = _DAY.fullmatch(cell)
    if found is None:
        raise NotWritten("is not a day; write 1941-03-02")
    try:
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        raise NotWritten("is a day that there never was; mend it, as 1941-03-02") from None


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise NotWritten("is not a number; write it with a point, as 24.58") from None


def _whole(cell: str) -> int:
    try:
        return int(cell.removesuffix(".0"))
    except ValueError:
        raise NotWritten("is not a whole number; write its digits") from None


def _phone(cell: str) -> str:
    if _MANGLED.fullmatch(cell):
        raise NotWritten("was rounded by the spreadsheet; make the column text there and write the number again")
    return cell.removesuffix(".0") if _EXCEL_TEXT.fullmatch(cell) else cell


def _words(cell: str) -> Json:
    """Read `lives_alone|disabled`, or the same as JSON."""
    if cell.startswith("["):
        return _json(cell, "write lives_alone|disabled")
    return [word.strip() for word in _LIST.split(cell) if word.strip()]


def _people(cell: str) -> Json:
    """Read `name:phone:relation | name:phone`, or the same as JSON."""
    if cell.startswith("["):
        return _json(cell, "write 张伟:+8613800000009:儿子 | 王芳:08834210002")
    return [_person(part) for part in re.split(r"[|｜]", cell) if part.strip()]


def _person(part: str) -> dict[str, Json]:
    fields: list[str] = [field.strip() for field in re.split("[:：]", part)]
    if not 2 <= len(fields) <= 3:
        raise NotWritten("is not whom to call; write 张伟:+8613800000009:儿子 | 王芳:08834210002")
    person: dict[str, Json] = dict(zip(("name", "phone", "relation"), fields, strict=False))
    return {key: value for key, value in person.items() if value or key != "relation"}


def _json(cell: str, mend: str) -> Json:
    try:
        value: Json = json.loads(cell)
    except (ValueError, RecursionError):
        raise NotWritten(f"begins as JSON and is none; {mend}") from None
    return value


READ: Mapping[str, Callable[[str], Json]] = {
    "birth_date": _day,
    "lat": _number,
    "lon": _number,
    "patrol_every_s": _whole,
    "offline_after_s": _whole,
    "phone": _phone,
    "category": _words,
    "contacts": _people,
}
"""How the cell of a column is read; of other columns it is the text itself. Each raises NotWritten."""


def written(column: str, value: object) -> str:
    """Return the cell of a value, as `READ` reads it."""
    if value is None:
        return ""
    if column == "category" and isinstance(value, Sequence):
        return _words_written([str(each) for each in value])
    if column == "contacts" and isinstance(value, Sequence):
        return _people_written(value)
    return str(value)


def _words_written(words: Sequence[str]) -> str:
    if any(_LIST.search(word) or word.startswith("[") for word in words):
        return json.dumps(words, ensure_ascii=False)
    return "|".join(words)


def _people_written(people: Sequence[Mapping[str, str | None]]) -> str:
    fields = [[person.get("name") or "", person.get("phone") or "", person.get("relation") or ""] for person in people]
    is_simple = all(name and phone and not name.startswith("[") for name, phone, _ in fields)
    if not is_simple or any(re.search("[:：|｜]", field) for person in fields for field in person):
        told = [{key: value for key, value in person.items() if value is not None} for person in people]
        return json.dumps(told, ensure_ascii=False)
    return " | ".join(":".join(person).removesuffix(":") for person in fields)
