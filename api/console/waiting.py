"""What waits to be answered, and in which order? Read for the board, for what one user sees."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from alerts import oncall
from alerts.model import UNANSWERED
from api.context import Principal
from api.reading import sight
from storage import sql

queries = sql.load("api.console")

SHOWN = 200
"""Alerts on the board; what waits below them is counted, and comes up as those above are closed."""
LATELY = timedelta(hours=12)
"""A shift: what was closed in it is still at hand."""
LATELY_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open alert as a card shows it."""

    id: int
    kind: str
    severity: str
    state: str
    test: bool
    count: int
    raised_at: datetime
    home_cancelled_at: datetime | None
    next_step_at: datetime
    text: str | None
    device_uid: str | None
    resident: str | None
    birth_date: date | None
    category: list[str] | None
    address: str | None
    places: str | None
    taken_by: str | None
    visit_state: str | None
    visit_by: str | None
    told: list[dict[str, str]] | None
    trouble: str | None

    @property
    def unanswered(self) -> bool:
        """Whether nobody has said that he goes."""
        return self.state in UNANSWERED

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.places, self.address) if part)


@dataclass(frozen=True, slots=True)
class Closed:
    """An alert that was closed lately."""

    id: int
    kind: str
    test: bool
    closed_at: datetime
    outcome: str
    resident: str | None
    address: str | None
    device_uid: str | None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who answers now, and until when."""

    name: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """All that waits; `alarming`: critical ones that nobody has taken."""

    cards: list[Waiting]
    total: int
    alarming: int
    closed: list[Closed]
    on_duty: list[OnDuty]
    any_home: bool


def queue(connection: Connection[Any], caller: Principal, now: datetime) -> Queue:
    """Return what this user's board shows."""
    seen = sight(caller)
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        cards = cursor.execute(queries.open_alerts, {**seen, "limit": SHOWN}).fetchall()
    counted = connection.execute(queries.open_alert_counts, seen).fetchone()
    total, alarming = counted if counted else (0, 0)
    with connection.cursor(row_factory=class_row(Closed)) as cursor:
        closed = cursor.execute(
            queries.lately_closed, {**seen, "since": now - LATELY, "limit": LATELY_SHOWN}
        ).fetchall()
    any_home = connection.execute(queries.any_home).fetchone()
    return Queue(cards, total, alarming, closed, _on_duty(connection, caller, now), bool(any_home and any_home[0]))


def _on_duty(connection: Connection[Any], caller: Principal, now: datetime) -> list[OnDuty]:
    """Return who answers first in this user's area; nobody where he sees everything or no policy holds there."""
    if caller.area is None:
        return []
    found = oncall.who(connection, area=caller.area, at=now)
    if found is None or not found.steps:
        return []
    return [OnDuty(each.name, each.until) for each in found.steps[0].responders]
