"""Who is on the way to whom? The open visits, and the forms that move one a step on."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from alerts import assigning, desk, dispatch
from alerts.model import Conflict, Refused, WrongOrder
from alerts.visits import DONE, FailKind, Payer, Proof, VisitState
from api import stream
from api.auth import Operator, Responder, Viewer
from api.console import alert, case, words
from api.console import visit as visit_page
from api.console.acts import NEXT_STEP
from api.console.alert import Back, Refusal, Staff
from api.console.case import Person
from api.console.page import View, go, view
from api.context import Principal
from api.fields import Note, row_id
from api.problems import Problem, missing
from api.reading import sight
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/visits")

SHOWN = 200
_REACHED_BY = {
    "depart": {VisitState.EN_ROUTE, VisitState.ARRIVED, VisitState.IN_SERVICE, *DONE},
    "arrive": {VisitState.ARRIVED, VisitState.IN_SERVICE, *DONE},
    "begin": {VisitState.IN_SERVICE, *DONE},
    "complete": DONE,
    "fail": {VisitState.FAILED},
    "decline": {VisitState.DECLINED},
}
"""States in which a step is behind the visit: the same form sent once more is no mistake."""

Outcome = Annotated[str, Form(max_length=40)]


@dataclass(frozen=True, slots=True)
class _Paid:
    """Who pays, and how much, as the form says it."""

    payer: Payer | None
    fee: Decimal | None


def _paid(payer: Annotated[str, Form(max_length=20)] = "", fee: Annotated[str, Form(max_length=20)] = "") -> _Paid:
    """Read who pays; an amount that is none is not kept, for the visit is done all the same."""
    amount = re.fullmatch(r"[0-9]{1,8}([.,][0-9]{1,2})?", fee.strip())
    return _Paid(
        Payer(payer) if payer in list(Payer) else None, Decimal(amount[0].replace(",", ".")) if amount else None
    )


Paid = Annotated[_Paid, Depends(_paid)]


@dataclass(frozen=True, slots=True)
class Trip:
    """An open visit as the list shows it."""

    id: int
    alert_id: int | None
    state: str
    staff_id: int | None
    staff: str | None
    due_from: datetime | None
    due_to: datetime | None
    note: str | None
    requested_at: datetime
    accepted_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    kind: str | None
    test: bool | None
    severity: str | None
    raised_at: datetime | None
    service: str | None
    service_en: str | None
    resident: str | None
    address: str | None
    places: str | None
    device_uid: str | None
    area: str | None

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.places, self.address) if part)

    def step(self, caller: Principal) -> str:
        """Return the next step that this user may write down, '' for none."""
        goes = caller.may("operator") or (caller.may("responder") and caller.staff_id == self.staff_id)
        return NEXT_STEP.get(VisitState(self.state), "") if goes and self.staff_id is not None else ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A visit as far as its forms ask."""

    id: int
    state: VisitState
    staff_id: int | None
    alert_id: int | None
    area: str | None


@router.get("")
def show(request: Request, caller: Viewer) -> Response:
    """Show every visit that is not over."""
    return view(request, caller).page("visits.html", **_read(view(request, caller), caller))


@router.get("/stream")
async def follow(request: Request, caller: Viewer) -> Response:
    """Send the list at once and on every change."""
    seen = view(request, caller)

    def render() -> str:
        shared = seen.shared()
        return shared.html("visits_frame.html", shared.context.clock.now(), **_read(shared, caller))

    return await stream.pages(request, caller, seen.key("visits"), render, seen.own)


def _read(seen: View, caller: Principal, refusal: Refusal | None = None) -> dict[str, Any]:
    with seen.context.pool.connection() as connection:
        with connection.cursor(row_factory=class_row(Trip)) as cursor:
            trips = cursor.execute(queries.open_visits, {**sight(caller), "limit": SHOWN}).fetchall()
        people: list[Person] = []
        if caller.may("operator"):
            rows = connection.execute(queries.people_near, {"area": caller.area, "below": caller.below}).fetchall()
            people = [Person(staff_id, name, area, on_call=False) for staff_id, name, area in rows]
    return {"trips": trips, "people": people, "refused": refusal}


@router.post("/{visit_id}/assign")
def assign(
    request: Request,
    visit_id: str,
    caller: Operator,
    staff: Staff = "",
    force: Annotated[bool, Form()] = False,
    back: Back = "",
) -> Response:
    """Say who goes; not where he has another visit then, unless that is meant."""

    def deed(connection: Connection[Any], visit: _Seen, now: datetime) -> None:
        staff_id = case.sendable(connection, caller, staff, visit.area)
        if visit.staff_id == staff_id:
            return
        if not force:
            _refuse_clash(request, connection, visit.id, staff_id, now)
        dispatch.assign(connection, visit_id=visit.id, staff_id=staff_id, actor=caller.actor("console"), now=now)

    return _do(request, caller, visit_id, back, "dispatch", deed, again=staff)


@router.post("/{visit_id}/put-off")
def put_off(
    request: Request,
    visit_id: str,
    caller: Responder,
    due_from: Annotated[str, Form(max_length=20)] = "",
    due_to: Annotated[str, Form(max_length=20)] = "",
    text: Annotated[Note, Form()] = "",
    keep_staff: Annotated[bool, Form()] = False,
    back: Back = "",
) -> Response:
    """Say when it is done instead."""
    zone = request.app.state.context.settings.timezone

    def deed(connection: Connection[Any], visit: _Seen, now: datetime) -> None:
        start, end = visit_page.local(due_from, zone), visit_page.local(due_to, zone)
        if start is None or end is None or not text.strip():
            raise dispatch.SayWhenAndWhy
        dispatch.put_off(
            connection, visit_id=visit.id, actor=caller.actor("console"), due_from=start, due_to=end,
            reason=text.strip(), keep_staff=keep_staff, now=now,
        )  # fmt: skip
        if keep_staff and visit.staff_id is not None:
            _refuse_clash(request, connection, visit.id, visit.staff_id, now)

    return _do(request, caller, visit_id, back, "put-off", deed)


@router.post("/{visit_id}/cancel")
def cancel(
    request: Request, visit_id: str, caller: Operator, text: Annotated[Note, Form()] = "", back: Back = ""
) -> Response:
    """A visit on demand is not needed any more; that of an alert ends with it."""

    def deed(connection: Connection[Any], visit: _Seen, now: datetime) -> None:
        if visit.alert_id is None:
            dispatch.cancel(
                connection, visit_id=visit.id, actor=caller.actor("console"), reason=text.strip() or None, now=now
            )

    return _do(request, caller, visit_id, back, "cancel", deed)


@router.post("/{visit_id}/{step}")
def take_step(
    request: Request,
    visit_id: str,
    step: str,
    caller: Responder,
    paid: Paid,
    outcome: Outcome = "",
    kind: Annotated[str, Form(max_length=20)] = "",
    code: Annotated[str, Form(max_length=200)] = "",
    text: Annotated[Note, Form()] = "",
    keep_open: Annotated[bool, Form()] = False,
    back: Back = "",
) -> Response:
    """Write down that somebody set out, is there, is done, cannot go, or could not do it.

    Done also closes the alert that the visit is for, as the digit 9 on a phone does, unless it is to stay open.
    """
    if step not in _REACHED_BY:
        raise missing("step", step)
    proof = Proof(code=code.strip() or None)

    def deed(connection: Connection[Any], visit: _Seen, now: datetime) -> None:
        actor = caller.actor("console")
        match step:
            case "depart":
                dispatch.depart(connection, visit_id=visit.id, actor=actor, now=now)
            case "arrive":
                dispatch.arrive(connection, visit_id=visit.id, actor=actor, proof=proof, now=now)
            case "begin":
                dispatch.begin(connection, visit_id=visit.id, actor=actor, now=now)
            case "decline":
                if not text.strip():
                    raise dispatch.SayWhenAndWhy
                dispatch.decline(connection, visit_id=visit.id, actor=actor, reason=text.strip(), now=now)
            case "complete":
                dispatch.complete(
                    connection, visit_id=visit.id, actor=actor, proof=proof, outcome=outcome, payer=paid.payer,
                    fee=paid.fee, now=now,
                )  # fmt: skip
                if visit.alert_id is not None and not keep_open:
                    desk.close(
                        connection, alert_id=visit.alert_id, actor=actor, outcome=outcome, note=text.strip() or None,
                        now=now,
                    )  # fmt: skip
            case _:
                why = FailKind(kind) if kind in list(FailKind) else FailKind.OTHER
                dispatch.fail(
                    connection, visit_id=visit.id, actor=actor, reason=text.strip() or None, kind=why, now=now
                )

    return _do(request, caller, visit_id, back, step, deed)


def _refuse_clash(request: Request, connection: Connection[Any], visit_id: int, staff_id: int, now: datetime) -> None:
    zone = request.app.state.context.settings.timezone
    assigning.refuse_clash(connection, visit_id=visit_id, staff_id=staff_id, timezone=zone, now=now)


def _do(
    request: Request,
    caller: Principal,
    visit_id: str,
    back: str,
    form: str,
    deed: Callable[[Connection[Any], _Seen, datetime], None],
    again: str = "",
) -> Response:
    """Do it in one transaction and go back to the page that asked; a refusal is said in its words there.

    `again`: whom to send all the same, where he has another visit then.
    """
    seen = view(request, caller)
    visit: _Seen | None = None
    try:
        with seen.context.pool.connection() as connection:
            visit = _visit(connection, caller, visit_id)
            deed(connection, visit, seen.context.clock.now())
    except Refused as error:
        if visit is None:
            raise
        behind = isinstance(error, WrongOrder) and visit.state in _REACHED_BY.get(form, ())
        if not behind:
            if visit.alert_id is not None and back in ("board", "alert"):
                return alert.refused(seen, caller, visit.alert_id, back, form, error)
            could_be_meant = isinstance(error, assigning.TwoVisitsAtOnce | assigning.OutsideWorkingHours)
            if back == "visit" or could_be_meant:
                whom = again if could_be_meant else ""
                return visit_page.refused(seen, caller, visit.id, form, error, again=whom)
            why = Refusal(form, words.refusal(seen.wording, error))
            status = 409 if isinstance(error, Conflict) else 422
            return seen.page("visits.html", status=status, **_read(seen, caller, why))
    if back == "visit" and visit is not None and form != "decline":
        return go(seen, f"/visits/{visit.id}")
    if back == "visit" and caller.staff_id is not None and not caller.may("operator"):
        return go(seen, "/my")
    if visit.alert_id is None and back != "my":
        back = "visits"
    return go(seen, alert.place(back, visit.alert_id or 0))


def _visit(connection: Connection[Any], caller: Principal, visit_id: str) -> _Seen:
    """Return a visit that this user may move. Raises Problem 404 where he does not see it, 403 where it is another's."""
    number = row_id(visit_id)
    found = connection.execute(queries.visit_seen, {"visit_id": number, **sight(caller)}).fetchone()
    if number is None or found is None:
        raise missing("visit", visit_id)
    state, staff_id, alert_id, area = found
    if not caller.may("operator") and (staff_id is None or staff_id != caller.staff_id):
        raise Problem(403, f"visit {visit_id} is somebody else's; ask an operator")
    return _Seen(number, VisitState(state), staff_id, alert_id, area)
