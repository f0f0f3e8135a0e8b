"""What became of each gap? Cases of care: found, assigned, made good, confirmed by somebody else, reported."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field, model_validator

from alerts.care import procedure
from alerts.care.cases import NOT_NEEDED, CaseState, Filled
from alerts.visits import VisitState
from api.auth import Operator, Responder, Viewer
from api.console import case as people
from api.context import Context, Ctx, Principal
from api.fields import Body, Code, Id, Instant, Note, Text, row_id
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from api.work import asked, seen
from api.work.asked import Several, Within
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/care", tags=["care"])

_MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
Month = Annotated[Text, Field(pattern=_MONTH.pattern, max_length=7, examples=["2026-11"])]
Deed = Callable[[Connection[Any], int, "CaseRead", datetime], None]


class CaseRead(BaseModel):
    """A gap and what became of it. `made_good_how`: visit, look, telephone, in_person, video, camera or not_needed."""

    id: str
    alert: str
    home: str
    address: str
    area: str
    severity: str
    state: Literal["found", "assigned", "made_good", "confirmed", "reported"]
    due_on: str | None
    found_at: Instant
    assigned_at: Instant | None
    assigned_to: str | None
    assigned_name: str | None
    assigned_by: str | None
    made_good_at: Instant | None
    made_good_how: str | None
    made_good_ref: str | None
    made_good_by: str | None
    made_good_note: str | None
    confirmed_at: Instant | None
    confirmed_by: str | None
    confirmed_note: str | None
    reported_at: Instant | None
    reported_by: str | None
    reported_month: str | None


class Who(Body):
    """Who sees to it."""

    staff: Id


class Remark(Body):
    """What is to be remembered of it."""

    note: Note | None = None


class MadeGood(Remark):
    """By what he was seen, one of them; or that nobody had to, and why."""

    visit: Id | None = None
    look: Id | None = None
    contact: Id | None = None
    not_needed: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> "MadeGood":
        if sum(each is not None for each in (self.visit, self.look, self.contact)) + self.not_needed != 1:
            raise ValueError("name a visit, a look or a contact, or say not_needed; one of them")
        return self

    def filled(self) -> Filled:
        """Return it as the procedure takes it. Raises Problem 422 for what cannot be an id."""
        for how, field in (("visit", "visit"), ("look", "look"), ("in_person", "contact")):
            text = getattr(self, field)
            if text is not None:
                number = row_id(text)
                if number is None:
                    raise invalid(field, text, f"is no {field}'s id")
                return Filled(how, number)
        return NOT_NEEDED


class InMonth(Body):
    """In the list of which month; left out: of the month in which it was found."""

    month: Month | None = None


@router.get("/cases")
def list_cases(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    within: Within,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    state: Several = None,
    month: Annotated[Month | None, Query(description="in the list of that month")] = None,
) -> Listing[CaseRead]:
    """List the gaps by when they were found, the newest first. `state=open`: all that are not reported yet."""
    at, number = page.after(datetime, int)
    with context.pool.connection() as connection:
        rows = connection.execute(
            queries.list_care_cases,
            {
                "below": caller.below, "within": reach.area_asked(connection, caller, area), "from": within.start,
                "to": within.end, "month": None if month is None else _first_of(month),
                "states": asked.states(state, list(CaseState), over=[CaseState.REPORTED]), "after_at": at,
                "after_id": number, "limit": page.rows,
            },
        ).fetchall()  # fmt: skip
        shown, following = page.cut(rows, lambda row: (row[0], row[1]))
        found = reach.read(connection, queries.care_cases_read, [row[1] for row in shown], CaseRead)
    return Listing(items=[found[str(row[1])][0] for row in shown], next=following)


@router.get("/cases/{case_id}")
def read_case(case_id: str, context: Ctx, caller: Viewer) -> CaseRead:
    """Read a case."""
    with context.pool.connection() as connection:
        return one(connection, caller, case_id)


@router.post("/cases/{case_id}/assign")
def assign(case_id: str, body: Who, context: Ctx, caller: Operator) -> CaseRead:
    """Say who sees to it; its alert is his then, and climbs no further."""

    def deed(connection: Connection[Any], number: int, case: CaseRead, now: datetime) -> None:
        staff_id = people.sendable(connection, caller, body.staff, case.area)
        procedure.assign(connection, case_id=number, staff_id=staff_id, actor=caller.actor(), now=now)

    return do(context, caller, case_id, "assign", deed)


@router.post("/cases/{case_id}/made-good")
def make_good(case_id: str, body: MadeGood, context: Ctx, caller: Responder) -> CaseRead:
    """Say by which visit, look or contact the gap was made good, where that was not seen by itself."""

    def deed(connection: Connection[Any], number: int, _: CaseRead, now: datetime) -> None:
        procedure.make_good(
            connection, case_id=number, filled=body.filled(), note=_text(body.note), actor=caller.actor(), now=now
        )

    return do(context, caller, case_id, "made good", deed)


@router.post("/cases/{case_id}/confirm")
def confirm(case_id: str, context: Ctx, caller: Operator, body: Remark | None = None) -> CaseRead:
    """Say that it is made good; whoever made it good cannot."""

    def deed(connection: Connection[Any], number: int, _: CaseRead, now: datetime) -> None:
        procedure.confirm(
            connection, case_id=number, note=_text(body.note if body else None), actor=caller.actor(), now=now
        )

    return do(context, caller, case_id, "confirm", deed)


@router.post("/cases/{case_id}/report")
def report(case_id: str, context: Ctx, caller: Operator, body: InMonth | None = None) -> CaseRead:
    """Put it into a month's list."""

    def deed(connection: Connection[Any], number: int, case: CaseRead, now: datetime) -> None:
        zone = ZoneInfo(context.settings.timezone)
        month = _first_of(body.month) if body and body.month else case.found_at.astimezone(zone).date()
        procedure.report(connection, case_id=number, month=month, actor=caller.actor(), now=now)

    return do(context, caller, case_id, "report", deed)


@router.post("/visits/{visit_id}/confirm", status_code=204)
def confirm_visit(visit_id: str, context: Ctx, caller: Operator, body: Remark | None = None) -> None:
    """Say of a visit that was too short, or proven elsewhere, that it was in order: its warning ends."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        visit = seen.visit(connection, caller, visit_id)
        procedure.confirm_visit(
            connection, visit_id=visit.id, completed=visit.state in (VisitState.COMPLETED, "followed_up"),
            note=_text(body.note if body else None), actor=caller.actor(), now=now,
        )  # fmt: skip
        written.done(connection, caller, "confirm", f"visit {visit.id}", area=visit.area, now=now)


def one(connection: Connection[Any], caller: Principal, case_id: str) -> CaseRead:
    """Return a case that the caller sees. Raises Problem 404."""
    number = row_id(case_id)
    return reach.one(
        connection, queries.care_cases_read, number, CaseRead, what="case", caller=caller, asked=case_id
    )  # fmt: skip


def do(context: Context, caller: Principal, case_id: str, action: str, deed: Deed) -> CaseRead:
    """Do it in one transaction with its row in the audit log, and read the case as it then is."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = one(connection, caller, case_id)
        deed(connection, int(before.id), before, now)
        written.done(connection, caller, action, f"care case {before.id}", area=before.area, now=now)
        return one(connection, caller, case_id)


def _text(note: str | None) -> str | None:
    return (note or "").strip() or None


def _first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
