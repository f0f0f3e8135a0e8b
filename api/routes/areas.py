"""The tree of areas: city, county, township, village."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Name, Patch, Text, unset
from api.paging import Listing, Paging
from api.problems import Problem
from api.routes import reach, written
from devices import registry, upkeep
from devices.registry import Level
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/areas", tags=["registry"])


class AreaBody(Body):
    """An area to be added; without a parent it is the root of a tree of its own."""

    code: Code
    name: Name
    level: Level
    parent: Code | None = None


class AreaPatch(Patch):
    """What changes of an area; with another parent all that lies below moves along."""

    name: Name = unset()
    level: Level = unset()
    parent: Code | None = None
    shift_test: bool = unset()


class AreaRead(BaseModel):
    """An area."""

    id: str
    code: str
    name: str
    level: str
    parent: str | None
    shift_test: bool = Field(description="whether a text tries every phone when a shift begins here")


@router.get("")
def list_areas(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="it and all below it")] = None,
    parent: Annotated[Code | None, Query(description="only those right below")] = None,
    level: Level | None = None,
    q: Annotated[Text | None, Query(max_length=200, description="how the name begins")] = None,
) -> Listing[AreaRead]:
    """List the areas that one sees, each before those below it."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=str, caller=caller, query=queries.list_areas,
            filters={
                "area": reach.area_asked(connection, caller, area), "parent": parent, "level": level, "q": q
            },
            read_query=queries.areas_read, model=AreaRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_area(body: AreaBody, context: Ctx, caller: Admin) -> AreaRead:
    """Add an area below one of one's own."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        _parent_within(connection, caller, body.parent)
        registry.add_area(connection, code=body.code, name=body.name, level=body.level, parent=body.parent)
        written.added(connection, caller, f"area {body.code}", area=body.code, now=now)
        return _one(connection, body.code, caller)


@router.get("/{code}")
def read_area(code: str, context: Ctx, caller: Viewer) -> AreaRead:
    """Show an area."""
    with context.pool.connection() as connection:
        return _one(connection, code, caller)


@router.patch("/{code}")
def change_area(code: str, body: AreaPatch, context: Ctx, caller: Admin) -> AreaRead:
    """Change an area. To move it one must see where it lay and where it is to lie."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        registry.hold_tree(connection)
        before = _one(connection, code, caller)
        wanted = before.model_copy(update=body.given())
        if wanted.parent != before.parent:
            if before.parent is None or caller.area == code:
                reach.over_everything(caller, f"to move area {code}")
            _parent_within(connection, caller, wanted.parent)
        upkeep.change_area(connection, code=code, name=wanted.name, level=wanted.level, parent=wanted.parent)
        connection.execute(queries.set_shift_test, {"code": code, "shift_test": wanted.shift_test})
        written.changed(connection, caller, f"area {code}", before, wanted, area=code, now=now)
        return _one(connection, code, caller)


@router.delete("/{code}", status_code=204)
def remove_area(code: str, context: Ctx, caller: Admin) -> None:
    """Remove an area that nothing lies in or names, nor ever did."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        registry.hold_tree(connection)
        connection.execute(queries.hold_area, {"code": code})
        here = _one(connection, code, caller)
        written.refuse_used(connection, queries.uses_of_area, {"code": code}, what=f"area {code}")
        upkeep.remove_area(connection, code)
        written.removed(connection, caller, f"area {code}", area=here.parent, now=now)


def _one(connection: Connection[Any], code: str, caller: Principal) -> AreaRead:
    if not registry.is_area_code(code):
        raise Problem(404, f"area {code!r}: there is none with that code")
    return reach.one(connection, queries.areas_read, code, AreaRead, what="area", caller=caller)


def _parent_within(connection: Connection[Any], caller: Principal, parent: str | None) -> None:
    """Raise a Problem unless the caller may put something there: a root is nobody's but theirs who see everything."""
    if parent is None:
        reach.over_everything(caller, "an area without a parent")
    else:
        reach.area(connection, caller, parent, field="parent")
