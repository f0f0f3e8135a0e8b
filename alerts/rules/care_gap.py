"""Was a resident not seen by the time by which he should have been? Nobody may fall through, also when all devices are well."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.model import Severity
from alerts.rules.base import DAY_S, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HomeFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class CareGap(Thresholds):
    """Somebody of the home is due, and `grace_h` hours have passed."""

    grace_h: int = bounded(0, 0, 720)


def judge(facts: HomeFacts, thresholds: CareGap, now: datetime) -> Reading:
    """Say who of a home is due for the longest, and when the next will be."""
    grace = timedelta(hours=thresholds.grace_h)
    late = [each for each in facts.care if each.due_at + grace <= now]
    ahead = min((each.due_at + grace for each in facts.care if each.due_at + grace > now), default=None)
    if not late:
        return GOOD if ahead is None else Reading(Level.GOOD, look_at=ahead)
    first = min(each.due_at for each in late)
    return Reading(
        Level.BAD, since=first + grace, look_at=ahead, said=first.astimezone(ZoneInfo(facts.timezone)).date().isoformat(),
        severity=Severity.HIGH if any(each.high for each in late) else None,
    )  # fmt: skip


RULE = Rule(
    "care_gap", About.HOME,
    mark("A resident was due to be seen and was not (grace: {grace_h} hours)."),
    CareGap(), judge, insists_s=DAY_S,
)  # fmt: skip
