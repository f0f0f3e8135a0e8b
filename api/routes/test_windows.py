"""Test windows: when a home or an area tries its buttons. The first press of each device in one is told as a test."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, ConfigDict, Field

from alerts import test_windows
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Instant, row_id
from api.paging import Listing, Paging
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/test-windows", tags=["registry"])


class TestWindowBody(Body):
    """A test to be announced, for at most two hours; of a home, or of an area and all below it. `from`: now unless given."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    home: Id | None = None
    area: Code | None = None
    start: Instant | None = Field(default=None, alias="from")
    end: Instant = Field(alias="to")


class TestWindowRead(BaseModel):
    """An announced test."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: str
    home: str | None
    area: str | None
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    created_by: str
    created_at: Instant


@router.get("")
def list_windows(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="of it or of what lies below it")] = None,
    start: Annotated[Instant | None, Query(alias="from", description="not over by then; now unless given")] = None,
) -> Listing[TestWindowRead]:
    """List tests that are announced for now or later."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_test_windows,
            filters={"area": reach.area_asked(connection, caller, area), "from": start or context.clock.now()},
            read_query=queries.test_windows_read, model=TestWindowRead,
        )  # fmt: skip


@router.post("", status_code=201)
def announce(body: TestWindowBody, context: Ctx, caller: Operator) -> TestWindowRead:
    """Announce a test. A second press of the same device, and a fall, are calls for help all the same."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        window_id = announced(
            connection, caller, home=body.home, area=body.area, start=body.start or now, end=body.end, now=now
        )
        return _one(connection, window_id, caller)


@router.get("/{window_id}")
def read_window(window_id: str, context: Ctx, caller: Viewer) -> TestWindowRead:
    """Show an announced test."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(window_id), caller, asked=window_id)


@router.delete("/{window_id}", status_code=204)
def end_window(window_id: str, context: Ctx, caller: Operator) -> None:
    """End a test now: every press from here on is a call for help."""
    with context.pool.connection() as connection:
        end_of(connection, caller, window_id, context.clock.now())


def end_of(connection: Connection[Any], caller: Principal, window_id: str, now: datetime) -> None:
    """End a test window within the caller's area, and write down who did. Raises Problem 404."""
    connection.execute(queries.hold_test_window, {"window_id": row_id(window_id)})
    found = _one(connection, row_id(window_id), caller, asked=window_id)
    area = _area_of(connection, int(found.id))
    test_windows.end(connection, window_id=int(found.id), now=now)
    written.removed(connection, caller, f"test window {window_id}", area=area, now=now)


def announced(
    connection: Connection[Any],
    caller: Principal,
    *,
    home: str | None,
    area: str | None,
    start: datetime,
    end: datetime,
    now: datetime,
) -> int:
    """Announce a test within the caller's area, and write down who did; returns its id."""
    home_id = None if home is None else reach.home(connection, caller, home)
    if area is not None:
        reach.area(connection, caller, area)
    window_id = test_windows.announce(
        connection, area=area, home_id=home_id, start=start, end=end, actor=caller.actor(), now=now
    )
    written.added(
        connection, caller, f"test window {window_id}", area=_area_of(connection, window_id),
        detail={"home": home} if home is not None else None, now=now,
    )  # fmt: skip
    return window_id


def _area_of(connection: Connection[Any], window_id: int) -> str | None:
    row = connection.execute(queries.area_of_test_window, {"window_id": window_id}).fetchone()
    return str(row[0]) if row else None


def _one(
    connection: Connection[Any], window_id: int | None, caller: Principal, *, asked: str | None = None
) -> TestWindowRead:
    return reach.one(
        connection, queries.test_windows_read, window_id, TestWindowRead, what="test window", caller=caller, asked=asked
    )
