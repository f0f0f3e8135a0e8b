"""Does what proves a visit lie away from the home?"""

from dataclasses import dataclass
from datetime import datetime

from alerts.care.doubts import unsettled
from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HomeFacts, VisitFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitElsewhere(Thresholds):
    """The phone was further than `away_m` metres from the home, or the code was another door's."""

    away_m: int = bounded(500, 20, 100_000)


def judge(facts: HomeFacts, thresholds: VisitElsewhere, now: datetime) -> Reading:
    """Say how far away the last visit in doubt was proven."""

    def is_elsewhere(visit: VisitFacts) -> bool:
        return visit.wrong_code or (visit.away_m is not None and visit.away_m > thresholds.away_m)

    found = unsettled(facts.visits, is_elsewhere, facts.elsewhere_answered_at)
    if not found:
        return GOOD
    last = found[-1]
    return Reading(Level.BAD, said=f"{last.id}" if last.away_m is None else f"{last.id}: {round(last.away_m)} m")


RULE = Rule(
    "visit_elsewhere", About.HOME,
    mark("What proves a visit lies over {away_m} metres from the home, or is another door's code."), VisitElsewhere(),
    judge,
)  # fmt: skip
