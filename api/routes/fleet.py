"""How do the devices of an area stand? Figures of all, of its kinds and problems, and of each area one level down."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import Viewer
from api.context import Ctx
from api.work.asked import InArea, Span
from api.work.reports.scope import Place, by_area, scope
from devices import fleet
from devices.fleet import Standing
from devices.health import DeviceState
from devices.problems import ALL

router = APIRouter(prefix="/fleet", tags=["registry"])


class FleetFigures(BaseModel):
    """How many devices are how. Availability: the share of the time for which they were heard; our outages count in neither
    part, null where nothing was counted."""

    devices: int
    states: dict[str, int] = Field(description="by state")
    problems: dict[str, int] = Field(description="by problem; a device may have several")
    kinds: dict[str, int] = Field(description="by kind")
    availability_yesterday: float | None
    availability_7_days: float | None


class FleetArea(FleetFigures, Place):
    """The figures of one area."""


class FleetRead(BaseModel):
    """The devices of an area, and of each area one level down."""

    area: str | None
    name: str | None
    at: datetime
    total: FleetFigures
    areas: list[FleetArea]


@router.get("")
def read_fleet(context: Ctx, caller: Viewer, area: InArea = None) -> FleetRead:
    """Show how the devices stand now, and how well they were heard in the last days."""
    now = context.clock.now()
    today = now.astimezone(ZoneInfo(context.settings.timezone)).date()
    with context.pool.connection() as connection:
        about = scope(connection, caller, area, Span(None, None), now)
        found = fleet.read(
            connection, path=about.path, code=about.code, below=caller.below, within=about.within, today=today
        )
        parts = {part: _figures(standing, today) for part, standing in found.parts.items()}
        return FleetRead(
            area=about.code,
            name=about.name,
            at=now,
            total=FleetFigures.model_validate(_figures(found.total, today)),
            areas=[
                FleetArea.model_validate(row) for row in by_area(connection, about, parts, _figures(Standing(), today))
            ],
        )


def _figures(standing: Standing, today: date) -> dict[str, Any]:
    yesterday = today - timedelta(days=1)
    return {
        "devices": standing.devices,
        "states": {state.value: standing.states[state] for state in DeviceState},
        "problems": {name: standing.problems[name] for name in ALL},
        "kinds": dict(sorted(standing.kinds.items())),
        "availability_yesterday": standing.availability([yesterday]),
        "availability_7_days": standing.availability(
            today - timedelta(days=back) for back in range(1, fleet.WEEK_DAYS + 1)
        ),
    }
