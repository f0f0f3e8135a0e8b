"""What is stored of a wish for a visit? Once for ever by its id, with the visit it leads to; then the home hears `received`."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg import Connection

from alerts import requests
from devices.formats import anju
from devices.model import Unreadable, VisitRequest, time_that_counts
from gateway import inbox, replies
from gateway.client import Heard
from gateway.inbox import ToldHome
from storage import sql

queries = sql.load("gateway")


def is_one(message: Heard) -> bool:
    """Say whether a message is a wish for a visit."""
    return anju.split(message.topic)[1] == anju.REQUEST_LEAF


def take(connection: Connection[Any], heard: Sequence[Heard], now: datetime) -> list[ToldHome]:
    """Store wishes and make their visits; return whom to tell `received`. What is there already is told again."""
    told: list[ToldHome] = []
    for message in heard:
        if message.retained and not message.payload:
            continue
        said = anju.read_request(message.topic, message.payload)
        if isinstance(said, Unreadable):
            told += _unreadable(connection, said, message, now)
        else:
            told += _store(connection, said, message, now)
    return told


def take_refused(connection: Connection[Any], message: Heard, reason: str, now: datetime) -> None:
    """A wish that the database would not store as it came: it is kept, and somebody goes and sees all the same."""
    _unreadable(connection, Unreadable(reason, anju.split(message.topic)[0]), message, now)


def received(told: Sequence[ToldHome], locale: str) -> list[tuple[str, bytes]]:
    """Return the topic and payload of `received` for each wish that is now stored."""
    return [
        (
            anju.topic_of(each.uid, anju.REPLY_LEAF),
            replies.payload(
                each.call_id, "received", each.at, replies.say_of_visit(each.language or locale, "received")
            ),
        )
        for each in told
    ]


def _store(connection: Connection[Any], said: VisitRequest, message: Heard, now: datetime) -> list[ToldHome]:
    home = connection.execute(queries.home_of_device, {"uid": said.uid}).fetchone()
    if home is None:
        _quarantine_stranger(connection, message, said.uid)
        return []
    home_id, language = home
    at = time_that_counts(said.at, message.received_at)
    noted = {
        "uid": said.uid, "request_id": said.id, "at": at, "claimed_at": said.at, "received_at": message.received_at,
        "service": said.service, "battery": said.battery, "readable": True,
    }  # fmt: skip
    _note(connection, noted, home_id, now)
    return [ToldHome(said.uid, said.id, now, language)]


def _unreadable(connection: Connection[Any], said: Unreadable, message: Heard, now: datetime) -> list[ToldHome]:
    """Unreadable still is a wish: it is kept as it came, and somebody goes and sees."""
    home = None
    if said.uid is not None:
        home = connection.execute(queries.home_of_device, {"uid": said.uid}).fetchone()
    if said.uid is None or home is None:
        if said.uid is not None:
            _quarantine_stranger(connection, message, said.uid)
        else:
            inbox.quarantine(connection, message, said.reason, None, None)
        return []
    request_id = (
        said.call_id or f"unreadable-{sha256(message.payload).hexdigest()[:12]}-{message.received_at.isoformat()}"
    )
    noted = {
        "uid": said.uid, "request_id": request_id, "at": message.received_at, "claimed_at": None,
        "received_at": message.received_at, "service": None, "battery": None, "readable": False,
    }  # fmt: skip
    if _note(connection, noted, home[0], now):
        inbox.quarantine(connection, message, said.reason, said.uid, None)
    return [ToldHome(said.uid, request_id, now, home[1])]


def _note(connection: Connection[Any], noted: dict[str, Any], home_id: int, now: datetime) -> bool:
    """Write a wish down, once for ever by device and id, with its visit; say whether it is new."""
    row = connection.execute(queries.note_request, noted).fetchone()
    if row is None or not row[0]:
        return False
    visit_id = requests.open_or_join(
        connection, home_id=home_id, service=noted["service"], readable=noted["readable"], now=now
    )
    connection.execute(
        queries.set_visit_of_request, {"uid": noted["uid"], "request_id": noted["request_id"], "visit_id": visit_id}
    )
    return True


def _quarantine_stranger(connection: Connection[Any], message: Heard, uid: str) -> None:
    reason = f"device {uid} is not registered, so nobody knows where the visit is wanted; add it"
    inbox.quarantine(connection, message, reason, uid, None)
