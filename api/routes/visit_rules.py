"""How are visits given out? How near is at the door, when people work, and whether the best one is sent at once, by area."""

from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import AfterValidator, BaseModel, Field

from alerts import visit_rules
from alerts.visit_rules import VisitRules
from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Timezone, Whole
from api.problems import Problem, invalid, missing
from api.routes import reach, written

router = APIRouter(prefix="/visit-rules", tags=["visits"])


def _to_the_minute(at: time) -> time:
    return at.replace(second=0, microsecond=0, tzinfo=None)


Clock = Annotated[time, AfterValidator(_to_the_minute)]


class RulesBody(Body):
    """What holds in an area, and in all below it that says nothing of its own."""

    near_m: Annotated[Whole, Field(ge=10, le=100_000, description="how far from the home is still at the door")]
    work_from: Clock = Field(description="before it nobody is planned, in that time zone")
    work_to: Clock
    timezone: Timezone
    auto_assign: bool = Field(description="the one who fits best is sent without a dispatcher")


class RulesRead(BaseModel):
    """What holds in an area. `set_by`: the area whose rules these are; null: what is usual."""

    area: str
    set_by: str | None
    near_m: int
    work_from: str
    work_to: str
    timezone: str
    auto_assign: bool


@router.get("")
def read_rules(
    context: Ctx, caller: Viewer, area: Annotated[Code, Query(description="where a visit would be")]
) -> RulesRead:
    """Say how visits are given out in an area."""
    with context.pool.connection() as connection:
        reach.area(connection, caller, area)
        return _read(connection, area, context.settings.timezone)


@router.put("/{area}")
def set_rules(area: str, body: RulesBody, context: Ctx, caller: Admin) -> RulesRead:
    """Let these hold in an area."""
    now = context.clock.now()
    if body.work_to <= body.work_from:
        raise invalid(
            "work_to",
            body.work_to.isoformat("minutes"),
            "is not after work_from; a working day ends on the day it begins",
        )
    with context.pool.connection() as connection:
        _own(connection, caller, area)
        before = _read(connection, area, context.settings.timezone)
        visit_rules.write(connection, area, VisitRules(**body.model_dump()), now)
        after = _read(connection, area, context.settings.timezone)
        written.changed(connection, caller, f"visit rules of area {area}", before, after, area=area, now=now)
        return after


@router.delete("/{area}", status_code=204)
def unset_rules(area: str, context: Ctx, caller: Admin) -> None:
    """Let those of the wider area hold again."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        _own(connection, caller, area)
        if not visit_rules.remove(connection, area):
            raise missing("visit rules of area", area)
        written.removed(connection, caller, f"visit rules of area {area}", area=area, now=now)


def _own(connection: Connection[Any], caller: Principal, area: str) -> None:
    """Raise Problem 404 for an area that is not the caller's."""
    try:
        reach.area(connection, caller, area)
    except Problem:
        raise missing("area", area) from None


def _read(connection: Connection[Any], area: str, timezone: str) -> RulesRead:
    found = visit_rules.read(connection, area, timezone)
    return RulesRead(
        area=area, set_by=found.area, near_m=found.near_m, work_from=found.work_from.isoformat("minutes"),
        work_to=found.work_to.isoformat("minutes"), timezone=found.timezone, auto_assign=found.auto_assign,
    )  # fmt: skip
