"""Is it long ago that somebody tried a help button? What was not tried may not work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HELP_BUTTONS, DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCallOverdue(Thresholds):
    """`grace_days` after its area's period for test calls is over."""

    grace_days: int = bounded(7, 0, 365)


def judge(facts: DeviceFacts, thresholds: TestCallOverdue, now: datetime) -> Reading:
    """Say whether the test call is overdue."""
    if facts.kind not in HELP_BUTTONS or facts.untested_since is None:
        return GOOD
    at = facts.untested_since + timedelta(days=facts.test_every_days + thresholds.grace_days)
    return Reading(Level.BAD, said=facts.untested_since.date().isoformat()) if at <= now else GOOD


RULE = Rule(
    "test_call_overdue", About.DEVICE,
    mark("Nobody tried the help button for {grace_days} days longer than its area's period."), TestCallOverdue(), judge,
)  # fmt: skip
