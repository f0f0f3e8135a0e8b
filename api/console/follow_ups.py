"""Whom to ring about a visit that is over, and who complained? The two lists, and the forms that write an answer down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from alerts.follow_up import AnsweredAlready
from alerts.model import Conflict, Refused
from api.auth import Operator
from api.console import homes
from api.console.page import View, go, view
from api.console.refusals import typed
from api.context import Principal
from api.paging import Page
from api.problems import Problem
from api.routes import complaints as complaint_routes
from api.routes import follow_ups as routes
from storage import sql

queries = sql.load("api.console")
router = APIRouter()

PAGE = 50
SHOWN = 100
Words = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True, slots=True)
class ComplaintShown:
    """A complaint as the list shows it."""

    id: int
    area: str
    address: str | None
    state: str
    created_at: datetime
    staff: str | None


@router.get("/follow-ups")
def show(request: Request, caller: Operator, after: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """Show whom to ring."""
    seen = view(request, caller)
    return seen.page("follow_ups.html", **_read(seen, caller, after))


@router.post("/follow-ups/{visit_id}")
def write_down(
    request: Request, visit_id: str, caller: Operator, satisfied: Annotated[bool, Form()], note: Words = ""
) -> Response:
    """Write down what somebody said on the telephone."""
    seen = view(request, caller)
    try:
        with seen.context.pool.connection() as connection:
            routes.said(connection, caller, visit_id, satisfied=satisfied, note=note, context=seen.context)
    except AnsweredAlready:
        # sent twice, or he answered the text meanwhile: the list shows how it stands
        return go(seen, "/follow-ups")
    except Refused as error:
        why = _why(seen, error)
        return seen.page("follow_ups.html", status=409, **_read(seen, caller, "", why))
    return go(seen, "/follow-ups")


@router.get("/complaints")
def show_complaints(
    request: Request,
    caller: Operator,
    home: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the complaints, and the form that writes one down."""
    seen = view(request, caller)
    return seen.page("complaints.html", **_read_complaints(seen, caller, home, q))


@router.post("/complaints")
def complain(
    request: Request,
    caller: Operator,
    home: Annotated[str, Form(max_length=40)] = "",
    who: Words = "",
    text: Words = "",
) -> Response:
    """Write a complaint down."""
    seen = view(request, caller)
    try:
        body = typed(complaint_routes.ComplaintBody, {"home": home, "who": who, "text": text})
        with seen.context.pool.connection() as connection:
            made = complaint_routes.opened(connection, caller, body, seen.context)
    except (Refused, Problem) as error:
        return seen.page("complaints.html", status=422, **_read_complaints(seen, caller, home, "", _why(seen, error)))
    return go(seen, f"/complaints/{made.id}")


@router.get("/complaints/{complaint_id}")
def show_complaint(request: Request, complaint_id: str, caller: Operator) -> Response:
    """Show a complaint in its words; who looked is written down."""
    seen = view(request, caller)
    return _one(seen, caller, complaint_id)


@router.post("/complaints/{complaint_id}/answer")
def answer(request: Request, complaint_id: str, caller: Operator, answer: Words = "") -> Response:
    """Say what was done about it."""

    def deed(connection: Connection[Any], seen: View) -> object:
        words = typed(complaint_routes.AnswerBody, {"answer": answer}).answer
        return complaint_routes.answered(connection, caller, complaint_id, words, seen.context)

    return _do(request, caller, complaint_id, deed)


@router.post("/complaints/{complaint_id}/confirm")
def confirm(request: Request, complaint_id: str, caller: Operator, agrees: Annotated[bool, Form()]) -> Response:
    """Say whether it was put right."""
    return _do(
        request, caller, complaint_id,
        lambda connection, seen: complaint_routes.confirmed(connection, caller, complaint_id, seen.context, agrees=agrees),
    )  # fmt: skip


def _do(
    request: Request, caller: Principal, complaint_id: str, deed: Callable[[Connection[Any], View], object]
) -> Response:
    seen = view(request, caller)
    try:
        with seen.context.pool.connection() as connection:
            deed(connection, seen)
    except (Refused, Problem) as error:
        why = _why(seen, error)
        return _one(seen, caller, complaint_id, why, 409 if isinstance(error, Conflict) else 422)
    return go(seen, f"/complaints/{complaint_id}")


def _why(seen: View, error: Refused | Problem) -> str:
    """Return why a form was refused; a Problem that is no fault of the form is raised again."""
    if isinstance(error, Problem) and error.status not in (403, 422):
        raise error
    _ = seen.wording.gettext
    return _("That cannot be. {why}", why=error.detail if isinstance(error, Problem) else str(error))


def _one(seen: View, caller: Principal, complaint_id: str, why: str = "", status: int = 200) -> Response:
    with seen.context.pool.connection() as connection:
        found = complaint_routes.looked_at(connection, caller, complaint_id, seen.context)
    return seen.page("complaint.html", status=status, complaint=found, states=complaint_routes.STATES, why=why)


def _read(seen: View, caller: Principal, after: str, why: str = "") -> dict[str, Any]:
    with seen.context.pool.connection() as connection:
        found = routes.waiting(connection, caller, Page(PAGE, after or None), None, seen.context.clock.now())
    return {"waiting": found.items, "following": found.next, "first": not after, "why": why}


def _read_complaints(seen: View, caller: Principal, home: str, q: str, why: str = "") -> dict[str, Any]:
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        chosen = homes.chosen(connection, caller, home, now) if home else None
        with connection.cursor(row_factory=class_row(ComplaintShown)) as cursor:
            lists = [
                cursor.execute(
                    queries.complaints_shown, {"below": caller.below, "going": going, "limit": SHOWN}
                ).fetchall()
                for going in (True, False)
            ]
    found = homes.find(seen, caller, q) if q else []
    return {
        "going": lists[0], "over": lists[1], "home": chosen, "homes": found, "sought": q, "onward": "/complaints", "why": why,
        "states": complaint_routes.STATES,
    }  # fmt: skip
