"""Test calls: which buttons has nobody tried for too long, and how long is that? A press that a person closed has tried one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from alerts import test_windows
from alerts.test_call import EVERY_DAYS
from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Instant, Whole
from api.paging import Listing, Page, Paging
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(tags=["registry"])


class OverdueRead(BaseModel):
    """A button that nobody has tried within its area's period; `last_test_at`: null where it never was at its home."""

    device: str
    kind: str
    home: str
    area: str
    last_test_at: Instant | None
    due_since: Instant
    every_days: int


class PeriodBody(Body):
    """How often each button of an area, and of all below it, is to be tried."""

    every_days: Annotated[Whole, Field(ge=1, le=366)]


class PeriodRead(PeriodBody):
    """An area's own period."""

    area: str


class Periods(BaseModel):
    """The areas with a period of their own; `usual_days` holds wherever there is none."""

    usual_days: int
    items: list[PeriodRead]


@dataclass(frozen=True, slots=True)
class Overdue:
    """A row of the list; `since`: untried since then."""

    since: datetime
    uid: str
    kind: str
    home: str
    area: str
    last_test_at: datetime | None
    every_days: int

    @property
    def due_since(self) -> datetime:
        """When it should have been tried."""
        return self.since + timedelta(days=self.every_days)


@router.get("/test-calls/overdue")
def list_overdue(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
) -> Listing[OverdueRead]:
    """List the buttons that should have been tried by now, those untried the longest first."""
    with context.pool.connection() as connection:
        path = reach.area_asked(connection, caller, area)
        rows, following = overdue(connection, caller, page, path, context.clock.now())
    return Listing(
        items=[
            OverdueRead(
                device=row.uid, kind=row.kind, home=row.home, area=row.area, last_test_at=row.last_test_at,
                due_since=row.due_since, every_days=row.every_days,
            )
            for row in rows
        ],
        next=following,
    )  # fmt: skip


@router.get("/test-periods")
def list_periods(context: Ctx, caller: Viewer) -> Periods:
    """Show how often buttons are to be tried."""
    with context.pool.connection() as connection:
        return Periods(usual_days=EVERY_DAYS, items=_periods(connection, caller))


@router.put("/test-periods/{area}")
def set_period(area: Code, body: PeriodBody, context: Ctx, caller: Admin) -> PeriodRead:
    """Give an area its own period."""
    _set(context, caller, area, body.every_days)
    return PeriodRead(area=area, every_days=body.every_days)


@router.delete("/test-periods/{area}", status_code=204)
def drop_period(area: Code, context: Ctx, caller: Admin) -> None:
    """Take an area's own period away: the one of the area above holds, or the usual one."""
    _set(context, caller, area, None)


def overdue(
    connection: Connection[Any], caller: Principal, page: Page, path: str | None, now: datetime
) -> tuple[list[Overdue], str | None]:
    """Return a page of the overdue buttons that the caller sees, and the cursor of the next page."""
    since, uid = page.after(datetime, str)
    asked = {
        "below": caller.below, "area": path, "usual_days": EVERY_DAYS, "now": now, "after_since": since,
        "after_uid": uid, "limit": page.rows,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(Overdue)) as cursor:
        rows = cursor.execute(queries.list_overdue_tests, asked).fetchall()
    return page.cut(rows, lambda row: (row.since, row.uid))


def _set(context: Ctx, caller: Principal, area: str, every_days: int | None) -> None:
    with context.pool.connection() as connection:
        reach.area(connection, caller, area)
        before = _periods(connection, caller, area)
        test_windows.set_period(connection, area=area, every_days=every_days)
        after = _periods(connection, caller, area)
        written.changed(
            connection, caller, f"test period {area}", Periods(usual_days=EVERY_DAYS, items=before),
            Periods(usual_days=EVERY_DAYS, items=after), area=area, now=context.clock.now(),
        )  # fmt: skip


def _periods(connection: Connection[Any], caller: Principal, area: str | None = None) -> list[PeriodRead]:
    rows = connection.execute(queries.test_periods, {"below": caller.below, "area": area}).fetchall()
    return [PeriodRead(area=code, every_days=every_days) for code, every_days in rows]
