"""Does a battery run out far sooner than batteries do? By the forecast: a device that is failing, or at the edge of its
radio's reach."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.rules.base import DAY_S, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryDraining(Thresholds):
    """Flat within `within_days`, though there are `from_pct` left: with less it is merely old. Over at `clear_days`."""

    within_days: int = bounded(10, 1, 90)
    clear_days: int = bounded(20, 1, 180)
    from_pct: int = bounded(35, 1, 100)
    # a new battery is known by tomorrow's forecast
    lasts_s: int = bounded(36 * 3600, 0, 30 * DAY_S)


def judge(facts: DeviceFacts, thresholds: BatteryDraining, now: datetime) -> Reading:
    """Say how soon the battery is flat."""
    if facts.battery_pct is None or facts.battery_flat_on is None:
        return GOOD
    days = (facts.battery_flat_on - now.astimezone(ZoneInfo(facts.timezone)).date()).days
    if days <= thresholds.within_days and facts.battery_pct >= thresholds.from_pct:
        return Reading(Level.BAD, said=f"{facts.battery_pct} %, {facts.battery_flat_on.isoformat()}")
    return Reading(Level.GOOD if days >= max(thresholds.clear_days, thresholds.within_days + 1) else Level.BETWEEN)


RULE = Rule(
    "battery_draining", About.DEVICE,
    mark("The battery will be empty within {within_days} days, though {from_pct} % or more are left."),
    BatteryDraining(), judge,
)  # fmt: skip
