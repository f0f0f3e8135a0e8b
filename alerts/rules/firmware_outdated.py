"""Does a device run older firmware than is wanted?"""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import DAY_S, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import DeviceFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareOutdated(Thresholds):
    """Told once it lasted for a week: by then devices that bring themselves up to date have."""

    lasts_s: int = bounded(7 * DAY_S, 0, 30 * DAY_S)


def judge(facts: DeviceFacts, thresholds: FirmwareOutdated, now: datetime) -> Reading:
    """Say whether the firmware is older than wanted."""
    return Reading(Level.BAD, said=facts.fw or "") if facts.firmware_outdated else GOOD


RULE = Rule(
    "firmware_outdated", About.DEVICE, mark("The firmware is older than the wanted version."), FirmwareOutdated(), judge
)  # fmt: skip
