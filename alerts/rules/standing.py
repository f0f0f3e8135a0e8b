"""When is a cause told, and when is it over? The same for all rules, so that no warning chatters."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.rules.base import Level, Reading, Thresholds


@dataclass(frozen=True, slots=True)
class Standing:
    """A cause that was found. `told`: its alert was raised, whoever may have closed it since; `gone_since`: since when the
    cause of a told one seems to be gone."""

    since: datetime
    told: bool = False
    gone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of it: the standing from now on (None: no cause), and when to look again though nothing changes."""

    standing: Standing | None
    raises: bool = False
    clears: bool = False
    look_at: datetime | None = None


def move(reading: Reading, before: Standing | None, thresholds: Thresholds, now: datetime) -> Move:
    """Return what becomes of a cause. It is told once it lasted `lasts_s` without a break, and over once gone for `gone_s`."""
    if before is not None and before.told:
        return _told(reading, before, thresholds, now)
    if reading.level is not Level.BAD:
        return Move(None, look_at=reading.look_at)
    standing = before or Standing(min(reading.since or now, now))
    told_at = standing.since + timedelta(seconds=thresholds.lasts_s)
    if told_at <= now:
        return Move(replace(standing, told=True), raises=True, look_at=reading.look_at)
    return Move(standing, look_at=_earlier(told_at, reading.look_at))


def _told(reading: Reading, before: Standing, thresholds: Thresholds, now: datetime) -> Move:
    if reading.level is not Level.GOOD:
        return Move(replace(before, gone_since=None), look_at=reading.look_at)
    gone_since = before.gone_since or now
    over_at = gone_since + timedelta(seconds=thresholds.gone_s)
    if over_at <= now:
        return Move(None, clears=True, look_at=reading.look_at)
    return Move(replace(before, gone_since=gone_since), look_at=_earlier(over_at, reading.look_at))


def _earlier(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)
