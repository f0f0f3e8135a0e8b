"""How is a long list read? In pages: each answer carries a cursor, which is the last row's sort key, opaque to callers.

A page is found by the key and not by its number, so that rows which come and go meanwhile shift nothing.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from api.problems import Problem, invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
_BIGINT = 2**63

Item = TypeVar("Item")
Row = TypeVar("Row")
KeyPart = str | int | datetime


class Listing(BaseModel, Generic[Item]):
    """One page of a list; `next` is the `cursor` of the page after it, null on the last one."""

    items: list[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    @property
    def rows(self) -> int:
        """How many rows to read: one more than is shown tells whether there is a next page."""
        return self.limit + 1

    def after(self, *kinds: type[KeyPart]) -> tuple[Any, ...]:
        """Return the key of the last row seen, a part for each of `kinds`; all None on the first page.

        Raises Problem (422) for a cursor that this list did not give.
        """
        if self.cursor is None:
            return (None,) * len(kinds)
        try:
            parts = json.loads(base64.urlsafe_b64decode(self.cursor.encode("ascii") + b"=" * (-len(self.cursor) % 4)))
            if not isinstance(parts, list) or len(parts) != len(kinds):
                raise self._unknown()
            return tuple(_read(part, kind) for part, kind in zip(parts, kinds, strict=True))
        except (binascii.Error, UnicodeError, ValueError, RecursionError):
            raise self._unknown() from None

    def _unknown(self) -> Problem:
        return invalid("cursor", self.cursor, "is not one of this list; use `next` of an answer as it is, or none")

    def cut(self, rows: Sequence[Row], key: Callable[[Row], tuple[KeyPart, ...]]) -> tuple[list[Row], str | None]:
        """Return the rows of this page and the cursor of the next; `rows` has up to `self.rows`."""
        if len(rows) <= self.limit:
            return list(rows), None
        shown = list(rows[: self.limit])
        return shown, cursor_of(*key(shown[-1]))


def cursor_of(*key: KeyPart) -> str:
    """Return the cursor that stands for a sort key."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read(part: object, kind: type[KeyPart]) -> KeyPart:
    """Return a part of a cursor as its kind. Raises ValueError for anything that this module did not write."""
    if kind is datetime and isinstance(part, str):
        at = datetime.fromisoformat(part)
        if at.tzinfo is None:
            raise ValueError
        return at
    if kind is int and type(part) is int and -_BIGINT <= part < _BIGINT:
        return part
    if kind is str and isinstance(part, str) and "\x00" not in part:
        part.encode()
        return part
    raise ValueError


def page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="how many at most")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000, description="`next` of the page before")] = None,
) -> Page:
    """Read the part that is asked for from a request."""
    return Page(limit, cursor)


Paging = Annotated[Page, Depends(page)]
"""The page, as a route asks for it."""
