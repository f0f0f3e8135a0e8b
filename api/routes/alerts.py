"""What waits, what happened with it, and what is done about it? Alerts and the verbs by which people answer them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from psycopg import Connection
from pydantic import AfterValidator, Field

from alerts import desk, record
from alerts.model import UNANSWERED, AlertState, AlreadyTaken, Outcome
from api import reading
from api.auth import Operator, Responder, Viewer
from api.console import case
from api.context import Context, Ctx, Principal
from api.fields import Body, Id, Instant, Note, Text, row_id
from api.paging import Listing, Paging
from api.problems import Problem
from api.reading import AlertDetail, AlertRead, sight
from api.work import asked, seen
from api.work.asked import InArea, Several, Within
from api.work.seen import Place
from storage import sql

queries = sql.load("api.work")
router = APIRouter(prefix="/alerts", tags=["alerts"])

Deed = Callable[[Connection[Any], Place, datetime], None]


class ByHand(Body):
    """A telephone call, a neighbour at the door: what happened, and where."""

    kind: str = Field(pattern=r"^[a-z_]{1,40}$", description="help, or the name of a warning")
    home: Id | None = None
    resident: Id | None = None
    text: Note | None = None


class ForWhom(Body):
    """For whom an operator answers; left out, the caller answers for himself."""

    staff: Id | None = None


class Line(Body):
    """A line for the timeline."""

    text: Note


class Snoozing(Body):
    """Until when nobody is told: at most a week."""

    until: Instant


class Closing(Body):
    """How it ended. A help call needs a completed visit, or whom one spoke with."""

    outcome: Outcome
    note: Note | None = None
    spoke_with: Annotated[Text, Field(max_length=200), AfterValidator(str.strip)] | None = None


@router.get("")
def list_alerts(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    within: Within,
    state: Several = None,
    kind: Several = None,
    area: InArea = None,
) -> Listing[AlertRead]:
    """List alerts by when they were raised: open ones first, then the newest first. `state=open`: all but closed."""
    closed, at, alert_id = page.after(int, datetime, int)
    with context.pool.connection() as connection:
        rows = connection.execute(
            queries.alert_page,
            {
                **sight(caller),
                "within": seen.path_within(connection, caller, area),
                "states": asked.states(state, list(AlertState), over={AlertState.CLOSED}),
                "kinds": kind,
                "from": within.start,
                "to": within.end,
                "after_closed": closed,
                "after_at": at,
                "after_id": alert_id,
                "limit": page.rows,
            },
        ).fetchall()
        shown, following = page.cut(rows, lambda row: (row[1], row[2], row[0]))
        found = reading.alerts(connection, [row[0] for row in shown])
    return Listing(items=[found[row[0]][0] for row in shown], next=following)


@router.post("", status_code=201)
def raise_alert(body: ByHand, context: Ctx, caller: Operator) -> AlertDetail:
    """Raise an alert by hand; a call for help joins the help alert that is open for its home."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        home_id = None if body.home is None else seen.home(connection, caller, body.home).id
        resident_id = None if body.resident is None else seen.resident(connection, caller, body.resident)
        alert_id = desk.raise_by_hand(
            connection, kind=body.kind, home_id=home_id, resident_id=resident_id,
            text=(body.text or "").strip() or None, actor=caller.actor(), now=now,
        )  # fmt: skip
        return _read(connection, alert_id)


@router.get("/{alert_id}")
def read_alert(alert_id: str, context: Ctx, caller: Viewer) -> AlertDetail:
    """Read an alert with everything that happened to it."""
    with context.pool.connection() as connection:
        return _read(connection, seen.alert(connection, caller, alert_id).id)


@router.post("/{alert_id}/accept")
def accept(alert_id: str, context: Ctx, caller: Responder, body: ForWhom | None = None) -> AlertDetail:
    """Say that somebody goes. Who says so first has it: the second hears 409 with `accepted_by_name`."""

    def deed(connection: Connection[Any], alert: Place, now: datetime) -> None:
        for_staff = _for_whom(connection, caller, alert, body)
        desk.accept(connection, alert_id=alert.id, actor=caller.actor(), for_staff=for_staff, now=now)

    return _do(context, caller, alert_id, deed)


@router.post("/{alert_id}/decline")
def decline(alert_id: str, context: Ctx, caller: Responder, body: ForWhom | None = None) -> AlertDetail:
    """Pass it on: the next ones are told at once. Whoever has it gives it back so."""

    def deed(connection: Connection[Any], alert: Place, now: datetime) -> None:
        for_staff = _for_whom(connection, caller, alert, body)
        _refuse_if_taken(connection, alert, caller, for_staff)
        desk.decline(connection, alert_id=alert.id, actor=caller.actor(), for_staff=for_staff, now=now)

    return _do(context, caller, alert_id, deed)


@router.post("/{alert_id}/escalate")
def escalate(alert_id: str, context: Ctx, caller: Operator) -> AlertDetail:
    """Tell the next ones now; an alert that somebody has is taken from him."""

    def deed(connection: Connection[Any], alert: Place, now: datetime) -> None:
        desk.escalate(connection, alert_id=alert.id, actor=caller.actor(), now=now)

    return _do(context, caller, alert_id, deed)


@router.post("/{alert_id}/note")
def note(alert_id: str, body: Line, context: Ctx, caller: Responder) -> AlertDetail:
    """Write a line on the timeline; on a closed alert too."""

    def deed(connection: Connection[Any], alert: Place, now: datetime) -> None:
        desk.note(connection, alert_id=alert.id, actor=caller.actor(), text=body.text, now=now)

    return _do(context, caller, alert_id, deed)


@router.post("/{alert_id}/snooze")
def snooze(alert_id: str, body: Snoozing, context: Ctx, caller: Operator) -> AlertDetail:
    """Tell nobody until then; never of a call for help. It stays open and visible, and goes on by itself."""

    def deed(connection: Connection[Any], alert: Place, now: datetime) -> None:
        desk.snooze(connection, alert_id=alert.id, until=body.until, actor=caller.actor(), now=now)

    return _do(context, caller, alert_id, deed)


@router.post("/{alert_id}/reopen")
def reopen(alert_id: str, context: Ctx, caller: Operator) -> AlertDetail:
    """Open an alert again that was closed within a day: its policy begins anew.

    A call for help whose home has another one open joins that; what comes back is the alert that is open.
    """
    with context.pool.connection() as connection:
        alert = seen.alert(connection, caller, alert_id)
        return _read(
            connection, desk.reopen(connection, alert_id=alert.id, actor=caller.actor(), now=context.clock.now())
        )


@router.post("/{alert_id}/close")
def close(alert_id: str, body: Closing, context: Ctx, caller: Responder) -> AlertDetail:
    """End the alert with its outcome; somebody below an operator only one that he has, or goes for."""

    def deed(connection: Connection[Any], alert: Place, now: datetime) -> None:
        _refuse_if_not_his(connection, alert, caller)
        desk.close(
            connection, alert_id=alert.id, actor=caller.actor(), outcome=body.outcome,
            note=(body.note or "").strip() or None, spoke_with=body.spoke_with or None, now=now,
        )  # fmt: skip

    return _do(context, caller, alert_id, deed)


def _do(context: Context, caller: Principal, alert_id: str, deed: Deed) -> AlertDetail:
    """Do it in one transaction, and read the alert as it then is."""
    with context.pool.connection() as connection:
        alert = seen.alert(connection, caller, alert_id)
        deed(connection, alert, context.clock.now())
        return _read(connection, alert.id)


def _read(connection: Connection[Any], alert_id: int) -> AlertDetail:
    alert, _ = reading.alerts(connection, [alert_id])[alert_id]
    return AlertDetail(**dict(alert), timeline=reading.timeline(connection, alert_id))


def _for_whom(connection: Connection[Any], caller: Principal, alert: Place, body: ForWhom | None) -> int | None:
    """Return for whom it is answered, None for the caller himself. Raises Problem 403, UnknownStaff."""
    if body is None or body.staff is None:
        return None
    if caller.staff_id is not None and row_id(body.staff) == caller.staff_id:
        return caller.staff_id
    if not caller.may("operator"):
        raise Problem(403, "only an operator answers for somebody else; leave `staff` out")
    return case.sendable(connection, caller, body.staff, alert.area)


def _refuse_if_taken(connection: Connection[Any], alert: Place, caller: Principal, for_staff: int | None) -> None:
    """Raise AlreadyTaken where somebody else has the alert: passing on what is not one's own would do nothing."""
    held = record.hold_open(connection, alert.id)
    staff_id = for_staff if for_staff is not None else caller.staff_id
    if held.state in UNANSWERED or _holds(held, caller, staff_id):
        return
    if staff_id is None or not desk.goes(connection, alert.id, staff_id):
        raise AlreadyTaken(alert.id, held.holder)


def _refuse_if_not_his(connection: Connection[Any], alert: Place, caller: Principal) -> None:
    """Raise Problem 403 where somebody below an operator neither has the alert nor was given its visit."""
    if caller.may("operator") or _holds(record.hold(connection, alert.id), caller, caller.staff_id):
        return
    given = connection.execute(queries.was_given_visit, {"alert_id": alert.id, "staff_id": caller.staff_id}).fetchone()
    if not (given and given[0]):
        raise Problem(403, f"alert {alert.id} is not yours to close; accept it first, or ask an operator")


def _holds(held: record.HeldAlert, caller: Principal, staff_id: int | None) -> bool:
    """Say whether that person accepted the alert; staff member or, where he is none, user."""
    if held.accepted_by_staff is not None or staff_id is not None:
        return held.accepted_by_staff == staff_id
    return held.accepted_by_user == caller.username
