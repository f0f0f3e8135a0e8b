"""When is a device or home looked at though nothing changed? Once a day, spread over the hours in which a technician works."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

FROM_H, UNTIL_H = 7, 19
"""The local hours of these looks: what they find is no matter of the night."""
_STRIDE = 7919
"""A prime: neighbours in the registry are looked at far apart."""


def next_look(number: int, now: datetime, timezone: str) -> datetime:
    """Return when the device or home of that number is looked at next, as every day."""
    zone = ZoneInfo(timezone)
    offset_s = number * _STRIDE % ((UNTIL_H - FROM_H) * 3600)
    day = now.astimezone(zone).date()
    while True:
        # by the wall clock on that day: the hours of a change of the clock lie outside
        at = (datetime.combine(day, time(FROM_H), zone) + timedelta(seconds=offset_s)).astimezone(UTC)
        if at > now:
            return at
        day += timedelta(days=1)


def day_bounds(now: datetime, timezone: str, *, begins_h: int, sleeps_h: int) -> tuple[datetime, datetime, datetime]:
    """Return when the last finished day began, when its night began, and when it ended; a day ends in the morning."""
    zone = ZoneInfo(timezone)
    today = (now.astimezone(zone) - timedelta(hours=begins_h)).date()
    yesterday = today - timedelta(days=1)
    begins, night, ends = (
        datetime.combine(day, time(hour), zone).astimezone(UTC)
        for day, hour in ((yesterday, begins_h), (yesterday, sleeps_h), (today, begins_h))
    )
    return begins, night, ends
