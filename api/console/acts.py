"""What may this user do now with this alert and its visit, and which of it is the one next step?"""

from dataclasses import dataclass

from alerts.model import UNANSWERED, AlertState
from alerts.visits import BEFORE_ARRIVAL, NOBODY_GOES, VisitState
from api.context import Principal

NEXT_STEP = {
    VisitState.ASSIGNED: "depart",
    VisitState.PUT_OFF: "depart",
    VisitState.ACCEPTED: "depart",
    VisitState.EN_ROUTE: "arrive",
    VisitState.ARRIVED: "complete",
    VisitState.IN_SERVICE: "complete",
}
"""The step that moves a visit on. (One may also arrive without having said that one departs.)"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert and its visit stand, as far as it decides what can be done."""

    state: AlertState
    accepted_by_staff: int | None
    visit_state: VisitState | None
    visit_staff: int | None


@dataclass(frozen=True, slots=True)
class Acts:
    """What can be done. `next`: the name of the one next step, '' where there is none for this user."""

    accept: bool = False
    dispatch: bool = False
    pass_on: bool = False
    take_back: bool = False
    note: bool = False
    step: str = ""
    fail: bool = False
    close: bool = False
    next: str = ""


def acts(caller: Principal, standing: Standing) -> Acts:
    """Return what this user can do. What he may not is refused again where it is done."""
    if not caller.may("responder"):
        return Acts()
    if standing.state is AlertState.CLOSED:
        return Acts(note=True)
    operator = caller.may("operator")
    unanswered = standing.state in UNANSWERED
    mine = caller.staff_id is not None and caller.staff_id in (standing.accepted_by_staff, standing.visit_staff)
    goes = operator or (caller.staff_id is not None and standing.visit_staff == caller.staff_id)
    step = NEXT_STEP.get(standing.visit_state, "") if standing.visit_state is not None and goes else ""
    dispatch = operator and (unanswered or standing.visit_state in BEFORE_ARRIVAL)
    return Acts(
        accept=unanswered,
        dispatch=dispatch,
        pass_on=unanswered,
        take_back=not unanswered and (operator or mine) and standing.state is not AlertState.ARRIVED,
        note=True,
        step=step,
        fail=bool(step),
        close=operator,
        next=_next(unanswered=unanswered, step=step, visit=standing.visit_state, operator=operator),
    )


def _next(*, unanswered: bool, step: str, visit: VisitState | None, operator: bool) -> str:
    if unanswered:
        return "accept"
    if step:
        return step
    if not operator:
        return ""
    return "dispatch" if visit in NOBODY_GOES else "close"
