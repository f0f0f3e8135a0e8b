"""Can every responder be reached? A STOP, or a number that fails, is told to the coordinator where it bares a shift.

The alert goes to the policy one level above the one that loses its responder, and closes itself once that is mended.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import desk, oncall, record
from alerts.channels.failures import Fault
from alerts.model import HELP, SYSTEM, Outcome, Severity
from storage import sql

queries = sql.load("alerts")

UNREACHABLE = "responder_unreachable"
"""The kind of alert about a responder who cannot be told."""
LOOK_AHEAD = timedelta(hours=72)
LOOK_EVERY = timedelta(hours=1)
"""How closely hours are looked at in which nobody is on call: a shift may begin in them."""


def opted_out(connection: Connection[Any], *, phone: str, now: datetime) -> None:
    """Send that number no more messages, whoever uses it, and tell the coordinator of a shift that this bares."""
    bared = _bared_by(connection, phone, now)
    connection.execute(queries.opt_out, {"phone": phone, "now": now})
    _raise(connection, bared, Fault.OPTED_OUT, now)


def opted_in(connection: Connection[Any], *, phone: str, now: datetime) -> None:
    """Send that number messages again."""
    connection.execute(queries.opt_in, {"phone": phone})
    mended(connection, phone=phone, now=now)


def fault_found(connection: Connection[Any], *, phone: str, fault: Fault | None, now: datetime) -> None:
    """Write down what a provider says against a number, and tell the coordinator of a shift that this bares."""
    if fault is None:
        return
    if fault is Fault.OPTED_OUT:
        opted_out(connection, phone=phone, now=now)
        return
    bared = _bared_by(connection, phone, now)
    connection.execute(queries.mark_phone_fault, {"phone": phone, "fault": fault, "now": now})
    _raise(connection, bared, fault, now)


def reached(connection: Connection[Any], *, phone: str, now: datetime) -> None:
    """A text arrived at a number that something was said against: that is over."""
    connection.execute(queries.clear_phone_fault, {"phone": phone})
    mended(connection, phone=phone, now=now)


def mended(connection: Connection[Any], *, phone: str, now: datetime) -> None:
    """Close the alerts about people of that number who can be told again: after START, a delivery, a new number."""
    for alert_id, name in connection.execute(queries.mended_responders, {"phone": phone}).fetchall():
        desk.close(
            connection, alert_id=alert_id, actor=SYSTEM, outcome=Outcome.OTHER, note=f"{name} can be reached again",
            now=now,
        )  # fmt: skip


def _bared_by(connection: Connection[Any], phone: str, now: datetime) -> list[tuple[int, str]]:
    """Return who with that number is alone at some step now or soon, and the area of that policy."""
    found: list[tuple[int, str]] = []
    faulty = {row[0] for row in connection.execute(queries.staff_with_fault).fetchall()}
    for (staff_id,) in connection.execute(queries.reachable_staff_of_phone, {"phone": phone}).fetchall():
        for area, kind in connection.execute(queries.policies_naming, {"staff_id": staff_id}).fetchall():
            if _is_alone(connection, staff_id, area, kind or HELP, faulty, now):
                found.append((staff_id, area))
                break
    return found


def _is_alone(
    connection: Connection[Any], staff_id: int, area: str, kind: str, faulty: Collection[int], now: datetime
) -> bool:
    """Say whether at some step of an area's policy, now or within LOOK_AHEAD, nobody else who can be told is on call."""
    at = now
    while at <= now + LOOK_AHEAD:
        answering = oncall.who(connection, area=area, at=at, kind=kind)
        if answering is None:
            return False
        for each in answering.steps:
            there = {responder.staff_id for responder in each.responders}
            if staff_id in there and not there - {staff_id} - set(faulty):
                return True
        ends = [
            responder.until for each in answering.steps for responder in each.responders if responder.until is not None
        ]
        holes = any(not each.responders for each in answering.steps)
        if not ends and not holes:
            return False
        # at the next hand-over; where nobody is on call there is none to go by
        at = min([*ends, at + LOOK_EVERY] if holes else ends)
    return False


def _raise(connection: Connection[Any], bared: list[tuple[int, str]], fault: Fault, now: datetime) -> None:
    for staff_id, area in bared:
        connection.execute(queries.lock_press, {"place": f"{UNREACHABLE}:staff:{staff_id}"})
        if connection.execute(queries.open_alert_about, {"staff_id": staff_id, "kind": UNREACHABLE}).fetchone():
            continue
        row = connection.execute(
            queries.insert_alert_about,
            {
                "kind": UNREACHABLE, "severity": Severity.HIGH, "area": area, "staff_id": staff_id, "text": fault,
                "now": now,
            },
        ).fetchone()  # fmt: skip
        if row is None:
            continue
        alert_id, above = row
        name = record.staff_name(connection, staff_id)
        detail = {"staff": staff_id, "name": name, "fault": str(fault), "area": area}
        record.on_timeline(connection, alert_id, "raised", SYSTEM, now, detail)
        record.tell_pages(connection, "alert", alert_id, above, now)
        connection.execute(queries.wake_engine)
