"""What is known of one visit? Who it is for, how far it is, what proves it, who could go, and what can be done now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from alerts import assigning
from alerts.model import Conflict, Missing, Refused
from alerts.visits import BEFORE_ARRIVAL, ENDED, NOBODY_GOES, VisitState
from api import audit, reading, stream
from api.auth import Responder, Viewer
from api.console import visit_words, words
from api.console.acts import NEXT_STEP
from api.console.alert import Refusal
from api.console.page import View, go, view
from api.context import Ctx, Principal
from api.problems import Problem
from api.work import seen as within_sight
from api.work import verification
from api.work.suggested import Suggestions
from api.work.verification import VisitDetail
from storage import sql

queries = sql.load("api.console")
router = APIRouter()

Scanned = Annotated[str, Query(max_length=200)]
SHOWN = 8
"""People who are suggested on the page; the list of everybody is in the dispatcher's sheet of the visits."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the visit: who, where, what for."""

    resident: str | None
    places: str | None
    kind: str | None
    test: bool | None


@dataclass(frozen=True, slots=True)
class Can:
    """What this user may do with it now. `step`: the next one, '' for none."""

    step: str
    begin: bool
    dispatch: bool
    decline: bool
    put_off: bool
    fail: bool
    cancel: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything about one visit for one user. `due_from` and `due_to`: what its form for another time begins with."""

    visit: VisitDetail
    heading: Heading
    can: Can
    suggested: Suggestions | None
    due_from: str
    due_to: str


@router.get("/visits/{visit_id}")
def show(request: Request, visit_id: str, caller: Viewer, code: Scanned = "") -> Response:
    """Show one visit. `code`: what was scanned at the door, for the step that is taken there."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        found = read(connection, seen, caller, visit_id)
        audit.record(
            connection, caller, action="read", object=f"visit {found.visit.id}", area=found.visit.area,
            now=seen.context.clock.now(),
        )  # fmt: skip
    return seen.page("visit.html", **_values(found, code=code))


def in_sight(context: Ctx, visit_id: str, caller: Viewer) -> int:
    """Return the number of a visit that this user sees. Raises Problem 404."""
    with context.pool.connection() as connection:
        return within_sight.visit(connection, caller, visit_id).id


@router.get("/visits/{visit_id}/stream")
async def follow(
    request: Request, number: Annotated[int, Depends(in_sight)], caller: Viewer, code: Scanned = ""
) -> Response:
    """Send the visit at once and on every change."""
    seen = view(request, caller)

    def render() -> str:
        shared = seen.shared()
        with shared.context.pool.connection() as connection:
            found = read(connection, shared, caller, str(number))
        return shared.html("visit_frame.html", shared.context.clock.now(), **_values(found, code=code))

    return await stream.pages(request, caller, seen.key("visit", number, code), render, seen.own)


@router.get("/my/door/{code}")
def at_door(request: Request, code: str, caller: Responder) -> Response:
    """Lead whoever scanned a door's label to his visit there. Raises Problem 404 where he has none."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        row = connection.execute(
            queries.my_visit_at_door, {"code": code.upper(), "staff_id": caller.staff_id}
        ).fetchone()
    if row is None:
        _ = seen.wording.gettext
        raise Problem(404, _("You have no open visit at this door."))
    return go(seen, f"/visits/{row[0]}?code={row[1]}")


def refused(seen: View, caller: Principal, number: int, form: str, error: Refused, again: str = "") -> Response:
    """Answer with the page, and in it why a form was refused; `again`: whom to send all the same."""
    status = 404 if isinstance(error, Missing) else 409 if isinstance(error, Conflict) else 422
    why = Refusal(form, words.refusal(seen.wording, error))
    with seen.context.pool.connection() as connection:
        found = read(connection, seen, caller, str(number))
    return seen.page("visit.html", status=status, **_values(found, refused=why, again=again))


def read(connection: Connection[Any], seen: View, caller: Principal, visit_id: str) -> Whole:
    """Return a visit with everything around it. Raises Problem 404 where this user sees no such visit."""
    held = within_sight.visit(connection, caller, visit_id)
    now, zone = seen.context.clock.now(), seen.context.settings.timezone
    found = reading.visits(connection, [held.id])[held.id][0]
    with connection.cursor(row_factory=class_row(Heading)) as cursor:
        heading = cursor.execute(queries.visit_heading, {"visit_id": held.id}).fetchone()
    assert heading is not None  # noqa: S101 - read in the same transaction
    goes = caller.may("operator") or (caller.may("responder") and held.is_of(caller))
    can = _can(
        held.state, goes=goes, operator=caller.may("operator"), has=held.staff_id is not None, alert=held.alert_id
    )
    suggested = None
    if can.dispatch:
        suggested = Suggestions.of(
            assigning.suggestions(connection, visit_id=held.id, below=caller.below, timezone=zone, now=now)
        )
        suggested.items = suggested.items[:SHOWN]
    start = max(found.due_from or now, now) + timedelta(days=1)
    length = (found.due_to - found.due_from) if found.due_from and found.due_to else timedelta(hours=1)
    return Whole(
        verification.detail(connection, held.id, found), heading, can, suggested, _typed(start, zone),
        _typed(start + length, zone),
    )  # fmt: skip


def local(text: str, timezone: str) -> datetime | None:
    """Return the instant that a form's date and time mean there; None for what is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        return None


def _typed(at: datetime, timezone: str) -> str:
    return at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%dT%H:%M")


def _can(state: VisitState, *, goes: bool, operator: bool, has: bool, alert: int | None) -> Can:
    before = state in BEFORE_ARRIVAL
    return Can(
        step=NEXT_STEP.get(state, "") if goes and has else "",
        begin=goes and state is VisitState.ARRIVED,
        dispatch=operator and before,
        decline=goes and has and before and state not in NOBODY_GOES,
        put_off=goes and before and alert is None,
        fail=goes and state not in ENDED,
        cancel=operator and before and alert is None,
    )


def _values(found: Whole, *, code: str = "", refused: Refusal | None = None, again: str = "") -> dict[str, Any]:
    return {"it": found, "code": code, "refused": refused, "again": again, "said": visit_words}
