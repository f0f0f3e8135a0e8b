"""How does a visit go forward? States and the steps between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.model import NobodyAssigned, TimesRunBackwards, WrongOrder

CLOCK_TOLERANCE = timedelta(minutes=5)
"""A phone's clock may be this far ahead of ours."""
CLOCK_JITTER = timedelta(minutes=1)
"""A step may seem to lie this far before the one it follows: phones round, and their clocks differ from ours."""


class VisitState(StrEnum):
    """How far a visit is."""

    REQUESTED = "requested"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    IN_SERVICE = "in_service"
    COMPLETED = "completed"
    FOLLOWED_UP = "followed_up"
    DECLINED = "declined"
    PUT_OFF = "put_off"
    FAILED = "failed"
    CANCELLED = "cancelled"


class VisitStep(StrEnum):
    """What is done with a visit."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    DECLINE = "decline"
    PUT_OFF = "put_off"
    DEPART = "depart"
    ARRIVE = "arrive"
    BEGIN = "begin"
    COMPLETE = "complete"
    FOLLOW_UP = "follow_up"
    FAIL = "fail"
    CANCEL = "cancel"


class FailKind(StrEnum):
    """Why a visit could not be done."""

    NOBODY_HOME = "nobody_home"
    REFUSED = "refused"
    NO_ACCESS = "no_access"
    OTHER = "other"


class Payer(StrEnum):
    """Who pays for a visit: written down, never charged."""

    SELF = "self"
    GOVERNMENT = "government"
    POINTS = "points"
    GIFT = "gift"
    INSURANCE = "insurance"
    OTHER = "other"


DONE = frozenset({VisitState.COMPLETED, VisitState.FOLLOWED_UP})
"""States in which what he came for is done."""
ENDED = frozenset({*DONE, VisitState.FAILED, VisitState.CANCELLED})
"""States in which nobody goes any more; every query that leaves out what is over names these four."""
NOBODY_GOES = frozenset({VisitState.REQUESTED, VisitState.DECLINED})
"""States in which a dispatcher has to say who goes."""
_GIVEN = (VisitState.ASSIGNED, VisitState.ACCEPTED, VisitState.PUT_OFF)
_BEFORE_ARRIVAL = (VisitState.REQUESTED, VisitState.DECLINED, *_GIVEN, VisitState.EN_ROUTE)
BEFORE_ARRIVAL = frozenset(_BEFORE_ARRIVAL)
"""States in which nobody was at the door yet."""
_THERE = (VisitState.ARRIVED, VisitState.IN_SERVICE)

# step: (states it may start from, the state it leads to, what to do first otherwise)
_STEPS: dict[VisitStep, tuple[tuple[VisitState, ...], VisitState, str]] = {
    VisitStep.ASSIGN: (_BEFORE_ARRIVAL, VisitState.ASSIGNED, "somebody is there already"),
    VisitStep.ACCEPT: ((VisitState.ASSIGNED, VisitState.PUT_OFF), VisitState.ACCEPTED, "assign it first"),
    VisitStep.DECLINE: ((*_GIVEN, VisitState.EN_ROUTE), VisitState.DECLINED, "nobody who could say no has it"),
    VisitStep.PUT_OFF: (_BEFORE_ARRIVAL, VisitState.PUT_OFF, "somebody is there already"),
    VisitStep.DEPART: (_GIVEN, VisitState.EN_ROUTE, "assign it first"),
    VisitStep.ARRIVE: ((*_GIVEN, VisitState.EN_ROUTE), VisitState.ARRIVED, "assign it first"),
    VisitStep.BEGIN: ((VisitState.ARRIVED,), VisitState.IN_SERVICE, "arrive first"),
    VisitStep.COMPLETE: (_THERE, VisitState.COMPLETED, "arrive first"),
    VisitStep.FOLLOW_UP: ((VisitState.COMPLETED,), VisitState.FOLLOWED_UP, "complete it first"),
    VisitStep.FAIL: ((*_BEFORE_ARRIVAL, *_THERE), VisitState.FAILED, "it is over"),
    VisitStep.CANCEL: (_BEFORE_ARRIVAL, VisitState.CANCELLED, "it is over"),
}
_BY_WHOEVER_GOES = frozenset(
    {VisitStep.ACCEPT, VisitStep.DECLINE, VisitStep.DEPART, VisitStep.ARRIVE, VisitStep.BEGIN, VisitStep.COMPLETE}
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that somebody was there: a position (WGS-84), the door's code, and the phone's own time."""

    lat: float | None = None
    lon: float | None = None
    code: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a visit stands, as far as its steps ask."""

    id: int
    state: VisitState
    staff_id: int | None
    last_step_at: datetime


def advance(visit: Visit, step: VisitStep, at: datetime) -> VisitState:
    """Return the state that a step at `at` leads to.

    Raises NobodyAssigned where it takes somebody who goes, WrongOrder when the step does not follow, TimesRunBackwards
    when it would lie before the one it follows.
    """
    if step in _BY_WHOEVER_GOES and visit.staff_id is None and visit.state in BEFORE_ARRIVAL:
        raise NobodyAssigned(visit.id)
    starts, leads_to, mend = _STEPS[step]
    if visit.state not in starts:
        if visit.state in ENDED:
            mend = "it is over"
        raise WrongOrder(visit.id, visit.state, step, mend)
    if at < visit.last_step_at - CLOCK_JITTER:
        raise TimesRunBackwards(visit.id, step, at.isoformat(), visit.last_step_at.isoformat())
    return leads_to


def time_of(proof: Proof, now: datetime) -> datetime:
    """Return when the step was taken: the phone's time where it can be true, else now."""
    if proof.at is None or proof.at > now + CLOCK_TOLERANCE:
        return now
    return min(proof.at, now)
