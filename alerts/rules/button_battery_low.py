"""Will a help button's battery carry the next press? Some send nothing at all once it is low: a visit soon, not a note."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import GOOD, About, Reading, Rule, bounded
from alerts.rules.battery_low import BatteryLow, level
from alerts.rules.facts import HELP_BUTTONS, DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonBatteryLow(BatteryLow):
    """As `battery_low`, sooner."""

    below_pct: int = bounded(20, 1, 90)
    clear_pct: int = bounded(35, 1, 100)


def judge(facts: DeviceFacts, thresholds: ButtonBatteryLow, now: datetime) -> Reading:
    """Say how low the button's battery is."""
    return level(facts, thresholds) if facts.kind in HELP_BUTTONS else GOOD


RULE = Rule(
    "button_battery_low", About.DEVICE,
    mark("A help button's battery is under {below_pct} %: the next press may not come through."),
    ButtonBatteryLow(), judge,
)  # fmt: skip
