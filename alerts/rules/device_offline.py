"""Which device that is offline does somebody have to see to? One warning each, unless its whole village is silent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.rules.area_outage import Silent
from alerts.rules.base import About, Rule, Thresholds, bounded
from alerts.texts import mark

DEVICE_OFFLINE = "device_offline"
"""The kind of alert about one device that is offline."""
SETTLE = timedelta(minutes=2)
"""How long a silence usually waits for its neighbours': where the power fails, cameras fall silent over a period or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOffline(Thresholds):
    """Offline for `lasts_s`; how long it may be silent before it is offline is its own `offline_after_s`."""

    lasts_s: int = bounded(120, 0, 7 * 86_400)


@dataclass(slots=True)
class Warnings:
    """What becomes of the warnings of an area's devices."""

    raised: list[str] = field(default_factory=list)
    """Devices to warn of now."""
    waiting: dict[str, datetime] = field(default_factory=dict)
    """Devices to look at again, and when."""
    held: list[str] = field(default_factory=list)
    """Devices that are a part of the outage: its alert stands for them."""
    held_under: dict[str, str] = field(default_factory=dict)
    """Devices for which the alert of their hub stands, and which hub that is."""
    absorbed: list[int] = field(default_factory=list)
    """Open warnings for which the outage's alert stands now."""
    absorbed_under: dict[int, str] = field(default_factory=dict)
    """Open warnings for which the alert of that hub stands now."""
    cleared: list[int] = field(default_factory=list)
    """Open warnings of devices that are offline no longer."""


def decide(
    silent: Sequence[Silent],
    warned: Mapping[str, Sequence[int]],
    *,
    holds_from: datetime | None,
    outage_ended: datetime | None,
    now: datetime,
    lasts: Callable[[str], timedelta] = lambda uid: SETTLE,
) -> Warnings:
    """Return what becomes of the warnings. `warned`: the open ones, by device; a reopened one may be a second.

    `holds_from`: devices silent since then or later are a part of an outage; None where there is none. `outage_ended`:
    when the last one ended, of which the stragglers get as long as a device that falls silent. A silence that a person
    has closed the warning of is not fresh any more: it stays closed until the device was heard again. `lasts`: for how long
    a device must be silent. Whatever hangs on a silent hub is the hub's.
    """
    result = Warnings()
    for each in silent:
        open_ones = warned.get(each.uid, ())
        if holds_from is not None and each.since >= holds_from:
            if each.fresh or open_ones:
                result.held.append(each.uid)
            result.absorbed += open_ones
        elif each.under is not None:
            if each.fresh or open_ones:
                result.held_under[each.uid] = each.under
            result.absorbed_under |= dict.fromkeys(open_ones, each.under)
        elif each.fresh and not open_ones:
            begins = max(each.since, outage_ended or each.since)
            settled = max(begins + lasts(each.uid), each.not_before or begins)
            if settled > now:
                result.waiting[each.uid] = settled
            else:
                result.raised.append(each.uid)
    offline = {each.uid for each in silent}
    result.cleared += [alert_id for uid, open_ones in warned.items() if uid not in offline for alert_id in open_ones]
    return result


RULE: Rule[None, DeviceOffline] = Rule(
    DEVICE_OFFLINE, About.DEVICE, mark("The device is offline for {lasts_s} s."), DeviceOffline()
)  # fmt: skip
