"""What is wrong with a device? Named as the warnings are, where they mean the same.

Each has a threshold to begin at and a farther one to end at: a value on the line makes no problem come and go. A device
behind a hub that is offline keeps its own state: it may be well, only nobody can hear it; the problem is its hub's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from devices.health import DeviceState

BATTERY_LOW_PCT = 15
"""At or below this a battery should be changed at the next visit."""
BATTERY_WELL_PCT = 20
DRAINING_WITHIN = timedelta(days=14)
"""A battery that is empty by then should be changed."""
DRAINING_NO_MORE = timedelta(days=21)
RSSI_WEAK_DBM = -80
RSSI_WELL_DBM = -76
LINKQUALITY_WEAK = 30
LINKQUALITY_WELL = 40
CLOCK_WRONG_S = 120
CLOCK_RIGHT_S = 60
SEEN_WITHIN = timedelta(hours=24)
"""Who registers a device puts it up within a day."""

OFFLINE = "offline"
LATE = "late"
NEVER_SEEN = "never_seen"
HUB_OFFLINE = "hub_offline"
BATTERY_LOW = "battery_low"
BATTERY_DRAINING = "battery_draining"
SIGNAL_WEAK = "signal_weak"
FIRMWARE_OUTDATED = "firmware_outdated"
CLOCK_WRONG = "clock_wrong"
FLAPPING = "device_flapping"
CAMERA_BLIND = "camera_blind"

ALL = (
    OFFLINE, LATE, NEVER_SEEN, HUB_OFFLINE, CAMERA_BLIND, BATTERY_LOW, BATTERY_DRAINING, SIGNAL_WEAK, FLAPPING, CLOCK_WRONG,
    FIRMWARE_OUTDATED,
)  # fmt: skip
"""Every problem, the gravest first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a device; None: nothing. `since`: when it was put into its home."""

    state: DeviceState
    since: datetime
    off_on_purpose: bool = False
    hub_state: DeviceState | None = None
    battery: int | None = None
    battery_flat_on: date | None = None
    rssi_dbm: float | None = None
    linkquality: int | None = None
    clock_skew_s: float | None = None
    flapping: bool = False
    firmware_outdated: bool = False
    picture: str | None = None


def problems(facts: Facts, before: Collection[str], now: datetime | None) -> list[str]:
    """Return what is wrong, the gravest first. `before`: what was wrong when it was last looked at; `now`: None leaves what
    comes with time alone as it was then."""
    found = {
        # somebody switched it off: its silence is no fault
        OFFLINE: facts.state is DeviceState.OFFLINE and not facts.off_on_purpose,
        LATE: facts.state is DeviceState.LATE,
        NEVER_SEEN: facts.state is DeviceState.NEVER and _is_past(facts.since + SEEN_WITHIN, NEVER_SEEN in before, now),
        HUB_OFFLINE: facts.hub_state is DeviceState.OFFLINE,
        CAMERA_BLIND: facts.picture in ("frozen", "dark"),
        BATTERY_LOW: _below(facts.battery, BATTERY_LOW_PCT, BATTERY_WELL_PCT, BATTERY_LOW in before),
        BATTERY_DRAINING: _flat_soon(facts.battery_flat_on, BATTERY_DRAINING in before, now),
        SIGNAL_WEAK: _below(facts.rssi_dbm, RSSI_WEAK_DBM, RSSI_WELL_DBM, SIGNAL_WEAK in before)
        or _below(facts.linkquality, LINKQUALITY_WEAK, LINKQUALITY_WELL, SIGNAL_WEAK in before),
        FLAPPING: facts.flapping,
        CLOCK_WRONG: _is_wrong(facts.clock_skew_s, CLOCK_WRONG in before),
        FIRMWARE_OUTDATED: facts.firmware_outdated,
    }
    return [name for name in ALL if found[name]]


def _below(value: float | None, begins: float, ends: float, already: bool) -> bool:
    return value is not None and (value <= begins or (already and value < ends))


def _is_past(at: datetime, already: bool, now: datetime | None) -> bool:
    return already if now is None else now >= at


def _flat_soon(flat_on: date | None, already: bool, now: datetime | None) -> bool:
    if flat_on is None or now is None:
        return flat_on is not None and already
    return flat_on - now.date() <= (DRAINING_NO_MORE if already else DRAINING_WITHIN)


def _is_wrong(skew_s: float | None, already: bool) -> bool:
    return skew_s is not None and abs(skew_s) > (CLOCK_RIGHT_S if already else CLOCK_WRONG_S)
