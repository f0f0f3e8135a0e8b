"""Was a device that stands in a home never heard? Somebody forgot to switch it on, or mistyped its name."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSeen(Thresholds):
    """Not heard within `after_h` of being registered."""

    after_h: int = bounded(48, 1, 24 * 60)


def judge(facts: DeviceFacts, thresholds: NeverSeen, now: datetime) -> Reading:
    """Say whether it should have been heard by now."""
    if facts.last_seen is not None:
        return GOOD
    if facts.hub_state in ("offline", "never"):
        return BETWEEN
    at = facts.placed_at + timedelta(hours=thresholds.after_h)
    return Reading(Level.BAD) if at <= now else Reading(Level.GOOD, look_at=at)


RULE = Rule(
    "never_seen", About.DEVICE, mark("The device was not heard within {after_h} h of being registered."), NeverSeen(),
    judge,
)  # fmt: skip
