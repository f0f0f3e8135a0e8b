"""Services: what a visit can be for. They are the same everywhere."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Name, Patch, Text, Whole, Word, unset
from api.paging import Listing, Paging
from api.problems import Problem, conflict, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/services", tags=["registry"])

ServiceCode = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
_CODE = re.compile(r"[a-z0-9_-]{1,40}")
Minutes = Annotated[Whole, Field(ge=1, le=24 * 60)]
Days = Annotated[Whole, Field(ge=1, le=3660, description="how often whoever has it usually gets it")]


class ServiceBody(Body):
    """A service to be added; its name in Chinese, and in English for those who read that."""

    code: ServiceCode
    name: Name
    name_en: Name | None = None
    usual_minutes: Minutes | None = None
    needs: Word | None = Field(default=None, description="the skill that whoever does it has; null: anybody may")
    every_days: Days | None = None


class ServicePatch(Patch):
    """What changes of a service."""

    name: Name = unset()
    name_en: Name | None = None
    usual_minutes: Minutes | None = None
    needs: Word | None = Field(default=None, description="the skill that whoever does it has; null: anybody may")
    every_days: Days | None = None


class ServiceRead(BaseModel):
    """A service."""

    id: str
    code: str
    name: str
    name_en: str | None
    usual_minutes: int | None
    needs: str | None
    every_days: int | None


@router.get("")
def list_services(
    context: Ctx,
    _caller: Viewer,
    page: Paging,
    q: Annotated[Text | None, Query(max_length=200, description="how the name begins")] = None,
) -> Listing[ServiceRead]:
    """List services, in the order of their codes."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=str, caller=_caller, query=queries.list_services, filters={"q": q},
            read_query=queries.services_read, model=ServiceRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_service(body: ServiceBody, context: Ctx, caller: Admin) -> ServiceRead:
    """Add a service, again one that was removed, or one's own in place of one that came with Anju."""
    now = context.clock.now()
    _for_all(caller)
    with context.pool.connection() as connection:
        if connection.execute(queries.insert_service, body.model_dump()).rowcount == 0:
            raise conflict(f"service {body.code} is there already; choose another code, or PATCH that one")
        written.added(connection, caller, f"service {body.code}", area=None, now=now)
        return _one(connection, body.code)


@router.get("/{code}")
def read_service(code: str, context: Ctx, _caller: Viewer) -> ServiceRead:
    """Show a service."""
    with context.pool.connection() as connection:
        return _one(connection, code)


@router.patch("/{code}")
def change_service(code: str, body: ServicePatch, context: Ctx, caller: Admin) -> ServiceRead:
    """Change a service."""
    now = context.clock.now()
    _for_all(caller)
    with context.pool.connection() as connection:
        before = _held(connection, code)
        wanted = before.model_copy(update=body.given())
        connection.execute(queries.set_service, wanted.model_dump(exclude={"id"}))
        written.changed(connection, caller, f"service {code}", before, wanted, area=None, now=now)
        return wanted


@router.delete("/{code}", status_code=204)
def remove_service(code: str, context: Ctx, caller: Admin) -> None:
    """Remove a service for which nobody waits any more; visits that were made for it keep it."""
    now = context.clock.now()
    _for_all(caller)
    with context.pool.connection() as connection:
        _held(connection, code)
        written.refuse_used(connection, queries.uses_of_service, {"code": code}, what=f"service {code}")
        connection.execute(queries.remove_service, {"code": code, "now": now})
        written.removed(connection, caller, f"service {code}", area=None, now=now)


def _one(connection: Connection[Any], code: str) -> ServiceRead:
    ids = [code] if _CODE.fullmatch(code) else []
    found, _ = reach.read(connection, queries.services_read, ids, ServiceRead).get(code, (None, None))
    if found is None:
        raise missing("service", code)
    return found


def _held(connection: Connection[Any], code: str) -> ServiceRead:
    """Return a service that nobody else changes until the transaction ends."""
    if _CODE.fullmatch(code):
        connection.execute(queries.hold_service, {"code": code})
    return _one(connection, code)


def _for_all(caller: Principal) -> None:
    """Raise Problem 403 for an administrator of a part: services are everybody's."""
    if not caller.top:
        raise Problem(403, f"services are the same everywhere; you are an administrator within {caller.area} only")
