"""Does a home call for help again and again? Something grows worse there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HomeFacts
from alerts.texts import mark

DAYS_AT_MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequentPresses(Thresholds):
    """`presses` calls for help within `within_days`, tests left out; over when one at most is left of them."""

    presses: int = bounded(3, 2, 100)
    within_days: int = bounded(7, 1, DAYS_AT_MOST)


def judge(facts: HomeFacts, thresholds: FrequentPresses, now: datetime) -> Reading:
    """Say how often help was called lately."""
    from_at = now - timedelta(days=thresholds.within_days)
    lately = sorted(at for at in facts.presses if at > from_at)
    if len(lately) >= thresholds.presses:
        return Reading(Level.BAD, said=f"{len(lately)}")
    return GOOD if len(lately) <= 1 else Reading(Level.BETWEEN)


RULE = Rule(
    "frequent_presses", About.HOME, mark("Help was called {presses} times or more within {within_days} days."),
    FrequentPresses(), judge,
)  # fmt: skip
