"""Rotas: whose turn it is, in which order, at which hours; and the shifts that come of it."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from alerts import duties, restaffing, staffing
from alerts.holidays import UnknownCalendar, is_known
from alerts.rota import RotaKind, Stretch, Why
from alerts.windows import EVERY_WEEKDAY, Days, Hours, Window
from api.auth import Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Instant, Name, Patch, Text, Timezone, Whole, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/rotas", tags=["on call"])

Length = Annotated[Whole, Field(ge=1, le=1000)]
Members = Annotated[list[Id], Field(max_length=200)]


LONGEST_LIST = timedelta(days=366)
"""Over how long shifts are listed at once."""


def _calendar(code: str) -> str:
    if not is_known(code):
        raise PydanticCustomError("unknown_calendar", str(UnknownCalendar(code)))
    return code


Calendar = Annotated[str, Field(max_length=20), AfterValidator(_calendar)]
Weekdays = Annotated[list[Annotated[Whole, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
LocalTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


def _whole_week() -> list[int]:
    return sorted(EVERY_WEEKDAY)


class WindowBody(Body):
    """Hours of the rota's local day. One that does not end after it begins ends on the next day: 20:00 to 08:00."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    weekdays: Weekdays = Field(default_factory=_whole_week, description="on which it begins; Monday is 1, Sunday 7")
    from_: LocalTime = Field(alias="from")
    to: LocalTime


Windows = Annotated[list[WindowBody], Field(max_length=50)]


class RotaBody(Body):
    """A rota to be added: each of `members` in turn has `length` hours, days, weeks or months from `start` on.

    Outside of its `windows` (none: all day), and on other `days` than those of its kind by the calendar of `holidays` (CN,
    DE-BY), nobody of it is on call.
    """

    name: Name
    area: Code
    timezone: Timezone
    kind: RotaKind
    length: Length
    start: Instant
    members: Members
    windows: Windows = Field(default_factory=list)
    days: Days = Days.EVERY
    holidays: Calendar | None = None


class RotaPatch(Patch):
    """What changes of a rota; its members are sent whole."""

    name: Name = unset()
    area: Code = unset()
    timezone: Timezone = unset()
    kind: RotaKind = unset()
    length: Length = unset()
    start: Instant = unset()
    members: Members = unset()
    windows: Windows = unset()
    days: Days = unset()
    holidays: Calendar | None = None


class RotaRead(BaseModel):
    """A rota; its members by their ids, in order."""

    id: str
    name: str
    area: str
    timezone: str
    kind: str
    length: int
    start: datetime
    members: list[str]
    windows: list[WindowBody]
    days: str
    holidays: str | None


class ShiftRead(BaseModel):
    """Who has the rota from when to when; `staff` is null where nobody has."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: datetime = Field(alias="from")
    to: datetime
    staff: str | None
    name: str | None
    reachable: bool = Field(description="false where the holder has left or wants no messages: he is not told")
    why: Why | None = Field(description="where nobody has it: outside of its hours as was meant, or a hole")


@router.get("")
def list_rotas(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    q: Annotated[Text | None, Query(max_length=200, description="how the name begins")] = None,
) -> Listing[RotaRead]:
    """List rotas."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_rotas,
            filters={"area": reach.area_asked(connection, caller, area), "q": q},
            read_query=queries.rotas_read, model=RotaRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_rota(body: RotaBody, context: Ctx, caller: Operator) -> RotaRead:
    """Add a rota."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        reach.area(connection, caller, body.area)
        rota_id = staffing.add_rota(
            connection, name=body.name, area=body.area, timezone=body.timezone, kind=body.kind, length=body.length,
            start=body.start, members=_members(connection, caller, body.members), hours=_hours(body),
        )  # fmt: skip
        written.added(connection, caller, f"rota {rota_id}", area=body.area, now=now)
        return _one(connection, rota_id, caller)


@router.get("/{rota_id}")
def read_rota(rota_id: str, context: Ctx, caller: Viewer) -> RotaRead:
    """Show a rota."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(rota_id), caller, asked=rota_id)


@router.patch("/{rota_id}")
def change_rota(rota_id: str, body: RotaPatch, context: Ctx, caller: Operator) -> RotaRead:
    """Change a rota."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, rota_id, caller)
        wanted = before.model_copy(update=body.given())
        reach.area(connection, caller, wanted.area)
        restaffing.change_rota(
            connection, rota_id=int(before.id), name=wanted.name, area=wanted.area, timezone=wanted.timezone,
            kind=wanted.kind, length=wanted.length, start=wanted.start,
            members=_members(connection, caller, wanted.members, already=before.members), hours=_hours(wanted),
        )  # fmt: skip
        after = _one(connection, int(before.id), caller)
        written.changed(connection, caller, f"rota {rota_id}", before, after, area=after.area, now=now)
        return after


@router.delete("/{rota_id}", status_code=204)
def remove_rota(rota_id: str, context: Ctx, caller: Operator) -> None:
    """Remove a rota that no policy names any more; its overrides go with it."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, rota_id, caller)
        written.refuse_used(connection, queries.uses_of_rota, {"rota_id": int(found.id)}, what=f"rota {rota_id}")
        restaffing.remove_rota(connection, int(found.id))
        written.removed(connection, caller, f"rota {rota_id}", area=found.area, now=now)


@router.get("/{rota_id}/shifts")
def list_shifts(
    rota_id: str,
    context: Ctx,
    caller: Viewer,
    from_: Annotated[Instant | None, Query(alias="from", description="now unless given")] = None,
    to: Annotated[Instant | None, Query(description="a week later unless given, a year at most")] = None,
) -> Listing[ShiftRead]:
    """List who has it, without a gap: shifts are whole, also where they began before, and what nobody has is shown too."""
    start = from_ or context.clock.now()
    end = to or start + timedelta(days=7)
    if not start < end <= start + LONGEST_LIST:
        raise invalid("to", end.isoformat(), f"lies not within a year after {start.isoformat()}; ask for less at once")
    with context.pool.connection() as connection:
        rota = _one(connection, row_id(rota_id), caller, asked=rota_id)
        found = duties.shifts(connection, int(rota.id), start, end)
        holders = list({each.staff_id for each in found if each.staff_id is not None})
        rows = connection.execute(queries.names_of_staff, {"staff_ids": holders}).fetchall()
    names = {staff_id: (name, reachable) for staff_id, name, reachable in rows}
    return Listing(items=[_shift(each, names) for each in found])


def _shift(stretch: Stretch, names: dict[int, tuple[str, bool]]) -> ShiftRead:
    staff_id = stretch.staff_id
    name, reachable = names[staff_id] if staff_id is not None else (None, False)
    return ShiftRead.model_validate(
        {
            "from": stretch.start, "to": stretch.end, "staff": None if staff_id is None else str(staff_id), "name": name,
            "reachable": reachable, "why": stretch.why,
        }
    )  # fmt: skip


def _hours(rota: RotaBody | RotaRead) -> Hours:
    """Return when it is to hold."""
    days = Days(rota.days)
    if days is not Days.EVERY and rota.holidays is None:
        raise invalid("holidays", None, str(staffing.NeedsCalendar(days)))
    windows = (
        Window(time.fromisoformat(each.from_), time.fromisoformat(each.to), frozenset(each.weekdays))
        for each in rota.windows
    )
    return Hours(tuple(windows), days, rota.holidays)


def _one(connection: Connection[Any], rota_id: int | None, caller: Principal, *, asked: str | None = None) -> RotaRead:
    return reach.one(connection, queries.rotas_read, rota_id, RotaRead, what="rota", caller=caller, asked=asked)


def _held(connection: Connection[Any], rota_id: str, caller: Principal) -> RotaRead:
    """Return a rota that nobody else changes until the transaction ends."""
    connection.execute(queries.hold_rota, {"rota_id": row_id(rota_id)})
    return _one(connection, row_id(rota_id), caller, asked=rota_id)


def _members(
    connection: Connection[Any], caller: Principal, members: list[str], already: list[str] | None = None
) -> list[int]:
    wanted = [(f"members.{number}", member) for number, member in enumerate(members)]
    return reach.staff(connection, caller, wanted, already=already or ())
