"""How often may one responder's phone ring, and how long may he be silent? The table of limits, and the times of areas."""

from datetime import time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from psycopg import Connection
from pydantic import Field

from alerts import settled, telling
from alerts.lifecycle import Patience
from alerts.limits import ANY, Limit
from alerts.model import Severity
from alerts.noise import DigestHour
from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Timezone, Whole, Word
from api.problems import invalid
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(tags=["on call"])

Seconds = Annotated[Whole, Field(ge=60, le=7 * 24 * 3600)]


class LimitBody(Body):
    """At most so many messages of a channel and a purpose (tell, remind, ...; any: all together) within a span."""

    channel: Word = ANY
    purpose: Word = ANY
    at_most: Annotated[Whole, Field(ge=1, le=10_000)]
    within_s: Annotated[Whole, Field(ge=1, le=24 * 3600)]


class LimitsBody(Body):
    """All limits: what is sent takes the place of those there were; none at all is no limit."""

    items: Annotated[list[LimitBody], Field(max_length=100)]


class TimesBody(Body):
    """How long whoever took an alert may be silent before he is asked, and after that before others are told."""

    accepted_s: Seconds
    en_route_s: Seconds
    arrived_s: Seconds
    asked_s: Seconds


class DigestBody(Body):
    """The hour of the day at which low alerts are told, by a wall clock."""

    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    timezone: Timezone


class AreaTimesBody(Body):
    """An area's own times by severity, and its own hour; what is left out is as the area above has it, else as usual."""

    times: dict[Severity, TimesBody] = Field(default_factory=dict)
    digest: DigestBody | None = None


class AreaTimes(AreaTimesBody):
    """An area's own times."""

    area: str


class AllTimes(Body):
    """The areas that have times of their own."""

    items: list[AreaTimes]


@router.get("/limits")
def read_limits(context: Ctx, caller: Viewer) -> LimitsBody:
    """Show how many messages one responder may get. Calls for help and whatever is critical never wait for it."""
    with context.pool.connection() as connection:
        return _limits(connection)


@router.put("/limits")
def set_limits(body: LimitsBody, context: Ctx, caller: Admin) -> LimitsBody:
    """Set the limits of every responder."""
    reach.over_everything(caller, "the limits of everybody")
    seen: set[tuple[str, str, int]] = set()
    for number, each in enumerate(body.items):
        key = (each.channel, each.purpose, each.within_s)
        if key in seen:
            raise invalid(
                f"items.{number}", each.within_s, "says the same span of the same messages twice; leave one out"
            )
        seen.add(key)
    with context.pool.connection() as connection:
        before = _limits(connection)
        settled.set_limits(
            connection,
            [Limit(each.channel, each.purpose, each.at_most, timedelta(seconds=each.within_s)) for each in body.items],
        )
        after = _limits(connection)
        written.changed(connection, caller, "limits", before, after, area=None, now=context.clock.now())
        return after


@router.get("/answer-times")
def list_times(context: Ctx, caller: Viewer) -> AllTimes:
    """Show which areas have times of their own."""
    with context.pool.connection() as connection:
        return AllTimes(items=_times(connection, caller))


@router.put("/answer-times/{area}")
def set_times(area: Code, body: AreaTimesBody, context: Ctx, caller: Admin) -> AreaTimes:
    """Give an area its own times, in place of those it had."""
    with context.pool.connection() as connection:
        reach.area(connection, caller, area)
        before = _of(connection, caller, area)
        settled.set_times(
            connection,
            area=area,
            times={
                severity: Patience(
                    timedelta(seconds=each.accepted_s), timedelta(seconds=each.en_route_s),
                    timedelta(seconds=each.arrived_s), timedelta(seconds=each.asked_s),
                )
                for severity, each in body.times.items()
            },
            digest=DigestHour(time.fromisoformat(body.digest.at), body.digest.timezone) if body.digest else None,
        )  # fmt: skip
        after = _of(connection, caller, area)
        written.changed(connection, caller, f"answer times {area}", before, after, area=area, now=context.clock.now())
        return after


def _limits(connection: Connection[Any]) -> LimitsBody:
    return LimitsBody(
        items=[
            LimitBody(
                channel=each.channel, purpose=each.purpose, at_most=each.at_most,
                within_s=int(each.within.total_seconds()),
            )
            for each in telling.read_limits(connection)
        ]
    )  # fmt: skip


def _of(connection: Connection[Any], caller: Principal, area: str) -> AreaTimes:
    found = _times(connection, caller, area)
    return found[0] if found else AreaTimes(area=area)


def _times(connection: Connection[Any], caller: Principal, area: str | None = None) -> list[AreaTimes]:
    rows = connection.execute(queries.times_of_areas, {"below": caller.below, "code": area}).fetchall()
    return [
        AreaTimes(
            area=code,
            times=times,
            digest=None if at is None else DigestBody(at=at.strftime("%H:%M"), timezone=timezone),
        )
        for code, at, timezone, times in rows
    ]
