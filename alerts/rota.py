"""Who has the shift at an instant? One pure function over a rota, its hours, pauses and overrides.

At every instant t there is exactly one stretch with start <= t < end, held by one person or by nobody, and the next one
starts where this one ends. Rotations follow the wall clock of the rota's zone; an hourly one follows elapsed time. A
hand-off at a local time that is skipped happens when the clock jumps over it; at a doubled one, the first time.

Outside of its hours nobody of a rota is on call, whatever else is said. Within them an override holds before the turn. A
paused member's turns go to the next in order who is not paused; everybody else's stay where they were.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from alerts.wall import instant
from alerts.windows import AFTER_ALL, ALWAYS, BEFORE_ALL, Hours, opening

_TICK = timedelta(microseconds=1)


class RotaKind(StrEnum):
    """What one turn of a rota is counted in."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Pause:
    """A member has no turns from `start` until `end`; None: until somebody says when."""

    staff_id: int
    start: datetime
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Say whether it is on."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Rota:
    """Whose turn it is, in order: each member has `length` hours, days, weeks or months from `start` on."""

    id: int
    timezone: str
    kind: RotaKind
    length: int
    start: datetime
    members: tuple[int, ...]
    hours: Hours = ALWAYS
    pauses: tuple[Pause, ...] = ()


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


class Why(StrEnum):
    """Why nobody has a stretch."""

    OUTSIDE = "outside"
    """It lies outside of the rota's hours, or before its start: as it was meant."""
    NOBODY = "nobody"
    """The rota has no members then, or all of them are paused: a hole."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the time, held by one person or, where `why` says so, by nobody: start <= t < end."""

    staff_id: int | None
    start: datetime
    end: datetime
    why: Why | None = None
    by: tuple[str, int] = field(default=("", 0), compare=False)
    """By which turn or override it is held: what is held by the same is one shift."""

    def goes_on_as(self, other: "Stretch") -> bool:
        """Say whether the other is a part of the same shift, or of the same lack of one."""
        return (self.staff_id, self.why, self.by) == (other.staff_id, other.why, other.by)


def who_is_on_call(rota: Rota, overrides: Sequence[Override], at: datetime) -> Shift | None:
    """Return the shift that holds at `at`; None where nobody of the rota is on call."""
    here = _stretch(rota, overrides, at)
    if here.staff_id is None:
        return None
    start, end = here.start, here.end
    while start > BEFORE_ALL and (before := _stretch(rota, overrides, start - _TICK)).goes_on_as(here):
        start = before.start
    while end < AFTER_ALL and (after := _stretch(rota, overrides, end)).goes_on_as(here):
        end = after.end
    return Shift(here.staff_id, start, end)


def stretches(rota: Rota, overrides: Sequence[Override], start: datetime, end: datetime) -> list[Stretch]:
    """Return who has which part of the time from `start` to `end`, without a gap.

    Shifts come whole, also where they reach beyond; the stretches that nobody has are cut at both ends.
    """
    found: list[Stretch] = []
    at = start
    while at < end:
        here = _stretch(rota, overrides, at)
        shift = who_is_on_call(rota, overrides, at) if here.staff_id is not None else None
        if shift is not None:
            found.append(Stretch(shift.staff_id, shift.start, shift.end, None, here.by))
        elif found and found[-1].goes_on_as(here):
            found[-1] = Stretch(None, found[-1].start, min(here.end, end), here.why, here.by)
        else:
            found.append(Stretch(None, max(here.start, at), min(here.end, end), here.why, here.by))
        at = found[-1].end
    return found


def turn_begins(rota: Rota, at: datetime) -> datetime:
    """Return when the turn that holds at `at` began: no override before it can matter."""
    return _hand_off(rota, _number(rota, at)) if at >= rota.start else at


def _stretch(rota: Rota, overrides: Sequence[Override], at: datetime) -> Stretch:
    """Return who has it at `at`, and between which of the edges nearest to it that cannot change."""
    hours = opening(rota.hours, ZoneInfo(rota.timezone), at)
    edges = [hours.start, hours.end]
    if not hours.is_open:
        return _between(None, edges, at, Why.OUTSIDE)
    edges += [edge for each in overrides for edge in (each.start, each.end)]
    covering = max((each for each in overrides if each.start <= at < each.end), key=lambda each: each.id, default=None)
    if covering is not None:
        return _between(covering.staff_id, edges, at, by=("override", covering.id))
    if at < rota.start:
        return _between(None, [*edges, rota.start], at, Why.OUTSIDE)
    if not rota.members:
        return _between(None, [*edges, rota.start], at, Why.NOBODY)
    number = _number(rota, at)
    edges += [_hand_off(rota, number), _hand_off(rota, number + 1), *_edges_of_pauses(rota)]
    member = _member(rota, number, at)
    if member is None:
        return _between(None, edges, at, Why.NOBODY)
    return _between(member, edges, at, by=("turn", number))


def _between(
    staff_id: int | None,
    edges: Sequence[datetime],
    at: datetime,
    why: Why | None = None,
    by: tuple[str, int] = ("", 0),
) -> Stretch:
    start = max((edge for edge in edges if edge <= at), default=BEFORE_ALL)
    return Stretch(staff_id, start, min((edge for edge in edges if edge > at), default=AFTER_ALL), why, by)


def _edges_of_pauses(rota: Rota) -> Iterator[datetime]:
    for pause in rota.pauses:
        yield pause.start
        if pause.end is not None:
            yield pause.end


def _member(rota: Rota, number: int, at: datetime) -> int | None:
    """Return whose turn it is: the member's whose number it is, or the next one's who is not paused; None for nobody."""
    paused = {pause.staff_id for pause in rota.pauses if pause.holds(at)}
    count = len(rota.members)
    in_order = (rota.members[(number + further) % count] for further in range(count))
    return next((member for member in in_order if member not in paused), None)


def _number(rota: Rota, at: datetime) -> int:
    """Return the number of the turn that holds at `at`, which is not before the rota's start."""
    number = _guess(rota, at)
    while number > 0 and _hand_off(rota, number) > at:
        number -= 1
    while _hand_off(rota, number + 1) <= at:
        number += 1
    return number


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
        return instant(_months_later(wall, rota.length * number), zone)
    days = rota.length * number * (7 if rota.kind is RotaKind.WEEKLY else 1)
    return instant(wall + timedelta(days=days), zone)


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
