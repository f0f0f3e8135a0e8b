"""Pauses: a member's turns of a rota go to the next for a while, and everybody else's stay where they were."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field

from alerts import restaffing, staffing
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Id, Instant, Patch, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/rotas/{rota_id}/pauses", tags=["on call"])


class PauseBody(Body):
    """A pause to be added; without `to` it lasts until somebody says when."""

    staff: Id
    from_: Instant = Field(alias="from")
    to: Instant | None = None


class PausePatch(Patch):
    """What changes of a pause: the member goes on at `to`."""

    from_: Annotated[Instant, Field(alias="from")] = unset()
    to: Instant | None = None


class PauseRead(BaseModel):
    """A pause of a member."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: str
    rota: str
    staff: str
    from_: datetime = Field(alias="from")
    to: datetime | None
    area: str = Field(description="the rota's")


@router.get("")
def list_pauses(rota_id: str, context: Ctx, caller: Viewer, page: Paging) -> Listing[PauseRead]:
    """List the pauses of a rota's members."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_pauses,
            filters={"rota_id": _rota(connection, rota_id, caller)}, read_query=queries.pauses_read, model=PauseRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_pause(rota_id: str, body: PauseBody, context: Ctx, caller: Operator) -> PauseRead:
    """Pause a member."""
    now = context.clock.now()
    _check_order(body.from_, body.to)
    with context.pool.connection() as connection:
        rota = _rota(connection, rota_id, caller)
        staff_id = row_id(body.staff)
        if staff_id is None:
            raise invalid("staff", body.staff, f"staff {body.staff}: there is nobody with that id; see GET /staff")
        pause_id = staffing.add_pause(connection, rota_id=rota, start=body.from_, end=body.to, staff_id=staff_id)
        made = _one(connection, pause_id, rota, caller)
        written.added(connection, caller, f"pause {pause_id}", area=made.area, now=now)
        return made


@router.get("/{pause_id}")
def read_pause(rota_id: str, pause_id: str, context: Ctx, caller: Viewer) -> PauseRead:
    """Show a pause."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(pause_id), _rota(connection, rota_id, caller), caller, asked=pause_id)


@router.patch("/{pause_id}")
def change_pause(rota_id: str, pause_id: str, body: PausePatch, context: Ctx, caller: Operator) -> PauseRead:
    """Let a pause begin or end at another time."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, rota_id, pause_id, caller)
        wanted = before.model_copy(update=body.given())
        _check_order(wanted.from_, wanted.to)
        restaffing.change_pause(connection, pause_id=int(before.id), start=wanted.from_, end=wanted.to)
        after = _one(connection, int(before.id), int(before.rota), caller)
        written.changed(connection, caller, f"pause {pause_id}", before, after, area=after.area, now=now)
        return after


@router.delete("/{pause_id}", status_code=204)
def remove_pause(rota_id: str, pause_id: str, context: Ctx, caller: Operator) -> None:
    """Remove a pause as if it had never been; to let the member go on from now, set `to`."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, rota_id, pause_id, caller)
        restaffing.remove_pause(connection, int(found.id))
        written.removed(connection, caller, f"pause {pause_id}", area=found.area, now=now)


def _rota(connection: Connection[Any], rota_id: str, caller: Principal) -> int:
    """Return the rota's id where the caller sees it. Raises Problem 404."""
    number = row_id(rota_id)
    paths = dict(connection.execute(queries.rota_paths, {"rota_ids": [] if number is None else [number]}).fetchall())
    if number is None or number not in paths or not caller.sees(paths[number]):
        raise missing("rota", rota_id)
    return number


def _one(
    connection: Connection[Any], pause_id: int | None, rota: int, caller: Principal, *, asked: str | None = None
) -> PauseRead:
    found = reach.one(connection, queries.pauses_read, pause_id, PauseRead, what="pause", caller=caller, asked=asked)
    if found.rota != str(rota):
        raise missing("pause", asked)
    return found


def _held(connection: Connection[Any], rota_id: str, pause_id: str, caller: Principal) -> PauseRead:
    """Return a pause that nobody else changes until the transaction ends."""
    connection.execute(queries.hold_pause, {"pause_id": row_id(pause_id)})
    return _one(connection, row_id(pause_id), _rota(connection, rota_id, caller), caller, asked=pause_id)


def _check_order(start: datetime, end: datetime | None) -> None:
    if end is not None and start >= end:
        raise invalid("to", end.isoformat(), f"is not after `from`, which is {start.isoformat()}; mend one of them")
