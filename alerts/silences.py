"""When does an area want to hear nothing, and why? Maintenance windows: what they match is raised, and told at their end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts.model import CRITICAL_KINDS, Actor, Invalid
from alerts.staffing import UnknownArea
from storage import sql

queries = sql.load("alerts")


class NeverSilenced(Invalid):
    """{kinds}: calls for help are never silenced; take them out."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(f"{', '.join(kinds)}: calls for help are never silenced; take them out of `kinds`")


def begin(
    connection: Connection[Any],
    *,
    area: str,
    kinds: Sequence[str] | None,
    start: datetime,
    end: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Silence an area and all below it from `start` until `end`; returns the silence's id.

    `kinds`: of these kinds of alert, None for every one; help, falls and whatever is critical are told all the same.
    Raises UnknownArea, NeverSilenced, and Invalid where it ends before it begins or is over.
    """
    refused = sorted(CRITICAL_KINDS.intersection(kinds or ()))
    if refused:
        raise NeverSilenced(refused)
    if not start < end or end <= now:
        raise Invalid(
            f"a silence from {start.isoformat()} to {end.isoformat()} is none; it ends after it begins and now"
        )
    row = connection.execute(
        queries.insert_silence,
        {
            "area": area,
            "kinds": None if kinds is None else list(kinds),
            "start": start,
            "end": end,
            "reason": reason,
            "who": actor.name,
            "now": now,
        },
    ).fetchone()
    if row is None:
        raise UnknownArea(area)
    return int(row[0])


def end(connection: Connection[Any], *, silence_id: int, now: datetime) -> None:
    """End a silence now: what it held is told at once. One that has not begun is taken away."""
    connection.execute(queries.end_silence, {"silence_id": silence_id, "now": now})
    connection.execute(queries.drop_silence, {"silence_id": silence_id, "now": now})
    connection.execute(queries.wake_silenced, {"silence_id": silence_id, "now": now})
    connection.execute(queries.wake_engine)
