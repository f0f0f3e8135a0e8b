"""Is a device's clock wrong, so that what it says of the past is dated wrongly?"""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWrong(Thresholds):
    """Off by more than `off_s`, behind or ahead, is wrong; within `clear_s` it is right again."""

    off_s: int = bounded(120, 10, 86_400)
    clear_s: int = bounded(60, 5, 86_400)
    lasts_s: int = bounded(3600, 0, 7 * 86_400)


def judge(facts: DeviceFacts, thresholds: ClockWrong, now: datetime) -> Reading:
    """Say how far the clock is off."""
    if facts.clock_skew_s is None:
        return GOOD
    if not facts.heard:
        return BETWEEN
    off_s = abs(facts.clock_skew_s)
    if off_s > thresholds.off_s:
        # behind ours: what it says comes from an earlier time
        return Reading(Level.BAD, said=f"{'-' if facts.clock_skew_s > 0 else '+'}{off_s:.0f} s")
    return GOOD if off_s <= min(thresholds.clear_s, thresholds.off_s) else BETWEEN


RULE = Rule("clock_wrong", About.DEVICE, mark("The device's clock is wrong by over {off_s} s."), ClockWrong(), judge)
