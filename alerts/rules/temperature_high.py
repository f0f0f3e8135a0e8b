"""Is it too hot in a home? A heat wave, or something burns."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureHigh(Thresholds):
    """Hotter than `above_c` is too hot; at `clear_c` it is cool enough again. Whole degrees: those are looked at."""

    above_c: int = bounded(38, 0, 100)
    clear_c: int = bounded(35, -10, 100)
    lasts_s: int = bounded(600, 0, 86_400)


def judge(facts: DeviceFacts, thresholds: TemperatureHigh, now: datetime) -> Reading:
    """Say how hot it is; a thermometer that is not heard says nothing."""
    if facts.temperature_c is None:
        return GOOD
    if not facts.heard:
        return BETWEEN
    # the next whole degree, or a reading of a half would be past the threshold and not looked at
    if facts.temperature_c >= thresholds.above_c + 1:
        return Reading(Level.BAD, said=f"{facts.temperature_c:.0f} °C")
    return GOOD if facts.temperature_c < min(thresholds.clear_c, thresholds.above_c) + 1 else BETWEEN


RULE = Rule(
    "temperature_high", About.DEVICE, mark("It is over {above_c} °C in the home."), TemperatureHigh(), judge
)  # fmt: skip
