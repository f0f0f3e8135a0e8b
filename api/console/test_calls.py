"""Which buttons has nobody tried for too long? And the form that announces a test of a home."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg.rows import class_row

from alerts.test_call import EVERY_DAYS
from api.auth import Operator, Viewer
from api.console.page import go, view
from api.paging import Page
from api.routes import test_calls
from api.routes.test_windows import announced, end_of
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/test-calls")

PAGE = 50
SHOWN = 20
FOR = timedelta(hours=1)
"""How long the button of this page announces a test for; the API takes up to two hours."""


@dataclass(frozen=True, slots=True)
class Window:
    """An announced test as the page shows it; `address`: of the home, None where a whole area tests."""

    id: int
    from_at: datetime
    to_at: datetime
    created_by: str
    address: str | None
    area: str


@router.get("")
def show(request: Request, caller: Viewer, after: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """Show what is announced, and a page of the buttons that are overdue."""
    seen = view(request, caller)
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        with connection.cursor(row_factory=class_row(Window)) as cursor:
            asked = {"now": now, "below": caller.below, "limit": SHOWN}
            windows = cursor.execute(queries.announced_tests, asked).fetchall()
        rows, following = test_calls.overdue(connection, caller, Page(PAGE, after or None), None, now)
        ids = sorted({int(row.home) for row in rows})
        places = {
            home: (area, who)
            for home, area, who in connection.execute(queries.places_of_homes, {"home_ids": ids}).fetchall()
        }
    return seen.page(
        "test_calls.html", windows=windows, rows=rows, places=places, following=following, first=not after,
        usual_days=EVERY_DAYS,
    )  # fmt: skip


@router.post("/announce")
def announce(request: Request, caller: Operator, home: Annotated[str, Form(max_length=40)]) -> Response:
    """Announce a test of a home, from now on for an hour."""
    seen = view(request, caller)
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        announced(connection, caller, home=home, area=None, start=now, end=now + FOR, now=now)
    return go(seen, "/test-calls")


@router.post("/{window_id}/end")
def end(request: Request, window_id: str, caller: Operator) -> Response:
    """End an announced test now."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        end_of(connection, caller, window_id, seen.context.clock.now())
    return go(seen, "/test-calls")
