"""Silences: when an area wants to hear nothing, and why. What they match is raised and seen, and told at their end."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field

from alerts import silences
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Instant, Name, Word, row_id
from api.paging import Listing, Paging
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/silences", tags=["on call"])


class SilenceBody(Body):
    """A silence to be begun. `kinds`: of alerts, all but calls for help unless given; `from`: now unless given."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    area: Code
    kinds: Annotated[list[Word], Field(min_length=1, max_length=50)] | None = None
    start: Instant | None = Field(default=None, alias="from")
    end: Instant = Field(alias="to")
    reason: Name


class SilenceRead(BaseModel):
    """A silence; `alerts`: how many open ones it holds now."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: str
    area: str
    kinds: list[str] | None
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    reason: str
    created_by: str
    created_at: Instant
    alerts: int


@router.get("")
def list_silences(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="of it or of an area below it")] = None,
    start: Annotated[Instant | None, Query(alias="from", description="not over by then; now unless given")] = None,
) -> Listing[SilenceRead]:
    """List silences that hold now or later."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_silences,
            filters={"area": reach.area_asked(connection, caller, area), "from": start or context.clock.now()},
            read_query=queries.silences_read, model=SilenceRead,
        )  # fmt: skip


@router.post("", status_code=201)
def begin_silence(body: SilenceBody, context: Ctx, caller: Operator) -> SilenceRead:
    """Begin a silence. Calls for help and falls are told all the same."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        reach.area(connection, caller, body.area)
        silence_id = silences.begin(
            connection, area=body.area, kinds=body.kinds, start=body.start or now, end=body.end, reason=body.reason,
            actor=caller.actor(), now=now,
        )  # fmt: skip
        written.added(connection, caller, f"silence {silence_id}", area=body.area, now=now)
        return _one(connection, silence_id, caller)


@router.get("/{silence_id}")
def read_silence(silence_id: str, context: Ctx, caller: Viewer) -> SilenceRead:
    """Show a silence."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(silence_id), caller, asked=silence_id)


@router.delete("/{silence_id}", status_code=204)
def end_silence(silence_id: str, context: Ctx, caller: Operator) -> None:
    """End a silence now: what it held is told at once."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        connection.execute(queries.hold_silence, {"silence_id": row_id(silence_id)})
        found = _one(connection, row_id(silence_id), caller, asked=silence_id)
        silences.end(connection, silence_id=int(found.id), now=now)
        written.removed(connection, caller, f"silence {silence_id}", area=found.area, now=now)


def _one(
    connection: Connection[Any], silence_id: int | None, caller: Principal, *, asked: str | None = None
) -> SilenceRead:
    return reach.one(
        connection, queries.silences_read, silence_id, SilenceRead, what="silence", caller=caller, asked=asked
    )
