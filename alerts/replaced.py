"""What becomes of the warnings about a device that another took the place of? They end: the new one gets its own."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import desk, texts
from alerts.model import SYSTEM, Outcome
from storage import sql

queries = sql.load("alerts")

ABOUT_THE_SET = (
    "device_offline", "device_flapping", "battery_low", "battery_draining", "signal_weak", "firmware_outdated",
    "clock_wrong", "never_seen", "hub_offline", "camera_blind", "patrol_missed", "test_call_overdue",
)  # fmt: skip
"""Warnings whose cause is the set itself. One that tells of the people in the home stays open, whoever noticed it."""


def end_warnings(connection: Connection[Any], *, uid: str, by: str, locale: str, now: datetime) -> list[int]:
    """End the open warnings about a device that `by` comes in place of, and return their ids.

    Their rows are locked before the device's own is, as the engine does it: two that wait for each other would be refused.
    """
    found = connection.execute(queries.open_about_set, {"uid": uid, "kinds": list(ABOUT_THE_SET)}).fetchall()
    said = texts.gettext(locale, "Replaced by {uid}.", uid=by)
    for (alert_id,) in found:
        desk.close(connection, alert_id=alert_id, actor=SYSTEM, outcome=Outcome.OTHER, note=said, now=now)
    return [alert_id for (alert_id,) in found]
