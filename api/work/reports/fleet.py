"""How do the devices stand, and how regularly were they heard?

The states are those of now: former ones are not kept. What is kept is what each device said, so its availability is the
share of its days on which it said anything. A day counts from when the device stood in its home; our own outages count
against it, since they are not kept either.
"""

from datetime import timedelta
from typing import Any

from psycopg import Connection
from pydantic import Field

from api.problems import invalid
from api.reading import BATTERY_LOW_PCT
from api.work.reports.scope import Figures, Place, Report, Scope, by_area, count, head, share
from storage import sql

queries = sql.load("api.work")

DAYS_AT_MOST = 92
"""A quarter: every day of every device is looked for in the series."""


class DeviceFigures(Figures):
    """Devices of the registry now."""

    devices: int
    online: int
    late: int
    offline: int
    never: int
    online_share: float | None
    battery_low: int = Field(description=f"at or below {BATTERY_LOW_PCT} %")
    device_days: int = Field(description="whole days of the time, of each device since it stood in its home")
    device_days_heard: int = Field(description="those on which it said anything")
    heard_share: float | None


class DeviceRow(DeviceFigures, Place):
    """The figures of one area."""


class DeviceKind(DeviceFigures):
    """The figures of one kind of device: a camera speaks every minute, a button may be silent for a day and well."""

    kind: str


class DevicesReport(Report):
    """The figures of all, of each kind, and of each area one level down."""

    total: DeviceFigures
    kinds: list[DeviceKind]
    areas: list[DeviceRow]


def read(connection: Connection[Any], about: Scope) -> DevicesReport:
    """Count. Raises Problem 422 for more than DAYS_AT_MOST."""
    end = about.end or about.now
    if end - about.start > timedelta(days=DAYS_AT_MOST):
        raise invalid("from", about.start.isoformat(), f"more than {DAYS_AT_MOST} days; ask for a part of it")
    rows = count(connection, queries.fleet_report, about, to=end, battery_low_pct=BATTERY_LOW_PCT)
    total = next(_figures(row) for row in rows if row["level"] == 3)
    kinds = [{"kind": row["kind"], **_figures(row)} for row in rows if row["level"] == 2]
    found = {row["part"]: _figures(row) for row in rows if row["level"] == 1}
    return DevicesReport.model_validate(
        {
            **head(about),
            "total": total,
            "kinds": sorted(kinds, key=lambda row: str(row["kind"])),
            "areas": by_area(connection, about, found, _figures({})),
        }
    )


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without devices."""
    return {
        **{name: row.get(name, 0) for name in DeviceFigures.model_fields},
        "online_share": share(row.get("online", 0), row.get("devices", 0)),
        "heard_share": share(row.get("device_days_heard", 0), row.get("device_days", 0)),
    }
