"""When will a battery be empty? A robust line through the lowest charge of each of its last days."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from statistics import median

DAYS = 42
"""Days that are looked back on."""
SPAN_NEEDED_DAYS = 7
"""Days that the line must cover: a cold night is no trend."""
DAYS_NEEDED = 5
REPLACED_PCT = 15
"""A charge that is so much above the days before is another battery's, or the same one's, charged."""
DAYS_BEFORE = 3
"""Days that it must be above: one low reading is no empty battery."""
DROP_NEEDED_PCT = 2
"""A line that falls by less over all its days is flat: vendors round."""
FARTHEST = timedelta(days=3 * 366)
"""What lies farther ahead is not known from six weeks."""


def forecast(lowest: Sequence[tuple[date, int]], today: date) -> date | None:
    """Return the day the battery runs out, from (day, per cent); None where the days do not tell.

    The slope is the median of the slopes of all pairs of days (Theil and Sen): a third of the days may be wrong.
    """
    days = _since_replaced(sorted(lowest))
    if len(days) < DAYS_NEEDED or (days[-1][0] - days[0][0]).days < SPAN_NEEDED_DAYS:
        return None
    slope = median((later[1] - sooner[1]) / (later[0] - sooner[0]).days for sooner, later in combinations(days, 2))
    if -slope * (days[-1][0] - days[0][0]).days < DROP_NEEDED_PCT:
        return None
    start = days[0][0]
    level = median(pct - slope * (day - start).days for day, pct in days)
    days_from_start = math.ceil(level / -slope)
    flat_on = start + timedelta(days=min(days_from_start, 10 * FARTHEST.days))
    if flat_on - today > FARTHEST:
        return None
    return max(flat_on, today)


def _since_replaced(days: Sequence[tuple[date, int]]) -> list[tuple[date, int]]:
    """Return the days of the battery that is in it now, each once."""
    since: list[tuple[date, int]] = []
    for day, pct in days:
        if since and since[-1][0] == day:
            continue
        if since and pct - max(before for _, before in since[-DAYS_BEFORE:]) >= REPLACED_PCT:
            since = []
        since.append((day, pct))
    return since
