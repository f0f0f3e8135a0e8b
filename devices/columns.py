"""How do the values of many rows become one parameter? As the text of a PostgreSQL array, for `unnest`.

A driver's own list of a thousand values is written value by value and looked through for what needs quoting; here the
caller knows. A column without any value is the empty array: `unnest` fills it up with nulls beside the longer ones.
"""

from collections.abc import Sequence
from datetime import datetime

EMPTY = "{}"


def plain(values: Sequence[bool | int | float | datetime | None]) -> str:
    """Return the array of values that need no quotes."""
    if values.count(None) == len(values):
        return EMPTY
    return "{" + ",".join(["NULL" if each is None else str(each) for each in values]) + "}"


def texts(values: Sequence[str | None]) -> str:
    """Return the array of texts, each in quotes: an empty one, or one that says NULL, is a text all the same."""
    if values.count(None) == len(values):
        return EMPTY
    return "{" + ",".join(["NULL" if each is None else _quoted(each) for each in values]) + "}"


def _quoted(text: str) -> str:
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
