"""Homes: an address in an area, and how to get in."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Address, Body, Code, Latitude, Longitude, Note, Patch, Text, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from devices import registry, upkeep
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/homes", tags=["registry"])

PRIVATE = frozenset({"key_note"})


class HomeBody(Body):
    """A home to be added; its place in WGS-84 degrees."""

    address: Address
    area: Code
    lat: Latitude | None = None
    lon: Longitude | None = None
    key_note: Note | None = None


class HomePatch(Patch):
    """What changes of a home."""

    address: Address = unset()
    area: Code = unset()
    lat: Latitude | None = None
    lon: Longitude | None = None
    key_note: Note | None = None


class HomeRead(BaseModel):
    """A home."""

    id: str
    address: str
    area: str
    lat: float | None
    lon: float | None
    key_note: str | None = Field(description="how to get in; null for viewers")
    created_at: datetime


@router.get("")
def list_homes(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    q: Annotated[Text | None, Query(max_length=200, description="a part of the address")] = None,
) -> Listing[HomeRead]:
    """List homes. What the list tells of keys is written down in the audit log."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_homes,
            filters={"area": reach.area_asked(connection, caller, area), "q": q},
            read_query=queries.homes_read, model=HomeRead,
        )  # fmt: skip
        found.items = [_shown(each, caller) for each in found.items]
        told = [each.id for each in found.items if each.key_note is not None]
        if told:
            detail = {"homes": told, "area": area}
            written.looked(connection, caller, "homes", area=area or caller.area, detail=detail, now=now)
        return found


@router.post("", status_code=201)
def add_home(body: HomeBody, context: Ctx, caller: Admin) -> HomeRead:
    """Add a home."""
    now = context.clock.now()
    check_place(body.lat, body.lon)
    with context.pool.connection() as connection:
        reach.area(connection, caller, body.area)
        home_id = registry.add_home(
            connection,
            area=body.area,
            address=body.address,
            lat=body.lat,
            lon=body.lon,
            key_note=body.key_note,
            now=now,
        )
        written.added(connection, caller, f"home {home_id}", area=body.area, now=now)
        return _one(connection, home_id, caller)


@router.get("/{home_id}")
def read_home(home_id: str, context: Ctx, caller: Viewer) -> HomeRead:
    """Show a home. That one looked is written down in the audit log."""
    with context.pool.connection() as connection:
        found = _one(connection, row_id(home_id), caller, asked=home_id)
        written.looked(connection, caller, f"home {home_id}", area=found.area, now=context.clock.now())
        return _shown(found, caller)


@router.patch("/{home_id}")
def change_home(home_id: str, body: HomePatch, context: Ctx, caller: Admin) -> HomeRead:
    """Change a home."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, home_id, caller)
        wanted = before.model_copy(update=body.given())
        check_place(wanted.lat, wanted.lon)
        reach.area(connection, caller, wanted.area)
        upkeep.change_home(
            connection, home_id=int(before.id), area=wanted.area, address=wanted.address, lat=wanted.lat,
            lon=wanted.lon, key_note=wanted.key_note,
        )  # fmt: skip
        written.changed(
            connection, caller, f"home {home_id}", before, wanted, area=wanted.area, private=PRIVATE, now=now
        )
        return wanted


@router.delete("/{home_id}", status_code=204)
def remove_home(home_id: str, context: Ctx, caller: Admin) -> None:
    """Remove a home where nobody lives and nothing stands any more; its history stays."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, home_id, caller)
        written.refuse_used(connection, queries.uses_of_home, {"home_id": int(found.id)}, what=f"home {home_id}")
        upkeep.remove_home(connection, int(found.id), now)
        written.removed(connection, caller, f"home {home_id}", area=found.area, now=now)


def _one(connection: Connection[Any], home_id: int | None, caller: Principal, *, asked: str | None = None) -> HomeRead:
    return reach.one(connection, queries.homes_read, home_id, HomeRead, what="home", caller=caller, asked=asked)


def _held(connection: Connection[Any], home_id: str, caller: Principal) -> HomeRead:
    """Return a home that nobody else changes until the transaction ends."""
    connection.execute(queries.hold_home, {"home_id": row_id(home_id)})
    return _one(connection, row_id(home_id), caller, asked=home_id)


def _shown(home: HomeRead, caller: Principal) -> HomeRead:
    """Return a home as the caller may see it."""
    return home if caller.may("responder") else home.model_copy(update={"key_note": None})


def check_place(lat: float | None, lon: float | None) -> None:
    """Raise Problem 422 for half a place."""
    if (lat is None) != (lon is None):
        raise invalid("lon" if lon is None else "lat", None, "is missing: lat and lon go together")
