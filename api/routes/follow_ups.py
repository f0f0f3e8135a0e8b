"""Follow-ups: whom to ring about a visit that is over, and what he said."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel

from alerts import asking, follow_up
from api.auth import Admin, Operator
from api.context import Context, Ctx, Principal
from api.fields import Body, Code, Instant, Note, row_id
from api.paging import Listing, Page, Paging
from api.problems import Problem, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(tags=["visits"])


class FollowUpRead(BaseModel):
    """How a visit was, or whom to ring about it; `complaint`: what it led to, where this call wrote it down."""

    id: str
    visit: str
    home: str
    home_address: str | None
    area: str | None
    resident: str | None
    resident_name: str | None
    phone: str | None
    way: str
    state: str
    service: str | None
    service_name: str | None
    service_name_en: str | None
    completed_at: Instant | None
    staff_name: str | None
    asked_at: Instant | None
    satisfied: bool | None
    note: str | None
    answered_at: Instant | None
    answered_by: str | None
    complaint: str | None = None


class Said(Body):
    """What somebody said on the telephone. Not satisfied: it is a complaint, in the words of `note`."""

    satisfied: bool
    note: Note | None = None


class Wanted(Body):
    """Whether visits for a service are asked after."""

    wanted: bool


@router.get("/follow-ups")
def list_follow_ups(
    context: Ctx,
    caller: Operator,
    page: Paging,
    area: Annotated[Code | None, Query(description="of it or of an area below it")] = None,
    all_open: Annotated[bool, Query(alias="all", description="also those whom a text has asked or will ask")] = False,
) -> Listing[FollowUpRead]:
    """List whom to ring: who cannot be asked by a text, answered it in words, or not within a day."""
    with context.pool.connection() as connection:
        return waiting(connection, caller, page, area, context.clock.now(), everybody=all_open)


def waiting(
    connection: Connection[Any],
    caller: Principal,
    page: Page,
    area: str | None,
    now: datetime,
    *,
    everybody: bool = False,
) -> Listing[FollowUpRead]:
    """Return a page of whom to ring, and write down that it was looked at: it has people's numbers."""
    listing = reach.listed(
        connection, page=page, key=int, caller=caller, query=queries.list_follow_ups,
        filters={
            "area": reach.area_asked(connection, caller, area), "silent_since": now - asking.SILENT_AFTER, "all": everybody,
        },
        read_query=queries.follow_ups_read, model=FollowUpRead,
    )  # fmt: skip
    if listing.items:
        residents = [each.resident for each in listing.items if each.resident]
        written.looked(connection, caller, "follow-ups", area=area, now=now, detail={"residents": residents})
    return listing


@router.post("/visits/{visit_id}/follow-up")
def write_down(visit_id: str, body: Said, context: Ctx, caller: Operator) -> FollowUpRead:
    """Write down how a visit was; it is then followed up. Once: a second answer is 409."""
    with context.pool.connection() as connection:
        return said(connection, caller, visit_id, satisfied=body.satisfied, note=body.note, context=context)


def said(
    connection: Connection[Any],
    caller: Principal,
    visit_id: str,
    *,
    satisfied: bool,
    note: str | None,
    context: Context,
) -> FollowUpRead:
    """Write down how a visit was; the page of follow-ups does so too."""
    now = context.clock.now()
    place = connection.execute(queries.place_of_visit, {"visit_id": row_id(visit_id)}).fetchone()
    if place is None or not caller.sees(place[4]):
        raise missing("visit", visit_id)
    complaint = follow_up.by_telephone(
        connection, visit_id=place[0], satisfied=satisfied, note=(note or "").strip() or None, actor=caller.actor(),
        locale=context.settings.locale, now=now,
    )  # fmt: skip
    written.done(connection, caller, "follow up", f"visit {visit_id}", area=place[2], now=now)
    if complaint is not None:
        written.added(connection, caller, f"complaint {complaint}", area=place[2], now=now)
    row = connection.execute(queries.follow_up_of_visit, {"visit_id": place[0]}).fetchone()
    found = reach.one(
        connection, queries.follow_ups_read, row[0] if row else None, FollowUpRead, what="follow-up", caller=caller
    )
    return found.model_copy(update={"complaint": None if complaint is None else str(complaint)})


@router.patch("/services/{code}/follow-up", tags=["registry"])
def want_follow_up(code: Code, body: Wanted, context: Ctx, caller: Admin) -> Wanted:
    """Say whether visits for a service are asked after."""
    if not caller.top:
        raise Problem(403, f"services are the same everywhere; you are an administrator within {caller.area} only")
    with context.pool.connection() as connection:
        row = connection.execute(queries.set_service_follow_up, {"code": code, "wanted": body.wanted}).fetchone()
        if row is None:
            raise missing("service", code)
        written.done(
            connection, caller, "follow up on" if body.wanted else "follow up off", f"service {code}", area=None,
            now=context.clock.now(),
        )  # fmt: skip
        return Wanted(wanted=row[0])
