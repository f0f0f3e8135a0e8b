"""Was somebody gone again before the service can have been done?"""

from dataclasses import dataclass
from datetime import datetime

from alerts.care.doubts import unsettled
from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HomeFacts, VisitFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTooShort(Thresholds):
    """The visit took less than `below_pct` per cent of its service's usual minutes."""

    below_pct: int = bounded(30, 1, 100)


def judge(facts: HomeFacts, thresholds: VisitTooShort, now: datetime) -> Reading:
    """Say how short the last visit in doubt was; one that an alert called for takes as long as it takes."""

    def is_short(visit: VisitFacts) -> bool:
        if visit.of_alert or visit.usual_minutes is None or visit.arrived_at is None or visit.completed_at is None:
            return False
        lasted_s = (visit.completed_at - visit.arrived_at).total_seconds()
        return lasted_s * 100 < visit.usual_minutes * 60 * thresholds.below_pct

    found = unsettled((each for each in facts.visits if not each.of_alert), is_short, facts.short_answered_at)
    if not found:
        return GOOD
    last = found[-1]
    assert last.completed_at is not None and last.arrived_at is not None  # noqa: S101, PT018 - is_short has seen to it
    lasted = round((last.completed_at - last.arrived_at).total_seconds() / 60)
    return Reading(Level.BAD, said=f"{last.id}: {lasted} min / {last.usual_minutes} min")


RULE = Rule(
    "visit_too_short", About.HOME,
    mark("A visit took less than {below_pct} % of its service's usual time, and nobody has looked into it."),
    VisitTooShort(), judge,
)  # fmt: skip
