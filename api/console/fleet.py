"""How do the devices stand, and what did one of them say lately?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from api.auth import Viewer
from api.console import words
from api.console.page import View, view
from api.console.wired import VENDORS
from api.console.words import DEVICE_STATES
from api.context import Principal
from api.i18n import Wording
from api.problems import missing
from api.reading import sight
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/devices")

PAGE = 50
EVENTS_SHOWN = 50
EVENTS_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A device as the table shows it."""

    uid: str
    kind: str
    state: str
    state_since: datetime | None
    last_seen: datetime | None
    battery: int | None
    rssi: int | None
    fw: str | None
    address: str
    area: str
    resident: str | None


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """Everything that is known of one device."""

    id: int
    uid: str
    kind: str
    format: str
    topic: str | None
    hub_uid: str | None
    patrol_every_s: int | None
    state: str
    state_since: datetime | None
    last_seen: datetime | None
    expected_by: datetime | None
    battery: int | None
    rssi: int | None
    temperature: float | None
    fw: str | None
    model: str | None
    presence: bool | None
    persons: int | None
    last_patrol_at: datetime | None
    address: str
    places: str | None
    resident: str | None
    alert_id: int | None
    has_password: bool
    replaces: str | None
    home_id: int

    @property
    def speaks(self) -> str:
        """How it speaks, as its vendor is called."""
        return VENDORS.get(self.format, self.format)

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.resident, self.places, self.address) if part)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a device said."""

    time: datetime
    kind: int
    battery: int | None
    rssi: int | None
    persons: int | None
    presence: bool | None
    temperature: float | None
    extra: dict[str, Any] | None

    def said(self, w: Wording) -> str:
        """Return what came along with it, in one line."""
        _ = w.gettext
        parts = []
        if self.presence is not None:
            parts.append(_("somebody seen") if self.presence else _("nobody seen"))
        if self.persons:
            parts.append(_("persons: {count}", count=self.persons))
        for value, unit in ((self.battery, "%"), (self.rssi, "dBm")):
            if value is not None:
                parts.append(f"{value} {unit}")
        if self.temperature is not None:
            parts.append(f"{w.number(round(self.temperature, 1))} °C")
        state = (self.extra or {}).get("state")
        if isinstance(state, str):
            parts.append(words.named(w, DEVICE_STATES, state))
        return " · ".join(parts)


@router.get("")
def show(
    request: Request,
    caller: Viewer,
    state: str = "",
    begins: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show a page of devices, and how many stand how."""
    seen = view(request, caller)
    state = state if state in DEVICE_STATES else ""
    wanted = {
        "below": caller.below, "state": state or None, "begins": begins.strip().replace("\0", ""),
        "after": after.replace("\0", ""), "limit": PAGE + 1,
    }  # fmt: skip
    with seen.context.pool.connection() as connection:
        counts: dict[str, int] = dict(connection.execute(queries.fleet_counts, {"below": caller.below}).fetchall())
        with connection.cursor(row_factory=class_row(FleetRow)) as cursor:
            rows = cursor.execute(queries.fleet, wanted).fetchall()
        waiting = 0
        if caller.may("admin"):
            found = connection.execute(queries.discovered_count, sight(caller)).fetchone()
            waiting = found[0] if found else 0
    following = rows[PAGE - 1].uid if len(rows) > PAGE else ""
    return seen.page(
        "devices.html", rows=rows[:PAGE], counts=counts, total=sum(counts.values()), state=state,
        begins=begins.strip(), following=following, first=not after,
        waiting=waiting,
    )  # fmt: skip


@router.get("/{uid}")
def show_one(request: Request, uid: str, caller: Viewer) -> Response:
    """Show one device and what it said lately."""
    return one(view(request, caller), caller, uid)


def one(seen: View, caller: Principal, uid: str, *, why: str = "", status: int = 200) -> Response:
    """Show one device; `why`: why a form of its page was refused."""
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        device = device_file(connection, caller, uid)
        if device is None:
            raise missing("device", uid)
        with connection.cursor(row_factory=class_row(Event)) as cursor:
            events = cursor.execute(
                queries.device_events, {"device_id": device.id, "since": now - EVENTS_WITHIN, "limit": EVENTS_SHOWN}
            ).fetchall()
    return seen.page("device.html", status=status, device=device, events=events, why=why)


def device_file(connection: Connection[Any], caller: Principal, uid: str) -> DeviceFile | None:
    """Return all that is known of a device, None where this user sees none of that uid."""
    with connection.cursor(row_factory=class_row(DeviceFile)) as cursor:
        return cursor.execute(queries.device_file, {"uid": uid.replace("\0", ""), "below": caller.below}).fetchone()
