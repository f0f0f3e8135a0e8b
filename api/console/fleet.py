"""How do the devices stand, which of them have a problem, and what did one of them say lately?"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from api import reading
from api.auth import Viewer
from api.console import words
from api.console.page import View, view
from api.console.wired import VENDORS
from api.console.words import DEVICE_KINDS, DEVICE_PROBLEMS, DEVICE_STATES
from api.context import Principal
from api.i18n import Wording
from api.problems import missing
from api.reading import sight
from api.routes import written
from api.work.asked import Span
from api.work.reports.scope import by_area, scope
from devices import fleet
from devices.fleet import Standing, week_before
from devices.registry import AREA_CODE_LIMIT, is_area_code
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/devices")

PAGE = 50
EVENTS_SHOWN = 50
EVENTS_WITHIN = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A device as the table shows it."""

    uid: str
    kind: str
    state: str
    state_since: datetime | None
    last_seen: datetime | None
    battery: int | None
    battery_flat_on: date | None
    rssi: int | None
    linkquality: int | None
    fw: str | None
    problems: list[str]
    address: str
    area: str
    resident: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """An area one level down: how many devices stand there, how many of them are how, and for how long they were heard."""

    code: str
    name: str
    standing: Standing
    week: float | None


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
    area: str
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices are asked for; '' for all."""

    state: str
    problem: str
    kind: str
    area: str
    begins: str

    def with_(self, **changed: str) -> str:
        """Return the query string of these, some of them changed; what is not asked for is left out."""
        return urlencode({name: value for name, value in {**asdict(self), **changed}.items() if value})


@router.get("")
def show(
    request: Request,
    caller: Viewer,
    state: str = "",
    problem: str = "",
    kind: str = "",
    area: Annotated[str, Query(max_length=AREA_CODE_LIMIT)] = "",
    begins: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show a page of devices, and how many stand how."""
    seen = view(request, caller)
    asked = Wanted(
        state if state in DEVICE_STATES else "",
        problem if problem in DEVICE_PROBLEMS else "",
        kind if kind in DEVICE_KINDS else "",
        area if is_area_code(area) else "",
        begins.strip().replace("\0", ""),
    )
    now = seen.context.clock.now()
    today = seen.wording.day_of(now)
    with seen.context.pool.connection() as connection:
        about = scope(connection, caller, asked.area or None, Span(None, None), now)
        standing = fleet.read(
            connection, path=about.path, code=about.code, below=caller.below, within=about.within, today=today
        )
        parts = [
            Part(row["area"], row["name"], row["standing"], row["standing"].availability(week_before(today)))
            for row in by_area(
                connection, about, {code: {"standing": each} for code, each in standing.parts.items()},
                {"standing": Standing()},
            )
            if row["area"] is not None and row["area"] != about.code and row["standing"].devices
        ]  # fmt: skip
        above = connection.execute(queries.area_above, {"code": about.code, "below": caller.below}).fetchone()
        uids = _uids(connection, caller, asked, about.within, after.replace("\0", ""))
        with connection.cursor(row_factory=class_row(FleetRow)) as cursor:
            rows = cursor.execute(queries.fleet_rows, {"uids": uids[:PAGE]}).fetchall()
        waiting = 0
        if caller.may("admin"):
            found = connection.execute(queries.discovered_count, sight(caller)).fetchone()
            waiting = found[0] if found else 0
    following = uids[PAGE - 1] if len(uids) > PAGE else ""
    return seen.page(
        "devices.html", rows=rows, standing=standing.total, asked=asked, areas=parts, about=about,
        above=above[0] if above and asked.area else None, yesterday=standing.total.availability([today - DAY]),
        week=standing.total.availability(week_before(today)), following=following, first=not after, waiting=waiting,
    )  # fmt: skip


def _uids(connection: Connection[Any], caller: Principal, asked: Wanted, within: str | None, after: str) -> list[str]:
    """Return the uids of a page, and one more where there is another page."""
    values = {
        "below": caller.below, "within": within, "state": asked.state or None, "problem": asked.problem or None,
        "kind": asked.kind or None, "begins": asked.begins, "after": after, "limit": PAGE + 1,
    }  # fmt: skip
    some = asked.problem or asked.state not in ("", "online")
    query = queries.fleet_of_some if some else queries.fleet
    return [str(uid) for (uid,) in connection.execute(query, values).fetchall()]


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
        # the same as the API's: when somebody was seen at home
        written.looked(connection, caller, f"device {device.uid}", area=device.area, detail={"what": "events"}, now=now)
        health = reading.devices(connection, [device.uid])[device.uid][0].health
    return seen.page("device.html", status=status, device=device, events=events, health=health, why=why)


def device_file(connection: Connection[Any], caller: Principal, uid: str) -> DeviceFile | None:
    """Return all that is known of a device, None where this user sees none of that uid."""
    with connection.cursor(row_factory=class_row(DeviceFile)) as cursor:
        return cursor.execute(queries.device_file, {"uid": uid.replace("\0", ""), "below": caller.below}).fetchone()
