"""How often is somebody to be seen in an area, and when more often? Writes standards and occasions, and has homes looked at."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts.care.festivals import CALENDARS, FACTOR, festivals
from alerts.care.standards import Occasion, Standard
from storage import sql

queries = sql.load("alerts")


def set_standard(connection: Connection[Any], standard: Standard, *, area: str | None, now: datetime) -> None:
    """Set a standard for an area and all below it, in place of what it had for such residents; `standard.path` is its path."""
    connection.execute(
        queries.set_care_standard,
        _whom(standard, area) | {"every_days": standard.every_days, "remote": standard.remote},
    )
    _look_again(connection, standard.path, now)


def unset_standard(connection: Connection[Any], standard: Standard, *, area: str | None, now: datetime) -> bool:
    """Let the wider area's standard, or the shipped one, hold there again; False where none was set."""
    if connection.execute(queries.unset_care_standard, _whom(standard, area)).fetchone() is None:
        return False
    _look_again(connection, standard.path, now)
    return True


def begin_occasion(
    connection: Connection[Any],
    occasion: Occasion,
    *,
    kind: str,
    area: str | None,
    by: str,
    now: datetime,
    festival: str | None = None,
) -> int | None:
    """Have residents of an area seen more often for a time; returns its id, None where that festival is written already."""
    row = connection.execute(
        queries.insert_care_occasion,
        {
            "kind": kind, "name": occasion.name, "area": area, "from_at": occasion.from_at, "until_at": occasion.until_at,
            "factor": occasion.factor, "every_days": occasion.every_days, "by": by, "festival": festival, "now": now,
        },
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    _look_again(connection, occasion.path, now)
    return int(row[0])


def end_occasion(connection: Connection[Any], occasion_id: int, *, now: datetime) -> bool:
    """Take an occasion back: nobody is due for it any more; False where it was taken back already."""
    row = connection.execute(queries.end_care_occasion, {"id": occasion_id, "now": now}).fetchone()
    if row is None:
        return False
    _look_again(connection, row[0], now)
    return True


def keep_festivals(connection: Connection[Any], *, locale: str, timezone: str, now: datetime) -> int:
    """Write down the festivals ahead, each once; returns how many were new. One that was taken back stays so."""
    known = CALENDARS.get(locale)
    if known is None:
        return 0
    new = 0
    for each in festivals(*known, now, timezone=timezone):
        occasion = Occasion(each.name, each.from_at, each.until_at, factor=FACTOR)
        new += begin_occasion(
            connection, occasion, kind="festival", area=None, by="", festival=each.key, now=now
        ) is not None  # fmt: skip
    return new


def _whom(standard: Standard, area: str | None) -> dict[str, object]:
    return {
        "area": area, "category": standard.category, "risk": standard.risk, "from_age": standard.from_age,
    }  # fmt: skip


def _look_again(connection: Connection[Any], path: str | None, now: datetime) -> None:
    connection.execute(queries.look_at_homes_of_scope, {"path": path, "home_id": None, "now": now})
