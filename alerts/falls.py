"""What does a camera's or a sensor's word that somebody fell do? It raises an alert at once, or joins the one that is open.

A call for help by a pendant that felt a fall is a press (`press.open_or_join`), not this: there the wearer's own device
calls. This is what is seen from outside, on the lane of readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import raising, record, thresholds
from alerts.model import HOME
from alerts.rules import fall
from alerts.rules.fall import FALL
from alerts.rules.scope import Place, holding
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class Said:
    """A device says that somebody fell, or that nobody lies there. `at`: when, by the time that counts."""

    device_id: int
    uid: str
    fell: bool
    at: datetime


def take(connection: Connection[Any], said: Sequence[Said], now: datetime) -> list[int]:
    """Write down what was said of falls, in the caller's transaction; return the alerts that were raised or joined.

    A fall that the device goes on reporting is told once; in doubt it is another one.
    """
    touched = []
    for each in said:
        row = connection.execute(
            queries.note_fall, {"device_id": each.device_id, "fell_at": each.at if each.fell else None}
        )
        found = row.fetchone()
        if found is None or not each.fell:
            continue
        fell_before, home_id, path, kind = found
        scopes = thresholds.scopes(connection, home_ids=[home_id], device_ids=[each.device_id])
        limits, enabled = holding(fall.RULE, scopes.get(FALL, ()), Place(path, home_id, each.device_id, kind))
        if enabled and fall.is_new(fell_before, each.at, limits):
            touched.append(_raise_or_join(connection, each, home_id, now))
    return touched


def _raise_or_join(connection: Connection[Any], said: Said, home_id: int, now: datetime) -> int:
    connection.execute(queries.lock_press, {"place": f"{FALL}:home:{home_id}"})
    row = connection.execute(queries.open_alert_of_home, {"home_id": home_id, "kind": FALL}).fetchone()
    if row is None:
        return raising.raise_about_device(
            connection, kind=FALL, device_uid=said.uid, text=said.uid, now=now, actor=HOME, raised_at=said.at
        )
    alert_id, area = row
    connection.execute(queries.fell_again, {"alert_id": alert_id, "now": now})
    record.on_timeline(connection, alert_id, "fell_again", HOME, now, {"device": said.uid})
    record.tell_pages(connection, "alert", alert_id, area, now)
    connection.execute(queries.wake_engine)
    return int(alert_id)
