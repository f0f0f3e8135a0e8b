"""By which ways of his own is a person told, beside his telephone? He chooses himself, or an operator for him.

Where a channel leads is written and never read back: who knows the address can write there.
"""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from psycopg import Connection
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from alerts import own_channels, texts
from alerts.channels import chat, webpush
from alerts.own_channels import Quiet, Wanted
from api.auth import Responder
from api.context import Context, Ctx, Principal
from api.fields import Body, Name, Timezone, row_id
from api.problems import Problem, invalid
from api.routes import reach, written
from api.routes.staff import StaffRead
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(tags=["on call"])

MOST = 10
LONGEST_ADDRESS = 4000
_MAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
TEST_TRUE_FOR = timedelta(minutes=5)
Clock = Annotated[time, Field(description="HH:MM, by the clock of `timezone`")]


class ChannelBody(Body):
    """A channel as it shall be; with `id`, one that is there and keeps its address unless a new one is given."""

    id: str | None = None
    kind: Literal["email", "chat", "push"]
    name: Name
    # nothing is checked before the route does: an error there would show the value
    address: str | None = Field(
        default=None, description="email: the address; chat: an Apprise URL; push: the browser's subscription as JSON"
    )
    quiet_from: Clock | None = None
    quiet_to: Clock | None = None
    timezone: Timezone | None = None


class ChannelsBody(Body):
    """All the channels of a person, in place of those he had."""

    channels: list[ChannelBody] = Field(max_length=MOST)


class ChannelRead(BaseModel):
    """A channel, without where it leads."""

    id: str
    kind: str
    name: str
    service: str = Field(description="dingtalk, feishu, ...; the mail's or the push service's host")
    quiet_from: time | None
    quiet_to: time | None
    timezone: str
    created_at: datetime
    failed_at: datetime | None = Field(description="since when it does not work")
    failure: str | None


class Channels(BaseModel):
    """A person's channels."""

    items: list[ChannelRead]


class Asked(BaseModel):
    """The message that tries a channel; see GET /messages."""

    message: str


class PushKey(BaseModel):
    """What a browser subscribes with (applicationServerKey)."""

    key: str


@router.get("/push-key")
def read_push_key(context: Ctx, caller: Responder) -> PushKey:
    """Show the key that a browser subscribes to web push with."""
    if context.settings.push_key is None:
        raise Problem(404, "web push is not configured here")
    return PushKey(key=context.settings.push_key)


@router.get("/staff/{staff_id}/channels")
def read_channels(staff_id: str, context: Ctx, caller: Responder) -> Channels:
    """Show by which ways of his own a person is told; where they lead is not shown."""
    with context.pool.connection() as connection:
        return _read(connection, _whose(connection, staff_id, caller))


@router.put("/staff/{staff_id}/channels")
def choose_channels(staff_id: str, body: ChannelsBody, context: Ctx, caller: Responder) -> Channels:
    """Choose by which ways of his own a person is told."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        staff = _whose(connection, staff_id, caller)
        connection.execute(queries.hold_member, {"staff_id": int(staff.id)})
        wanted = [_wanted(each, number, context) for number, each in enumerate(body.channels)]
        own_channels.choose(connection, staff_id=int(staff.id), wanted=wanted, now=now)
        written.done(connection, caller, "change", f"channels of staff {staff_id}", area=staff.area, now=now)
        return _read(connection, staff)


@router.post("/staff/{staff_id}/channels/{channel_id}/test", status_code=202)
def try_channel(staff_id: str, channel_id: str, context: Ctx, caller: Responder) -> Asked:
    """Send a test message by a channel; whether it went is at the message."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        staff = _whose(connection, staff_id, caller)
        name = next((each.name for each in _read(connection, staff).items if each.id == channel_id), "")
        language = staff.language or context.settings.locale
        words = texts.gettext(
            language, "[Anju] This is a test of {name}. When an alert needs you, it is told here too.", name=name
        )
        message_id = own_channels.try_out(
            connection, staff_id=int(staff.id), channel_id=row_id(channel_id) or 0, text=words, language=language,
            now=now, expires_at=now + TEST_TRUE_FOR,
        )  # fmt: skip
        return Asked(message=str(message_id))


def _whose(connection: Connection[Any], staff_id: str, caller: Principal) -> StaffRead:
    """Return the person, where it is the caller himself or an operator's to choose for."""
    number = row_id(staff_id)
    if number is None or number != caller.staff_id:
        if not caller.may("operator"):
            raise Problem(403, "a person's own channels are his own to choose, or an operator's")
        return reach.one(connection, queries.staff_read, number, StaffRead, what="staff", caller=caller, asked=staff_id)
    found, _ = reach.read(connection, queries.staff_read, [number], StaffRead).get(staff_id, (None, None))
    if found is None:
        raise Problem(404, f"staff {staff_id}: there is nobody with that id")
    return found


def _read(connection: Connection[Any], staff: StaffRead) -> Channels:
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        rows = cursor.execute(queries.own_channels_read, {"staff_id": int(staff.id)}).fetchall()
    return Channels(items=[row.shown() for row in rows])


class _Row(BaseModel):
    """A channel as it is stored."""

    id: int
    kind: str
    name: str
    address: str = Field(repr=False)
    quiet_from: time | None
    quiet_to: time | None
    timezone: str
    created_at: datetime
    failed_at: datetime | None
    failure: str | None

    def shown(self) -> ChannelRead:
        """Return it without where it leads."""
        hidden = self.model_dump(exclude={"id", "address"})
        return ChannelRead(**hidden, id=str(self.id), service=_service(self.kind, self.address))


def _service(kind: str, address: str) -> str:
    """Return the part of an address that is no secret."""
    if kind == "chat":
        return chat.service_of(address)
    return webpush.host_of(address) if kind == "push" else address.rpartition("@")[2]


def _wanted(body: ChannelBody, number: int, context: Context) -> Wanted:
    """Return a channel as it is to be stored. Raises Problem 422; what was wrong is said without the address."""
    field = f"channels.{number}.address"
    if body.kind == "email" and not context.settings.mails:
        raise invalid(f"channels.{number}.kind", body.kind, "there is no mail server; set ANJU_MAIL_URL")
    if body.address is not None:
        if len(body.address) > LONGEST_ADDRESS or "\0" in body.address:
            raise invalid(field, "(hidden)", f"the address is longer than {LONGEST_ADDRESS} characters, or holds a NUL")
        if body.kind == "email" and not _is_mail(body.address):
            raise invalid(field, "(hidden)", "the address is none of e-mail; write name@host")
        if body.kind == "chat" and not chat.is_chat(body.address):
            raise invalid(field, "(hidden)", f"write an Apprise URL of one of {', '.join(sorted(chat.CHATS))}")
        if body.kind == "push" and not webpush.is_subscription(body.address):
            raise invalid(field, "(hidden)", "give a browser's PushSubscription as JSON, of a known push service")
    elif body.id is None:
        raise invalid(field, None, "a new channel needs its address")
    if (body.quiet_from is None) != (body.quiet_to is None):
        raise invalid(f"channels.{number}.quiet_to", None, "quiet_from and quiet_to go together; give both or none")
    zone = body.timezone or context.settings.timezone
    quiet = (
        Quiet(body.quiet_from, body.quiet_to, zone)
        if body.quiet_from is not None and body.quiet_to is not None
        else None
    )
    channel_id = None if body.id is None else row_id(body.id) or 0
    return Wanted(body.kind, body.name, body.address, quiet, zone, channel_id)


def _is_mail(address: str) -> bool:
    return len(address) <= 254 and _MAIL.fullmatch(address) is not None
