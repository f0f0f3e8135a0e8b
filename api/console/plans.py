"""Which visits come again, and when is the next? The page of plans, the form that begins one, and a plan's own days."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from alerts import plan_words, planning
from alerts.model import Conflict, Refused
from alerts.texts import mark
from api.auth import Operator, Viewer
from api.console import homes
from api.console.page import View, go, view
from api.console.refusals import typed
from api.context import Principal
from api.fields import row_id
from api.problems import Problem, invalid, missing
from api.routes import plans as routes
from api.routes import written
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/plans")

PAGE = 50
PAYERS = {
    "self": mark("Paid by himself"), "government": mark("Paid by the government"), "points": mark("Paid in points"),
    "gift": mark("A gift"),
}  # fmt: skip
Typed = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True, slots=True)
class PlanShown:
    """A plan as the page shows it."""

    id: int
    home_id: int
    area: str
    address: str
    places: str | None
    resident: str | None
    service: str
    service_en: str | None
    rule: str
    start_time: time
    minutes: int
    timezone: str
    from_day: date
    until_day: date | None
    staff: str | None
    payer: str | None
    fee: str | None
    note: str | None
    paused_at: datetime | None
    paused_why: str | None
    ended_at: datetime | None

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.places, self.address) if part)

    def said(self, language: str) -> str:
        """Return when it comes, in words."""
        return plan_words.said(language, self.rule, self.start_time, self.from_day)


@router.get("")
def show(
    request: Request,
    caller: Viewer,
    home: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> Response:
    """Show the plans that go on; where a home is chosen, its own, and the form that begins one."""
    seen = view(request, caller)
    return seen.page("plans.html", **_read(seen, caller, home=home, q=q, after=after))


@router.post("")
def begin(
    request: Request,
    caller: Operator,
    home: Typed = "",
    service: Typed = "",
    pattern: Typed = "",
    days: Annotated[list[str] | None, Form(max_length=7)] = None,
    every: Typed = "",
    month_day: Typed = "",
    own: Typed = "",
    start: Typed = "",
    minutes: Typed = "",
    first: Typed = "",
    last: Typed = "",
    staff: Typed = "",
    payer: Typed = "",
    fee: Typed = "",
    note: Typed = "",
) -> Response:
    """Begin a plan as the form says."""
    seen = view(request, caller)
    context = seen.context
    try:
        rule = plan_words.rule_of(
            pattern, days=days or [], every=_whole(every, "every"), month_day=_whole(month_day, "month_day"), own=own
        )
        body = typed(
            routes.PlanBody,
            {
                "home": home, "service": service, "rule": rule, "start": start, "from": first, "until": last, "staff": staff,
                "payer": payer, "fee": fee, "note": note,
            },
        )  # fmt: skip
        body = body.model_copy(update={"minutes": _whole(minutes, "minutes")})
        if not 1 <= body.minutes <= 24 * 60:
            raise invalid("minutes", body.minutes, "is none of 1 to 1440 minutes")
        with context.pool.connection() as connection:
            routes.begin(connection, caller, body, context)
    except (Refused, Problem) as error:
        if isinstance(error, Problem) and error.status != 422:
            raise
        why = _refused(seen, error)
        return seen.page("plans.html", status=422, **_read(seen, caller, home=home, why=why))
    return go(seen, f"/plans?home={row_id(home) or ''}")


@router.get("/{plan_id}")
def show_one(request: Request, plan_id: str, caller: Viewer) -> Response:
    """Show a plan, and the days that it comes on."""
    seen = view(request, caller)
    return seen.page("plan.html", **_read_one(seen, caller, plan_id))


@router.post("/{plan_id}/pause")
def pause(request: Request, plan_id: str, caller: Operator) -> Response:
    """Let it make no visits until it goes on."""
    return _do(
        request, caller, plan_id, lambda connection, seen: _change(connection, seen, plan_id, caller, paused=True)
    )


@router.post("/{plan_id}/go-on")
def go_on(request: Request, plan_id: str, caller: Operator) -> Response:
    """Let it make visits again."""
    return _do(
        request, caller, plan_id, lambda connection, seen: _change(connection, seen, plan_id, caller, paused=False)
    )


@router.post("/{plan_id}/end")
def end(request: Request, plan_id: str, caller: Operator) -> Response:
    """End it: visits ahead that nobody took are cancelled."""
    return _do(
        request,
        caller,
        plan_id,
        lambda connection, seen: routes.ended(connection, plan_id, seen.context, caller),
        "/plans",
    )


@router.post("/{plan_id}/otherwise")
def otherwise(
    request: Request,
    plan_id: str,
    caller: Operator,
    occurrence: Annotated[str, Form(max_length=40)],
    moved_to: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Skip one of its days, or move it to a time on the home's own clock."""

    def deed(connection: Connection[Any], seen: View) -> None:
        plan = routes.read(connection, plan_id, caller)
        body = typed(
            routes.Otherwise,
            {"occurrence": occurrence, "moved_to": _local(moved_to, plan.timezone) if moved_to else ""},
        )
        routes.otherwise(connection, plan, body, seen.context, caller)

    return _do(request, caller, plan_id, deed)


def _change(connection: Connection[Any], seen: View, plan_id: str, caller: Principal, *, paused: bool) -> None:
    routes.changed(connection, plan_id, routes.PlanPatch(paused=paused), seen.context, caller)


def _do(
    request: Request, caller: Principal, plan_id: str, deed: Callable[[Connection[Any], View], object], to: str = ""
) -> Response:
    seen = view(request, caller)
    try:
        with seen.context.pool.connection() as connection:
            deed(connection, seen)
    except planning.PlanEnded:
        # sent twice: the page shows how it stands
        return go(seen, "/plans")
    except (Refused, Problem) as error:
        if isinstance(error, Problem) and error.status != 422:
            raise
        why = _refused(seen, error)
        status = 409 if isinstance(error, Conflict) else 422
        return seen.page("plan.html", status=status, **_read_one(seen, caller, plan_id, why))
    return go(seen, to or f"/plans/{row_id(plan_id)}")


def _read(seen: View, caller: Principal, *, home: str, q: str = "", after: int = 0, why: str = "") -> dict[str, Any]:
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        chosen = homes.chosen(connection, caller, home, now) if home else None
        rows = _plans(connection, caller, home_id=chosen.id if chosen else None, after=after)
        services = connection.execute(queries.services_to_choose).fetchall()
        people: list[Any] = []
        if caller.may("operator") and chosen is not None:
            asked = {"area": chosen.area, "below": caller.below}
            people = connection.execute(queries.people_near, asked).fetchall()
        _note_look(connection, caller, rows, now)
    found = homes.find(seen, caller, q) if q and caller.may("operator") else []
    return {
        "plans": rows[:PAGE], "following": rows[PAGE - 1].id if len(rows) > PAGE else None, "first": not after,
        "home": chosen, "homes": found, "sought": q, "onward": "/plans", "services": services, "people": people, "why": why,
        "patterns": plan_words.PATTERNS, "weekdays": plan_words.DAYS, "payers": PAYERS,
        "today": now.astimezone(ZoneInfo(seen.wording.timezone)).date(),
    }  # fmt: skip


def _read_one(seen: View, caller: Principal, plan_id: str, why: str = "") -> dict[str, Any]:
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        rows = _plans(connection, caller, plan_id=row_id(plan_id) or 0)
        if not rows:
            raise missing("plan", plan_id)
        plan = routes.read(connection, plan_id, caller)
        days = routes.occurrences(connection, plan, now, now + routes.USUAL_LOOK)
        _note_look(connection, caller, rows, now)
    return {"plan": rows[0], "days": days, "why": why, "payers": PAYERS}


def _plans(
    connection: Connection[Any],
    caller: Principal,
    *,
    plan_id: int | None = None,
    home_id: int | None = None,
    after: int = 0,
) -> list[PlanShown]:
    with connection.cursor(row_factory=class_row(PlanShown)) as cursor:
        asked = {
            "below": caller.below, "plan_id": plan_id, "home_id": home_id, "after": after, "limit": PAGE + 1,
        }  # fmt: skip
        return cursor.execute(queries.plans_shown, asked).fetchall()


def _note_look(connection: Connection[Any], caller: Principal, rows: list[PlanShown], now: datetime) -> None:
    """Write down whose names were told."""
    if rows:
        seen_homes = sorted({row.home_id for row in rows})
        written.looked(
            connection, caller, "plans", area=caller.area, detail={"homes": [str(each) for each in seen_homes]}, now=now
        )


def _whole(text: str, field: str) -> int:
    plain = text.strip() or "1"
    if not (plain.isascii() and plain.isdigit() and len(plain) < 6):
        raise invalid(field, text, "is no whole number; write its digits")
    return int(plain)


def _local(text: str, timezone: str) -> str:
    """Return a time that was typed on the home's own clock, with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("moved_to", text, "is no time; write a day and a time") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).isoformat()


def _refused(seen: View, error: Refused | Problem) -> str:
    _ = seen.wording.gettext
    return _("That cannot be. {why}", why=error.detail if isinstance(error, Problem) else str(error))
