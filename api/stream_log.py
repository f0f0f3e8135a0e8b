"""Which changes have open pages not been told of yet? Read from the log of changes, whose rows may come out of order.

An id is given when a row is written, and seen when its transaction commits: a smaller id may appear after a greater one.
So the ids that were skipped are remembered until they appear or their transaction must be over, and what a client is given
to resume from names them beside the newest id: what it then misses is told, and nothing twice.
"""

import re
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
GAPS_NAMED = 50
"""Skipped ids that a client is given to resume from; where there are more it resumes before the first of them."""
_HEARD = re.compile(r"[0-9]{1,18}(-[0-9]{1,18}){0,99}")


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

    def has(self, row_id: int) -> bool:
        """Say whether a row was heard of by whoever is here."""
        return row_id <= self.newest and row_id not in self.gaps

    def __or__(self, other: "Position") -> "Position":
        """Return where somebody is who has heard of all that either has."""
        gaps = (gap for gap in self.gaps | other.gaps if not self.has(gap) and not other.has(gap))
        return Position(max(self.newest, other.newest), frozenset(gaps))

    def __str__(self) -> str:
        """Return what a client is given to resume from, as `20-15-18`: up to 20, but for 15 and 18."""
        below = sorted(gap for gap in self.gaps if gap < self.newest)
        if len(below) > GAPS_NAMED:
            return str(below[0] - 1)
        return "-".join(str(each) for each in (self.newest, *below))


def position_of(text: str) -> Position | None:
    """Return the position that a client says it is at; None for what was not given to it."""
    if _HEARD.fullmatch(text) is None:
        return None
    newest, *gaps = (int(part) for part in text.split("-"))
    return Position(newest, frozenset(gaps))


@dataclass(frozen=True, slots=True)
class Change:
    """What a page is told: the object as it now is, and the path of its area, which says who may hear of it.

    `heard`: where whoever is told of it in its turn then is at least.
    """

    id: int
    heard: Position
    event: str
    ref: str
    path: str | None
    data: str

    def frame(self, at: Position) -> bytes:
        """Return the change as a Server-Sent Event to whoever is `at` that position with it."""
        return f"id: {at}\nevent: {self.event}\ndata: {self.data}\n\n".encode()


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


def replay(connection: Connection[Any], last: Position, tail: Position) -> list[Change] | None:
    """Return what a client at `last` has missed; None when that is no longer known, or too much.

    `tail` is how far the tail had come before this transaction began.
    """
    bounds = connection.execute(queries.stream_bounds).fetchone()
    oldest, newest = bounds if bounds else (0, 0)
    if last.newest > max(newest, tail.newest) or last.newest < oldest - 1:
        return None
    rows = connection.execute(
        queries.stream_rows, {"after": last.newest, "gaps": list(last.gaps), "limit": REPLAY_LIMIT + 1}
    ).fetchall()
    if len(rows) > REPLAY_LIMIT:
        return None
    logged = [Logged(*row) for row in rows]
    found = {row.id for row in logged}
    end = max(found, default=0)
    unread = (each for each in range(max(last.newest, tail.newest) + 1, end) if each not in found)
    pending = frozenset(gap for gap in tail.gaps if not last.has(gap)) | frozenset(unread)
    return changes(connection, logged, Position(max(last.newest, end), pending - found), before=last.newest)


def changes(connection: Connection[Any], logged: Sequence[Logged], position: Position, *, before: int) -> list[Change]:
    """Return each object of these rows once, as it now is, in the order of its last row.

    `position`: where all of them lead; `before`: the newest id that was told before them.
    """
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
    told = sorted(((row_id, *key) for key, row_id in last.items() if key in now))
    return [
        Change(row_id, heard, event, ref, now[event, ref][1], now[event, ref][0].model_dump_json())
        for (row_id, event, ref), heard in zip(
            told, _one_by_one([row_id for row_id, _, _ in told], position, before), strict=True
        )
    ]


def _one_by_one(ids: Sequence[int], position: Position, before: int) -> list[Position]:
    """Return where a client is after each of these rows, given in order; after the last one at `position`.

    A row that is still to come counts as skipped, where one above it was told before.
    """
    heard: list[Position] = []
    for index, row_id in enumerate(ids[:-1]):
        newest = max(row_id, before)
        waiting = (each for each in (*position.gaps, *ids[index + 1 :]) if each < newest)
        heard.append(Position(newest, frozenset(waiting)))
    return [*heard, position] if ids else []


def _numbers(refs: Sequence[str]) -> list[int]:
    return [int(ref) for ref in refs if ref.isdecimal()]
