"""Is a hub offline? Then no button behind it is heard either: one warning, and those of its devices are held under it."""

from dataclasses import dataclass

from alerts.rules.base import About, Rule, Thresholds, bounded
from alerts.texts import mark

HUB_OFFLINE = "hub_offline"
"""The kind of alert about a hub that is offline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubOffline(Thresholds):
    """Offline for `lasts_s`: a hub that starts anew is back before."""

    lasts_s: int = bounded(120, 0, 7 * 86_400)


RULE: Rule[None, HubOffline] = Rule(
    HUB_OFFLINE, About.DEVICE, mark("The hub is offline for {lasts_s} s: nothing behind it is heard."), HubOffline()
)  # fmt: skip
