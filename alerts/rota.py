"""Who has the shift at an instant? One pure function over a rota and its overrides.

At every instant t from the rota's start on there is exactly one shift with start <= t < end, and the next shift starts
where this one ends. Rotations follow the wall clock of the rota's zone; an hourly one follows elapsed time. A hand-off at
a local time that is skipped happens when the clock jumps over it; at a doubled one, the first time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class RotaKind(StrEnum):
    """What one turn of a rota is counted in."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Rota:
    """Whose turn it is, in order: each member has `length` hours, days, weeks or months from `start` on."""

    id: int
    timezone: str
    kind: RotaKind
    length: int
    start: datetime
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else has it from `start` until `end`; of two that overlap, the one with the higher id holds."""

    id: int
    start: datetime
    end: datetime
    staff_id: int


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's turn: start <= t < end."""

    staff_id: int
    start: datetime
    end: datetime


def who_is_on_call(rota: Rota, overrides: Sequence[Override], at: datetime) -> Shift | None:
    """Return the shift that holds at `at`; None before the rota's start or while it has no members."""
    base = _turn(rota, at)
    edges = [edge for each in overrides for edge in (each.start, each.end)]
    edges += [base.start, base.end] if base else [rota.start]
    covering = max((each for each in overrides if each.start <= at < each.end), key=lambda each: each.id, default=None)
    holder = covering or base
    if holder is None:
        return None
    return Shift(
        holder.staff_id,
        start=max(edge for edge in edges if edge <= at),
        end=min(edge for edge in edges if edge > at),
    )


def _turn(rota: Rota, at: datetime) -> Shift | None:
    """Return the turn without overrides."""
    if not rota.members or at < rota.start:
        return None
    number = _guess(rota, at)
    while number > 0 and _hand_off(rota, number) > at:
        number -= 1
    while _hand_off(rota, number + 1) <= at:
        number += 1
    return Shift(
        rota.members[number % len(rota.members)], start=_hand_off(rota, number), end=_hand_off(rota, number + 1)
    )


_TURN_AT_LEAST = {
    RotaKind.HOURLY: timedelta(hours=1),
    RotaKind.DAILY: timedelta(days=1),
    RotaKind.WEEKLY: timedelta(weeks=1),
    RotaKind.MONTHLY: timedelta(days=30.436875),
}


def _guess(rota: Rota, at: datetime) -> int:
    """Return about how many turns have passed; the caller mends it."""
    return max(0, int((at - rota.start) / (_TURN_AT_LEAST[rota.kind] * rota.length)))


def _hand_off(rota: Rota, number: int) -> datetime:
    """Return the instant, in UTC, at which turn `number` starts."""
    if number == 0:
        return rota.start.astimezone(UTC)
    if rota.kind is RotaKind.HOURLY:
        return rota.start.astimezone(UTC) + timedelta(hours=rota.length * number)
    zone = ZoneInfo(rota.timezone)
    wall = rota.start.astimezone(zone).replace(tzinfo=None, fold=0)
    if rota.kind is RotaKind.MONTHLY:
        return _instant(_months_later(wall, rota.length * number), zone)
    days = rota.length * number * (7 if rota.kind is RotaKind.WEEKLY else 1)
    return _instant(wall + timedelta(days=days), zone)


def _months_later(wall: datetime, months: int) -> datetime:
    """Return the same day and time that many months on; the 31st becomes a shorter month's last day."""
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    day = wall.day
    while True:
        try:
            return wall.replace(year=year, month=month + 1, day=day)
        except ValueError:
            if day <= 28:
                raise
            day -= 1


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time: the first of two, or the jump of the clock that skips it."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    # skipped: the jump lies between the two readings of the same wall clock; find it to the second
    low = int(wall.replace(tzinfo=zone, fold=1).timestamp())
    high = int(first.timestamp()) + 1
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
