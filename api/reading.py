"""What do an alert and a visit look like to whoever reads them? One way for lists, single reads and the stream."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from api.context import Principal
from devices import problems
from devices.health import DeviceState
from devices.problems import Facts
from storage import sql

queries = sql.load("api")


class TimelineRow(BaseModel):
    """One thing that happened to an alert."""

    at: datetime
    what: str
    who: str | None
    detail: dict[str, Any]


class AlertRead(BaseModel):
    """An alert as the contract shows it; times in UTC, ids opaque."""

    id: str
    number: int
    kind: str
    severity: str
    state: str
    area: str | None
    home: str | None
    resident: str | None
    device: str | None
    count: int
    raised_at: datetime
    accepted_by: str | None = Field(description="staff id, or the username where no staff member has it")
    next_step_at: datetime | None
    visit: str | None = Field(description="its open visit, else the last one")
    accepted_by_name: str | None
    home_address: str | None
    resident_name: str | None
    test: bool
    text: str | None
    home_cancelled_at: datetime | None
    notified_at: datetime | None
    accepted_at: datetime | None
    en_route_at: datetime | None
    arrived_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    note: str | None = Field(description="what was written on closing")
    spoke_with: str | None
    snoozed_until: datetime | None = Field(description="nobody is told until then")
    silenced_until: datetime | None = Field(description="its area wants to hear nothing until then")
    collected_for: datetime | None = Field(description="not urgent: told with others in one text at that time")
    reopened_at: datetime | None


class AlertDetail(AlertRead):
    """An alert with everything that happened to it, in the order in which it became known."""

    timeline: list[TimelineRow]


class VisitRead(BaseModel):
    """A visit as the contract shows it; the proofs are what was shown, with when it was recorded."""

    id: str
    alert: str | None
    home: str | None
    area: str | None
    service: str | None
    staff: str | None
    staff_name: str | None
    state: str
    due_from: datetime | None
    due_to: datetime | None
    note: str | None
    requested_at: datetime
    assigned_at: datetime | None
    accepted_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    completed_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    fail_reason: str | None
    arrived_proof: dict[str, Any] | None
    completed_proof: dict[str, Any] | None
    home_address: str | None
    started_at: datetime | None = Field(description="when the service began, where that was written down by itself")
    followed_up_at: datetime | None
    fail_kind: str | None = Field(description="nobody_home, refused, no_access or other")
    payer: str | None = Field(description="who pays: written down, not charged")
    fee: float | None = Field(description="in yuan: written down, not charged")
    elsewhere: bool = Field(description="a position was shown that is too far from the home")


class HealthRead(BaseModel):
    """How a device is; `problems`: codes of what should be looked at."""

    state: str
    last_seen: datetime | None
    battery: int | None
    rssi: int | None
    fw: str | None
    problems: list[str]
    battery_flat_on: date | None = Field(description="the day its battery runs out, by the forecast; null: not known")
    linkquality: int | None = Field(description="Zigbee's, 0 to 255")
    clock_skew_s: float | None = Field(description="how far its clock is behind ours; negative: ahead")
    booted_at: datetime | None
    usual_gap_s: int | None = Field(description="its usual longest silence, where that was learnt")


class DeviceRead(BaseModel):
    """A device as the contract shows it."""

    id: str
    uid: str
    kind: str
    home: str
    format: str
    topic: str | None
    hub: str | None
    patrol_every_s: int | None
    offline_after_s: int | None
    has_password: bool = Field(description="whether the broker lets it in; what speaks through a hub needs none")
    replaces: str | None = Field(description="uid of the device in whose place it came; its events are there")
    health: HealthRead


def sight(principal: Principal) -> dict[str, Any]:
    """Return the parameters by which a query keeps to what this user sees: the tree below, and what has no place."""
    return {"below": principal.below, "unplaced": principal.sees(None)}


def alerts(connection: Connection[Any], ids: Sequence[int]) -> dict[int, tuple[AlertRead, str | None]]:
    """Return the alerts of these ids, each with its area's path (None: no place), without asking who reads them."""
    if not ids:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.alerts_read, {"ids": list(ids)}).fetchall()
    return {row["number"]: (AlertRead.model_validate(row), row["path"]) for row in rows}


def visits(connection: Connection[Any], ids: Sequence[int]) -> dict[int, tuple[VisitRead, str | None]]:
    """Return the visits of these ids, each with its area's path (None: no place), without asking who reads them."""
    if not ids:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.visits_read, {"ids": list(ids)}).fetchall()
    return {int(row["id"]): (VisitRead.model_validate(row), row["path"]) for row in rows}


def timeline(connection: Connection[Any], alert_id: int) -> list[TimelineRow]:
    """Return what happened to an alert, in the order in which it became known."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.alert_timeline, {"alert_id": alert_id}).fetchall()
    return [TimelineRow.model_validate(row) for row in rows]


def devices(connection: Connection[Any], uids: Sequence[str]) -> dict[str, tuple[DeviceRead, str | None]]:
    """Return the devices of these uids, each with its area's path, without asking who reads them."""
    if not uids:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.devices_read, {"uids": list(uids)}).fetchall()
    return {row["uid"]: (_device(row), row["path"]) for row in rows}


def _device(row: dict[str, Any]) -> DeviceRead:
    facts = Facts(
        state=DeviceState(row["state"]),
        since=row["since"],
        off_on_purpose=row["off_on_purpose"],
        hub_state=None if row["hub_state"] is None else DeviceState(row["hub_state"]),
        battery=row["battery"],
        battery_flat_on=row["battery_flat_on"],
        rssi_dbm=row["rssi_smooth"],
        linkquality=row["linkquality"],
        clock_skew_s=row["clock_skew_s"],
        flapping=row["flapping_since"] is not None,
        firmware_outdated=row["firmware_outdated"],
        picture=row["picture"],
    )
    found = problems.problems(facts, row["problems_before"], None)
    return DeviceRead.model_validate({**row, "health": {**row, "problems": found}})
