"""Can I take a shift for somebody? What one is asked on one's own page, and the two buttons that answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from alerts import swaps
from alerts.model import Conflict
from api.auth import Responder
from api.console.page import go, view
from api.context import Principal
from api.fields import row_id
from api.problems import missing
from api.routes import written
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/my/swaps")


@dataclass(frozen=True, slots=True)
class Asked:
    """A swap that waits for my answer; `asker`: for whom."""

    id: int
    rota: str
    area: str
    asker: str
    start: datetime
    end: datetime


def asked_of(connection: Connection[Any], staff_id: int, now: datetime) -> list[Asked]:
    """Return what a staff member is asked and has not answered."""
    with connection.cursor(row_factory=class_row(Asked)) as cursor:
        return cursor.execute(queries.my_swaps, {"staff_id": staff_id, "now": now}).fetchall()


@router.post("/{swap_id}/accept")
def accept(request: Request, swap_id: str, caller: Responder) -> Response:
    """Take it."""
    return _answer(request, swap_id, caller, "accept", swaps.accept)


@router.post("/{swap_id}/decline")
def decline(request: Request, swap_id: str, caller: Responder) -> Response:
    """Say no to it."""
    return _answer(request, swap_id, caller, "decline", swaps.decline)


def _answer(
    request: Request, swap_id: str, caller: Principal, action: str, verb: Callable[..., None]
) -> Response:  # fmt: skip
    seen = view(request, caller)
    now, settings = seen.context.clock.now(), seen.context.settings
    with seen.context.pool.connection() as connection:
        mine = asked_of(connection, caller.staff_id, now) if caller.staff_id is not None else []
        found = next((each for each in mine if each.id == row_id(swap_id)), None)
        if found is None:
            if not connection.execute(
                queries.was_asked, {"swap_id": row_id(swap_id), "staff_id": caller.staff_id}
            ).fetchone():
                raise missing("swap", swap_id)
            # sent twice, or decided meanwhile: the page shows how it stands
            return go(seen, "/my")
        manner = swaps.Manner(settings.locale, settings.sms)
        try:
            verb(connection, swap_id=found.id, actor=caller.actor("console"), manner=manner, now=now)
            written.done(connection, caller, action, f"swap {found.id}", area=found.area, now=now)
        except Conflict:
            # decided in this moment by somebody else
            connection.rollback()
    return go(seen, "/my")
