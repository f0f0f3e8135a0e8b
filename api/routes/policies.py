"""Policies: whom to tell in an area, and in which order. The nearest one up the tree holds."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from alerts import restaffing, staffing
from alerts.policy import Step
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Patch, Whole, Word, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/policies", tags=["on call"])

Channel = Literal["sms", "voice"]
Channels = Annotated[list[Channel], Field(min_length=1, max_length=2)]
Kinds = Annotated[list[Word], Field(min_length=1, max_length=50)]
Repeat = Annotated[Whole, Field(ge=0, le=100)]


def _by_sms() -> list[Channel]:
    return ["sms"]


class StepBody(Body):
    """Who is told `after_s` seconds after the policy began: whoever has a rota's shift, or one person."""

    after_s: Annotated[Whole, Field(ge=0, le=7 * 24 * 3600)]
    rota: Id | None = None
    staff: Id | None = None
    channels: Channels = Field(default_factory=_by_sms)


Steps = Annotated[list[StepBody], Field(min_length=1, max_length=50)]


class PolicyBody(Body):
    """A policy to be added. `kinds`: of alerts, all unless given; `repeat`: rounds more before the alert climbs."""

    area: Code
    kinds: Kinds | None = None
    steps: Steps
    repeat: Repeat = 0


class PolicyPatch(Patch):
    """What changes of a policy; its steps are sent whole."""

    area: Code = unset()
    kinds: Kinds | None = None
    steps: Steps = unset()
    repeat: Repeat = unset()


class StepRead(BaseModel):
    """A step of a policy."""

    after_s: int
    rota: str | None
    staff: str | None
    channels: list[str]


class PolicyRead(BaseModel):
    """A policy."""

    id: str
    area: str
    kinds: list[str] | None
    steps: list[StepRead]
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
    """Return the steps as a policy has them. Whom the policy named before, it may go on naming."""
    for number, step in enumerate(steps):
        if (step.rota is None) == (step.staff is None):
            raise invalid(f"steps.{number}", None, "name a rota or a staff member, one of the two")
    before = already.steps if already is not None else []
    by_rota = [(f"steps.{number}.rota", step.rota) for number, step in enumerate(steps) if step.rota is not None]
    by_staff = [(f"steps.{number}.staff", step.staff) for number, step in enumerate(steps) if step.staff is not None]
    rota_ids = iter(reach.rotas(connection, caller, by_rota, already=[step.rota for step in before if step.rota]))
    staff_ids = iter(reach.staff(connection, caller, by_staff, already=[step.staff for step in before if step.staff]))
    return [
        Step(
            step.after_s,
            tuple(dict.fromkeys(step.channels)),
            rota_id=next(rota_ids) if step.rota is not None else None,
            staff_id=next(staff_ids) if step.staff is not None else None,
        )
        for step in steps
    ]
