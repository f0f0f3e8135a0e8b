"""Does a camera see nothing? By its own report: the picture is frozen, or dark by day."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.rules.waking import awake_for, is_waking
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraBlind(Thresholds):
    """Dark counts from `light_h` to `dusk_h` o'clock; at night a camera without a lamp of its own sees nothing and is well."""

    light_h: int = bounded(9, 0, 23)
    dusk_h: int = bounded(16, 1, 24)
    lasts_s: int = bounded(1800, 0, 86_400)
    gone_s: int = bounded(600, 0, 86_400)


def judge(facts: DeviceFacts, thresholds: CameraBlind, now: datetime) -> Reading:
    """Say whether the picture shows nothing."""
    if facts.picture is None or facts.picture == "shown":
        return GOOD
    if not facts.heard:
        return BETWEEN
    if facts.picture == "frozen":
        return Reading(Level.BAD)
    by_day = {"wakes_h": thresholds.light_h, "sleeps_h": thresholds.dusk_h}
    if is_waking(now, **by_day, timezone=facts.timezone):
        return Reading(Level.BAD)
    return Reading(Level.BETWEEN, look_at=awake_for(now, 1, **by_day, timezone=facts.timezone))


RULE = Rule(
    "camera_blind", About.DEVICE,
    mark("The camera says that its picture is frozen, or dark between {light_h} and {dusk_h} o'clock."), CameraBlind(),
    judge,
)  # fmt: skip
