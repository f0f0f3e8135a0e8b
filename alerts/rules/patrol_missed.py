"""Does a camera that is heard not look in any more? Its line is well, its video patrol is not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded, hours
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolMissed(Thresholds):
    """`missed` patrols by its own period, and at least `after_min`: its silence altogether is `device_offline`'s."""

    missed: int = bounded(3, 1, 100)
    after_min: int = bounded(45, 30, 7 * 24 * 60)


def judge(facts: DeviceFacts, thresholds: PatrolMissed, now: datetime) -> Reading:
    """Say whether patrols are missing though the device is heard."""
    if facts.last_patrol_at is None or facts.kind != "camera" or not facts.heard:
        return GOOD
    wait_s = max(thresholds.missed * (facts.patrol_every_s or 60), thresholds.after_min * 60)
    # what came back a moment ago has not had its time to look in yet
    back_at = facts.state_since or facts.last_patrol_at
    since = max(facts.last_patrol_at, back_at if facts.state == "online" else facts.last_patrol_at)
    at = since + timedelta(seconds=wait_s)
    if at <= now:
        return Reading(Level.BAD, said=hours((now - facts.last_patrol_at).total_seconds()))
    # while patrols come it needs no look: whoever writes down that it was heard without one asks for it
    is_late = facts.last_seen is not None and (facts.last_seen - facts.last_patrol_at) > timedelta(minutes=5)
    return Reading(Level.GOOD, look_at=at if is_late else None)


RULE = Rule(
    "patrol_missed", About.DEVICE,
    mark("The camera is heard, but missed {missed} patrols and did not look in for {after_min} min."), PatrolMissed(),
    judge,
)  # fmt: skip
