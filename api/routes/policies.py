"""Policies: whom to tell in an area, and in which order. The nearest one up the tree holds; of several in one area the one
for the alert's kind, before one for its severity, before one for the hour of the day, before the newest."""

from collections.abc import Sequence
from datetime import time
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alerts import conditions, restaffing, staffing
from alerts.model import Severity
from alerts.policy import Hours, Step
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Patch, Timezone, Whole, Word, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/policies", tags=["on call"])

Channel = Literal["sms", "voice"]
Channels = Annotated[list[Channel], Field(min_length=1, max_length=2)]
Kinds = Annotated[list[Word], Field(min_length=1, max_length=50)]
Severities = Annotated[list[Severity], Field(min_length=1, max_length=4)]
Repeat = Annotated[Whole, Field(ge=0, le=100)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="hour and minute, like 20:00")]


def _by_sms() -> list[Channel]:
    return ["sms"]


class StepBody(Body):
    """Who is told `after_s` seconds after the policy began: whoever has a rota's shift, one person, or several of both.

    The first of `channels` at once, each further one `channel_delay_s` later unless it was answered; 0: all at once.
    """

    after_s: Annotated[Whole, Field(ge=0, le=7 * 24 * 3600)]
    rota: Id | None = None
    staff: Id | Annotated[list[Id], Field(min_length=1, max_length=50)] | None = None
    rotas: Annotated[list[Id], Field(min_length=1, max_length=50)] | None = None
    channels: Channels = Field(default_factory=_by_sms)
    channel_delay_s: Annotated[Whole, Field(ge=0, le=24 * 3600)] = 0


class HoursBody(Body):
    """The hours of the day in which a policy holds, by a wall clock; over midnight where `to` is earlier than `from`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    timezone: Timezone


Steps = Annotated[list[StepBody], Field(min_length=1, max_length=50)]


class PolicyBody(Body):
    """A policy to be added. `kinds`, `severities`: of alerts, all unless given; `hours`: of the day, all unless given;
    `repeat`: rounds more before the alert climbs."""

    area: Code
    kinds: Kinds | None = None
    severities: Severities | None = None
    hours: HoursBody | None = None
    steps: Steps
    repeat: Repeat = 0


class PolicyPatch(Patch):
    """What changes of a policy; its steps are sent whole."""

    area: Code = unset()
    kinds: Kinds | None = None
    severities: Severities | None = None
    hours: HoursBody | None = None
    steps: Steps = unset()
    repeat: Repeat = unset()


def _as_written(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps as they were written: rows of one that names several are one again."""
    steps: list[dict[str, Any]] = []
    for (entry, _), group in groupby(enumerate(rows), key=lambda each: _entry(*each)):
        those = [row for _, row in group]
        if entry is None:
            steps += those
            continue
        rotas = [row["rota"] for row in those if row["rota"] is not None]
        staff = [row["staff"] for row in those if row["staff"] is not None]
        steps.append({**those[0], "rota": None, "rotas": rotas or None, "staff": staff or None})
    return steps


def _entry(position: int, row: dict[str, Any]) -> tuple[int | None, int]:
    """Return what rows of one step have in common; a row alone is its own."""
    return row["entry"], -1 if row["entry"] is not None else position


class StepRead(BaseModel):
    """A step of a policy."""

    after_s: int
    rota: str | None
    staff: str | list[str] | None
    rotas: list[str] | None = None
    channels: list[str]
    channel_delay_s: int = 0


class PolicyRead(BaseModel):
    """A policy."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: str
    area: str
    kinds: list[str] | None
    severities: list[Severity] | None
    hours: HoursBody | None
    steps: Annotated[list[StepRead], BeforeValidator(_as_written)]
    repeat: int


@router.get("")
def list_policies(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="of it or of an area below it")] = None,
    kind: Annotated[Word | None, Query(description="those that hold for this kind of alert")] = None,
) -> Listing[PolicyRead]:
    """List policies."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_policies,
            filters={"area": reach.area_asked(connection, caller, area), "kind": kind},
            read_query=queries.policies_read, model=PolicyRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_policy(body: PolicyBody, context: Ctx, caller: Operator) -> PolicyRead:
    """Add a policy. Of two in one area the one for the alert's kind holds, else the newer one."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        reach.area(connection, caller, body.area)
        policy_id = staffing.add_policy(
            connection,
            area=body.area,
            kinds=body.kinds,
            steps=_steps(connection, caller, body.steps),
            repeat=body.repeat,
        )
        conditions.set_condition(connection, policy_id=policy_id, severities=body.severities, hours=_hours(body.hours))
        written.added(connection, caller, f"policy {policy_id}", area=body.area, now=now)
        return _one(connection, policy_id, caller)


@router.get("/{policy_id}")
def read_policy(policy_id: str, context: Ctx, caller: Viewer) -> PolicyRead:
    """Show a policy."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(policy_id), caller, asked=policy_id)


@router.patch("/{policy_id}")
def change_policy(policy_id: str, body: PolicyPatch, context: Ctx, caller: Operator) -> PolicyRead:
    """Change a policy."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, policy_id, caller)
        wanted = before.model_copy(update=body.given())
        reach.area(connection, caller, wanted.area)
        restaffing.change_policy(
            connection, policy_id=int(before.id), area=wanted.area, kinds=wanted.kinds,
            steps=_steps(connection, caller, wanted.steps, already=before), repeat=wanted.repeat,
        )  # fmt: skip
        conditions.set_condition(
            connection, policy_id=int(before.id), severities=wanted.severities, hours=_hours(wanted.hours)
        )
        after = _one(connection, int(before.id), caller)
        written.changed(connection, caller, f"policy {policy_id}", before, after, area=after.area, now=now)
        return after


@router.delete("/{policy_id}", status_code=204)
def remove_policy(policy_id: str, context: Ctx, caller: Operator) -> None:
    """Remove a policy: the next one up the tree holds."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, policy_id, caller)
        restaffing.remove_policy(connection, int(found.id))
        written.removed(connection, caller, f"policy {policy_id}", area=found.area, now=now)


def _one(
    connection: Connection[Any], policy_id: int | None, caller: Principal, *, asked: str | None = None
) -> PolicyRead:
    return reach.one(
        connection, queries.policies_read, policy_id, PolicyRead, what="policy", caller=caller, asked=asked
    )


def _held(connection: Connection[Any], policy_id: str, caller: Principal) -> PolicyRead:
    """Return a policy that nobody else changes until the transaction ends."""
    connection.execute(queries.hold_policy, {"policy_id": row_id(policy_id)})
    return _one(connection, row_id(policy_id), caller, asked=policy_id)


def _steps(
    connection: Connection[Any],
    caller: Principal,
    steps: Sequence[StepBody | StepRead],
    already: PolicyRead | None = None,
) -> list[Step]:
    """Return the steps as a policy has them, a row for each rota and person. Whom it named before, it may go on naming."""
    before = [each for step in already.steps for each in _named(step)] if already is not None else []
    named = [_named(step) for step in steps]
    wanted = [
        (what, f"steps.{number}.{field}", name) for number, those in enumerate(named) for what, field, name in those
    ]
    for number, (step, those) in enumerate(zip(steps, named, strict=True)):
        alone = (step.rota is not None) + isinstance(step.staff, str)
        if not those or alone > 1 or (alone and len(those) > 1):
            raise invalid(
                f"steps.{number}",
                None,
                "name a rota or a staff member, one of the two; several in `rotas` and `staff` as lists",
            )
    by_rota = [(field, name) for what, field, name in wanted if what == "rota"]
    by_staff = [(field, name) for what, field, name in wanted if what == "staff"]
    rota_ids = iter(
        reach.rotas(connection, caller, by_rota, already=[name for what, _, name in before if what == "rota"])
    )
    staff_ids = iter(
        reach.staff(connection, caller, by_staff, already=[name for what, _, name in before if what == "staff"])
    )
    return [
        Step(
            step.after_s,
            tuple(dict.fromkeys(step.channels)),
            rota_id=next(rota_ids) if what == "rota" else None,
            staff_id=next(staff_ids) if what == "staff" else None,
            channel_delay_s=step.channel_delay_s,
            entry=number if step.rotas is not None or isinstance(step.staff, list) else None,
        )
        for number, (step, those) in enumerate(zip(steps, named, strict=True))
        for what, _, _ in those
    ]


def _named(step: StepBody | StepRead) -> list[tuple[str, str, str]]:
    """Return whom a step names, rotas first: (rota or staff, its field, id)."""
    found = [("rota", "rota", step.rota)] if step.rota is not None else []
    found += [("rota", f"rotas.{number}", each) for number, each in enumerate(dict.fromkeys(step.rotas or []))]
    if isinstance(step.staff, list):
        return found + [("staff", f"staff.{number}", each) for number, each in enumerate(dict.fromkeys(step.staff))]
    return found + ([("staff", "staff", step.staff)] if step.staff is not None else [])


def _hours(hours: HoursBody | None) -> Hours | None:
    """Return the hours as a policy has them. Raises Problem 422 where they end as they begin."""
    if hours is None:
        return None
    if hours.start == hours.end:
        raise invalid("hours.to", hours.end, "is the same as `from`: no hour, or all of them; leave `hours` out")
    return Hours(time.fromisoformat(hours.start), time.fromisoformat(hours.end), hours.timezone)
