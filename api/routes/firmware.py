"""Which firmware is wanted of which devices? The nearest area's version holds, its model's before its kind's."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from psycopg.rows import class_row
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Name
from api.problems import Problem
from api.routes import reach, written
from devices import condition, firmware
from devices.condition import Scope
from devices.wiring import Kind
from storage import sql

queries = sql.load("devices")
router = APIRouter(prefix="/firmware", tags=["registry"])


def _comparable(version: str) -> str:
    if not firmware.is_readable(version):
        raise PydanticCustomError("not_a_version", "is no version that can be compared; write for example 1.4.2")
    return version


Version = Annotated[Name, Field(max_length=100), AfterValidator(_comparable)]


class WantedBody(Body):
    """A version that is wanted of the devices of an area, a kind or a model; what is left out is of all."""

    area: Code | None = None
    kind: Kind | None = None
    model: Name | None = None
    version: Version


class WantedRead(BaseModel):
    """A version that is wanted; an older one is the problem `firmware_outdated`."""

    area: str | None
    kind: str | None
    model: str | None
    version: str
    set_at: datetime


class AllWanted(BaseModel):
    """The versions that are wanted of devices that one sees, the widest first."""

    items: list[WantedRead]


@router.get("")
def list_wanted(context: Ctx, caller: Viewer) -> AllWanted:
    """List which firmware is wanted of the devices that one sees, also by areas above one's own."""
    with context.pool.connection() as connection, connection.cursor(row_factory=class_row(WantedRead)) as cursor:
        return AllWanted(items=cursor.execute(queries.wanted_in_sight, {"path": caller.path}).fetchall())


@router.put("")
def want(body: WantedBody, context: Ctx, caller: Admin) -> WantedRead:
    """Want a version, in the place of the one wanted of the same devices so far."""
    now = context.clock.now()
    scope = Scope(body.area, body.kind, body.model)
    with context.pool.connection() as connection:
        _reach(caller, scope.area)
        if scope.area is not None:
            reach.area(connection, caller, scope.area)
        condition.want_firmware(connection, scope, body.version, now)
        written.added(connection, caller, _named(scope), area=scope.area, detail={"version": body.version}, now=now)
    return WantedRead(**body.model_dump(), set_at=now)


@router.delete("", status_code=204)
def want_no_more(
    context: Ctx, caller: Admin, area: Code | None = None, kind: Kind | None = None, model: Name | None = None
) -> None:
    """Want no version of these devices any more; a wider one may still hold for them."""
    now = context.clock.now()
    scope = Scope(area, kind, model)
    with context.pool.connection() as connection:
        _reach(caller, scope.area)
        if scope.area is not None:
            reach.area(connection, caller, scope.area)
        if not condition.want_no_firmware(connection, scope, now):
            raise Problem(404, f"{_named(scope)}: none is wanted; see GET /firmware")
        written.removed(connection, caller, _named(scope), area=scope.area, now=now)


def _reach(caller: Principal, area: str | None) -> None:
    """Raise Problem 403 where it would hold for areas that are not his."""
    if area is None:
        reach.over_everything(caller, "firmware that is wanted everywhere")


def _named(scope: Scope) -> str:
    parts = (scope.area, scope.kind, scope.model)
    return "firmware " + "/".join("*" if part is None else part for part in parts)
