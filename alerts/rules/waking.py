"""How long did people have to be awake between two instants? By the clock on their wall: an old person sleeps at night."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAYS_AT_MOST = 400


def waking_s(start: datetime, end: datetime, *, wakes_h: int, sleeps_h: int, timezone: str) -> float:
    """Return how many seconds between two instants lie between `wakes_h` and `sleeps_h` o'clock."""
    if sleeps_h <= wakes_h or end <= start:
        return 0.0
    total = timedelta()
    day = start.astimezone(ZoneInfo(timezone)).date()
    for _ in range(_DAYS_AT_MOST):
        opens, closes = _open(day, wakes_h, timezone), _open(day, sleeps_h, timezone)
        if opens >= end:
            break
        total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total.total_seconds()


def awake_for(start: datetime, wanted_s: float, *, wakes_h: int, sleeps_h: int, timezone: str) -> datetime:
    """Return the instant at which `wanted_s` waking seconds have gone by since `start`."""
    left = timedelta(seconds=wanted_s)
    day = start.astimezone(ZoneInfo(timezone)).date()
    for _ in range(_DAYS_AT_MOST):
        opens, closes = _open(day, wakes_h, timezone), _open(day, sleeps_h, timezone)
        begins = max(opens, start)
        if closes > begins:
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
        day += timedelta(days=1)
    return start + timedelta(days=_DAYS_AT_MOST)


def is_waking(at: datetime, *, wakes_h: int, sleeps_h: int, timezone: str) -> bool:
    """Say whether people are awake then."""
    return wakes_h <= at.astimezone(ZoneInfo(timezone)).hour < sleeps_h


@lru_cache(maxsize=4096)
def _open(day: date, hour: int, timezone: str) -> datetime:
    """Return the instant of an hour of a day; 24 is the next midnight."""
    at = day + timedelta(days=1) if hour == 24 else day
    return datetime.combine(at, time(hour % 24), ZoneInfo(timezone)).astimezone(UTC)
