"""Swaps: somebody asks another to take a stretch of his shift; whoever is asked says yes or no."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field

from alerts import swaps
from alerts.swaps import Manner, SwapState
from api.auth import Responder, Viewer
from api.context import Context, Ctx, Principal
from api.fields import Body, Id, Instant, row_id
from api.paging import Listing, Paging
from api.problems import Problem, invalid, missing
from api.reading import TimelineRow
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/swaps", tags=["on call"])


class SwapBody(Body):
    """What is asked: that `staff` takes the rota from then to then, of whoever has it."""

    rota: Id
    from_: Instant = Field(alias="from")
    to: Instant
    staff: Id


class SwapRead(BaseModel):
    """A swap, with everything that happened to it."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: str
    rota: str
    from_: datetime = Field(alias="from")
    to: datetime
    asked_by: str = Field(description="whose shift it is")
    staff: str = Field(description="who is to take it")
    state: str
    asked_at: datetime
    decided_at: datetime | None
    override: str | None = Field(description="what it became")
    area: str = Field(description="the rota's")
    timeline: list[TimelineRow]


@router.get("")
def list_swaps(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    rota: Id | None = None,
    staff: Annotated[Id | None, Query(description="who asked or was asked")] = None,
    state: SwapState | None = None,
) -> Listing[SwapRead]:
    """List swaps, the newest first."""
    (after,) = page.after(int)
    with context.pool.connection() as connection:
        rows = connection.execute(
            queries.list_swaps,
            {
                "below": caller.below, "me": caller.staff_id, "rota_id": _asked_for(rota), "staff_id": _asked_for(staff),
                "state": state, "after": after, "limit": page.rows,
            },
        ).fetchall()  # fmt: skip
        shown, following = page.cut(rows, lambda row: (row[0],))
        found = reach.read(connection, queries.swaps_read, [row[0] for row in shown], SwapRead)
    return Listing(items=[found[str(row[0])][0] for row in shown if str(row[0]) in found], next=following)


@router.post("", status_code=201)
def ask(body: SwapBody, context: Ctx, caller: Responder) -> SwapRead:
    """Ask somebody to take a stretch of one's own shift; an operator asks for anybody."""
    now = context.clock.now()
    if body.from_ >= body.to:
        raise invalid(
            "to", body.to.isoformat(), f"is not after `from`, which is {body.from_.isoformat()}; mend one of them"
        )
    if caller.staff_id is None and not caller.may("operator"):
        raise Problem(403, "your user is not linked to a staff member, so no shift is yours; ask an administrator")
    with context.pool.connection() as connection:
        (rota_id,) = reach.rotas(connection, caller, [("rota", body.rota)])
        (staff_id,) = reach.staff(connection, caller, [("staff", body.staff)])
        swap_id = swaps.ask(
            connection, rota_id=rota_id, start=body.from_, end=body.to, staff_id=staff_id,
            only_of=None if caller.may("operator") else caller.staff_id, actor=caller.actor(), manner=_manner(context),
            now=now,
        )  # fmt: skip
        made = _one(connection, str(swap_id), caller)
        written.added(connection, caller, f"swap {swap_id}", area=made.area, now=now)
        return made


@router.get("/{swap_id}")
def read_swap(swap_id: str, context: Ctx, caller: Viewer) -> SwapRead:
    """Show a swap."""
    with context.pool.connection() as connection:
        return _one(connection, swap_id, caller)


@router.post("/{swap_id}/accept")
def accept(swap_id: str, context: Ctx, caller: Responder) -> SwapRead:
    """Take it: it becomes an override. An operator may say so for whoever was asked."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _one(connection, swap_id, caller)
        _allow(caller, found, found.staff)
        swaps.accept(
            connection, swap_id=int(found.id), actor=caller.actor(), manner=_manner(context), now=now
        )  # fmt: skip
        written.done(connection, caller, "accept", f"swap {found.id}", area=found.area, now=now)
        return _one(connection, swap_id, caller)


@router.post("/{swap_id}/decline")
def decline(swap_id: str, context: Ctx, caller: Responder) -> SwapRead:
    """Say no to it; whoever asked so takes his question back."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _one(connection, swap_id, caller)
        _allow(caller, found, found.staff, found.asked_by)
        swaps.decline(
            connection, swap_id=int(found.id), actor=caller.actor(), manner=_manner(context), now=now
        )  # fmt: skip
        written.done(connection, caller, "decline", f"swap {found.id}", area=found.area, now=now)
        return _one(connection, swap_id, caller)


def _manner(context: Context) -> Manner:
    return Manner(context.settings.locale, context.settings.sms)


def _asked_for(text: str | None) -> int | None:
    """Return the id that a list is to keep to; what is no id finds nothing."""
    return None if text is None else row_id(text) or 0


def _one(connection: Connection[Any], swap_id: str, caller: Principal) -> SwapRead:
    """Return a swap within the caller's area, or one that he has a part in. Raises Problem 404."""
    number = row_id(swap_id)
    ids = [] if number is None else [number]
    found, path = reach.read(connection, queries.swaps_read, ids, SwapRead).get(swap_id, (None, None))
    if found is None or not (caller.sees(path) or _is_one_of(caller, found.staff, found.asked_by)):
        raise missing("swap", swap_id)
    return found


def _is_one_of(caller: Principal, *staff: str) -> bool:
    return caller.staff_id is not None and str(caller.staff_id) in staff


def _allow(caller: Principal, swap: SwapRead, *staff: str) -> None:
    """Raise Problem 403 unless it is the caller's to say, or he is an operator."""
    if not caller.may("operator") and not _is_one_of(caller, *staff):
        raise Problem(403, f"swap {swap.id} was asked of staff {swap.staff}; only he, or an operator, can answer it")
