"""How well is help given? The four statistics as JSON, or as CSV for whoever works in tables."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection

from api.auth import Viewer
from api.context import Context, Principal
from api.fields import Text
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import written
from api.work.asked import InArea, Span, Within
from api.work.reports import behind, counting, coverage, fleet, response, services
from api.work.reports.behind import Behind
from api.work.reports.counting import Manner, Only, Unit
from api.work.reports.coverage import CoverageReport
from api.work.reports.fleet import DevicesReport
from api.work.reports.response import ResponseReport
from api.work.reports.scope import Report, Scope, scope
from api.work.reports.services import ServicesReport
from api.work.reports.sheet import sheet

router = APIRouter(prefix="/reports", tags=["reports"])

CSV = "text/csv"
Format = Annotated[
    Literal["json", "csv"] | None, Query(description="what comes; left out, what the header Accept names first")
]
OneOf = Annotated[Text | None, Query(max_length=60, description="of this part alone")]
By = Annotated[Unit | None, Query(description="also the figures of each day, week or month of the time")]
_OF_PEOPLE = ("resident", "home")
"""Whose rows say where somebody lives: that one looked is written down, as for the registry's own lists."""
PERIODS_AT_MOST = 400
"""More than a year of days is no table that anybody reads."""
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: {}}}}


@router.get("/response", response_model=ResponseReport, responses=_RESPONSES)
def response_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
    by: By = None,
) -> Response | Report:
    """How fast was help? Help calls of the time (the last 30 days where none is named), per area one level down."""
    return _answer(request, caller, area, within, format, by, response.read)


@router.get("/coverage", response_model=CoverageReport, responses=_RESPONSES)
def coverage_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
    by: By = None,
) -> Response | Report:
    """Who was seen in the time, and who was not? Homes and residents, per area one level down."""
    return _answer(request, caller, area, within, format, by, coverage.read)


@router.get("/devices", response_model=DevicesReport, responses=_RESPONSES)
def devices_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
    by: By = None,
) -> Response | Report:
    """How do the devices stand now, and how regularly were they heard? Per kind, and per area one level down."""
    return _answer(request, caller, area, within, format, by, fleet.read)


@router.get("/services", response_model=ServicesReport, responses=_RESPONSES)
def services_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
    by: By = None,
) -> Response | Report:
    """What was asked for, done, and in time? Visits asked for in the time, per service and per area one level down."""
    return _answer(request, caller, area, within, format, by, services.read)


@router.get("/{report}/rows")
def rows_behind(
    report: Literal["response", "coverage", "devices", "services"],
    request: Request,
    caller: Viewer,
    within: Within,
    page: Paging,
    figure: Annotated[Text, Query(max_length=60, description="the name of a figure of the report")],
    area: InArea = None,
    by: By = None,
    part: Annotated[Text | None, Query(max_length=40, description="of this row of `areas` alone")] = None,
    kind: OneOf = None,
    service: OneOf = None,
    staff: OneOf = None,
    category: OneOf = None,
    period: Annotated[date | None, Query(description="of the period that begins so; with `by`")] = None,
) -> Listing[Behind]:
    """List the rows behind a figure, of all or of one part of the report: as many as the figure says."""
    table = behind.known(report, figure)
    keys = tuple(
        (key, value) for key, value in (("kind", kind), ("service", service), ("staff", staff)) if value is not None
    )
    for key, value in keys:
        if key not in table.keys:
            raise invalid(key, value, f"the report {report} has no such parts")
    if period is not None and report == "devices":
        raise invalid("period", period.isoformat(), "devices stand as they do now: their periods have no rows")
    if period is not None and by is None:
        raise invalid("by", None, "say what a period is: day, week or month")
    context: Context = request.app.state.context
    (after,) = page.after(int)
    with context.pool.connection() as connection:
        about = scope(connection, caller, area, within, context.clock.now())
        _refuse_too_many(about, by)
        found = behind.read(
            connection, about, Manner(context.settings.timezone, by), report, figure,
            Only(part, keys, category, period, by), after=after or 0, limit=page.rows,
        )  # fmt: skip
        shown, following = page.cut(found, lambda row: (int(row.id),))
        if shown and table.thing_of(figure) in _OF_PEOPLE:
            thing = table.thing_of(figure)
            detail = {f"{thing}s": [row.id for row in shown], "report": report, "figure": figure}
            written.looked(connection, caller, f"{thing}s", area=about.code, detail=detail, now=context.clock.now())
    return Listing(items=shown, next=following)


def _answer(
    request: Request,
    caller: Principal,
    area: str | None,
    within: Span,
    format: str | None,  # noqa: A002
    by: Unit | None,
    read: Callable[[Connection[Any], Scope, Manner], Report],
) -> Response | Report:
    context: Context = request.app.state.context
    with context.pool.connection() as connection:
        report = counted(connection, caller, area, within, by, read, context)
    if not (format == "csv" or (format is None and _asks_for_csv(request.headers.get("accept", "")))):
        return report
    name = request.url.path.rsplit("/", 1)[-1]
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "vary": "accept"}
    return Response(sheet(report), media_type=CSV, headers=headers)


def _asks_for_csv(accept: str) -> bool:
    """Say whether CSV is named before anything that JSON would satisfy."""
    for part in accept.split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind == CSV or kind == "text/*":
            return True
        if kind in ("application/json", "application/*", "*/*"):
            return False
    return False


def counted(
    connection: Connection[Any],
    caller: Principal,
    area: str | None,
    within: Span,
    by: Unit | None,
    read: Callable[[Connection[Any], Scope, Manner], Report],
    context: Context,
) -> Report:
    """Count a report. Raises Problem 422 for an area that is not his, or for more periods than anybody reads."""
    about = scope(connection, caller, area, within, context.clock.now())
    _refuse_too_many(about, by)
    return read(connection, about, Manner(context.settings.timezone, by))


def _refuse_too_many(about: Scope, by: Unit | None) -> None:
    if by is not None and counting.periods(about, by) > PERIODS_AT_MOST:
        raise invalid("by", by, f"would be over {PERIODS_AT_MOST} periods; ask for longer ones, or for less time")
