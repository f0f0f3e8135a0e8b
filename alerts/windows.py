"""At which hours does a rota hold? Pure: times of day on some weekdays, every day, or on work days or days off only.

A window belongs to the local day on which it begins: a night rota's Friday lasts until Saturday morning, and whether it is
one of a day off is asked of the Friday. Local times that the clock skips or doubles are read as `wall.instant` reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.holidays import is_work_day
from alerts.wall import instant

EVERY_WEEKDAY = frozenset(range(1, 8))
"""ISO: Monday is 1, Sunday 7."""
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
AFTER_ALL = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_DAY_MIN = 24 * 60
_WEEK_MIN = 7 * _DAY_MIN


class Days(StrEnum):
    """On which days a rota holds, by the calendar of its `holidays`."""

    EVERY = "every"
    WORK = "work"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the local day. One that does not end after it begins ends on the next day: 20:00 to 08:00."""

    begins: time
    ends: time
    weekdays: frozenset[int] = EVERY_WEEKDAY


@dataclass(frozen=True, slots=True)
class Hours:
    """When a rota holds: within its windows (none: all day), on its days; `holidays`: the calendar that says which."""

    windows: tuple[Window, ...] = ()
    days: Days = Days.EVERY
    holidays: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether it holds at an instant, and from when to when at least that is so: start <= t < end."""

    is_open: bool
    start: datetime
    end: datetime


ALWAYS = Hours()
_ALL_DAY = (Window(time(0), time(0)),)


def opening(hours: Hours, zone: ZoneInfo, at: datetime) -> Opening:
    """Return whether a rota with those hours holds at `at`. Its ends are edges of windows, or two days off at most."""
    if _is_always_open(hours):
        return Opening(True, BEFORE_ALL, AFTER_ALL)
    today = at.astimezone(zone).date()
    # a window reaches into the next day, and where the clock is set back over midnight into the one before
    low, high = _midnight(today - _DAY, zone), _midnight(today + 2 * _DAY, zone)
    for start, end in _merged(_spans(hours, zone, [today + days * _DAY for days in range(-2, 3)])):
        if at < start:
            return Opening(False, low, min(start, high))
        if at < end:
            return Opening(True, max(start, low), min(end, high))
        low = max(low, end)
    return Opening(False, low, high)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant(datetime.combine(day, time(0)), zone)


def _spans(hours: Hours, zone: ZoneInfo, days: Sequence[date]) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when each window of these days is."""
    for day in days:
        if not _holds_on(hours, day):
            continue
        for window in hours.windows or _ALL_DAY:
            if day.isoweekday() in window.weekdays:
                last = day if window.ends > window.begins else day + _DAY
                yield (
                    instant(datetime.combine(day, window.begins), zone),
                    instant(datetime.combine(last, window.ends), zone),
                )


def _holds_on(hours: Hours, day: date) -> bool:
    if hours.days is Days.EVERY or hours.holidays is None:
        return True
    return is_work_day(hours.holidays, day) == (hours.days is Days.WORK)


def _merged(spans: Iterator[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return the spans in order, those that touch or overlap as one; a span that the clock skips whole is none."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=256)
def _is_always_open(hours: Hours) -> bool:
    """Say whether the windows leave no minute of the week out: then nothing needs to be looked up."""
    if hours.days is not Days.EVERY:
        return False
    covered = 0
    for begin, end in sorted(_minutes_of_week(hours.windows or _ALL_DAY)):
        if begin > covered:
            return False
        covered = max(covered, end)
    return covered >= _WEEK_MIN


def _minutes_of_week(windows: Sequence[Window]) -> Iterator[tuple[int, int]]:
    for window in windows:
        begins, ends = (each.hour * 60 + each.minute for each in (window.begins, window.ends))
        length = ends - begins if ends > begins else ends - begins + _DAY_MIN
        for weekday in window.weekdays:
            begin = (weekday - 1) * _DAY_MIN + begins
            yield begin, begin + length
            # what reaches over the week's end is at its beginning too
            yield begin - _WEEK_MIN, begin + length - _WEEK_MIN
