"""What does a reading tell of its device's health, beside what it was sent for?

Vendors say it in fields of their own, which the formats leave in `extra` under the vendor's names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from devices.model import Json

LONGEST_UPTIME = timedelta(days=20 * 366)
"""More than this is no uptime of a home's device."""
LINKQUALITY_MOST = 255
"""Zigbee's link quality indicator is a byte."""


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of a reading; None: it says nothing of that. `occupied_at`: when a sensor felt somebody."""

    booted_at: datetime | None = None
    occupied_at: datetime | None = None
    linkquality: int | None = None


def signs(extra: Mapping[str, Json], time: datetime) -> Signs:
    """Return the signs of a live reading of that time."""
    return Signs(
        booted_at=_booted_at(extra, time),
        occupied_at=time if extra.get("occupancy") is True else None,
        linkquality=_linkquality(extra.get("linkquality")),
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
        started = None if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return started if started is not None and time - LONGEST_UPTIME <= started <= time else None


def _linkquality(said: Json) -> int | None:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= LINKQUALITY_MOST:
        return None
    return round(said)
