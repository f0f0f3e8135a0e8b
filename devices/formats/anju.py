"""What does a device say that speaks the contract's own format (CONTRACT section 3)?"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from devices.formats.payload import (
    PERSONS_LIMIT,
    RSSI_RANGE,
    TEMPERATURE_RANGE,
    TEXT_LIMIT,
    URL_LIMIT,
    NotReadable,
    clean,
    instant,
    json_object,
    take_bool,
    take_number,
    take_text,
    take_whole,
    wrong,
)
from devices.model import (
    PAYLOAD_LIMIT,
    Cancel,
    HelpCall,
    Message,
    PatrolPing,
    Picture,
    Source,
    StatusChange,
    Telemetry,
    Unreadable,
    VisitRequest,
)

PREFIX = "anju/v1/"
HELP_LEAVES = frozenset({"help", "cancel"})
"""What the urgent lane takes; everything else belongs to the bulk lane."""
REPLY_LEAF = "reply"
REQUEST_LEAF = "request"
"""A wish for a visit, without alarm: read by `read_request`."""
UID = re.compile(r"[A-Za-z0-9_-]{3,64}")

_PICTURES = list(Picture)
SERVICE_LIMIT = 40
"""Characters of a service's longest code."""
ID_LIMIT = 200
"""Characters of the longest `id`: it is part of a key for ever."""


def topic_of(uid: str, leaf: str) -> str:
    """Return the topic of a device: `anju/v1/UID/leaf`."""
    return f"{PREFIX}{uid}/{leaf}"


def split(topic: str) -> tuple[str | None, str]:
    """Return (uid, leaf) of a topic; uid is None where the topic names no valid device."""
    if not topic.startswith(PREFIX):
        return None, topic
    uid, _, leaf = topic[len(PREFIX) :].partition("/")
    return (uid if UID.fullmatch(uid) else None), leaf


def read(topic: str, payload: bytes) -> Message | Unreadable:
    """Return what the device said, or why it cannot be read. Never raises, whatever the bytes are."""
    uid, leaf = split(topic)
    is_help = leaf == "help"
    if uid is None:
        return Unreadable(f"topic {topic!r} names no device; a UID is 3 to 64 of A-Z a-z 0-9 _ -", None, is_help)
    if leaf not in _READERS:
        return Unreadable(f"topic ends in {leaf!r}, which is none of {', '.join(sorted(_READERS))}", uid)
    if leaf == "patrol":
        ping = _usual_patrol(uid, payload)
        if ping is not None:
            return ping
    said: dict[str, Any] = {}
    try:
        said = json_object(payload)
        return _READERS[leaf](uid, said)
    except NotReadable as why:
        return Unreadable(str(why), uid, is_help, _saved_id(said))


def read_request(topic: str, payload: bytes) -> VisitRequest | Unreadable:
    """Return the wish for a visit, or why it cannot be read. Never raises, whatever the bytes are."""
    uid, _ = split(topic)
    if uid is None:
        return Unreadable(f"topic {topic!r} names no device; a UID is 3 to 64 of A-Z a-z 0-9 _ -")
    said: dict[str, Any] = {}
    try:
        said = json_object(payload)
        rest = dict(said)
        return VisitRequest(
            uid, _take_id(rest), at=_take_at(rest), service=take_text(rest, "service", SERVICE_LIMIT) or None,
            battery=take_whole(rest, "battery", 0, 100),
        )  # fmt: skip
    except NotReadable as why:
        return Unreadable(str(why), uid, call_id=_saved_id(said))


def _saved_id(said: dict[str, Any]) -> str | None:
    """Return the message's id where at least that can be read: a re-send is then still known as one."""
    found = said.get("id")
    return found if isinstance(found, str) and 0 < len(found) <= ID_LIMIT and clean(found) else None


def _take_id(said: dict[str, Any]) -> str:
    value = said.pop("id", None)
    if not isinstance(value, str) or not 0 < len(value) <= ID_LIMIT:
        raise wrong("id", value, f"a text of 1 to {ID_LIMIT} characters")
    return value


def _take_at(said: dict[str, Any]) -> datetime | None:
    value = said.pop("at", None)
    if value is None:
        return None
    at = instant(value) if isinstance(value, str) else None
    if at is None:
        raise wrong("at", value, "an RFC 3339 time with an offset, as 2026-11-24T08:30:00+08:00,")
    return at


class _UsualPatrol(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A patrol ping as nearly all are: known keys and right values, read in one go."""

    id: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    at: str | None = None
    presence: bool | None = None
    persons: Annotated[int, Meta(ge=0, le=PERSONS_LIMIT)] | None = None
    battery: Annotated[int, Meta(ge=0, le=100)] | None = None
    rssi: Annotated[int, Meta(ge=RSSI_RANGE[0], le=RSSI_RANGE[1])] | None = None
    fw: Annotated[str, Meta(max_length=TEXT_LIMIT)] | None = None
    snapshot: Annotated[str, Meta(max_length=URL_LIMIT)] | None = None


_usual_patrol_decoder = msgspec.json.Decoder(_UsualPatrol)


def _usual_patrol(uid: str, payload: bytes) -> PatrolPing | None:
    """Return the ping where everything about it is as usual; else None, and it is read key by key, to the same end."""
    if len(payload) > PAYLOAD_LIMIT or b"\\u0000" in payload:
        return None
    try:
        said = _usual_patrol_decoder.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    at = None
    if said.at is not None:
        at = instant(said.at)
        if at is None:
            return None
    return PatrolPing(
        uid, said.id, at, said.presence, said.persons, said.battery, said.rssi, said.fw, said.snapshot
    )  # fmt: skip


# In each reader, what is left after the known keys were taken is kept as it came (CONTRACT section 3).


def _help(uid: str, said: dict[str, Any]) -> HelpCall:
    rest = dict(said)
    call_id = _take_id(rest)
    named = rest.pop("source", None)
    try:
        source = None if named is None else Source(named)
    except ValueError:
        raise wrong("source", named, "one of " + ", ".join(Source)) from None
    return HelpCall(
        uid,
        call_id,
        at=_take_at(rest),
        source=source,
        test=take_bool(rest, "test") or False,
        battery=take_whole(rest, "battery", 0, 100),
        extra=rest,
    )


def _cancel(uid: str, said: dict[str, Any]) -> Cancel:
    rest = dict(said)
    return Cancel(uid, _take_id(rest), call=take_text(rest, "call", ID_LIMIT), at=_take_at(rest), extra=rest)


def _patrol(uid: str, said: dict[str, Any]) -> PatrolPing:
    rest = dict(said)
    return PatrolPing(
        uid,
        _take_id(rest),
        at=_take_at(rest),
        presence=take_bool(rest, "presence"),
        persons=take_whole(rest, "persons", 0, PERSONS_LIMIT),
        battery=take_whole(rest, "battery", 0, 100),
        rssi=take_whole(rest, "rssi", *RSSI_RANGE),
        fw=take_text(rest, "fw"),
        snapshot=take_text(rest, "snapshot", URL_LIMIT),
        extra=rest,
    )


def _telemetry(uid: str, said: dict[str, Any]) -> Telemetry:
    rest = dict(said)
    # any other value is of a key that was unknown until now: kept, as those are
    picture = Picture(rest.pop("picture")) if rest.get("picture") in _PICTURES else None
    return Telemetry(
        uid,
        at=_take_at(rest),
        battery=take_whole(rest, "battery", 0, 100),
        rssi=take_whole(rest, "rssi", *RSSI_RANGE),
        fw=take_text(rest, "fw"),
        temperature=take_number(rest, "temperature", *TEMPERATURE_RANGE),
        extra=rest,
        picture=picture,
    )


def _status(uid: str, said: dict[str, Any]) -> StatusChange:
    rest = dict(said)
    state = rest.pop("state", None)
    if state not in ("online", "offline"):
        raise wrong("state", state, '"online" or "offline"')
    return StatusChange(
        uid,
        online=state == "online",
        at=_take_at(rest),
        model=take_text(rest, "model"),
        fw=take_text(rest, "fw"),
        extra=rest,
    )


_READERS: dict[str, Callable[[str, dict[str, Any]], Message]] = {
    "help": _help,
    "cancel": _cancel,
    "patrol": _patrol,
    "telemetry": _telemetry,
    "status": _status,
}
