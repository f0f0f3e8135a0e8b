"""What does the HTTP role serve? The app, with every router named here once."""

from importlib import metadata

from fastapi import APIRouter, FastAPI

from api import broker_hooks, health, problems, receipts, stream, webhooks
from api.console import pages
from api.context import Context
from api.protect import Protect
from api.routes import (
    alerts,
    areas,
    audit_log,
    calendars,
    care,
    care_cases,
    care_rules,
    complaints,
    devices,
    discovered,
    door_codes,
    firmware,
    fleet,
    follow_ups,
    homes,
    limits,
    messages,
    oncall,
    overrides,
    patrol_rounds,
    pauses,
    plans,
    policies,
    quarantine,
    replacing,
    reports,
    residents,
    rotas,
    series,
    services,
    session,
    silences,
    staff,
    staff_channels,
    standing,
    swaps,
    test_calls,
    test_windows,
    users,
    visit_rules,
    visits,
    warnings,
)
from api.routes import stream as changes

API = "/api/v1"

# Everything under /api/v1, in the order in which /openapi.json lists it. A new module of routes is named here.
ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    users.router,
    areas.router,
    homes.router,
    door_codes.router,
    residents.router,
    standing.router,
    devices.router,
    replacing.router,
    discovered.router,
    test_windows.router,
    test_calls.router,
    fleet.router,
    firmware.router,
    series.router,
    services.router,
    staff.router,
    staff_channels.router,
    rotas.router,
    pauses.router,
    overrides.router,
    swaps.router,
    calendars.router,
    policies.router,
    silences.router,
    limits.router,
    warnings.router,
    oncall.router,
    alerts.router,
    visits.router,
    visit_rules.router,
    plans.router,
    follow_ups.router,
    complaints.router,
    patrol_rounds.router,
    care.router,
    care_cases.router,
    care_rules.router,
    reports.router,
    messages.router,
    quarantine.router,
    audit_log.router,
    changes.router,
)
# What lies outside of it: webhooks, the console and its static files, health.
OUTSIDE: tuple[APIRouter, ...] = (health.router, webhooks.router, receipts.router, broker_hooks.router, pages.router)


def create_app(context: Context) -> FastAPI:
    """Return the app that works with that context."""
    app = FastAPI(
        title="Anju",
        summary="Video patrol, one-button help and door-to-door service for old people living at home",
        version=metadata.version("anju") if _is_installed() else "0",
        # its pages load scripts from elsewhere; any OpenAPI viewer reads /openapi.json
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=stream.lifespan,
    )
    app.state.context = context
    app.state.problem_page = pages.problem_page
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    for router in OUTSIDE:
        app.include_router(router)
    problems.install(app)
    app.add_middleware(Protect, root_path=context.settings.root_path)
    return app


def _is_installed() -> bool:
    try:
        metadata.version("anju")
    except metadata.PackageNotFoundError:
        return False
    return True
