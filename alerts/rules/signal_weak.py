"""Is a device hardly heard? By its smoothed signal, in dBm or as Zigbee's link quality."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import BETWEEN, DAY_S, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalWeak(Thresholds):
    """Weaker than `below_dbm` or `below_lqi` is weak; at `clear_dbm` and `clear_lqi` it is well again."""

    below_dbm: int = bounded(-90, -150, 0)
    clear_dbm: int = bounded(-84, -150, 0)
    below_lqi: int = bounded(20, 0, 255)
    clear_lqi: int = bounded(40, 0, 255)
    lasts_s: int = bounded(6 * 3600, 0, 7 * DAY_S)
    gone_s: int = bounded(6 * 3600, 0, 7 * DAY_S)


def judge(facts: DeviceFacts, thresholds: SignalWeak, now: datetime) -> Reading:
    """Say how weak the signal is."""
    signals = [
        (facts.rssi_dbm, thresholds.below_dbm, thresholds.clear_dbm, "dBm"),
        (facts.linkquality, thresholds.below_lqi, thresholds.clear_lqi, "LQI"),
    ]
    known = [(value, below, clear, unit) for value, below, clear, unit in signals if value is not None]
    if not known:
        return GOOD
    if not facts.heard:
        return BETWEEN
    for value, below, _, unit in known:
        if value < below:
            return Reading(Level.BAD, said=f"{value:.0f} {unit}")
    return GOOD if all(value >= max(clear, below) for value, below, clear, _ in known) else BETWEEN


RULE = Rule(
    "signal_weak", About.DEVICE, mark("The signal is weaker than {below_dbm} dBm (Zigbee: link quality {below_lqi})."),
    SignalWeak(), judge,
)  # fmt: skip
