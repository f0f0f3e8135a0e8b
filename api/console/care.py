"""Who must be seen, and who was not? The list of those due with what can be done, the cases of gaps, and the procedure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg import Connection

from alerts import dispatch
from alerts.care import procedure
from alerts.care.cases import CaseNotThere, CaseState, SamePerson
from alerts.care.standards import SHIPPED, Standard, Why, explain
from alerts.model import Refused
from alerts.texts import mark
from api.auth import Operator, Responder, Viewer
from api.console import case as people
from api.console.alert import Staff
from api.console.case import Person
from api.console.page import View, go, view
from api.context import Principal
from api.fields import Code, Note, Text
from api.paging import Page
from api.routes import care, care_cases, reach, written
from api.routes.care import DUE, OVERDUE, SOON, DueRow, SeenBody
from api.routes.care_cases import CaseRead
from storage import sql

queries = sql.load("api.console")
routes = sql.load("api.routes")
router = APIRouter(prefix="/care")

PAGE = 50
AREAS_SHOWN = 100
HOURS_AT_MOST = 24 * 14
SEEN_BY = {
    "visit": mark("visit"),
    "look": mark("look-in by video"),
    "telephone": mark("telephone"),
    "in_person": mark("in person"),
    "video": mark("video call"),
    "camera": mark("camera"),
    "not_needed": mark("not needed"),
}
CASE_STATES = {
    "found": mark("Found"),
    "assigned": mark("Assigned"),
    "made_good": mark("Made good"),
    "confirmed": mark("Confirmed"),
    "reported": mark("Reported"),
}
_REFUSALS: dict[type[Refused], str] = {
    SamePerson: mark("Whoever made it good cannot confirm it: ask a colleague."),
    CaseNotThere: mark("It has gone on meanwhile. Please look at it again."),
}
Cursor = Annotated[str, Query(max_length=1000)]
How = Annotated[Literal["telephone", "in_person", "video"], Form()]
Written = Annotated[Note, Form()]
Area = Annotated[Code | None, Query()]


@dataclass(frozen=True, slots=True)
class OfArea:
    """How many of an area are overdue, and how many are due soon."""

    code: str
    name: str
    overdue: int
    due_soon: int


@router.get("")
def show(request: Request, caller: Viewer, area: Area = None, after: Cursor = "") -> Response:
    """Show who is overdue and who is due soon, those due the longest first."""
    return _due_page(view(request, caller), caller, area, after)


@router.get("/cases")
def show_cases(request: Request, caller: Viewer, state: Annotated[str, Query(max_length=20)] = "open") -> Response:
    """Show what became of the gaps."""
    return _cases_page(view(request, caller), caller, state)


@router.get("/procedure")
def show_procedure(request: Request, caller: Viewer) -> Response:
    """Show the procedure as a page to print and hang up, with the standards that hold in the user's area."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        asked = {"below": caller.below, "path": caller.path}
        own = connection.execute(routes.list_care_standards, asked).fetchall()
    language = seen.wording.language
    shipped = [explain(language, _why(each)) for each in SHIPPED]
    set_here = [
        (area or "", explain(language, Why(days, category, risk, from_age)))
        for area, category, risk, from_age, days, _ in own
    ]
    return seen.page("care_procedure.html", shipped=shipped, own=set_here)


@router.post("/residents/{resident_id}/seen")
def note_seen(request: Request, resident_id: str, caller: Responder, how: How, text: Written = "") -> Response:
    """Write down that somebody spoke with a resident or saw him just now."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        number, area = care.in_sight(connection, caller, resident_id)
        body = SeenBody(how=how, note=text.strip() or None)
        care.noted(connection, caller, number, area, body, seen.context.clock.now(), channel="console")
    return go(seen, "/care")


@router.post("/homes/{home_id}/visit")
def ask_for_visit(
    request: Request,
    home_id: str,
    caller: Operator,
    service: Annotated[Text, Form(max_length=40)],
    within_h: Annotated[int, Form(ge=1, le=HOURS_AT_MOST)] = 24,
    staff: Staff = "",
) -> Response:
    """Ask for a visit to a home, from now on within some hours."""
    seen = view(request, caller)
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        number = reach.home(connection, caller, home_id)
        area = people_area(connection, number)
        visit_id = dispatch.request(
            connection, home_id=number, service=service, due_from=now, due_to=now + timedelta(hours=within_h),
            staff_id=people.sendable(connection, caller, staff, area) if staff else None, note=None,
            actor=caller.actor("console"), now=now,
        )  # fmt: skip
        written.added(connection, caller, f"visit {visit_id}", area=area, now=now)
    return go(seen, "/care")


@router.post("/cases/{case_id}/assign")
def assign(request: Request, case_id: str, caller: Operator, staff: Staff = "") -> Response:
    """Say who sees to a gap."""

    def deed(connection: Connection[Any], number: int, case: CaseRead, now: datetime) -> None:
        staff_id = people.sendable(connection, caller, staff, case.area)
        procedure.assign(connection, case_id=number, staff_id=staff_id, actor=caller.actor("console"), now=now)

    seen = view(request, caller)
    try:
        care_cases.do(seen.context, caller, case_id, "assign", deed)
    except Refused as error:
        return _due_page(seen, caller, None, "", error)
    return go(seen, "/care")


@router.post("/cases/{case_id}/confirm")
def confirm(request: Request, case_id: str, caller: Operator, text: Written = "") -> Response:
    """Say that a gap is made good."""

    def deed(connection: Connection[Any], number: int, _: CaseRead, now: datetime) -> None:
        procedure.confirm(
            connection, case_id=number, note=text.strip() or None, actor=caller.actor("console"), now=now
        )  # fmt: skip

    return _step(request, caller, case_id, "confirm", deed)


@router.post("/cases/{case_id}/report")
def report(request: Request, case_id: str, caller: Operator) -> Response:
    """Put a case into the list of the month in which it was found."""
    zone = view(request, caller).wording

    def deed(connection: Connection[Any], number: int, case: CaseRead, now: datetime) -> None:
        month = zone.day_of(case.found_at)
        procedure.report(connection, case_id=number, month=month, actor=caller.actor("console"), now=now)

    return _step(request, caller, case_id, "report", deed)


def people_area(connection: Connection[Any], home_id: int) -> str:
    """Return the code of a home's area."""
    row = connection.execute(routes.home_path, {"home_id": home_id}).fetchone()
    return str(row[0]).strip("/").rsplit("/", 1)[-1] if row else ""


def _step(request: Request, caller: Principal, case_id: str, action: str, deed: care_cases.Deed) -> Response:
    seen = view(request, caller)
    try:
        care_cases.do(seen.context, caller, case_id, action, deed)
    except Refused as error:
        return _cases_page(seen, caller, "open", error)
    return go(seen, "/care/cases")


def _due_page(seen: View, caller: Principal, area: str | None, after: str, error: Refused | None = None) -> Response:
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        path = reach.area_asked(connection, caller, area)
        rows, following = care.due(
            connection, caller, Page(PAGE, after or None), path, [OVERDUE, DUE], ahead=SOON, now=now
        )  # fmt: skip
        care.note_shown(connection, caller, rows, area, now)
        asked = {"now": now, "until": now + SOON, "below": caller.below, "limit": AREAS_SHOWN}
        areas = [OfArea(*row) for row in connection.execute(queries.count_care_due, asked).fetchall()]
        staff: list[Person] = []
        services: list[tuple[str, str, str | None]] = []
        if caller.may("operator"):
            near = {"area": area or caller.area, "below": caller.below}
            found = connection.execute(queries.people_near, near).fetchall()
            staff = [Person(staff_id, name, where, on_call=False) for staff_id, name, where in found]
            services = connection.execute(queries.services_to_ask_for).fetchall()
    parts = [
        (OVERDUE, _by_area([row for row in rows if row.due_at <= now])),
        (DUE, _by_area([row for row in rows if row.due_at > now])),
    ]
    return seen.page(
        "care.html", status=409 if error else 200, parts_of=parts, areas=areas, area=area, following=following,
        first=not after, people=staff, services=services, seen_by=SEEN_BY, refused=_words(seen, error),
        reason=lambda row: explain(seen.wording.language, row.reason),
        totals=(sum(each.overdue for each in areas), sum(each.due_soon for each in areas)),
    )  # fmt: skip


def _cases_page(seen: View, caller: Principal, state: str, error: Refused | None = None) -> Response:
    states = [each for each in CaseState if each is not CaseState.REPORTED] if state != CaseState.REPORTED else [state]
    with seen.context.pool.connection() as connection:
        asked = {
            "below": caller.below, "within": None, "from": None, "to": None, "month": None,
            "states": [str(each) for each in states], "after_at": None, "after_id": None, "limit": PAGE,
        }  # fmt: skip
        ids = [row[1] for row in connection.execute(routes.list_care_cases, asked).fetchall()]
        found = reach.read(connection, routes.care_cases_read, ids, CaseRead)
    shown = [found[str(each)][0] for each in ids]
    return seen.page(
        "care_cases.html", status=409 if error else 200, cases=shown, state=state, names=CASE_STATES, seen_by=SEEN_BY,
        refused=_words(seen, error),
    )  # fmt: skip


def _by_area(rows: list[DueRow]) -> list[tuple[str, list[DueRow]]]:
    """Return the rows under their areas' names, the area with the longest due first."""
    found: dict[str, list[DueRow]] = {}
    for row in rows:
        found.setdefault(row.area_name, []).append(row)
    return list(found.items())


def _why(standard: Standard) -> Why:
    return Why(standard.every_days, standard.category, standard.risk, standard.from_age)


def _words(seen: View, error: Refused | None) -> str:
    """Return why a form was refused; '' where none was. Raises it again where it is no fault of the form."""
    if error is None:
        return ""
    for each in type(error).__mro__:
        if each in _REFUSALS:
            return seen.wording.gettext(_REFUSALS[each])
    raise error
