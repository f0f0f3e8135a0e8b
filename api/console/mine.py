"""What am I to do next? A care worker's own page on his phone: one thing at a time, one big button."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from api import audit, stream
from api.auth import Responder
from api.console import case, static, swaps, visit_words
from api.console.page import View, view
from api.console.ways import route
from api.context import Principal
from api.problems import Problem
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/my")


@dataclass(frozen=True, slots=True)
class VisitFile:
    """A visit on demand, with what one must know at the door."""

    id: int
    state: str
    due_from: datetime | None
    due_to: datetime | None
    note: str | None
    requested_at: datetime
    accepted_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    service: str | None
    service_en: str | None
    resident: str | None
    birth_date: date | None
    phone: str | None
    notes: str | None
    contacts: list[dict[str, str]] | None
    address: str | None
    key_note: str | None
    lat: float | None
    lon: float | None
    places: str | None

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.places, self.address) if part)

    @property
    def may_wait(self) -> bool:
        """Whether it is not begun."""
        return self.state in ("assigned", "accepted", "put_off")


@dataclass(frozen=True, slots=True)
class Work:
    """All that is mine. `calls`: alerts that wait for my answer; `alerts` and `visits` begin with what I have begun, and

    go on by when they are due; `later`: visits of another day, without what one must know at the door.
    """

    calls: list[case.Case]
    alerts: list[case.Case]
    visits: list[VisitFile]
    later: list[VisitFile]
    swaps: list[swaps.Asked]


@router.get("")
def show(request: Request, caller: Responder) -> Response:
    """Show what is to be done next."""
    seen = view(request, caller)
    work = _read(seen, caller)
    if work is not None:
        with seen.context.pool.connection() as connection:
            for each in (*work.calls, *work.alerts):
                case.note_look(connection, caller, each, seen.context.clock.now())
            for visit in work.visits:
                audit.record(
                    connection, caller, action="read", object=f"visit {visit.id}", now=seen.context.clock.now()
                )
    response = seen.page(
        "my.html", work=work, route=route, said=visit_words, assets=[seen.url(each) for each in static.addresses()]
    )
    if work is not None:
        # a phone keeps this page for when there is no line (js/sw.js), as long as it is this user's
        response.headers["x-anju-user"] = str(caller.user_id)
    return response


@router.get("/stream")
async def follow(request: Request, caller: Responder) -> Response:
    """Send the page at once and on every change."""
    seen = view(request, caller)

    def render() -> str:
        shared = seen.shared()
        return shared.html(
            "my_frame.html", shared.context.clock.now(), work=_read(shared, caller), route=route, said=visit_words
        )

    return await stream.pages(request, caller, seen.key("my", caller.user_id), render, seen.own)


def _read(seen: View, caller: Principal) -> Work | None:
    """Return a staff member's work; None for a user who is not one."""
    if caller.staff_id is None:
        return None
    now = seen.context.clock.now()
    me = {"staff_id": caller.staff_id, "name": caller.name}
    with seen.context.pool.connection() as connection:
        calls = [row[0] for row in connection.execute(queries.my_calls, me).fetchall()]
        visits = connection.execute(queries.my_visits, me).fetchall()
        taken = [alert_id for _, alert_id in visits if alert_id is not None]
        taken += [row[0] for row in connection.execute(queries.my_alerts_without_visit, me).fetchall()]
        files = [_visit(connection, visit_id) for visit_id, alert_id in visits if alert_id is None]
        today = seen.wording.day_of(now)
        later = [each for each in files if each.may_wait and seen.wording.day_of(each.due_from or now) > today]
        return Work(
            calls=_cases(connection, caller, calls, now),
            alerts=_cases(connection, caller, taken, now),
            visits=[each for each in files if each not in later],
            later=later,
            swaps=swaps.asked_of(connection, caller.staff_id, now),
        )


def _cases(connection: Connection[Any], caller: Principal, ids: list[int], now: datetime) -> list[case.Case]:
    found = []
    for alert_id in ids:
        try:
            found.append(case.read(connection, caller, alert_id, now))
        except Problem:
            # told by telephone, but of an area that his user does not see: the office must mend his area
            continue
    return found


def _visit(connection: Connection[Any], visit_id: int) -> VisitFile:
    with connection.cursor(row_factory=class_row(VisitFile)) as cursor:
        found = cursor.execute(queries.visit_file, {"visit_id": visit_id}).fetchone()
    assert found is not None  # noqa: S101 - read in the same transaction
    return found
