"""Staff: who can be called."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from alerts import restaffing, staffing, unreachable
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Language, Name, Patch, Phone, Text, Word, row_id, unset
from api.paging import Listing, Paging
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/staff", tags=["on call"])

PRIVATE = frozenset({"phone"})
Skills = Annotated[
    list[Word], Field(max_length=50, description="what he may do, as services need it: nursing, haircut, ...")
]


class StaffBody(Body):
    """A responder to be added; the phone with its country's number."""

    name: Name
    phone: Phone
    area: Code
    language: Language | None = None
    skills: Skills = Field(default_factory=list)


class StaffPatch(Patch):
    """What changes of a responder."""

    name: Name = unset()
    phone: Phone = unset()
    area: Code = unset()
    language: Language | None = None
    skills: Skills = unset()


class StaffRead(BaseModel):
    """A responder."""

    id: str
    name: str
    phone: str | None = Field(description="null for viewers")
    area: str
    language: str | None
    skills: list[str]
    opted_out_at: datetime | None = Field(description="since when the number asks for no messages: it gets none")
    created_at: datetime


@router.get("")
def list_staff(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    q: Annotated[Text | None, Query(max_length=200, description="how the name begins")] = None,
) -> Listing[StaffRead]:
    """List staff."""
    with context.pool.connection() as connection:
        found = reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_staff,
            filters={"area": reach.area_asked(connection, caller, area), "q": q},
            read_query=queries.staff_read, model=StaffRead,
        )  # fmt: skip
    found.items = [_shown(each, caller) for each in found.items]
    return found


@router.post("", status_code=201)
def add_staff(body: StaffBody, context: Ctx, caller: Operator) -> StaffRead:
    """Add a responder."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        reach.area(connection, caller, body.area)
        staff_id = staffing.add_staff(
            connection, name=body.name, phone=body.phone, area=body.area, language=body.language, now=now
        )
        restaffing.set_skills(connection, staff_id, body.skills)
        written.added(connection, caller, f"staff {staff_id}", area=body.area, now=now)
        return _one(connection, staff_id, caller)


@router.get("/{staff_id}")
def read_staff(staff_id: str, context: Ctx, caller: Viewer) -> StaffRead:
    """Show a responder."""
    with context.pool.connection() as connection:
        return _shown(_one(connection, row_id(staff_id), caller, asked=staff_id), caller)


@router.patch("/{staff_id}")
def change_staff(staff_id: str, body: StaffPatch, context: Ctx, caller: Operator) -> StaffRead:
    """Change a responder."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, staff_id, caller)
        wanted = before.model_copy(update=body.given())
        reach.area(connection, caller, wanted.area)
        restaffing.change_staff(
            connection, staff_id=int(before.id), name=wanted.name, phone=str(wanted.phone), area=wanted.area,
            language=wanted.language,
        )  # fmt: skip
        restaffing.set_skills(connection, int(before.id), wanted.skills)
        unreachable.mended(connection, phone=str(wanted.phone), now=now)
        after = _one(connection, int(before.id), caller)
        what = f"staff {staff_id}"
        written.changed(connection, caller, what, before, after, area=after.area, private=PRIVATE, now=now)
        return after


@router.delete("/{staff_id}", status_code=204)
def remove_staff(staff_id: str, context: Ctx, caller: Operator) -> None:
    """Remove a responder on whom nothing counts any more; what he did stays."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, staff_id, caller)
        asked = {"staff_id": int(found.id), "now": now}
        written.refuse_used(connection, queries.uses_of_staff, asked, what=f"staff {staff_id}")
        restaffing.remove_staff(connection, int(found.id), now)
        written.removed(connection, caller, f"staff {staff_id}", area=found.area, now=now)


def _one(
    connection: Connection[Any], staff_id: int | None, caller: Principal, *, asked: str | None = None
) -> StaffRead:
    return reach.one(connection, queries.staff_read, staff_id, StaffRead, what="staff", caller=caller, asked=asked)


def _held(connection: Connection[Any], staff_id: str, caller: Principal) -> StaffRead:
    """Return a responder whom nobody else changes until the transaction ends."""
    connection.execute(queries.hold_member, {"staff_id": row_id(staff_id)})
    return _one(connection, row_id(staff_id), caller, asked=staff_id)


def _shown(staff: StaffRead, caller: Principal) -> StaffRead:
    """Return a responder as the caller may see him."""
    return staff if caller.may("responder") else staff.model_copy(update={"phone": None})
