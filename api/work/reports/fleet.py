"""How do the devices stand, and for how much of their time were they heard?

The states are those of now: former ones are not kept. What is kept of each day is for how long a device was online and
offline; a day counts where it lies in the time as a whole, in the installation's time zone. Time in which we did not
listen is in neither part, and a device counts from when it was first heard.
"""

from typing import Any

from psycopg import Connection
from pydantic import Field

from api.work.reports.scope import Figures, Place, Report, Scope, by_area, count, head, share
from devices.problems import BATTERY_LOW_PCT
from storage import sql

queries = sql.load("api.work")


class DeviceFigures(Figures):
    """Devices of the registry now."""

    devices: int
    online: int
    late: int
    offline: int
    never: int
    online_share: float | None
    battery_low: int = Field(description=f"at or below {BATTERY_LOW_PCT} %")
    device_days: int = Field(description="days of the time, of each device since it was first heard")
    device_days_heard: int = Field(description="those on which it said anything")
    heard_share: float | None
    availability: float | None = Field(description="the share of the time for which devices were not offline")


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


def read(connection: Connection[Any], about: Scope, timezone: str) -> DevicesReport:
    """Count."""
    rows = count(
        connection, queries.fleet_report, about, to=about.end or about.now, timezone=timezone,
        battery_low_pct=BATTERY_LOW_PCT,
    )  # fmt: skip
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
        "availability": share(row.get("online_s", 0), row.get("online_s", 0) + row.get("offline_s", 0)),
    }
