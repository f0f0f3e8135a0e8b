"""Is it too cold in a home? A sleeping old person grows cold without noticing."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureLow(Thresholds):
    """Colder than `below_c` is too cold; at `clear_c` it is warm enough again. Whole degrees: those are looked at."""

    below_c: int = bounded(8, -30, 40)
    clear_c: int = bounded(11, -30, 45)
    lasts_s: int = bounded(1800, 0, 86_400)


def judge(facts: DeviceFacts, thresholds: TemperatureLow, now: datetime) -> Reading:
    """Say how cold it is; a thermometer that is not heard says nothing."""
    if facts.temperature_c is None:
        return GOOD
    if not facts.heard:
        return BETWEEN
    if facts.temperature_c < thresholds.below_c:
        return Reading(Level.BAD, said=f"{facts.temperature_c:.0f} °C")
    return GOOD if facts.temperature_c >= max(thresholds.clear_c, thresholds.below_c) else BETWEEN


RULE = Rule(
    "temperature_low", About.DEVICE, mark("It is below {below_c} °C in the home."), TemperatureLow(), judge
)  # fmt: skip
