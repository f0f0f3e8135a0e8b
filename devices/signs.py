"""What does a reading tell of its device's health, beside what it was sent for?

Vendors say it in fields of their own, which the formats leave in `extra` under the vendor's names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from devices.model import Json, PatrolPing, Reading, StatusChange, time_that_counts

LONGEST_UPTIME = timedelta(days=20 * 366)
"""More than this is no uptime of a home's device."""
LINKQUALITY_MOST = 255
"""Zigbee's link quality indicator is a byte."""


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of a reading; None: it says nothing of that. `clock_lag_s`: how much later it was received than its own time."""

    clock_lag_s: float | None = None
    booted_at: datetime | None = None
    presence_at: datetime | None = None
    linkquality: int | None = None


NONE = Signs()


def signs(reading: Reading, received_at: datetime) -> Signs:
    """Return the signs of a live reading."""
    if isinstance(reading, StatusChange) and not reading.online:
        # a Last Will was composed when the device connected: its time tells nothing of the clock now
        return NONE
    lag_s = None if reading.at is None else (received_at - reading.at).total_seconds()
    seen = isinstance(reading, PatrolPing) and (reading.presence is True or (reading.persons or 0) > 0)
    extra = reading.extra
    if not extra:
        return Signs(lag_s, None, time_that_counts(reading.at, received_at) if seen else None, None)
    time = time_that_counts(reading.at, received_at)
    return Signs(
        lag_s,
        _booted_at(extra, time),
        time if seen or extra.get("occupancy") is True else None,
        _linkquality(extra.get("linkquality")),
    )


def _booted_at(extra: Mapping[str, Json], time: datetime) -> datetime | None:
    """Return when the device started: `uptime` in seconds, or `booted`, its time or true for just now."""
    uptime, booted = extra.get("uptime"), extra.get("booted")
    if isinstance(uptime, int | float) and not isinstance(uptime, bool):
        return time - timedelta(seconds=uptime) if 0 <= uptime <= LONGEST_UPTIME.total_seconds() else None
    if booted is True:
        return time
    if not isinstance(booted, str):
        return None
    try:
        said = datetime.fromisoformat(booted)
    except ValueError:
        return None
    if said.tzinfo is None:
        return None
    try:
        said = said.astimezone(UTC)
    except OverflowError:
        return None
    return said if time - LONGEST_UPTIME <= said <= time else None


def _linkquality(said: Json) -> int | None:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= LINKQUALITY_MOST:
        return None
    return round(said)
