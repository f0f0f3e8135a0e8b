"""Did somebody fall? By a camera's or a sensor's own report, which it may repeat for as long as he lies there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import About, Rule, Thresholds, bounded
from alerts.texts import mark

FALL = "fall"
"""The kind of alert about somebody who fell. It never closes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall(Thresholds):
    """A report that comes within `same_s` of the last one of the same device is the same fall."""

    same_s: int = bounded(600, 0, 3600)


def is_new(last_said: datetime | None, at: datetime, thresholds: Fall) -> bool:
    """Say whether a report is of a fall that was not told yet. `last_said`: when the device said so before, None where it
    said since that nobody lies there. In doubt it is new: one alert too many is a visit, one too few may be a life."""
    return last_said is None or at - last_said > timedelta(seconds=thresholds.same_s)


RULE: Rule[None, Fall] = Rule(FALL, About.DEVICE, mark("A camera or a sensor says that somebody fell."), Fall())
