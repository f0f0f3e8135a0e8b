"""Is a day a work day? By the calendar of a country, or of a part of one; the `holidays` library knows which days are off.

China moves working days about its holidays: of those the library knows what the State Council has announced, and a Saturday
that is worked counts as a work day. The announcement for a year comes in November of the one before and reaches us with a
newer library: until then next year has its statutory holidays, but no make-up day and none of the days off they pay for.
"""

from datetime import date
from functools import lru_cache

import holidays

from alerts.model import Invalid

KEPT_YEARS = 64
"""Calendars of a year that are kept: a handful of countries, a few years each."""


class UnknownCalendar(Invalid):
    """holidays {calendar}: no country has that code; write CN, or a country and its part, as DE-BY."""

    def __init__(self, calendar: str) -> None:
        super().__init__(
            f"holidays {calendar}: no country has that code; write CN, or a country and its part, as DE-BY"
        )


def is_known(calendar: str) -> bool:
    """Say whether there is such a calendar: an ISO 3166 code in capitals, and after a dash that of a part of it."""
    country, dash, part = calendar.partition("-")
    parts = holidays.list_supported_countries(include_aliases=False).get(country)
    return parts is not None and (not dash or part in parts)


def is_work_day(calendar: str, day: date) -> bool:
    """Say whether a day is worked there: no holiday and no weekend, or a weekend that makes up for a holiday.

    Raises UnknownCalendar.
    """
    return _year(calendar, day.year).is_working_day(day)


@lru_cache(maxsize=KEPT_YEARS)
def _year(calendar: str, year: int) -> holidays.HolidayBase:
    if not is_known(calendar):
        raise UnknownCalendar(calendar)
    country, _, part = calendar.partition("-")
    # the next year's too: its announcement moves the last days of this one. Nothing is added later: threads share it
    return holidays.country_holidays(country, subdiv=part or None, years=(year, year + 1), expand=False)
