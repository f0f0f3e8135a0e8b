"""Which changes have open pages not been told of yet? Read from the log of changes, whose rows may come out of order.

An id is given when a row is written, and seen when its transaction commits: a smaller id may appear after a greater one.
So the ids that were skipped are remembered until they appear or their transaction must be over, and what a client is given
to resume from is never past one of them.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from pydantic import BaseModel

from api import reading
from storage import sql

queries = sql.load("api")

BATCH = 500
"""Rows read at a time."""
LOOK_BACK = 500
"""Ids below the newest one at the start, and among a jump's, that may still be on their way."""
GAP_AT_LEAST_S = 1.0
"""A skipped id is given up no sooner: by then its transaction has a number that can be asked for."""
GAP_AT_MOST_S = 60.0
"""A skipped id is given up after this: no statement of ours may run longer than half of it."""
REPLAY_LIMIT = 1000
"""Who missed more rows than this loads everything again."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the log: what changed."""

    id: int
    event: str
    ref: str


@dataclass(frozen=True, slots=True)
class Position:
    """How far the log has been read, and which ids below that may still appear."""

    newest: int
    gaps: frozenset[int]

    def resume_at(self, row_id: int) -> int:
        """Return the id after which nothing is missed by whoever has heard of `row_id` and all rows before it."""
        return min((gap - 1 for gap in self.gaps if gap < row_id), default=row_id)


@dataclass(frozen=True, slots=True)
class Change:
    """What a page is told: the object as it now is, and the path of its area, which says who may hear of it."""

    id: int
    resume_at: int
    event: str
    ref: str
    path: str | None
    data: str

    @property
    def frame(self) -> bytes:
        """The change as a Server-Sent Event."""
        return f"id: {self.resume_at}\nevent: {self.event}\ndata: {self.data}\n\n".encode()


@dataclass(slots=True)
class _Gap:
    """An id that was skipped: since when (seconds), and the number of the first transaction that began after that."""

    since: float
    next_transaction: int | None = None


class Tail:
    """The end of the log, read on and on by one thread at a time."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._newest = 0
        self._gaps: dict[int, _Gap] = {}

    @property
    def position(self) -> Position:
        """How far the log has been read."""
        return Position(self._newest, frozenset(self._gaps))

    def start(self, connection: Connection[Any]) -> None:
        """Begin after the newest row; what is still on its way below it will be read."""
        row = connection.execute(queries.stream_bounds).fetchone()
        self._newest = row[1] if row else 0
        rows = connection.execute(queries.stream_ids_before, {"newest": self._newest, "back": LOOK_BACK}).fetchall()
        self._skip(range(max(1, self._newest - LOOK_BACK + 1), self._newest), {found for (found,) in rows})

    def read(self, connection: Connection[Any]) -> list[Logged]:
        """Return the rows that appeared since the last time, in order of their ids, at most BATCH of them."""
        transactions = connection.execute(queries.stream_open_transactions).fetchone()
        oldest_open, next_transaction = transactions if transactions else (0, 0)
        rows = connection.execute(
            queries.stream_rows, {"after": self._newest, "gaps": list(self._gaps), "limit": BATCH}
        ).fetchall()
        logged = [Logged(*row) for row in rows]
        for row in logged:
            self._gaps.pop(row.id, None)
        self._give_up(oldest_open, next_transaction)
        newest = max((row.id for row in logged), default=0)
        if newest > self._newest:
            self._skip(range(max(self._newest + 1, newest - LOOK_BACK), newest), {row.id for row in logged})
            self._newest = newest
        return logged

    def _skip(self, ids: Iterable[int], found: set[int]) -> None:
        since = self._seconds()
        self._gaps |= {each: _Gap(since) for each in ids if each not in found}

    def _give_up(self, oldest_open: int, next_transaction: int) -> None:
        """Forget the ids whose transactions were over before the rows were read: they were rolled back."""
        now = self._seconds()
        for row_id, gap in list(self._gaps.items()):
            if now - gap.since < GAP_AT_LEAST_S:
                continue
            if gap.next_transaction is None:
                gap.next_transaction = next_transaction
            if oldest_open >= gap.next_transaction or now - gap.since > GAP_AT_MOST_S:
                del self._gaps[row_id]


def replay(connection: Connection[Any], last: int, position: Position) -> list[Change] | None:
    """Return what was logged after `last`; None when that is no longer known, or too much.

    `position` is how far the tail had come before this transaction began.
    """
    bounds = connection.execute(queries.stream_bounds).fetchone()
    oldest, newest = bounds if bounds else (0, 0)
    if last > max(newest, position.newest) or last < oldest - 1:
        return None
    rows = connection.execute(queries.stream_rows, {"after": last, "gaps": [], "limit": REPLAY_LIMIT + 1}).fetchall()
    if len(rows) > REPLAY_LIMIT:
        return None
    logged = [Logged(*row) for row in rows]
    found = {row.id for row in logged}
    end = max(found, default=last)
    unread = (each for each in range(max(last, position.newest) + 1, end) if each not in found)
    return changes(connection, logged, Position(end, (position.gaps | frozenset(unread)) - found))


def changes(connection: Connection[Any], logged: Sequence[Logged], position: Position) -> list[Change]:
    """Return each object of these rows once, as it now is, in the order of its last row."""
    last = {(row.event, row.ref): row.id for row in logged}
    refs: dict[str, list[str]] = {"alert": [], "visit": [], "device": []}
    for event, ref in last:
        refs[event].append(ref)
    alerts = reading.alerts(connection, _numbers(refs["alert"]))
    visits = reading.visits(connection, _numbers(refs["visit"]))
    now: dict[tuple[str, str], tuple[BaseModel, str | None]] = {}
    now |= {("alert", str(number)): each for number, each in alerts.items()}
    now |= {("visit", str(number)): each for number, each in visits.items()}
    now |= {("device", uid): each for uid, each in reading.devices(connection, refs["device"]).items()}
    return [
        Change(row_id, position.resume_at(row_id), event, ref, now[event, ref][1], now[event, ref][0].model_dump_json())
        for (event, ref), row_id in sorted(last.items(), key=lambda item: item[1])
        if (event, ref) in now
    ]


def _numbers(refs: Sequence[str]) -> list[int]:
    return [int(ref) for ref in refs if ref.isdecimal()]
