"""How do the devices stand, and for how much of their time were they heard?

The states and problems are those of now: former ones are not kept. What is kept of each day is for how long a device was online
and offline; a day counts where it lies in the time as a whole, in the installation's time zone. Time in which we did not
listen is in neither part, and a device counts from when it was first heard.
"""

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from api.work.reports import counting
from api.work.reports.counting import Manner, Table
from api.work.reports.scope import Category, Counted, Figures, Period, Place, Report, Scope, by_area, head, share
from devices.problems import BATTERY_LOW_PCT
from storage import sql

queries = sql.load("api.work")

TABLE = Table(
    queries.device_rows,
    {
        "device": (
            "devices", "online", "late", "offline", "never", "battery_low", "never_seen", "hub_offline", "camera_blind",
            "battery_draining", "signal_weak", "device_flapping", "clock_wrong", "firmware_outdated",
        )
    },
    keys=("kind",),
)  # fmt: skip


class DeviceStates(BaseModel):
    """Devices of the registry now, by state and by problem; one device may have several problems."""

    devices: int
    online: int
    late: int
    offline: int
    never: int
    online_share: float | None
    battery_low: int = Field(description=f"at or below {BATTERY_LOW_PCT} %")
    never_seen: int = Field(description="registered for over a day, and never heard")
    hub_offline: int = Field(description="cannot be heard, because their hub is offline")
    camera_blind: int
    battery_draining: int
    signal_weak: int
    device_flapping: int
    clock_wrong: int
    firmware_outdated: int


class DeviceDays(BaseModel):
    """For how long devices were heard."""

    device_days: int = Field(description="days of the time, of each device since it was first heard")
    device_days_heard: int = Field(description="those on which it said anything")
    heard_share: float | None
    availability: float | None = Field(description="the share of the time for which devices were not offline")


class DeviceFigures(DeviceStates, DeviceDays, Figures):
    """How devices stand now, and for how long they were heard in the time."""


class DeviceRow(DeviceFigures, Place):
    """The figures of one area."""


class DeviceKind(DeviceFigures):
    """The figures of one kind of device: a camera speaks every minute, a button may be silent for a day and well."""

    kind: str


class DeviceCategory(DeviceStates, Category):
    """How the devices in the homes of one category of residents stand."""


class DevicePeriod(DeviceDays, Period):
    """For how long devices were heard in one period."""


class DevicesReport(Report):
    """The figures of all, of each kind, of each area one level down, of each category, and of each period."""

    total: DeviceFigures
    kinds: list[DeviceKind]
    areas: list[DeviceRow]
    categories: list[DeviceCategory]
    periods: list[DevicePeriod]


def read(connection: Connection[Any], about: Scope, manner: Manner) -> DevicesReport:
    """Count."""
    counts = counting.count(
        connection, about, TABLE, Manner(manner.timezone), battery_low_pct=BATTERY_LOW_PCT
    )  # fmt: skip
    days = _days(connection, about, manner)
    kinds, parts = (dict(days.part(dim)) for dim in ("kind", "part"))
    found = {
        part: _figures({**counts.areas.get(part, {}), **parts.get(part, {})}) for part in {**counts.areas, **parts}
    }
    of_kinds = counts.keys["kind"]
    return DevicesReport.model_validate(
        {
            **head(about),
            "total": _figures({**counts.total, **days.total}),
            "kinds": [
                {"kind": kind, **_figures({**of_kinds.get(kind, {}), **kinds.get(kind, {})})}
                for kind in sorted({*of_kinds, *kinds}, key=str)
            ],
            "areas": by_area(connection, about, found, _figures({})),
            "categories": [{"category": name, **_figures(row)} for name, row in counts.categories.items()],
            "periods": [{"period": first, **_figures(row)} for first, row in sorted(days.periods.items())]
            if manner.by
            else [],
        }
    )


def _days(connection: Connection[Any], about: Scope, manner: Manner) -> counting.Counts:
    """Return for how long devices were heard: in all, by area, kind and period."""
    found = counting.Counts({}, keys={"kind": {}})
    asked = {
        **about.parameters, "to": about.end or about.now, "timezone": manner.timezone, "unit": manner.by,
    }  # fmt: skip
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(queries.device_days_report, asked):
            level, values = row.pop("level"), {dim: row.pop(dim) for dim in ("part", "kind", "period")}
            if level == _ALL:
                found.total = row
            else:
                dim = _OF_LEVEL[level]
                found.part(dim)[values[dim]] = row
    return found


_ALL, _OF_LEVEL = 7, {3: "part", 5: "kind", 6: "period"}
"""Which part a row of `device_days_report` is of: a bit for each that it is not."""


def _figures(row: Counted) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without devices."""
    return {
        **{name: row.get(name, 0) for name in (*TABLE.figures, "device_days", "device_days_heard")},
        "online_share": share(row.get("online", 0), row.get("devices", 0)),
        "heard_share": share(row.get("device_days_heard", 0), row.get("device_days", 0)),
        "availability": share(row.get("online_s", 0), row.get("online_s", 0) + row.get("offline_s", 0)),
    }
