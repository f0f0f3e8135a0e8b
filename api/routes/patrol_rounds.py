"""Who looks in on which homes by video, and what was seen? Patrol rounds and their looks."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from alerts import rounds
from alerts.rounds import HOMES_AT_MOST, LookResult
from api import audit
from api.auth import Responder, Viewer
from api.console import case
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Instant, Name, Note, row_id
from api.paging import Listing, Paging
from api.problems import Problem
from api.reading import sight
from api.work import seen
from api.work.asked import InArea, OfId, Within
from storage import sql

queries = sql.load("api.work")
router = APIRouter(prefix="/patrol-rounds", tags=["patrol rounds"])


class Round(Body):
    """A round to begin. `homes`: left out, all homes of the area that have a camera."""

    area: Code
    name: Name | None = None
    staff: Id | None = None
    homes: list[Id] | None = Field(default=None, min_length=1, max_length=HOMES_AT_MOST)


class Look(Body):
    """What a look at a home found."""

    home: Id
    result: LookResult
    note: Note | None = None
    at: Instant | None = None


class LookRead(BaseModel):
    """A look as it was written down."""

    id: str
    round: str
    home: str
    result: str
    note: str | None
    at: datetime
    who: str


class LookWritten(LookRead):
    """A look, and the alert that it raised or joined: nobody answered twice in a row."""

    alert: str | None


class RoundRead(BaseModel):
    """A patrol round; finished once every home has had a look."""

    id: str
    area: str
    name: str
    staff: str | None
    staff_name: str | None
    started_at: datetime
    started_by: str
    finished_at: datetime | None
    homes: list[str]
    looks: list[LookRead]


@router.get("")
def list_rounds(
    context: Ctx, caller: Viewer, page: Paging, within: Within, area: InArea = None, staff: OfId = None
) -> Listing[RoundRead]:
    """List patrol rounds by when they began, the newest first."""
    at, round_id = page.after(datetime, int)
    with context.pool.connection() as connection:
        rows = connection.execute(
            queries.round_page,
            {
                "below": sight(caller)["below"],
                "within": seen.path_within(connection, caller, area),
                "staff_id": seen.number("staff", staff),
                "from": within.start,
                "to": within.end,
                "after_at": at,
                "after_id": round_id,
                "limit": page.rows,
            },
        ).fetchall()
        shown, following = page.cut(rows, lambda row: (row[1], row[0]))
        found = _read(connection, [row[0] for row in shown])
    return Listing(items=[found[row[0]] for row in shown], next=following)


@router.post("", status_code=201)
def begin(body: Round, context: Ctx, caller: Responder) -> RoundRead:
    """Begin a round; without `staff` it is the caller's own."""
    with context.pool.connection() as connection:
        area = seen.area(connection, caller, body.area)
        round_id = rounds.begin(
            connection, area=area.code, name=body.name, staff_id=_whose(connection, caller, body),
            home_ids=None if body.homes is None else [_home_id(each, area.code) for each in body.homes],
            actor=caller.actor(), now=context.clock.now(),
        )  # fmt: skip
        return _read(connection, [round_id])[round_id]


@router.get("/{round_id}")
def read_round(round_id: str, context: Ctx, caller: Viewer) -> RoundRead:
    """Read a patrol round with its looks."""
    with context.pool.connection() as connection:
        number = seen.patrol_round(connection, caller, round_id).id
        return _read(connection, [number])[number]


@router.post("/{round_id}/looks", status_code=201)
def look(round_id: str, body: Look, context: Ctx, caller: Responder) -> LookWritten:
    """Write down what a look at a home of the round found. Nobody answers twice in a row: an alert `no_answer`."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        patrol = seen.patrol_round(connection, caller, round_id)
        home_id = row_id(body.home)
        if home_id is None:
            raise rounds.NotInRound(body.home, patrol.id)
        looked = rounds.look(
            connection, round_id=patrol.id, home_id=home_id, result=body.result,
            note=(body.note or "").strip() or None, at=body.at, actor=caller.actor(), now=now,
        )  # fmt: skip
        # a look into somebody's home is a look at his life: it is written down who took it
        audit.record(
            connection, caller, action="look", object=f"home {home_id}", area=patrol.area,
            detail={"round": patrol.id, "result": body.result}, now=now,
        )  # fmt: skip
        written = next(each for each in _looks(connection, [patrol.id]) if each.id == str(looked.look_id))
        return LookWritten(**dict(written), alert=None if looked.alert_id is None else str(looked.alert_id))


def _whose(connection: Connection[Any], caller: Principal, body: Round) -> int | None:
    """Return whose round it is. Raises Problem 403, UnknownStaff."""
    if body.staff is None or (caller.staff_id is not None and row_id(body.staff) == caller.staff_id):
        return caller.staff_id
    if not caller.may("operator"):
        raise Problem(403, "only an operator begins a round for somebody else; leave `staff` out")
    return case.sendable(connection, caller, body.staff, body.area)


def _home_id(value: str, area: str) -> int:
    number = row_id(value)
    if number is None:
        raise rounds.NotInArea(value, area)
    return number


def _read(connection: Connection[Any], ids: list[int]) -> dict[int, RoundRead]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.rounds_read, {"ids": ids}).fetchall()
    looks: dict[str, list[LookRead]] = defaultdict(list)
    for each in _looks(connection, ids):
        looks[each.round].append(each)
    return {int(row["id"]): RoundRead(**row, looks=looks[row["id"]]) for row in rows}


def _looks(connection: Connection[Any], ids: list[int]) -> list[LookRead]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.looks_of_rounds, {"ids": ids}).fetchall()
    return [LookRead(**row) for row in rows]
