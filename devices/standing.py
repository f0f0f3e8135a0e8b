"""How closely is a resident watched over, and is he there at all? Writes it; his past is kept by the row itself."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection

from storage import sql

queries = sql.load("devices")


class Risk(StrEnum):
    """How closely somebody is to be watched over; none: as his categories and his age say."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class LeftWhy(StrEnum):
    """Why somebody is nobody's duty any more."""

    DIED = "died"
    MOVED_AWAY = "moved_away"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a resident stands. `worse_since`: a change for the worse, to be seen within a day; `left_at`: he is not there since."""

    risk: Risk | None = None
    worse_since: datetime | None = None
    left_at: datetime | None = None
    left_why: LeftWhy | None = None


_RANK = {Risk.HIGH: 3, Risk.MEDIUM: 2, None: 1, Risk.LOW: 0}


def asks_for_less(before: Standing, after: Standing) -> bool:
    """Say whether somebody is seen more rarely by this, or not at all: then it is to be said why."""
    return _RANK[after.risk] < _RANK[before.risk] or (after.left_at is not None and before.left_at is None)


def by(connection: Connection[Any], *, who: str, why: str | None, now: datetime) -> None:
    """Say who makes the changes of residents in this transaction, and why."""
    connection.execute(queries.who_changes, {"who": who, "why": why or "", "at": now.isoformat()})


def write(connection: Connection[Any], resident_id: int, standing: Standing) -> None:
    """Write how a resident stands."""
    connection.execute(queries.set_standing, {**asdict(standing), "resident_id": resident_id})
