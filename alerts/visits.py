"""How does a visit go forward? States and the steps between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.model import TimesRunBackwards, WrongOrder

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
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class VisitStep(StrEnum):
    """What is done with a visit."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    DEPART = "depart"
    ARRIVE = "arrive"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"


ENDED = frozenset({VisitState.COMPLETED, VisitState.FAILED, VisitState.CANCELLED})

_BEFORE_ARRIVAL = (VisitState.REQUESTED, VisitState.ASSIGNED, VisitState.ACCEPTED, VisitState.EN_ROUTE)

# step: (states it may start from, the state it leads to, what to do first otherwise)
_STEPS: dict[VisitStep, tuple[tuple[VisitState, ...], VisitState, str]] = {
    VisitStep.ASSIGN: (_BEFORE_ARRIVAL, VisitState.ASSIGNED, "somebody is there already"),
    VisitStep.ACCEPT: ((VisitState.ASSIGNED,), VisitState.ACCEPTED, "assign it first"),
    VisitStep.DEPART: ((VisitState.ASSIGNED, VisitState.ACCEPTED), VisitState.EN_ROUTE, "assign it first"),
    VisitStep.ARRIVE: (
        (VisitState.ASSIGNED, VisitState.ACCEPTED, VisitState.EN_ROUTE),
        VisitState.ARRIVED,
        "assign it first",
    ),
    VisitStep.COMPLETE: ((VisitState.ARRIVED,), VisitState.COMPLETED, "arrive first"),
    VisitStep.FAIL: ((*_BEFORE_ARRIVAL, VisitState.ARRIVED), VisitState.FAILED, "it is over"),
    VisitStep.CANCEL: (_BEFORE_ARRIVAL, VisitState.CANCELLED, "it is over"),
}


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

    Raises WrongOrder when the step does not follow, TimesRunBackwards when it would lie before the one it follows.
    """
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
