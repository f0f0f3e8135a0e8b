"""Is a device well? Decided from what it was heard to say, what it is expected to say, and whether we were listening."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PATROL_EVERY_S = 60
"""A camera's keep-alive where its registry entry names none: GB/T 28181-2016's default."""
MISSED_PATROLS = 3
"""Patrols missed before a device is offline: GB/T 28181-2016's default."""
QUIET_OFFLINE_AFTER_S = 25 * 3600
"""A battery device without patrols is well for a day of silence: Zigbee2MQTT calls it offline after 25 h."""
LEARNT_LATE = 1.5
LEARNT_OFFLINE = 3
"""So many of its usual silences a device may miss, where its period was learnt."""
LEARNT_OFFLINE_SLOW = 2
LEARNT_PATIENCE_S = 48 * 3600
"""Beyond two days of silence fewer are enough: somebody waits for that button."""
LEARNT_LATE_FROM_S = 15 * 60
LEARNT_OFFLINE_FROM_S = 30 * 60
"""What is only learnt is no promise of the device: it is not held to less than this."""


class DeviceState(StrEnum):
    """How a device stands: heard in time, past its period, silent too long, or not heard yet."""

    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Expectation:
    """How long a device may be silent. `late_after_s` is None where nothing regular is expected of it."""

    late_after_s: float | None
    offline_after_s: float

    @property
    def first_after_s(self) -> float:
        """Seconds of silence after which the device must be judged for the first time."""
        return self.offline_after_s if self.late_after_s is None else min(self.late_after_s, self.offline_after_s)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a device's silence means now, and when it must be judged again (None: once it is heard)."""

    state: DeviceState
    judge_again_at: datetime | None


def expectation(
    kind: str, patrol_every_s: int | None, offline_after_s: int | None, usual_gap_s: int | None = None
) -> Expectation:
    """Return how long a device of that kind may be silent: by its registry entry, by `usual_gap_s`, the longest silence of
    its ordinary days where that was learnt, or by the defaults above."""
    every_s = patrol_every_s if patrol_every_s is not None else PATROL_EVERY_S if kind == "camera" else None
    if every_s is None:
        return _of_habit(usual_gap_s, offline_after_s)
    # half a period of grace: networks jitter, and a warning that clears itself a second later is noise
    return Expectation(every_s * 1.5, offline_after_s if offline_after_s is not None else every_s * MISSED_PATROLS)


def _of_habit(usual_gap_s: int | None, offline_after_s: int | None) -> Expectation:
    if usual_gap_s is None:
        return Expectation(None, offline_after_s if offline_after_s is not None else QUIET_OFFLINE_AFTER_S)
    if offline_after_s is None:
        patience_s = max(LEARNT_PATIENCE_S, usual_gap_s * LEARNT_OFFLINE_SLOW)
        learnt_s = max(LEARNT_OFFLINE_FROM_S, min(usual_gap_s * LEARNT_OFFLINE, patience_s))
        return Expectation(max(LEARNT_LATE_FROM_S, usual_gap_s * LEARNT_LATE), learnt_s)
    return Expectation(max(LEARNT_LATE_FROM_S, usual_gap_s * LEARNT_LATE), offline_after_s)


def judge(
    expected: Expectation, *, last_seen: datetime, said_offline: bool, ingest_up_since: datetime, now: datetime
) -> Judgement:
    """Return how a device that was heard at `last_seen` stands at `now`.

    Silence counts only from `ingest_up_since` on: our own outage must not declare a county offline.
    """
    if said_offline:
        return Judgement(DeviceState.OFFLINE, None)
    silent_since = max(last_seen, ingest_up_since)
    offline_at = silent_since + timedelta(seconds=expected.offline_after_s)
    if now >= offline_at:
        return Judgement(DeviceState.OFFLINE, None)
    if expected.late_after_s is None or expected.late_after_s >= expected.offline_after_s:
        return Judgement(DeviceState.ONLINE, offline_at)
    late_at = silent_since + timedelta(seconds=expected.late_after_s)
    return Judgement(DeviceState.LATE, offline_at) if now >= late_at else Judgement(DeviceState.ONLINE, late_at)
