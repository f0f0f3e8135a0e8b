"""Rotas: whose turn it is, in which order."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from alerts import restaffing, staffing
from alerts.rota import RotaKind
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Instant, Name, Patch, Text, Timezone, Whole, row_id, unset
from api.paging import Listing, Paging
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/rotas", tags=["on call"])

Length = Annotated[Whole, Field(ge=1, le=1000)]
Members = Annotated[list[Id], Field(max_length=200)]


class RotaBody(Body):
    """A rota to be added: each of `members` in turn has `length` hours, days, weeks or months from `start` on."""

    name: Name
    area: Code
    timezone: Timezone
    kind: RotaKind
    length: Length
    start: Instant
    members: Members


class RotaPatch(Patch):
    """What changes of a rota; its members are sent whole."""

    name: Name = unset()
    area: Code = unset()
    timezone: Timezone = unset()
    kind: RotaKind = unset()
    length: Length = unset()
    start: Instant = unset()
    members: Members = unset()


class RotaRead(BaseModel):
    """A rota; its members by their ids, in order."""

    id: str
    name: str
    area: str
    timezone: str
    kind: str
    length: int
    start: datetime
    members: list[str]


@router.get("")
def list_rotas(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    q: Annotated[Text | None, Query(max_length=200, description="how the name begins")] = None,
) -> Listing[RotaRead]:
    """List rotas."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_rotas,
            filters={"area": reach.area_asked(connection, caller, area), "q": q},
            read_query=queries.rotas_read, model=RotaRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_rota(body: RotaBody, context: Ctx, caller: Operator) -> RotaRead:
    """Add a rota."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        reach.area(connection, caller, body.area)
        rota_id = staffing.add_rota(
            connection, name=body.name, area=body.area, timezone=body.timezone, kind=body.kind, length=body.length,
            start=body.start, members=_members(connection, caller, body.members),
        )  # fmt: skip
        written.added(connection, caller, f"rota {rota_id}", area=body.area, now=now)
        return _one(connection, rota_id, caller)


@router.get("/{rota_id}")
def read_rota(rota_id: str, context: Ctx, caller: Viewer) -> RotaRead:
    """Show a rota."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(rota_id), caller, asked=rota_id)


@router.patch("/{rota_id}")
def change_rota(rota_id: str, body: RotaPatch, context: Ctx, caller: Operator) -> RotaRead:
    """Change a rota."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, rota_id, caller)
        wanted = before.model_copy(update=body.given())
        reach.area(connection, caller, wanted.area)
        restaffing.change_rota(
            connection, rota_id=int(before.id), name=wanted.name, area=wanted.area, timezone=wanted.timezone,
            kind=wanted.kind, length=wanted.length, start=wanted.start,
            members=_members(connection, caller, wanted.members, already=before.members),
        )  # fmt: skip
        after = _one(connection, int(before.id), caller)
        written.changed(connection, caller, f"rota {rota_id}", before, after, area=after.area, now=now)
        return after


@router.delete("/{rota_id}", status_code=204)
def remove_rota(rota_id: str, context: Ctx, caller: Operator) -> None:
    """Remove a rota that no policy names any more; its overrides go with it."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, rota_id, caller)
        written.refuse_used(connection, queries.uses_of_rota, {"rota_id": int(found.id)}, what=f"rota {rota_id}")
        restaffing.remove_rota(connection, int(found.id))
        written.removed(connection, caller, f"rota {rota_id}", area=found.area, now=now)


def _one(connection: Connection[Any], rota_id: int | None, caller: Principal, *, asked: str | None = None) -> RotaRead:
    return reach.one(connection, queries.rotas_read, rota_id, RotaRead, what="rota", caller=caller, asked=asked)


def _held(connection: Connection[Any], rota_id: str, caller: Principal) -> RotaRead:
    """Return a rota that nobody else changes until the transaction ends."""
    connection.execute(queries.hold_rota, {"rota_id": row_id(rota_id)})
    return _one(connection, row_id(rota_id), caller, asked=rota_id)


def _members(
    connection: Connection[Any], caller: Principal, members: list[str], already: list[str] | None = None
) -> list[int]:
    wanted = [(f"members.{number}", member) for number, member in enumerate(members)]
    return reach.staff(connection, caller, wanted, already=already or ())
