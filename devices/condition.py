"""What is wrong with which device now? Judges those of which something changed, and keeps the answer for lists and figures.

Cost follows changes: the write path marks a device where a value of its passed a threshold; all are looked at once a day.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from devices import firmware, problems
from devices.health import DeviceState
from storage import sql

queries = sql.load("devices")

BATCH = 500
MARKED = 2000
"""Devices that are marked in one transaction, where all are to be judged."""
FLAPPING = 3.5
"""So restless a device is flapping: about six changes within an hour."""
CALM = 1.0
"""Below this it is not any more: about an hour without a change."""


@dataclass(frozen=True, slots=True)
class _Changed:
    """A device of which something changed."""

    device_id: int
    kind: str
    area: str
    path: str
    model: str | None
    fw: str | None
    state: str
    since: datetime
    off_on_purpose: bool
    hub_state: str | None
    battery: int | None
    battery_flat_on: date | None
    rssi_dbm: float | None
    linkquality: int | None
    clock_skew_s: float | None
    picture: str | None
    restlessness: float
    flapping_since: datetime | None
    problems: list[str]


def judge_changed(connection: Connection[Any], now: datetime) -> int:
    """Judge a batch of the devices of which something changed; return how many were judged, 0 once there are none."""
    with connection.cursor(row_factory=class_row(_Changed)) as cursor:
        rows = cursor.execute(queries.changed_devices, {"limit": BATCH, "calm": CALM, "now": now}).fetchall()
    if not rows:
        return 0
    wanted = wanted_versions(connection)
    found: list[list[str]] = []
    flappings: list[datetime | None] = []
    outdateds: list[bool] = []
    for row in rows:
        flappings.append(_flapping_since(row, now))
        outdateds.append(firmware.is_outdated(wanted, path=row.path, kind=row.kind, model=row.model, fw=row.fw))
        found.append(problems.problems(_facts(row, flappings[-1], outdateds[-1]), row.problems, now))
    connection.execute(
        queries.store_problems,
        {
            "device_ids": [row.device_id for row in rows],
            "problems": [json.dumps(each) for each in found],
            "flappings": flappings,
            "outdateds": outdateds,
            "stales": [row.area if each != row.problems else None for row, each in zip(rows, found, strict=True)],
        },
    )
    return len(rows)


def wanted_versions(connection: Connection[Any]) -> list[firmware.Wanted]:
    """Return which firmware is wanted, and where."""
    return [firmware.Wanted(*row) for row in connection.execute(queries.wanted_versions).fetchall()]


def mark_all(connection: Connection[Any], now: datetime) -> bool:
    """Mark the next devices where all are to be judged anew; say whether there may be more."""
    row = connection.execute(queries.next_of_all, {"limit": MARKED, "now": now}).fetchone()
    return row is not None and row[0] is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which devices a version is wanted; None: of every area, kind or model."""

    area: str | None = None
    kind: str | None = None
    model: str | None = None


def want_firmware(connection: Connection[Any], scope: Scope, version: str, now: datetime) -> None:
    """Want a version of these devices, in the place of the one wanted so far; all are judged anew by the sweep."""
    connection.execute(queries.set_wanted, {**asdict(scope), "version": version, "now": now})
    connection.execute(queries.ask_for_all, {"day": now.date()})


def want_no_firmware(connection: Connection[Any], scope: Scope, now: datetime) -> bool:
    """Want no version of these devices any more; say whether one was wanted."""
    if connection.execute(queries.remove_wanted, asdict(scope)).fetchone() is None:
        return False
    connection.execute(queries.ask_for_all, {"day": now.date()})
    return True


def _flapping_since(row: _Changed, now: datetime) -> datetime | None:
    if row.flapping_since is None:
        return now if row.restlessness >= FLAPPING else None
    return row.flapping_since if row.restlessness >= CALM else None


def _facts(row: _Changed, flapping_since: datetime | None, outdated: bool) -> problems.Facts:
    return problems.Facts(
        state=DeviceState(row.state),
        since=row.since,
        off_on_purpose=row.off_on_purpose,
        hub_state=None if row.hub_state is None else DeviceState(row.hub_state),
        battery=row.battery,
        battery_flat_on=row.battery_flat_on,
        rssi_dbm=row.rssi_dbm,
        linkquality=row.linkquality,
        clock_skew_s=row.clock_skew_s,
        flapping=flapping_since is not None,
        firmware_outdated=outdated,
        picture=row.picture,
    )
