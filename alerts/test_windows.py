"""When is a home's or an area's test announced, how often is each button tried, and which press proved one?"""

from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts.model import Actor, Invalid, UnknownPlace
from alerts.staffing import UnknownArea
from alerts.test_call import LONGEST_WINDOW
from storage import sql

queries = sql.load("alerts")


class WindowTooLong(Invalid):
    """A test window of {hours} hours is too long; announce at most two."""

    def __init__(self, start: datetime, end: datetime) -> None:
        longest = LONGEST_WINDOW.total_seconds() / 3600
        hours = (end - start).total_seconds() / 3600
        super().__init__(
            f"a test window of {hours:.1f} hours is too long: a forgotten one would take real presses for tests; "
            f"announce at most {longest:.0f} hours"
        )


def announce(
    connection: Connection[Any],
    *,
    area: str | None,
    home_id: int | None,
    start: datetime,
    end: datetime,
    actor: Actor,
    now: datetime,
) -> int:
    """Announce that one home, or an area and all below it, tests its buttons; returns the window's id.

    The first press of each device in it is a test. Raises UnknownArea, UnknownPlace, WindowTooLong, and Invalid where
    both or neither is named, or where it ends before it begins or is over.
    """
    if (area is None) == (home_id is None):
        raise Invalid("a test window is of a home or of an area; name one of the two")
    if not start < end or end <= now:
        raise Invalid(f"a test window from {start.isoformat()} to {end.isoformat()} is none; it ends after it begins")
    if end - start > LONGEST_WINDOW:
        raise WindowTooLong(start, end)
    row = connection.execute(
        queries.insert_test_window,
        {"area": area, "home_id": home_id, "start": start, "end": end, "who": actor.name, "now": now},
    ).fetchone()
    if row is None:
        raise UnknownArea(area) if area is not None else UnknownPlace("home", home_id or 0)
    return int(row[0])


def end(connection: Connection[Any], *, window_id: int, now: datetime) -> None:
    """End a test window now: every press from here on is real. One that has not begun is taken away."""
    connection.execute(queries.end_test_window, {"window_id": window_id, "now": now})
    connection.execute(queries.drop_test_window, {"window_id": window_id, "now": now})


def set_period(connection: Connection[Any], *, area: str, every_days: int | None) -> None:
    """Set how often each button of an area is tried; None: as the area above has it, else as usual."""
    if every_days is None:
        connection.execute(queries.delete_test_period, {"area": area})
    else:
        connection.execute(queries.set_test_period, {"area": area, "every_days": every_days})


def note_proven(connection: Connection[Any], alert_id: int) -> None:
    """A person closed this alert: the presses in it went the whole way, whether they were tests or not."""
    connection.execute(queries.note_proven, {"alert_id": alert_id})
