"""What a device was heard to say: event by event, and as a series of buckets."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from psycopg.rows import dict_row
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from api.auth import Viewer
from api.context import Ctx
from api.fields import EARLIEST, Instant
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import written
from api.routes.devices import ever_placed
from devices.model import EventKind
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/devices", tags=["registry"])

AS_FAR_BACK = timedelta(days=7)
"""How much of a series is shown where nobody says from when."""
WIDEST = timedelta(days=366)
_SHORT = re.compile(r"([0-9]{1,6})(s|m|min|h|d|w)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_iso = TypeAdapter(timedelta)


def _width(text: object) -> timedelta:
    short = _SHORT.fullmatch(text) if isinstance(text, str) else None
    if short is not None:
        return timedelta(seconds=int(short[1]) * _UNITS[short[2]])
    try:
        if isinstance(text, str) and text.startswith("P"):
            return _iso.validate_python(text)
    except ValidationError:
        pass
    raise PydanticCustomError("not_a_width", "is no width of time; write 5m, 1h, 1d or an ISO duration as PT15M")


def _sensible(width: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= width <= WIDEST:
        raise PydanticCustomError("width_out_of_range", "is shorter than a second or longer than a year")
    return width


Width = Annotated[timedelta, BeforeValidator(_width), AfterValidator(_sensible)]
Kind = Literal["patrol", "telemetry", "status", "help", "cancel"]
Metric = Literal["battery", "rssi", "temperature", "persons", "presence"]


class EventRead(BaseModel):
    """Something that a device said. `id` is its own, null where its format has none."""

    id: str | None
    at: datetime
    kind: Kind
    received_at: datetime
    battery: int | None
    rssi: int | None
    persons: int | None
    presence: bool | None
    temperature: float | None
    extra: dict[str, Any] | None = Field(description="whatever else it said; null for viewers")


class Bucket(BaseModel):
    """The readings from `at` on, for the width of a bucket. Of presence: `avg` is the share of those that saw somebody."""

    at: datetime
    min: float
    max: float
    avg: float
    count: int


@router.get("/{uid}/events")
def list_events(
    uid: str,
    context: Ctx,
    caller: Viewer,
    page: Paging,
    from_: Annotated[Instant | None, Query(alias="from")] = None,
    to: Annotated[Instant | None, Query(description="up to, not including")] = None,
    kind: Kind | None = None,
) -> Listing[EventRead]:
    """List what a device said in the home where it stands, newest first; also one that was taken out. Audited."""
    now = context.clock.now()
    after, after_kind, after_id = page.after(datetime, int, str)
    with context.pool.connection() as connection:
        area = ever_placed(connection, uid, caller)
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                queries.device_events,
                {
                    "uid": uid,
                    "from": from_ or EARLIEST,
                    "to": to or now + timedelta(days=1),
                    "kind": None if kind is None else EventKind[kind.upper()],
                    "after": after,
                    "after_kind": after_kind,
                    "after_id": after_id,
                    "limit": page.rows,
                },
            ).fetchall()
        shown, following = page.cut(rows, lambda row: (row["at"], row["kind"], row["message_id"]))
        written.looked(connection, caller, f"device {uid}", area=area, detail={"what": "events"}, now=now)
    return Listing(items=[_event(row, extra=caller.may("responder")) for row in shown], next=following)


@router.get("/{uid}/series")
def show_series(
    uid: str,
    context: Ctx,
    caller: Viewer,
    page: Paging,
    metric: Metric,
    bucket: Annotated[Width, Query(description="5m, 1h, 1d, PT15M")] = timedelta(hours=1),
    from_: Annotated[Instant | None, Query(alias="from", description="a week before `to` unless given")] = None,
    to: Annotated[Instant | None, Query(description="up to, not including; now unless given")] = None,
) -> Listing[Bucket]:
    """Show how a reading ran, oldest first; buckets without a reading are left out. It tells of people: audited."""
    now = context.clock.now()
    end = to or now
    start = from_ or max(EARLIEST, end - AS_FAR_BACK)
    if start >= end:
        raise invalid("from", start.isoformat(), f"is not before `to`, which is {end.isoformat()}; mend one of them")
    (after,) = page.after(datetime)
    with context.pool.connection() as connection:
        area = ever_placed(connection, uid, caller)
        rows = connection.execute(
            queries.device_series,
            {
                "uid": uid,
                "metric": metric,
                "width": bucket,
                "origin": _midnight(start, context.settings.timezone),
                "from": start if after is None else max(start, _next(after, bucket, uid)),
                "to": end,
                "limit": page.rows,
            },
        ).fetchall()
        shown, following = page.cut(rows, lambda row: (row[0],))
        written.looked(connection, caller, f"device {uid}", area=area, detail={"what": metric}, now=now)
    return Listing(
        items=[Bucket(at=at, min=low, max=high, avg=average, count=count) for at, low, high, average, count in shown],
        next=following,
    )


def _event(row: dict[str, Any], *, extra: bool) -> EventRead:
    kind = EventKind(row["kind"]).name.lower()
    return EventRead.model_validate(
        {**row, "id": row["message_id"] or None, "kind": kind, "extra": row["extra"] if extra else None}
    )


def _midnight(start: datetime, timezone: str) -> datetime:
    """Return where buckets are counted from: days begin at midnight where the homes are, weeks on a Monday."""
    local = start.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return local - timedelta(days=local.weekday())


def _next(after: datetime, bucket: timedelta, uid: str) -> datetime:
    """Return where the bucket behind the last one seen begins. Raises Problem 422 for a cursor that is not of a series."""
    try:
        return after + bucket
    except OverflowError:
        raise invalid("cursor", None, f"is not one of a series of {uid}; use `next` of an answer as it is") from None
