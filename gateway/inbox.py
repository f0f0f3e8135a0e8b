"""What is stored of what a home says? One transaction a batch; the caller acknowledges only after its commit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts import press
from alerts.press import AskedCaller, Caller, Press
from devices import telemetry
from devices.formats import anju
from devices.model import (
    Cancel,
    HelpCall,
    PatrolPing,
    StatusChange,
    Telemetry,
    Unreadable,
    time_that_counts,
)
from devices.telemetry import KnownDevice, Received
from gateway import falls
from gateway.client import Heard
from storage import sql

queries = sql.load("gateway")
log = structlog.get_logger("gateway.inbox")

KEPT_BYTES = 64 * 1024
"""Of an oversized payload the quarantine keeps the beginning."""
TOPIC_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ToldHome:
    """A call that is now on disk: what the home's `received` names."""

    uid: str
    call_id: str
    at: datetime
    language: str | None


class Registry:
    """The registered devices this process has met; forgotten every minute, so that a change in the registry takes hold."""

    FORGET_AFTER_S = 60.0

    def __init__(self) -> None:
        self._known: dict[str, KnownDevice] = {}
        self._since: datetime | None = None

    def look_up(self, connection: Connection[Any], uids: Sequence[str], now: datetime) -> dict[str, KnownDevice]:
        """Return the registered ones among `uids`; those not known yet are asked for each time."""
        if self._since is None or abs((now - self._since).total_seconds()) > self.FORGET_AFTER_S:
            self._known.clear()
            self._since = now
        missing = [uid for uid in uids if uid not in self._known]
        if missing:
            self._known |= telemetry.known_devices(connection, missing)
        return self._known


def take_urgent(connection: Connection[Any], heard: Sequence[Heard], now: datetime) -> list[ToldHome]:
    """Store help calls and cancellations, raise or join their alerts; return whom to tell `received`.

    A call that is there already is told again: its home has not heard us, or would not send it again.
    """
    told: list[ToldHome] = []
    for message in heard:
        said = anju.read(message.topic, message.payload)
        match said:
            case HelpCall():
                told.append(_help(connection, said, message, now))
            case Cancel():
                _cancel(connection, said, message, now)
            case Unreadable():
                told += _unreadable_help(connection, said, message, now)
            case PatrolPing() | Telemetry() | StatusChange():
                log.error("a reading came on the urgent lane", topic=message.topic)
    return told


def take_bulk(connection: Connection[Any], heard: Sequence[Heard], registry: Registry, now: datetime) -> int:
    """Put a batch into the series of its devices; what cannot be read, or is from nobody we know, goes to the quarantine.

    Help calls among it as well, of which the urgent lane has taken what somebody must answer: they wait for no series, and
    no press is told twice of for that. Returns how many rows were new.
    """
    readings: list[tuple[Received, Heard]] = []
    for message in heard:
        uid, leaf = anju.split(message.topic)
        if uid is not None and leaf == anju.REPLY_LEAF:
            continue
        if message.retained and not message.payload:
            continue
        if leaf == anju.REQUEST_LEAF:
            # somebody is to come: `requests` has it
            continue
        said = anju.read(message.topic, message.payload)
        if not isinstance(said, Unreadable):
            readings.append((Received(said, message.received_at, message.retained), message))
        elif leaf not in anju.HELP_LEAVES:
            quarantine(connection, message, said.reason, said.uid, None)
    known = registry.look_up(connection, list({each.reading.uid for each, _ in readings}), now)
    batch: list[tuple[KnownDevice, Received]] = []
    for received, message in readings:
        device = known.get(received.reading.uid)
        if device is None:
            if isinstance(received.reading, HelpCall | Cancel):
                continue
            reason = f"device {received.reading.uid} is not registered; add it, or take its credentials away"
            quarantine(connection, message, reason, received.reading.uid, None)
        else:
            batch.append((device, received))
    new = telemetry.store(connection, batch, now)
    falls.take(connection, batch, now)
    return new


def take_call(
    connection: Connection[Any], call: HelpCall, message: Heard, now: datetime, *, address: str | None = None
) -> ToldHome:
    """Store a call, and raise or join its alert. `address`: what a hub calls the device, where that is not registered."""
    return _help(connection, call, message, now, address)


def take_refused_help(
    connection: Connection[Any], message: Heard, reason: str, now: datetime, *, uid: str | None = None
) -> None:
    """A press that the database would not store as it came: it raises its alert all the same.

    `uid`: whose press it is, where the topic is not the contract's.
    """
    uid = uid or anju.split(message.topic)[0]
    _unreadable_help(connection, Unreadable(reason, uid, is_help=True), message, now)


def quarantine(connection: Connection[Any], message: Heard, reason: str, uid: str | None, alert_id: int | None) -> None:
    """Keep what could not be read, with its topic, bytes, reason and time."""
    connection.execute(
        queries.quarantine,
        {
            "topic": storable(message.topic)[:TOPIC_LIMIT],
            "payload": message.payload[:KEPT_BYTES],
            "size": len(message.payload),
            "reason": storable(reason),
            "uid": uid,
            "alert_id": alert_id,
            "received_at": message.received_at,
        },
    )


def _help(
    connection: Connection[Any], call: HelpCall, message: Heard, now: datetime, address: str | None = None
) -> ToldHome:
    at = time_that_counts(call.at, message.received_at)
    new, caller = _note_call(
        connection, uid=call.uid, call_id=call.id, what="help", at=at, claimed_at=call.at, message=message,
        source=call.source, test=call.test, battery=call.battery, readable=True, extra=call.extra,
    )  # fmt: skip
    if new:
        press.open_or_join(
            connection,
            press=Press(call.uid, call.id, at, test=call.test, source=call.source, address=address),
            caller=caller,
            now=now,
        )
    return ToldHome(call.uid, call.id, now, caller.language)


def _unreadable_help(connection: Connection[Any], said: Unreadable, message: Heard, now: datetime) -> list[ToldHome]:
    """Unreadable still means help: it raises its alert, and is kept as it came."""
    if not said.is_help:
        quarantine(connection, message, said.reason, said.uid, None)
        return []
    uid = said.uid or _named_in(message.topic)
    # without an id a re-send cannot be told from another press: each counts, they join the same alert
    call_id = said.call_id or f"unreadable-{sha256(message.payload).hexdigest()[:12]}-{message.received_at.isoformat()}"
    new, caller = _note_call(
        connection, uid=uid, call_id=call_id, what="help", at=message.received_at, claimed_at=None, message=message,
        source=None, test=False, battery=None, readable=False, extra={},
    )  # fmt: skip
    if new:
        unreadable = Press(uid, call_id, message.received_at, readable=False)
        opened = press.open_or_join(connection, press=unreadable, caller=caller, now=now)
        quarantine(connection, message, said.reason, said.uid, opened.alert_id)
    return [ToldHome(uid, call_id, now, caller.language)] if said.uid is not None else []


def _cancel(connection: Connection[Any], cancel: Cancel, message: Heard, now: datetime) -> None:
    at = time_that_counts(cancel.at, message.received_at)
    new, _ = _note_call(
        connection, uid=cancel.uid, call_id=cancel.id, what="cancel", at=at, claimed_at=cancel.at, message=message, source=None,
        test=False, battery=None, readable=True, extra={**cancel.extra, "call": cancel.call},
    )  # fmt: skip
    if not new:
        return
    alert_id = press.cancel_by_home(connection, device_uid=cancel.uid, call_id=cancel.call, now=now)
    if alert_id is not None:
        press.note_alert_of_call(connection, cancel.uid, cancel.id, alert_id, what="cancel")


def _note_call(
    connection: Connection[Any],
    *,
    uid: str,
    call_id: str,
    what: str,
    at: datetime,
    claimed_at: datetime | None,
    message: Heard,
    source: str | None,
    test: bool,
    battery: int | None,
    readable: bool,
    extra: dict[str, Any],
) -> tuple[bool, Caller]:
    """Write the call down, once for ever by device and id, and return whether it is new and who called."""
    # all is asked before anything is answered
    noted = connection.execute(
        queries.note_call,
        {
            "uid": uid,
            "call_id": call_id,
            "what": what,
            "at": at,
            "claimed_at": claimed_at,
            "received_at": message.received_at,
            "source": source,
            "test": test,
            "battery": battery,
            "readable": readable,
            "extra": Jsonb(extra, dumps=json.dumps) if extra else None,
        },
    )
    asked = AskedCaller(connection, uid, call_id, at, message.received_at)
    row = noted.fetchone()
    return bool(row and row[0]), asked.read()


def _named_in(topic: str) -> str:
    """Return what stands in the place of the UID, so that presses of the same stranger join."""
    return storable(topic.removeprefix(anju.PREFIX).partition("/")[0])[:100] or "unknown"


def storable(text: str) -> str:
    """Return the text without what PostgreSQL cannot keep."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
