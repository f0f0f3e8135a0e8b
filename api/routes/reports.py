"""How well is help given? The four statistics as JSON, or as CSV for whoever works in tables."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection

from api.auth import Viewer
from api.context import Context, Principal
from api.work.asked import InArea, Span, Within
from api.work.reports import coverage, fleet, response, services
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
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: {}}}}


@router.get("/response", response_model=ResponseReport, responses=_RESPONSES)
def response_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
) -> Response | Report:
    """How fast was help? Help calls of the time (the last 30 days where none is named), per area one level down."""
    return _answer(request, caller, area, within, format, response.read)


@router.get("/coverage", response_model=CoverageReport, responses=_RESPONSES)
def coverage_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
) -> Response | Report:
    """Who was seen in the time, and who was not? Homes and residents, per area one level down."""
    return _answer(request, caller, area, within, format, coverage.read)


@router.get("/devices", response_model=DevicesReport, responses=_RESPONSES)
def devices_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
) -> Response | Report:
    """How do the devices stand now, and how regularly were they heard? Per kind, and per area one level down."""
    context: Context = request.app.state.context
    read = partial(fleet.read, timezone=context.settings.timezone)
    return _answer(request, caller, area, within, format, read)


@router.get("/services", response_model=ServicesReport, responses=_RESPONSES)
def services_report(
    request: Request,
    caller: Viewer,
    within: Within,
    area: InArea = None,
    format: Format = None,  # noqa: A002
) -> Response | Report:
    """What was asked for, done, and in time? Visits asked for in the time, per service and per area one level down."""
    return _answer(request, caller, area, within, format, services.read)


def _answer(
    request: Request,
    caller: Principal,
    area: str | None,
    within: Span,
    format: str | None,  # noqa: A002
    read: Callable[[Connection[Any], Scope], Report],
) -> Response | Report:
    context: Context = request.app.state.context
    with context.pool.connection() as connection:
        report = read(connection, scope(connection, caller, area, within, context.clock.now()))
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
