"""Plans: which visits come again by themselves, when, and which day is otherwise."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field

from alerts import planning, plans
from alerts.planning import Plan
from api.auth import Operator, Viewer
from api.context import Context, Ctx, Principal
from api.fields import Body, Code, Day, Id, Instant, Note, Patch, Text, Timezone, Whole, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from api.work import seen
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/plans", tags=["visits"])

LONGEST_LOOK = timedelta(days=366)
USUAL_LOOK = timedelta(days=28)

Rule = Annotated[Text, Field(min_length=1, max_length=plans.RULE_LIMIT)]
Minutes = Annotated[Whole, Field(ge=1, le=24 * 60)]
Payer = Literal["self", "government", "points", "gift"]
Fee = Annotated[Decimal, Field(ge=0, le=Decimal("99999999.99"), decimal_places=2)]
Service = Annotated[Text, Field(min_length=1, max_length=40)]
Start = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day on the home's own clock, `09:30`."""


class PlanBody(Body):
    """A plan to be begun. `rule`: RFC 5545, as FREQ=WEEKLY;BYDAY=MO,TH; `start`: local, in `timezone` (ours unless given)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    home: Id
    service: Service
    rule: Rule
    start: Start
    minutes: Minutes = 60
    timezone: Timezone | None = None
    from_day: Day | None = Field(default=None, alias="from")
    until_day: Day | None = Field(default=None, alias="until")
    staff: Id | None = None
    payer: Payer | None = None
    fee: Fee | None = None
    note: Note | None = None


class PlanPatch(Patch):
    """What changes of a plan; visits ahead that nobody took are made anew. `paused`: it makes none until it goes on."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    service: Service = unset()
    rule: Rule = unset()
    start: Start = unset()
    minutes: Minutes = unset()
    timezone: Timezone = unset()
    from_day: Annotated[Day, Field(alias="from")] = unset()
    until_day: Day | None = Field(default=None, alias="until")
    staff: Id | None = None
    payer: Payer | None = None
    fee: Fee | None = None
    note: Note | None = None
    paused: bool = unset()


class PlanRead(BaseModel):
    """A plan; `paused_why`: what is to be mended where it stands still by itself."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: str
    home: str
    area: str
    service: str
    rule: str
    start: time
    minutes: int
    timezone: str
    from_day: Day = Field(alias="from")
    until_day: Day | None = Field(alias="until")
    staff: str | None
    payer: str | None
    fee: str | None
    note: str | None
    paused: bool
    paused_why: str | None
    ended_at: Instant | None
    created_at: Instant
    created_by: str | None

    def plan(self) -> Plan:
        """Return it as the planning takes it."""
        return Plan(
            int(self.home), self.service, self.rule, self.start, self.minutes, self.timezone, self.from_day,
            self.until_day, None if self.staff is None else int(self.staff), self.payer,
            None if self.fee is None else Decimal(self.fee), self.note,
        )  # fmt: skip


class OccurrenceRead(BaseModel):
    """One time that a plan comes. `occurrence`: what it is known by; `at`: when it is, where it was moved to."""

    occurrence: Instant
    at: Instant
    until: Instant
    visit: str | None
    state: str | None


class Otherwise(Body):
    """One occurrence that is skipped, or moved to another time."""

    occurrence: Instant
    moved_to: Instant | None = None


@router.get("")
def list_plans(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="of it or of an area below it")] = None,
    home: Annotated[Text | None, Query(max_length=40)] = None,
    ended: Annotated[bool, Query(description="also those that have ended")] = False,
) -> Listing[PlanRead]:
    """List plans."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_plans,
            filters={
                "area": reach.area_asked(connection, caller, area), "home_id": seen.number("home", home), "ended": ended,
            },
            read_query=queries.plans_read, model=PlanRead,
        )  # fmt: skip


@router.post("", status_code=201)
def begin_plan(body: PlanBody, context: Ctx, caller: Operator) -> PlanRead:
    """Begin a plan: its visits of the next two weeks are made within a minute, then day by day."""
    with context.pool.connection() as connection:
        return begin(connection, caller, body, context)


def begin(connection: Connection[Any], caller: Principal, body: PlanBody, context: Context) -> PlanRead:
    """Begin a plan and write it down; the page of plans does so too."""
    now = context.clock.now()
    zone = body.timezone or context.settings.timezone
    plan = Plan(
        reach.home(connection, caller, body.home), body.service, tidy(body.rule), time.fromisoformat(body.start),
        body.minutes, zone, body.from_day or now.astimezone(ZoneInfo(zone)).date(), body.until_day,
        _staff(connection, caller, body.staff), body.payer, body.fee, (body.note or "").strip() or None,
    )  # fmt: skip
    plan_id = planning.begin(connection, plan=plan, actor=caller.actor(), now=now)
    made = read(connection, str(plan_id), caller)
    written.added(connection, caller, f"plan {plan_id}", area=made.area, now=now)
    return made


@router.get("/{plan_id}")
def read_plan(plan_id: str, context: Ctx, caller: Viewer) -> PlanRead:
    """Show a plan."""
    with context.pool.connection() as connection:
        return read(connection, plan_id, caller)


@router.patch("/{plan_id}")
def change_plan(plan_id: str, body: PlanPatch, context: Ctx, caller: Operator) -> PlanRead:
    """Change a plan, pause it, or let it go on."""
    with context.pool.connection() as connection:
        return changed(connection, plan_id, body, context, caller)


def changed(
    connection: Connection[Any], plan_id: str, body: PlanPatch, context: Context, caller: Principal
) -> PlanRead:
    """Change a plan and write it down; the page of plans does so too."""
    now = context.clock.now()
    held = planning.hold_going(connection, int(read(connection, plan_id, caller).id))
    before = read(connection, plan_id, caller)
    given = body.given()
    if "rule" in given:
        given["rule"] = tidy(given["rule"])
    if "start" in given:
        given["start"] = time.fromisoformat(given["start"])
    if given.get("staff") is not None:
        given["staff"] = str(_staff(connection, caller, given["staff"]))
    if given.get("fee") is not None:
        given["fee"] = str(given["fee"])
    wanted = before.model_copy(update=given)
    planning.change(
        connection, plan_id=held.id, plan=wanted.plan(), paused=wanted.paused, actor=caller.actor(), now=now
    )
    after = read(connection, plan_id, caller)
    written.changed(connection, caller, f"plan {plan_id}", before, after, area=after.area, private=("note",), now=now)
    return after


@router.delete("/{plan_id}", status_code=204)
def end_plan(plan_id: str, context: Ctx, caller: Operator) -> None:
    """End a plan: its visits ahead that nobody took are cancelled."""
    with context.pool.connection() as connection:
        ended(connection, plan_id, context, caller)


def ended(connection: Connection[Any], plan_id: str, context: Context, caller: Principal) -> None:
    """End a plan and write it down; the page of plans does so too."""
    found = read(connection, plan_id, caller)
    planning.end(connection, plan_id=int(found.id), actor=caller.actor(), now=context.clock.now())
    written.removed(connection, caller, f"plan {plan_id}", area=found.area, now=context.clock.now())


@router.get("/{plan_id}/occurrences")
def list_occurrences(
    plan_id: str,
    context: Ctx,
    caller: Viewer,
    start: Annotated[Instant | None, Query(alias="from", description="now unless given")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="four weeks later unless given")] = None,
) -> Listing[OccurrenceRead]:
    """List when a plan comes, with the visits that were made for it; at most a year at once."""
    start = start or context.clock.now()
    end = end or start + USUAL_LOOK
    if end < start:
        raise invalid("to", end.isoformat(), f"lies before from ({start.isoformat()}); swap them")
    if end - start > LONGEST_LOOK:
        raise invalid("to", end.isoformat(), f"is over {LONGEST_LOOK.days} days after from; ask for less at once")
    with context.pool.connection() as connection:
        found = read(connection, plan_id, caller)
        return Listing(items=occurrences(connection, found, start, end))


@router.post("/{plan_id}/exceptions", status_code=201)
def make_otherwise(plan_id: str, body: Otherwise, context: Ctx, caller: Operator) -> OccurrenceRead | None:
    """Skip one occurrence, or move it (`moved_to`); one whose visit was taken already is 409."""
    with context.pool.connection() as connection:
        return otherwise(connection, read(connection, plan_id, caller), body, context, caller)


def otherwise(
    connection: Connection[Any], found: PlanRead, body: Otherwise, context: Context, caller: Principal
) -> OccurrenceRead | None:
    """Skip one occurrence, or move it, and write it down; the page of plans does so too."""
    now = context.clock.now()
    planning.make_otherwise(
        connection, plan_id=int(found.id), occurrence=body.occurrence, moved_to=body.moved_to, actor=caller.actor(), now=now
    )  # fmt: skip
    written.done(connection, caller, "move" if body.moved_to else "skip", f"plan {found.id}", area=found.area, now=now)
    if body.moved_to is None:
        return None
    length = timedelta(minutes=found.minutes)
    return OccurrenceRead(
        occurrence=body.occurrence, at=body.moved_to, until=body.moved_to + length, visit=None, state=None
    )


def read(connection: Connection[Any], plan_id: str, caller: Principal) -> PlanRead:
    """Return a plan that the caller may see. Raises Problem 404."""
    return reach.one(
        connection, queries.plans_read, row_id(plan_id), PlanRead, what="plan", caller=caller, asked=plan_id
    )


def tidy(rule: str) -> str:
    """Return a rule as it is kept: without what may stand before it."""
    return rule.strip().upper().removeprefix("RRULE:")


def occurrences(connection: Connection[Any], found: PlanRead, start: Instant, end: Instant) -> list[OccurrenceRead]:
    """Return when a plan comes in that time, with the visits that were made for it."""
    if found.ended_at is not None:
        end = min(end, found.ended_at)
    recurrence = found.plan().recurrence(planning.exceptions_of(connection, int(found.id)))
    times = plans.occurrences(recurrence, start, end)
    made = {
        at: (visit, state)
        for at, visit, state in connection.execute(
            queries.visits_of_occurrences, {"plan_id": int(found.id), "occurrences": [each.usual for each in times]}
        ).fetchall()
    }
    length = timedelta(minutes=found.minutes)
    return [
        OccurrenceRead(
            occurrence=each.usual, at=each.at, until=each.at + length,
            visit=made.get(each.usual, (None, None))[0], state=made.get(each.usual, (None, None))[1],
        )
        for each in times
    ]  # fmt: skip


def _staff(connection: Connection[Any], caller: Principal, wanted: str | None) -> int | None:
    return None if wanted is None else reach.staff(connection, caller, [("staff", wanted)])[0]
