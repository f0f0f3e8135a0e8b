"""When are the festivals at which old people are looked in on more often? By the calendar of a country; pure.

A festival is a stretch of holidays of the `holidays` library, weekends between them included. Families come home then or do
not, offices are closed, and the canteen too: it begins some days before.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

from alerts.holidays import UnknownCalendar, is_known

BEFORE = timedelta(days=7)
"""So long before a festival residents are seen more often."""
FACTOR = 2
"""Twice as often as usual."""
AHEAD = timedelta(days=90)
"""Festivals are written down so long before."""
BRIDGED = timedelta(days=3)
"""A weekend between two holidays is part of the festival."""
CALENDARS = {"zh-CN": ("CN", "zh_CN")}
"""Whose festivals count, by the installation's language; where there is none, only what an operator sets."""


@dataclass(frozen=True, slots=True)
class Festival:
    """A stretch of holidays. `key` tells it from all others: `CN 2027 春节`."""

    key: str
    name: str
    from_at: datetime
    until_at: datetime


def festivals(calendar: str, language: str, now: datetime, *, timezone: str) -> Iterator[Festival]:
    """Yield the festivals whose time has begun, or begins soon, by their names in a language. Raises UnknownCalendar."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    for first, last, name in _stretches(calendar, language, today.year):
        if last >= today and first - BEFORE <= today + AHEAD:
            begins, ends = (datetime.combine(day, time(0), zone) for day in (first - BEFORE, last + timedelta(days=1)))
            key = f"{calendar} {first.year} {name}"
            yield Festival(key, name, begins.astimezone(UTC), ends.astimezone(UTC))


def _stretches(calendar: str, language: str, year: int) -> list[tuple[date, date, str]]:
    """Return the stretches of holidays of a year and the next: first day, last day, and what most of them is called."""
    if not is_known(calendar):
        raise UnknownCalendar(calendar)
    country, _, part = calendar.partition("-")
    found = holidays.country_holidays(
        country, subdiv=part or None, years=(year, year + 1), expand=False, language=language
    )
    stretches: list[list[tuple[date, str]]] = []
    for day, name in sorted(found.items()):
        if stretches and day - stretches[-1][-1][0] <= BRIDGED:
            stretches[-1].append((day, str(name)))
        else:
            stretches.append([(day, str(name))])
    return [(days[0][0], days[-1][0], _called([name for _, name in days])) for days in stretches]


def _called(names: list[str]) -> str:
    """Return what a stretch is called: as most of its days are; what only makes up for another day has a date in it."""
    proper = [name for name in names if not any(each.isdigit() for each in name)] or names
    return Counter(proper).most_common(1)[0][0]
