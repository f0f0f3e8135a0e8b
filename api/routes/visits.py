"""Who goes to the door, and how far is he? Visits, from an alert or on demand, and their steps."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from psycopg import Connection

from alerts import assigning, dispatch
from alerts.model import Conflict
from alerts.visits import ENDED, FailKind, Proof, VisitState
from api import reading
from api.auth import Operator, Responder, Viewer
from api.console import case
from api.context import Context, Ctx, Principal
from api.paging import Listing, Paging
from api.reading import VisitRead, sight
from api.work import asked, seen, verification
from api.work.asked import InArea, OfId, Several, Within
from api.work.seen import SeenVisit
from api.work.suggested import Suggestions
from api.work.verification import VisitDetail
from api.work.visit_bodies import Done, Failed, Later, No, OnDemand, Shown, When, Who, Why
from storage import sql

queries = sql.load("api.work")
router = APIRouter(prefix="/visits", tags=["visits"])

Deed = Callable[[Connection[Any], SeenVisit, datetime], None]


class TakenAlready(Conflict):
    """visit {visit_id} is {name}'s already; ask an operator."""

    def __init__(self, visit_id: int, name: str) -> None:
        super().__init__(f"visit {visit_id} is {name}'s already; ask an operator")


@router.get("")
def list_visits(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    within: Within,
    state: Several = None,
    area: InArea = None,
    staff: OfId = None,
    alert: OfId = None,
) -> Listing[VisitRead]:
    """List visits by when they were asked for, the newest first. `state=open`: all that are not over."""
    at, visit_id = page.after(datetime, int)
    with context.pool.connection() as connection:
        rows = connection.execute(
            queries.visit_page,
            {
                **sight(caller),
                "within": seen.path_within(connection, caller, area),
                "states": asked.states(state, list(VisitState), over=ENDED),
                "staff_id": seen.number("staff", staff),
                "alert_id": seen.number("alert", alert),
                "from": within.start,
                "to": within.end,
                "after_at": at,
                "after_id": visit_id,
                "limit": page.rows,
            },
        ).fetchall()
        shown, following = page.cut(rows, lambda row: (row[1], row[0]))
        found = reading.visits(connection, [row[0] for row in shown])
    return Listing(items=[found[row[0]][0] for row in shown], next=following)


@router.post("", status_code=201)
def ask_for_visit(body: OnDemand, context: Ctx, caller: Operator) -> VisitRead:
    """Ask for a visit; where `staff` is named it is assigned at once."""
    with context.pool.connection() as connection:
        home = seen.home(connection, caller, body.home)
        staff_id = None if body.staff is None else case.sendable(connection, caller, body.staff, home.area)
        visit_id = dispatch.request(
            connection, home_id=home.id, service=body.service, due_from=body.due_from, due_to=body.due_to,
            staff_id=staff_id, note=(body.note or "").strip() or None, actor=caller.actor(), payer=body.payer,
            fee=body.fee, now=context.clock.now(),
        )  # fmt: skip
        if staff_id is not None and not body.force:
            _refuse_clash(connection, context, visit_id, staff_id)
        return _read(connection, visit_id)


@router.get("/{visit_id}")
def read_visit(visit_id: str, context: Ctx, caller: Viewer) -> VisitDetail:
    """Read a visit, with all that was done and how each of the six things that a visit must prove is proven."""
    with context.pool.connection() as connection:
        number = seen.visit(connection, caller, visit_id).id
        return verification.detail(connection, number, _read(connection, number))


@router.get("/{visit_id}/suggestions")
def suggest(visit_id: str, context: Ctx, caller: Operator) -> Suggestions:
    """Say who could go, the one who fits best first, and why."""
    with context.pool.connection() as connection:
        found = assigning.suggestions(
            connection, visit_id=seen.visit(connection, caller, visit_id).id, below=caller.below,
            timezone=context.settings.timezone, now=context.clock.now(),
        )  # fmt: skip
        return Suggestions.of(found)


@router.post("/{visit_id}/assign")
def assign(visit_id: str, body: Who, context: Ctx, caller: Operator) -> VisitRead:
    """Say who goes; it may be said anew until somebody is there."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        staff_id = case.sendable(connection, caller, body.staff, visit.area)
        if not body.force:
            _refuse_clash(connection, context, visit.id, staff_id)
        dispatch.assign(connection, visit_id=visit.id, staff_id=staff_id, actor=caller.actor(), now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/accept")
def accept(visit_id: str, context: Ctx, caller: Responder) -> VisitRead:
    """The one who was assigned says that he goes; where nobody is, a staff member takes it so."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        if visit.staff_id is None and caller.staff_id is not None:
            dispatch.assign(
                connection, visit_id=visit.id, staff_id=caller.staff_id, actor=caller.actor(), now=now
            )  # fmt: skip
        elif visit.staff_id is not None and not visit.is_of(caller) and not caller.may("operator"):
            raise TakenAlready(visit.id, visit.staff_name or "")
        dispatch.accept(connection, visit_id=visit.id, actor=caller.actor(), now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/decline")
def decline(visit_id: str, body: No, context: Ctx, caller: Responder) -> VisitRead:
    """The one who was assigned cannot go: somebody else must be named, and its alert goes to the next ones."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        dispatch.decline(connection, visit_id=visit.id, actor=caller.actor(), reason=body.reason, now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/put-off")
def put_off(visit_id: str, body: Later, context: Ctx, caller: Responder) -> VisitRead:
    """It is done at another time. A visit for an alert never is."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        dispatch.put_off(
            connection, visit_id=visit.id, actor=caller.actor(), due_from=body.due_from, due_to=body.due_to,
            reason=body.reason, keep_staff=body.keep_staff, now=now,
        )  # fmt: skip
        if body.keep_staff and visit.staff_id is not None and not body.force:
            _refuse_clash(connection, context, visit.id, visit.staff_id)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/depart")
def depart(visit_id: str, context: Ctx, caller: Responder, body: When | None = None) -> VisitRead:
    """He is on the way; the alert goes along."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        proof = Proof(at=body.at) if body is not None else None
        dispatch.depart(connection, visit_id=visit.id, actor=caller.actor(), proof=proof, now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/arrive")
def arrive(visit_id: str, context: Ctx, caller: Responder, body: Shown | None = None) -> VisitRead:
    """He is at the door, with what shows it."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        proof = (body or Shown()).proof()
        dispatch.arrive(connection, visit_id=visit.id, actor=caller.actor(), proof=proof, now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/begin")
def begin(visit_id: str, context: Ctx, caller: Responder, body: When | None = None) -> VisitRead:
    """The service begins, where that is another moment than the arrival; it may be left out."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        proof = Proof(at=body.at) if body is not None else None
        dispatch.begin(connection, visit_id=visit.id, actor=caller.actor(), proof=proof, now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/complete")
def complete(visit_id: str, body: Done, context: Ctx, caller: Responder) -> VisitRead:
    """What he came for is done; the alert stays open until it is closed."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        dispatch.complete(
            connection, visit_id=visit.id, actor=caller.actor(), proof=body.proof(), outcome=body.outcome,
            payer=body.payer, fee=body.fee, now=now,
        )  # fmt: skip

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/fail")
def fail(visit_id: str, context: Ctx, caller: Responder, body: Failed | None = None) -> VisitRead:
    """It could not be done; its alert goes back to those on call."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        seen.refuse_others(visit, caller)
        kind = body.kind if body is not None else FailKind.OTHER
        dispatch.fail(connection, visit_id=visit.id, actor=caller.actor(), reason=_reason(body), kind=kind, now=now)

    return _do(context, caller, visit_id, deed)


@router.post("/{visit_id}/cancel")
def cancel(visit_id: str, context: Ctx, caller: Operator, body: Why | None = None) -> VisitRead:
    """A visit on demand is not needed any more. That of an alert ends with the alert, or goes to somebody else."""

    def deed(connection: Connection[Any], visit: SeenVisit, now: datetime) -> None:
        if visit.alert_id is not None:
            raise Conflict(f"visit {visit.id} is for alert {visit.alert_id}; close that, or let it escalate")
        dispatch.cancel(connection, visit_id=visit.id, actor=caller.actor(), reason=_reason(body), now=now)

    return _do(context, caller, visit_id, deed)


def _refuse_clash(connection: Connection[Any], context: Context, visit_id: int, staff_id: int) -> None:
    """Raise TwoVisitsAtOnce or OutsideWorkingHours; what was written before is not kept then."""
    assigning.refuse_clash(
        connection, visit_id=visit_id, staff_id=staff_id, timezone=context.settings.timezone, now=context.clock.now()
    )


def _reason(body: Why | None) -> str | None:
    return ((body.reason if body is not None else None) or "").strip() or None


def _do(context: Context, caller: Principal, visit_id: str, deed: Deed) -> VisitRead:
    """Do it in one transaction, and read the visit as it then is."""
    with context.pool.connection() as connection:
        visit = seen.visit_to_move(connection, caller, visit_id)
        deed(connection, visit, context.clock.now())
        return _read(connection, visit.id)


def _read(connection: Connection[Any], visit_id: int) -> VisitRead:
    return reading.visits(connection, [visit_id])[visit_id][0]
