"""Calendars: a secret address at which a phone's calendar reads the shifts of a person or of a rota."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Response
from psycopg import Connection
from pydantic import BaseModel, Field

from alerts import feeds
from api.auth import Responder
from api.context import Ctx, Principal
from api.fields import Body, Id, row_id
from api.paging import Listing, Paging
from api.problems import Problem, invalid, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/calendars", tags=["on call"])

MEDIA_TYPE = "text/calendar; charset=utf-8"
Token = Annotated[str, Query(max_length=200, description="the secret of the address")]


class CalendarBody(Body):
    """A calendar to be made: of one's own shifts (an operator's: of anybody's), or of a rota."""

    staff: Id | None = None
    rota: Id | None = None


class CalendarRead(BaseModel):
    """A calendar that somebody subscribes to; its secret is not known any more."""

    id: str
    staff: str | None
    rota: str | None
    made_by: str = Field(description="the user; it ends with his account")
    created_at: datetime
    area: str = Field(description="the person's or the rota's")


class CalendarMade(CalendarRead):
    """A new calendar, with the address to subscribe to: whoever has it can read the shifts. It is shown once."""

    url: str


@router.get("")
def list_calendars(context: Ctx, caller: Responder, page: Paging) -> Listing[CalendarRead]:
    """List the calendars that one made; an operator sees all of his area."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_calendars,
            filters={"me": caller.user_id, "all": caller.may("operator")}, read_query=queries.calendars_read,
            model=CalendarRead,
        )  # fmt: skip


@router.post("", status_code=201)
def make_calendar(body: CalendarBody, context: Ctx, caller: Responder) -> CalendarMade:
    """Make a calendar, and its secret address."""
    now = context.clock.now()
    if (body.staff is None) == (body.rota is None):
        raise invalid("staff", body.staff, "name a staff member or a rota, one of the two")
    with context.pool.connection() as connection:
        staff_id = _staff(connection, caller, body.staff)
        (rota_id,) = (None,) if body.rota is None else reach.rotas(connection, caller, [("rota", body.rota)])
        feed = feeds.make(connection, staff_id=staff_id, rota_id=rota_id, made_by=caller.user_id, now=now)
        made = _read(connection, str(feed.id))
        of = f"staff/{staff_id}" if staff_id is not None else f"rotas/{rota_id}"
        url = f"{context.settings.public_url}/api/v1/calendars/{of}.ics?token={feed.token}"
        written.added(connection, caller, f"calendar {feed.id}", area=made.area, now=now)
    return CalendarMade(**made.model_dump(), url=url)


@router.delete("/{calendar_id}", status_code=204)
def revoke_calendar(calendar_id: str, context: Ctx, caller: Responder) -> None:
    """Revoke a calendar: its address shows nothing any more."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _read(connection, calendar_id, caller)
        feeds.revoke(connection, int(found.id), now)
        written.removed(connection, caller, f"calendar {found.id}", area=found.area, now=now)


@router.get("/staff/{staff_id}.ics", response_class=Response)
def read_of_staff(staff_id: str, context: Ctx, token: Token) -> Response:
    """Show a person's shifts to his calendar: the secret stands for a session."""
    return _feed(context, token, staff_id=row_id(staff_id))


@router.get("/rotas/{rota_id}.ics", response_class=Response)
def read_of_rota(rota_id: str, context: Ctx, token: Token) -> Response:
    """Show a rota's shifts to a calendar: the secret stands for a session."""
    return _feed(context, token, rota_id=row_id(rota_id))


def _feed(context: Ctx, token: str, *, staff_id: int | None = None, rota_id: int | None = None) -> Response:
    with context.pool.connection() as connection:
        found = feeds.subscribed(connection, token)
        if found is None or (found.staff_id, found.rota_id) != (staff_id, rota_id):
            raise Problem(
                404, "there is no calendar at that address, or it was revoked; make a new one: POST /calendars"
            )
        settings = context.settings
        host = urlsplit(settings.public_url).hostname or "anju"
        body = feeds.read(connection, found, host=host, locale=settings.locale, now=context.clock.now())
    return Response(body, media_type=MEDIA_TYPE)


def _staff(connection: Connection[Any], caller: Principal, staff: str | None) -> int | None:
    """Return whose shifts are asked for: one's own, or, for an operator, anybody's in his area."""
    if staff is None:
        return None
    if caller.staff_id is not None and staff == str(caller.staff_id):
        return caller.staff_id
    if not caller.may("operator"):
        raise Problem(403, f"staff {staff} is not you; an operator can make a calendar of somebody else's shifts")
    (staff_id,) = reach.staff(connection, caller, [("staff", staff)])
    return staff_id


def _read(connection: Connection[Any], calendar_id: str, caller: Principal | None = None) -> CalendarRead:
    """Return a calendar; where a caller is named, only one that he may revoke. Raises Problem 404."""
    number = row_id(calendar_id)
    ids = [] if number is None else [number]
    found, path = reach.read(connection, queries.calendars_read, ids, CalendarRead).get(calendar_id, (None, None))
    if found is None:
        raise missing("calendar", calendar_id)
    if caller is None or found.made_by == str(caller.user_id) or (caller.may("operator") and caller.sees(path)):
        return found
    raise missing("calendar", calendar_id)
