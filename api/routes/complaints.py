"""Complaints: who complains of what, what was done about it, and whether somebody else agrees."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from alerts import complaints
from alerts.complaints import About, ComplaintState
from alerts.texts import mark
from api.auth import Operator
from api.context import Context, Ctx, Principal
from api.fields import Body, Code, Id, Instant, Name, Text, row_id
from api.paging import Listing, Paging
from api.problems import Problem, invalid
from api.routes import reach, written
from api.work import asked, seen
from api.work.asked import Several
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/complaints", tags=["visits"])

__all__ = ["router"]

STATES = {
    ComplaintState.OPEN: mark("Open complaint"),
    ComplaintState.ANSWERED: mark("Answered, to be confirmed"),
    ComplaintState.CONFIRMED: mark("Put right, confirmed"),
}
Words = Annotated[Text, Field(min_length=1, max_length=4000)]


class ComplaintBody(Body):
    """A complaint: who says it, and what. About a visit, a home, or an area; `staff`: about whom."""

    who: Name
    text: Words
    visit: Id | None = None
    home: Id | None = None
    area: Code | None = None
    staff: Id | None = None


class ComplaintRead(BaseModel):
    """A complaint. In a list its words are left out: who reads one is in the audit log."""

    id: str
    area: str | None
    home: str | None
    home_address: str | None
    resident: str | None
    visit: str | None
    staff: str | None
    staff_name: str | None
    who: str | None
    text: str | None
    state: str
    alert: str | None
    created_at: Instant
    created_by: str | None
    answer: str | None
    answered_at: Instant | None
    answered_by: str | None
    confirmed_at: Instant | None
    confirmed_by: str | None


class AnswerBody(Body):
    """What was done about it."""

    answer: Words


class Agreed(Body):
    """Whether it was put right; `false` sends it back to be answered anew."""

    agrees: bool = True


@router.get("")
def list_complaints(
    context: Ctx,
    caller: Operator,
    page: Paging,
    state: Several = None,
    area: Annotated[Code | None, Query(description="of it or of an area below it")] = None,
) -> Listing[ComplaintRead]:
    """List complaints, without their words. `state=open` has those that nobody answered."""
    states = asked.states(state, list(ComplaintState))
    with context.pool.connection() as connection:
        found = reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_complaints,
            filters={"area": reach.area_asked(connection, caller, area), "states": states},
            read_query=queries.complaints_read, model=ComplaintRead,
        )  # fmt: skip
    bare = [each.model_copy(update={"who": None, "text": None, "answer": None}) for each in found.items]
    return Listing(items=bare, next=found.next)


@router.post("", status_code=201)
def complain(body: ComplaintBody, context: Ctx, caller: Operator) -> ComplaintRead:
    """Write a complaint down: the area's people are told by an alert, then those above."""
    with context.pool.connection() as connection:
        return opened(connection, caller, body, context)


def opened(connection: Connection[Any], caller: Principal, body: ComplaintBody, context: Context) -> ComplaintRead:
    """Open a complaint and write it down; the page of complaints does so too."""
    now = context.clock.now()
    complaint_id = complaints.open_one(
        connection, about=_about(connection, caller, body), who=body.who, text=body.text, actor=caller.actor(),
        language=context.settings.locale, now=now,
    )  # fmt: skip
    found = _one(connection, str(complaint_id), caller)
    written.added(connection, caller, f"complaint {complaint_id}", area=found.area, now=now)
    return found


@router.get("/{complaint_id}")
def read_complaint(complaint_id: str, context: Ctx, caller: Operator) -> ComplaintRead:
    """Show a complaint in its words."""
    with context.pool.connection() as connection:
        return looked_at(connection, caller, complaint_id, context)


def looked_at(connection: Connection[Any], caller: Principal, complaint_id: str, context: Context) -> ComplaintRead:
    """Return a complaint, and write down that it was looked at."""
    found = _one(connection, complaint_id, caller)
    written.looked(connection, caller, f"complaint {found.id}", area=found.area, now=context.clock.now())
    return found


@router.post("/{complaint_id}/answer")
def answer(complaint_id: str, body: AnswerBody, context: Ctx, caller: Operator) -> ComplaintRead:
    """Say what was done about it."""
    with context.pool.connection() as connection:
        return answered(connection, caller, complaint_id, body.answer, context)


def answered(
    connection: Connection[Any], caller: Principal, complaint_id: str, words: str, context: Context
) -> ComplaintRead:
    """Answer a complaint and write it down; the page of complaints does so too. Whom it is about does not answer it."""
    found = _one(connection, complaint_id, caller)
    _not_about(caller, found)
    now = context.clock.now()
    complaints.answer(connection, complaint_id=int(found.id), words=words.strip(), actor=caller.actor(), now=now)
    written.done(connection, caller, "answer", f"complaint {found.id}", area=found.area, now=now)
    return _one(connection, complaint_id, caller)


@router.post("/{complaint_id}/confirm")
def confirm(complaint_id: str, context: Ctx, caller: Operator, body: Agreed | None = None) -> ComplaintRead:
    """Say whether it was put right: somebody else than who answered. Its alert is closed then."""
    with context.pool.connection() as connection:
        return confirmed(connection, caller, complaint_id, context, agrees=body is None or body.agrees)


def confirmed(
    connection: Connection[Any], caller: Principal, complaint_id: str, context: Context, *, agrees: bool
) -> ComplaintRead:
    """Confirm a complaint's answer or send it back, and write it down; the page of complaints does so too."""
    found = _one(connection, complaint_id, caller)
    _not_about(caller, found)
    now = context.clock.now()
    deed = complaints.confirm if agrees else complaints.send_back
    deed(connection, complaint_id=int(found.id), actor=caller.actor(), now=now)
    action = "confirm" if agrees else "send back"
    written.done(connection, caller, action, f"complaint {found.id}", area=found.area, now=now)
    return _one(connection, complaint_id, caller)


def _not_about(caller: Principal, found: ComplaintRead) -> None:
    if caller.staff_id is not None and found.staff == str(caller.staff_id):
        raise Problem(403, f"complaint {found.id} is about you; somebody else has to answer and confirm it")


def _about(connection: Connection[Any], caller: Principal, body: ComplaintBody) -> About:
    staff_id = None if body.staff is None else reach.staff(connection, caller, [("staff", body.staff)])[0]
    if body.visit is not None:
        row = connection.execute(queries.place_of_visit, {"visit_id": row_id(body.visit)}).fetchone()
        if row is None or not caller.sees(row[4]):
            raise invalid("visit", body.visit, f"visit {body.visit}: there is none with that id within your area")
        visit_id, home_id, area, goer, _ = row
        return About(home_id, area, None, visit_id, staff_id or goer)
    if body.home is not None:
        home = seen.home(connection, caller, body.home)
        return About(home.id, home.area, None, None, staff_id)
    if body.area is not None:
        reach.area(connection, caller, body.area)
        return About(None, body.area, None, None, staff_id)
    raise invalid("home", None, "a complaint is about a visit, a home or an area; name one")


def _one(connection: Connection[Any], complaint_id: str, caller: Principal) -> ComplaintRead:
    return reach.one(
        connection, queries.complaints_read, row_id(complaint_id), ComplaintRead, what="complaint", caller=caller,
        asked=complaint_id,
    )  # fmt: skip
