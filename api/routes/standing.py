"""How does a resident stand, and what was he before? Risk, a change for the worse, departure and death, and all that changed."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from alerts.visits import CLOCK_TOLERANCE
from api.auth import Operator
from api.context import Ctx
from api.fields import Instant, Note, Patch, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import residents, written
from api.routes.residents import ResidentRead
from devices import standing
from devices.standing import LeftWhy, Risk, Standing
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/residents", tags=["registry"])


class Left(BaseModel):
    """That somebody is not there any more."""

    why: LeftWhy
    at: Instant | None = Field(default=None, description="left out: now")


class StandingPatch(Patch):
    """What changes; what is left out stays as it is."""

    risk: Risk | None = Field(default=unset(), description="null: as his categories and his age say")
    worse: bool = Field(default=unset(), description="true: a change for the worse, now; false: it is over")
    left: Left | None = Field(default=unset(), description="null: he is back")
    why: Note | None = Field(default=None, description="needed where he is to be seen more rarely, or not any more")


class Changed(BaseModel):
    """One value of a resident that was changed."""

    at: datetime
    who: str | None = Field(description="null: nobody who was logged in")
    why: str | None
    field: str
    was: str | None
    became: str | None


@router.post("/{resident_id}/standing")
def set_standing(resident_id: str, body: StandingPatch, context: Ctx, caller: Operator) -> ResidentRead:
    """Write down how closely a resident is to be watched over, that he grew worse, or that he is not there any more.

    Who left is in no list of the living and nobody's duty; nothing of him is deleted, and he can come back.
    """
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = residents.one(connection, row_id(resident_id), caller, asked=resident_id)
        risk, worse_since, left_at, left_why, since = connection.execute(
            queries.standing_held, {"resident_id": before.id}
        ).fetchone() or (None, None, None, None, now)
        was = Standing(risk and Risk(risk), worse_since, left_at, left_why and LeftWhy(left_why))
        wanted = _wanted(body, was, since, now)
        why = (body.why or "").strip()
        if standing.asks_for_less(was, wanted) and not why:
            raise invalid("why", None, "say why he is to be seen more rarely, or not any more")
        standing.by(connection, who=caller.username, why=why, now=now)
        standing.write(connection, int(before.id), wanted)
        after = residents.one(connection, int(before.id), caller)
        private = residents.PRIVATE
        written.changed(
            connection, caller, f"resident {before.id}", before, after, area=after.area, private=private, now=now
        )
        return after


@router.get("/{resident_id}/history")
def read_history(resident_id: str, context: Ctx, caller: Operator, page: Paging) -> Listing[Changed]:
    """List what was changed of a resident, the newest first. That one looked is written down in the audit log."""
    (after,) = page.after(int)
    with context.pool.connection() as connection:
        found = residents.one(connection, row_id(resident_id), caller, asked=resident_id)
        rows = _past(connection, int(found.id), after, page.rows)
        shown, following = page.cut(rows, lambda row: (int(row["id"]),))
        written.looked(connection, caller, f"history of resident {found.id}", area=found.area, now=context.clock.now())
    return Listing(items=[Changed.model_validate(row) for row in shown], next=following)


def _wanted(body: StandingPatch, was: Standing, since: datetime, now: datetime) -> Standing:
    """Return how he is to stand. Raises Problem 422 for a departure that lies ahead, or before he came."""
    given = body.given()
    worse_since = was.worse_since
    if "worse" in given:
        worse_since = (was.worse_since or now) if body.worse else None
    left_at, left_why = was.left_at, was.left_why
    if "left" in given:
        left_at, left_why = (None, None) if body.left is None else (body.left.at or now, body.left.why)
        if left_at is not None and left_at > now + CLOCK_TOLERANCE:
            raise invalid("left", left_at.isoformat(), "lies ahead; write it down once it is so")
        if left_at is not None and left_at < since:
            raise invalid("left", left_at.isoformat(), f"lies before he was registered ({since.isoformat()})")
    return Standing(body.risk if "risk" in given else was.risk, worse_since, left_at, left_why)


def _past(connection: Connection[Any], resident_id: int, after: int | None, limit: int) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            queries.resident_past, {"resident_id": resident_id, "after": after, "limit": limit}
        ).fetchall()
