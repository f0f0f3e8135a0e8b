"""Overrides: somebody else has a rota's shift for a while."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field

from alerts import restaffing, staffing
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Instant, Patch, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/overrides", tags=["on call"])


class OverrideBody(Body):
    """An override to be added."""

    rota: Id
    from_: Instant = Field(alias="from")
    to: Instant
    staff: Id


class OverridePatch(Patch):
    """What changes of an override; for another rota make another override."""

    from_: Annotated[Instant, Field(alias="from")] = unset()
    to: Instant = unset()
    staff: Id = unset()


class OverrideRead(BaseModel):
    """An override; of two that overlap the later one holds."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: str
    rota: str
    from_: datetime = Field(alias="from")
    to: datetime
    staff: str
    area: str = Field(description="the rota's")


@router.get("")
def list_overrides(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="of rotas in it or below it")] = None,
    rota: Id | None = None,
    staff: Id | None = None,
    from_: Annotated[Instant | None, Query(alias="from", description="not over by then")] = None,
    to: Annotated[Instant | None, Query(description="begun before")] = None,
) -> Listing[OverrideRead]:
    """List overrides."""
    with context.pool.connection() as connection:
        (rota_id,) = reach.rotas(connection, caller, [("rota", rota)]) if rota is not None else (None,)
        (staff_id,) = reach.staff(connection, caller, [("staff", staff)]) if staff is not None else (None,)
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_overrides,
            filters={
                "area": reach.area_asked(connection, caller, area), "rota_id": rota_id, "staff_id": staff_id,
                "from": from_, "to": to,
            },
            read_query=queries.overrides_read, model=OverrideRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_override(body: OverrideBody, context: Ctx, caller: Operator) -> OverrideRead:
    """Add an override."""
    now = context.clock.now()
    _check_order(body.from_, body.to)
    with context.pool.connection() as connection:
        (rota_id,) = reach.rotas(connection, caller, [("rota", body.rota)])
        (staff_id,) = reach.staff(connection, caller, [("staff", body.staff)])
        override_id = staffing.add_override(
            connection, rota_id=rota_id, start=body.from_, end=body.to, staff_id=staff_id
        )
        made = _one(connection, override_id, caller)
        written.added(connection, caller, f"override {override_id}", area=made.area, now=now)
        return made


@router.get("/{override_id}")
def read_override(override_id: str, context: Ctx, caller: Viewer) -> OverrideRead:
    """Show an override."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(override_id), caller, asked=override_id)


@router.patch("/{override_id}")
def change_override(override_id: str, body: OverridePatch, context: Ctx, caller: Operator) -> OverrideRead:
    """Change an override."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, override_id, caller)
        wanted = before.model_copy(update=body.given())
        _check_order(wanted.from_, wanted.to)
        (staff_id,) = reach.staff(connection, caller, [("staff", wanted.staff)], already=[before.staff])
        restaffing.change_override(
            connection, override_id=int(before.id), rota_id=int(before.rota), start=wanted.from_, end=wanted.to,
            staff_id=staff_id,
        )  # fmt: skip
        after = _one(connection, int(before.id), caller)
        written.changed(connection, caller, f"override {override_id}", before, after, area=after.area, now=now)
        return after


@router.delete("/{override_id}", status_code=204)
def remove_override(override_id: str, context: Ctx, caller: Operator) -> None:
    """Remove an override: the rota's own turn holds again."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, override_id, caller)
        restaffing.remove_override(connection, int(found.id))
        written.removed(connection, caller, f"override {override_id}", area=found.area, now=now)


def _one(
    connection: Connection[Any], override_id: int | None, caller: Principal, *, asked: str | None = None
) -> OverrideRead:
    return reach.one(
        connection, queries.overrides_read, override_id, OverrideRead, what="override", caller=caller, asked=asked
    )


def _held(connection: Connection[Any], override_id: str, caller: Principal) -> OverrideRead:
    """Return an override that nobody else changes until the transaction ends."""
    connection.execute(queries.hold_override, {"override_id": row_id(override_id)})
    return _one(connection, row_id(override_id), caller, asked=override_id)


def _check_order(start: datetime, end: datetime) -> None:
    if start >= end:
        raise invalid("to", end.isoformat(), f"is not after `from`, which is {start.isoformat()}; mend one of them")
