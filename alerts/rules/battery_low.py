"""Does a battery have to be changed soon? Those of help buttons are `button_battery_low`'s."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HELP_BUTTONS, DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryLow(Thresholds):
    """Under `below_pct` is low; at `clear_pct` it was changed or charged: in between a battery in the warm says more."""

    below_pct: int = bounded(15, 1, 90)
    clear_pct: int = bounded(30, 1, 100)


def level(facts: DeviceFacts, thresholds: BatteryLow) -> Reading:
    """Say how low the battery is, of whatever device; what it said last holds also when it is silent."""
    battery = facts.battery_pct
    if battery is None:
        return GOOD
    if battery < thresholds.below_pct:
        return Reading(Level.BAD, said=f"{battery} %")
    return Reading(Level.GOOD if battery >= max(thresholds.clear_pct, thresholds.below_pct) else Level.BETWEEN)


def judge(facts: DeviceFacts, thresholds: BatteryLow, now: datetime) -> Reading:
    """Say how low the battery is."""
    return GOOD if facts.kind in HELP_BUTTONS else level(facts, thresholds)


RULE = Rule("battery_low", About.DEVICE, mark("The battery is under {below_pct} %."), BatteryLow(), judge)
