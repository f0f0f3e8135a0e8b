"""Who should go? Who is able, free, on shift, in the area and near, in that order; and which two visits nobody can do both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.proofs import distance_m

PACE_M_PER_S = 30_000 / 3600
"""30 km/h in a straight line: village roads wind, and motorcycles are quicker than that on them."""
USUAL_MINUTES = 60
"""How long a visit lasts whose service does not say so."""
APPOINTMENT = timedelta(hours=2)
"""A visit whose time is no longer than this has an appointment and takes all of it; a longer one can be fitted in."""
SOON = timedelta(hours=3)
"""Whoever asks for somebody within this time knows what hour it is: only what is planned keeps to working hours."""

ABLE, FREE, ON_SHIFT, IN_AREA, NEAR = 1000, 500, 200, 100, 99
"""What each counts. A later one never outweighs the ones before it."""
DECLINED = -2000


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in WGS-84 degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Slot:
    """When a visit is to be done, how long it takes, and where. `visit_id`: None for one that is not there yet."""

    start: datetime
    end: datetime
    minutes: int = USUAL_MINUTES
    spot: Spot | None = None
    visit_id: int | None = None

    @property
    def lasts(self) -> timedelta:
        """How much of its time it takes from whoever does it."""
        whole, usual = self.end - self.start, timedelta(minutes=self.minutes)
        if not whole:
            return usual
        return whole if whole <= APPOINTMENT else min(whole, usual)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could go. `busy`: the visits that he has before him; `spot`: where he was last, or works."""

    staff_id: int
    name: str
    area: str
    skills: frozenset[str]
    on_shift: bool
    in_area: bool
    spot: Spot | None
    busy: tuple[Slot, ...] = ()
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody, how well he fits, and why. `clash`: the visit that he cannot do beside this one."""

    candidate: Candidate
    score: int
    able: bool
    clash: Slot | None
    away_m: int | None

    @property
    def free(self) -> bool:
        """Whether he can do this one beside those he has."""
        return self.clash is None

    @property
    def fits(self) -> bool:
        """Whether he could be sent without asking anybody."""
        return self.able and self.free and not self.candidate.declined


def travel(one: Spot | None, other: Spot | None) -> timedelta:
    """Return how long the way takes; nothing where one of the places is not known."""
    if one is None or other is None:
        return timedelta(0)
    return timedelta(seconds=distance_m(one.lat, one.lon, other.lat, other.lon) / PACE_M_PER_S)


def at_once(one: Slot, other: Slot) -> bool:
    """Say whether nobody can do both: neither leaves time for the other and for the way between them."""
    return not (_fits_before(one, other) or _fits_before(other, one))


def clash(slot: Slot, busy: Iterable[Slot]) -> Slot | None:
    """Return the first visit that cannot be done beside this one, None where all can."""
    there = (each for each in busy if each.visit_id is None or each.visit_id != slot.visit_id)
    return next((each for each in sorted(there, key=lambda each: each.start) if at_once(slot, each)), None)


def outside_hours(slot: Slot, *, work_from: time, work_to: time, timezone: str, now: datetime) -> bool:
    """Say whether it is planned for a time at which nobody works: no part of it lies within a day's hours."""
    if slot.start <= now + SOON:
        return False
    zone = ZoneInfo(timezone)
    day = slot.start.astimezone(zone).date()
    while datetime.combine(day, work_from, zone) <= slot.end:
        begins, ends = datetime.combine(day, work_from, zone), datetime.combine(day, work_to, zone)
        if slot.start < ends and begins <= slot.end:
            return False
        day += timedelta(days=1)
    return True


def suggest(slot: Slot, needs: str | None, candidates: Sequence[Candidate]) -> list[Suggestion]:
    """Return everybody who could go, the one who fits best first. `needs`: the skill that the service takes."""
    found = [_judged(slot, needs, each) for each in candidates]
    return sorted(found, key=lambda each: (-each.score, len(each.candidate.busy), each.candidate.staff_id))


def _judged(slot: Slot, needs: str | None, candidate: Candidate) -> Suggestion:
    able = needs is None or needs in candidate.skills
    in_the_way = clash(slot, candidate.busy)
    away = None
    if slot.spot is not None and candidate.spot is not None:
        away = round(distance_m(slot.spot.lat, slot.spot.lon, candidate.spot.lat, candidate.spot.lon))
    score = ABLE * able + FREE * (in_the_way is None) + ON_SHIFT * candidate.on_shift + IN_AREA * candidate.in_area
    if away is not None:
        score += max(0, NEAR - away // 1000)
    return Suggestion(candidate, score + DECLINED * candidate.declined, able, in_the_way, away)


def _fits_before(first: Slot, then: Slot) -> bool:
    earliest_end = first.start + first.lasts
    latest_start = max(then.start, then.end - then.lasts)
    return earliest_end + travel(first.spot, then.spot) <= latest_start
