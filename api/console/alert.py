"""What can be done with one alert? Its page, and the forms that ask the desk and dispatch for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from psycopg import Connection

from alerts import desk, dispatch
from alerts.model import UNANSWERED, Conflict, Missing, Refused
from api import stream
from api.auth import Operator, Responder, Viewer
from api.console import board, case, words
from api.console.case import CaseRow
from api.console.page import View, go, view
from api.context import Ctx, Principal
from api.fields import Note, row_id
from api.problems import missing
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/alerts")

TWICE_WITHIN = timedelta(minutes=1)
"""The same note of the same person within this time is the same form sent twice."""

Back = Annotated[str, Form(max_length=10)]
"""Which page a form was on: `board`, `my`, `visits`, else the alert's own."""
Staff = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was refused, and which it was."""

    form: str
    words: str


@router.get("/{alert_id}")
def show(request: Request, alert_id: str, caller: Viewer) -> Response:
    """Show one alert by itself, as the link in an SMS opens it."""
    seen = view(request, caller)
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        found = case.read(connection, caller, number_of(alert_id), now)
        case.note_look(connection, caller, found, now)
    return seen.page("alert.html", case=found, refused=None)


def in_sight(context: Ctx, alert_id: str, caller: Viewer) -> int:
    """Return the number of an alert that this user sees. Raises Problem 404."""
    with context.pool.connection() as connection:
        return case.find(connection, caller, number_of(alert_id)).id


@router.get("/{alert_id}/stream")
async def follow(request: Request, number: Annotated[int, Depends(in_sight)], caller: Viewer) -> Response:
    """Send the alert at once and on every change."""
    seen = view(request, caller)

    def render() -> str:
        shared = seen.shared()
        now = shared.context.clock.now()
        with shared.context.pool.connection() as connection:
            found = case.read(connection, caller, number, now)
        return shared.html("alert_frame.html", now, case=found, refused=None)

    return await stream.pages(request, caller, seen.key("alert", number), render, seen.own)


@router.post("/{alert_id}/accept")
def accept(request: Request, alert_id: str, caller: Responder, back: Back = "") -> Response:
    """Take the alert oneself; sent twice, it stays one's own."""

    def deed(connection: Connection[Any], row: CaseRow, now: datetime) -> None:
        desk.accept(connection, alert_id=row.id, actor=caller.actor("console"), now=now)

    return _do(request, caller, alert_id, back, "accept", deed)


@router.post("/{alert_id}/dispatch")
def send(request: Request, alert_id: str, caller: Operator, staff: Staff = "", back: Back = "") -> Response:
    """Say who goes: he has the alert, where nobody has it, else its visit becomes his."""

    def deed(connection: Connection[Any], row: CaseRow, now: datetime) -> None:
        actor = caller.actor("console")
        staff_id = case.sendable(connection, caller, staff, row.area)
        if row.state in UNANSWERED or row.visit_id is None or not row.has_visit:
            desk.accept(connection, alert_id=row.id, actor=actor, for_staff=staff_id, now=now)
        elif row.visit_staff != staff_id:
            dispatch.assign(connection, visit_id=row.visit_id, staff_id=staff_id, actor=actor, now=now)

    return _do(request, caller, alert_id, back, "dispatch", deed)


@router.post("/{alert_id}/pass-on")
def pass_on(
    request: Request,
    alert_id: str,
    caller: Responder,
    position: Annotated[str, Form(max_length=40)],
    back: Back = "",
) -> Response:
    """Let the next ones be told now; for a responder that is his own turn only."""

    def deed(connection: Connection[Any], row: CaseRow, now: datetime) -> None:
        if row.position != position:
            # it has climbed since the page was made, or this is the same form once more
            return
        if caller.may("operator"):
            desk.escalate(connection, alert_id=row.id, actor=caller.actor("console"), now=now)
        else:
            desk.decline(connection, alert_id=row.id, actor=caller.actor("console"), now=now)

    return _do(request, caller, alert_id, back, "pass_on", deed)


@router.post("/{alert_id}/note")
def note(
    request: Request, alert_id: str, caller: Responder, text: Annotated[Note, Form()] = "", back: Back = ""
) -> Response:
    """Write a line on the timeline; sent twice, it is written once."""

    def deed(connection: Connection[Any], row: CaseRow, now: datetime) -> None:
        actor = caller.actor("console")
        said = {"alert_id": row.id, "who": actor.name, "text": text.strip(), "since": now - TWICE_WITHIN}
        twice = connection.execute(queries.same_note_lately, said).fetchone()
        if not (twice and twice[0]):
            desk.note(connection, alert_id=row.id, actor=actor, text=text, now=now)

    return _do(request, caller, alert_id, back, "note", deed)


@router.post("/{alert_id}/close")
def close(
    request: Request,
    alert_id: str,
    caller: Operator,
    outcome: Annotated[str, Form(max_length=40)] = "",
    text: Annotated[Note, Form()] = "",
    spoke_with: Annotated[str, Form(max_length=200)] = "",
    back: Back = "",
) -> Response:
    """End the alert with its outcome."""

    def deed(connection: Connection[Any], row: CaseRow, now: datetime) -> None:
        desk.close(
            connection, alert_id=row.id, actor=caller.actor("console"), outcome=outcome, note=text.strip() or None,
            spoke_with=spoke_with.strip() or None, now=now,
        )  # fmt: skip

    return _do(request, caller, alert_id, back, "close", deed)


def _do(
    request: Request,
    caller: Principal,
    alert_id: str,
    back: str,
    form: str,
    deed: Callable[[Connection[Any], CaseRow, datetime], None],
) -> Response:
    """Do it in one transaction and go back to the page that asked; a refusal is said in its words there."""
    seen = view(request, caller)
    number = number_of(alert_id)
    try:
        with seen.context.pool.connection() as connection:
            deed(connection, case.find(connection, caller, number), seen.context.clock.now())
    except Refused as error:
        return refused(seen, caller, number, back, form, error)
    return go(seen, place(back, number))


def refused(seen: View, caller: Principal, number: int, back: str, form: str, error: Refused) -> Response:
    """Answer with the page that a form was on, and in it why the form was refused."""
    status = 404 if isinstance(error, Missing) else 409 if isinstance(error, Conflict) else 422
    why = Refusal(form, words.refusal(seen.wording, error))
    if back == "board":
        return seen.page("board.html", status=status, **{**board.read(seen, caller, number), "refused": why})
    with seen.context.pool.connection() as connection:
        found = case.read(connection, caller, number, seen.context.clock.now())
    return seen.page("alert.html", status=status, case=found, refused=why)


def place(back: str, alert_id: int) -> str:
    """Return the page that a form goes back to."""
    pages = {"board": f"/?alert={alert_id}", "my": "/my", "visits": "/visits"}
    return pages.get(back, f"/alerts/{alert_id}")


def number_of(alert_id: str) -> int:
    """Return the number in an alert's address. Raises Problem 404 for anything else."""
    number = row_id(alert_id)
    if number is None:
        raise missing("alert", alert_id)
    return number
