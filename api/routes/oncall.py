"""Who answers in an area, now or at another time?"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from alerts import oncall
from alerts.model import HELP
from api.auth import Viewer
from api.context import Ctx
from api.fields import Code, Instant, Word
from api.problems import invalid
from api.routes import reach

router = APIRouter(prefix="/oncall", tags=["on call"])


class ResponderRead(BaseModel):
    """Somebody who is told."""

    id: str
    name: str
    until: datetime | None = Field(description="when that shift ends; null for one whom the policy itself names")


class StepOnCall(BaseModel):
    """Who is told `after_s` seconds after the alert came under the policy; nobody where nobody is on call."""

    after_s: int
    responders: list[ResponderRead]


class OnCallRead(BaseModel):
    """Who answers; `policy` is null where none holds."""

    policy: str | None
    steps: list[StepOnCall]


@router.get("")
def who_answers(
    context: Ctx,
    caller: Viewer,
    area: Annotated[Code | None, Query(description="one's own unless given")] = None,
    at: Annotated[Instant | None, Query(description="now unless given")] = None,
    kind: Annotated[Word, Query(description="of alert")] = HELP,
) -> OnCallRead:
    """Say who answers in an area, by the policy that holds there."""
    code = area or caller.area
    if code is None:
        raise invalid("area", None, "is missing: you see everything, so say of which area")
    with context.pool.connection() as connection:
        reach.area(connection, caller, code)
        found = oncall.who(connection, area=code, at=at or context.clock.now(), kind=kind)
    if found is None:
        return OnCallRead(policy=None, steps=[])
    return OnCallRead(
        policy=str(found.policy_id),
        steps=[
            StepOnCall(
                after_s=step.after_s,
                responders=[
                    ResponderRead(id=str(each.staff_id), name=each.name, until=each.until) for each in step.responders
                ],
            )
            for step in found.steps
        ],
    )
