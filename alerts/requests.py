"""What does a home's wish for a visit lead to? A visit that nobody has yet, one a home and service; and that home hears of it."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import dispatch, record
from alerts.model import HOME
from storage import sql

queries = sql.load("alerts")

USUAL_SERVICE = "company"
"""What a visit is for where the home says nothing of it: somebody comes, and sees."""
BATCH = 200
SERVICE_LIMIT = 40


def open_or_join(
    connection: Connection[Any], *, home_id: int, service: str | None, readable: bool, now: datetime
) -> int:
    """Return the visit that a wish leads to: the open one for that home and service, or a new one.

    What could not be read, and a service that there is not, is a visit without a service: in doubt somebody goes and sees.
    """
    wanted = (service or USUAL_SERVICE) if readable else None
    known = None
    if wanted is not None:
        found = connection.execute(queries.service_exists, {"code": wanted}).fetchone()
        known = wanted if found is not None and found[0] else None
    # two presses at once: the second waits here, and joins
    place = connection.execute(queries.hold_home_of_request, {"home_id": home_id}).fetchone()
    open_one = connection.execute(queries.open_request, {"home_id": home_id, "service": known}).fetchone()
    if open_one is not None:
        return int(open_one[0])
    note = wanted[:SERVICE_LIMIT] if wanted is not None and service is not None and known is None else None
    if known is not None:
        return dispatch.request(
            connection, home_id=home_id, service=known, due_from=None, due_to=None, staff_id=None, note=note, actor=HOME,
            now=now,
        )  # fmt: skip
    row = connection.execute(
        queries.insert_open_request, {"home_id": home_id, "area": place[0] if place else None, "note": note, "now": now}
    ).fetchone()
    assert row is not None  # noqa: S101 - a row was inserted
    connection.execute(queries.wake_engine)
    record.tell_pages(connection, "visit", int(row[0]), place[0] if place else None, now)
    return int(row[0])


def tell_homes(connection: Connection[Any], now: datetime) -> int:
    """Let homes hear that somebody comes; return how many wishes there is nothing more to say of."""
    told = connection.execute(queries.tell_homes_of_visits, {"now": now, "limit": BATCH}).fetchone()
    return int(told[0]) if told is not None else 0
