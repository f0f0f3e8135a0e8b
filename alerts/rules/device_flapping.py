"""Does a device go and come back again and again? Its line or its supply is loose."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFlapping(Thresholds):
    """What counts as flapping is `devices.health`'s to say; here, how long it must go on, and how long be over."""

    lasts_s: int = bounded(600, 0, 86_400)
    gone_s: int = bounded(3600, 0, 86_400)


def judge(facts: DeviceFacts, thresholds: DeviceFlapping, now: datetime) -> Reading:
    """Say since when it flaps."""
    return GOOD if facts.flapping_since is None else Reading(Level.BAD, since=facts.flapping_since)


RULE = Rule(
    "device_flapping", About.DEVICE, mark("The device goes offline and comes back again and again."), DeviceFlapping(),
    judge,
)  # fmt: skip
