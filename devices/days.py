"""What does a finished day tell of a device? One pass a day over all, a small batch at a time.

A day begins when the installation's time zone says so; the pass comes some minutes later, so that a message of those
minutes may be counted to the day before. What was counted becomes a row of the day, and what the last days teach, the
usual silence and the battery's last day, is worked out anew.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from devices import battery, habits
from storage import sql

queries = sql.load("devices")

NAME = "device_days"
BATCH = 500
KEPT = timedelta(days=400)
"""A year and a month: what a report compares with."""


def end_day(connection: Connection[Any], timezone: str, now: datetime) -> int:
    """End the day of the next devices; return how many, 0 once all devices' day is ended."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    connection.execute(queries.open_pass, {"name": NAME, "day": today})
    begun = connection.execute(queries.begin_pass, {"name": NAME, "day": today}).fetchone()
    if begun is None:
        return 0
    ids = [
        device_id
        for (device_id,) in connection.execute(
            queries.end_day,
            {
                "after_id": begun[0],
                "limit": BATCH,
                "day_starts_at": datetime.combine(today, time(), zone),
                "timezone": timezone,
                "now": now,
            },
        ).fetchall()
    ]
    if ids:
        _teach(connection, ids, today)
    else:
        connection.execute(queries.forget_old_days, {"before": today - KEPT})
    came_to = {"name": NAME, "day": today, "after_id": ids[-1] if ids else 0, "finished_at": None if ids else now}
    connection.execute(queries.pass_came_to, came_to)
    return len(ids)


def _teach(connection: Connection[Any], device_ids: Sequence[int], today: date) -> None:
    lowest: dict[int, list[tuple[date, int]]] = defaultdict(list)
    silences: dict[int, list[int | None]] = defaultdict(list)
    asked = {"device_ids": list(device_ids), "after": today - timedelta(days=battery.DAYS + 1)}
    for device_id, day, battery_min, gap_max_s in connection.execute(queries.days_of_devices, asked).fetchall():
        if battery_min is not None:
            lowest[device_id].append((day, battery_min))
        if day >= today - timedelta(days=habits.DAYS):
            silences[device_id].append(gap_max_s)
    ids, gaps, flats = [], [], []
    for device_id, known_s, to_learn in connection.execute(
        queries.habits_of_devices, {"device_ids": list(device_ids)}
    ).fetchall():
        ids.append(device_id)
        gaps.append(habits.learn(silences[device_id], known_s) if to_learn else None)
        flats.append(battery.forecast(lowest[device_id], today))
    connection.execute(queries.store_lessons, {"device_ids": ids, "usual_gaps": gaps, "flats": flats, "day": today})
