"""What is stored of what vendors' devices say? A press goes the way of a press, a reading into the series, a device that nobody
has registered is written down to be let in.

Both lanes hear the same topics. The urgent one takes what calls for help and passes the rest over, the bulk one takes all but
that. Nothing here knows a vendor.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import structlog
from psycopg import Connection

from devices import presses, telemetry, vendor_rows
from devices.addresses import AddressBook, Registered
from devices.formats.base import Format
from devices.formats.payload import ADDRESS_LIMIT
from devices.model import Alarm, Found, Gone, HelpCall, Json, PatrolPing, Press, Source, Telemetry, Unreadable
from devices.presses import HELP_KINDS, Came
from devices.telemetry import KnownDevice, Received
from devices.vendor_rows import Sighting
from gateway import falls, heard_of_vendors, inbox
from gateway.client import Heard
from gateway.heard_of_vendors import NobodyThere, Word

log = structlog.get_logger("gateway.vendors")

ONCE_EVERY = timedelta(minutes=1)
"""What nobody has registered is written down at most so often."""
LATELY_LIMIT = 20_000
STRANGER_LIMIT = 64
_NOT_OF_A_UID = re.compile(r"[^A-Za-z0-9_-]")
_SOURCES = {"button": Source.BUTTON, "pendant": Source.PENDANT}


class Lately:
    """What was written down within the last minute and need not be again. For what may be missed once, only."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, ...], datetime] = {}

    def is_new(self, key: tuple[str, ...], now: datetime) -> bool:
        """Say whether it was not asked for within the last minute, and take it down."""
        before = self._at.get(key)
        if before is not None and timedelta() <= now - before < ONCE_EVERY:
            return False
        if len(self._at) >= LATELY_LIMIT:
            self._at.clear()
        self._at[key] = now
        return True


@dataclass(frozen=True, slots=True)
class Taken:
    """How much called for help, and what is yet to go into the series: no press waits for that."""

    calls: int
    readings: Sequence[tuple[KnownDevice, Received]]


def take_urgent(
    connection: Connection[Any], heard: Sequence[Heard], book: AddressBook, formats: Mapping[str, Format], now: datetime
) -> Taken:
    """Raise or join the alerts of what calls for help, and return how much of it did; the rest is the other lane's."""
    taken = 0
    readings: list[tuple[KnownDevice, Received]] = []
    for message in heard:
        for word in _calls(connection, book, formats, message):
            taken += 1
            if isinstance(word.said, Press | Alarm):
                readings += _press(connection, word, word.said, message, now)
            else:
                _unreadable(connection, word, message, now)
    return Taken(taken, readings)


def take_bulk(
    connection: Connection[Any],
    heard: Sequence[Heard],
    book: AddressBook,
    formats: Mapping[str, Format],
    lately: Lately,
    now: datetime,
) -> int:
    """Store readings, write down what could be registered; what cannot be read or placed goes to the quarantine.

    Returns how many rows of the series were new.
    """
    batch: list[tuple[KnownDevice, Received]] = []
    sightings: dict[tuple[str, str, str], Sighting] = {}
    for message in heard:
        words = heard_of_vendors.read_discovery(formats, message)
        if isinstance(words, NobodyThere):
            words = heard_of_vendors.read(book, formats, message)
        if isinstance(words, NobodyThere):
            _nobody(connection, message, lately, now)
            continue
        for word in words:
            _note(connection, word, message, book, formats, sightings, lately, now)
        _take_through(words, message, batch, lately, now)
        for who, word in heard_of_vendors.readings(words):
            _take_reading(who, word, message, batch)
    vendor_rows.note_discovered(connection, sightings.values(), now)
    if not batch:
        return 0
    stored = telemetry.store(connection, batch, now)
    falls.take(connection, batch, now)
    return stored


def take_refused(
    connection: Connection[Any],
    message: Heard,
    book: AddressBook,
    formats: Mapping[str, Format],
    reason: str,
    now: datetime,
) -> None:
    """What the database would not store as it came: where it called for help, it does so all the same."""
    for word in _calls(connection, book, formats, message):
        if not isinstance(word.said, Alarm) or word.said.on:
            uid, _ = _whose(word, message)
            inbox.take_refused_help(connection, message, reason, now, uid=uid)
            return
    inbox.quarantine(connection, message, reason, None, None)


def _calls(connection: Connection[Any], book: AddressBook, formats: Mapping[str, Format], message: Heard) -> list[Word]:
    """Return what calls for help in a message, or says that it no longer does."""
    words = heard_of_vendors.read(book, formats, message, only_calls=True)
    if isinstance(words, NobodyThere):
        return [] if message.retained else heard_of_vendors.strangers_calls(formats, message)
    stale = [each for each in words if _is_call(each, message)]
    if message.retained or not any(_could_be_call(each) for each in words):
        return stale
    # The button may have been registered, moved to another hub or replaced a moment ago: then it is help, and its home's.
    base = next(each.base for each in words if each.base is not None)
    words = heard_of_vendors.read(
        vendor_rows.read_behind(connection, base.holder.uid), formats, message, only_calls=True
    )
    if isinstance(words, NobodyThere):
        words = heard_of_vendors.read(vendor_rows.read_under(connection, base.topic), formats, message, only_calls=True)
    if isinstance(words, NobodyThere):
        # in doubt it was a press: whoever spoke there was taken away just now
        return heard_of_vendors.strangers_calls(formats, message) or stale
    return [each for each in words if _is_call(each, message)]


def _could_be_call(word: Word) -> bool:
    return isinstance(word.said, Press | Alarm) or (isinstance(word.said, Unreadable) and word.said.is_help)


def _is_call(word: Word, message: Heard) -> bool:
    kind = None if word.who is None else word.who.kind
    match word.said:
        case Press() | Alarm() as said:
            return presses.calls_for_help(said, kind)
        case Unreadable() as said:
            # nothing was said that could be kept from before: what is retained and unreadable is no press
            return said.is_help and word.format.calls and kind in HELP_KINDS and not message.retained
        case _:
            return False


def _whose(word: Word, message: Heard) -> tuple[str, str]:
    """Return the uid a call is of, and what names the device where that is registered to nobody: its hub's word, its topic."""
    if word.who is not None:
        return word.who.uid, ""
    if word.base is not None:
        return word.base.holder.uid, word.address
    # a reply is published under it, and not every broker takes every topic
    return _NOT_OF_A_UID.sub("_", message.topic)[-STRANGER_LIMIT:], _as_key(inbox.storable(message.topic))


def _as_key(topic: str) -> str:
    """Return a topic as a part of a key: one that is too long for that as its beginning and a sum of all of it."""
    if len(topic) <= ADDRESS_LIMIT:
        return topic
    return f"{topic[: ADDRESS_LIMIT - 17]}~{sha256(topic.encode()).hexdigest()[:16]}"


def _press(
    connection: Connection[Any], word: Word, said: Press | Alarm, message: Heard, now: datetime
) -> list[tuple[KnownDevice, Received]]:
    """Raise or join the alert of what is a press that was not counted yet; return what the series is to have of it."""
    uid, address = _whose(word, message)
    came = _came(message)
    if not _counts(connection, uid, address, said, came, now):
        return []
    extra = dict(said.extra)
    if isinstance(said, Press):
        extra["action"] = said.action
    kind = "" if word.who is None else word.who.kind
    call = HelpCall(
        uid,
        presses.call_id(word.format.name, word.address, said, came),
        at=said.at,
        source=said.source or _SOURCES.get(kind),
        battery=said.battery,
        extra={**extra, "format": word.format.name, "address": word.address},
    )
    inbox.take_call(connection, call, message, now, address=address or None)
    who = word.who or (word.base.holder if word.base is not None else None)
    # the bulk lane cannot: which press it is was decided here
    return [] if who is None else [(who.known, Received(call, message.received_at))]


def _unreadable(connection: Connection[Any], word: Word, message: Heard, now: datetime) -> None:
    """Who cannot be understood may call for help: as a press that has no key."""
    uid, address = _whose(word, message)
    if isinstance(word.said, Unreadable) and _counts(
        connection, uid, address, Press(word.address, "unreadable", certain=True), _came(message), now
    ):
        inbox.take_refused_help(connection, message, word.said.reason, now, uid=uid)


def _counts(
    connection: Connection[Any], uid: str, address: str, said: Press | Alarm, came: Came, now: datetime
) -> bool:
    memory = vendor_rows.hold_presses(connection, uid, address, now)
    is_press, then = presses.judge(memory, said, came)
    if then != memory:
        vendor_rows.remember_press(connection, uid, address, then)
    return is_press


def _came(message: Heard) -> Came:
    mark = presses.mark_of(message.topic, message.payload, message.mid)
    return Came(message.received_at, mark, message.retained, message.again)


def _note(
    connection: Connection[Any],
    word: Word,
    message: Heard,
    book: AddressBook,
    formats: Mapping[str, Format],
    sightings: dict[tuple[str, str, str], Sighting],
    lately: Lately,
    now: datetime,
) -> None:
    """Write down what a message says beside readings of registered devices."""
    match word.said:
        case Unreadable() as said:
            if not _is_call(word, message):
                uid = None if word.who is None else word.who.uid
                inbox.quarantine(connection, message, f"{word.format.name}: {said.reason}", uid, None)
        case Found() as said:
            sighting = _found(word, said, book, formats)
            if sighting is not None:
                heard_before = sightings.get(sighting.key)
                sightings[sighting.key] = (
                    sighting if heard_before is None else replace(sighting, said=heard_before.said)
                )
        case Gone():
            vendor_rows.forget_discovered(connection, word.format.name, _hub(word), word.address)
        case said if word.who is None and not message.retained:
            heard = Sighting(word.format.name, _hub(word), word.address, said=_telling(said))
            if lately.is_new(heard.key, now):
                named = sightings.get(heard.key)
                sightings[heard.key] = heard if named is None else replace(named, said=heard.said)


def _found(word: Word, said: Found, book: AddressBook, formats: Mapping[str, Format]) -> Sighting | None:
    """Return what is to be let in; None where it is registered."""
    spoken, hub, address = formats.get(said.format or "", word.format), _hub(word), word.address
    if word.base is not None and word.who is not None:
        return None
    if said.topic is not None:
        # a discovery names what speaks through a hub that we know
        for base, rest in book.at(spoken, said.topic):
            if book.who(base, rest) is not None:
                return None
            hub, address = base.holder.uid, rest
            break
    return Sighting(
        spoken.name,
        hub,
        address,
        topic=said.topic if hub is None else None,
        name=said.name or None,
        kind=said.kind,
        model=said.model,
        maker=said.maker,
        fw=said.fw,
    )


def _hub(word: Word) -> str | None:
    return None if word.base is None else word.base.holder.uid


def _telling(said: object) -> dict[str, Json]:
    """Return the little that a device not registered is known by: what it was pressed for, its battery, what it measures."""
    match said:
        case Press():
            return {"action": said.action, **said.extra}
        case Alarm():
            return {"alarm": said.on, **said.extra}
        case Telemetry() | PatrolPing():
            shown: dict[str, Json] = {"battery": said.battery, "rssi": said.rssi}
            return {**{key: value for key, value in shown.items() if value is not None}, **said.extra}
        case _:
            return {}


def _take_reading(who: Registered, word: Word, message: Heard, batch: list[tuple[KnownDevice, Received]]) -> None:
    reading = word.said
    if isinstance(reading, Press | Alarm | Found | Gone | Unreadable):
        return
    batch.append((who.known, Received(replace(reading, uid=who.uid), message.received_at, message.retained)))


def _take_through(
    words: Sequence[Word],
    message: Heard,
    batch: list[tuple[KnownDevice, Received]],
    lately: Lately,
    now: datetime,
) -> None:
    """Take what came through a hub as a sign of the hub's life: some say `online` once, and are heard by their devices only."""
    if message.retained or not words:
        return
    base, address = words[0].base, words[0].address
    if base is not None and base.is_hub and address and lately.is_new(("hub", base.holder.uid), now):
        batch.append((base.holder.known, Received(Telemetry(base.holder.uid), message.received_at, through=True)))


def _nobody(connection: Connection[Any], message: Heard, lately: Lately, now: datetime) -> None:
    """Keep one message a minute of each topic that nobody is registered with: a whole hub may be speaking there."""
    if message.retained and not message.payload:
        return
    if lately.is_new(("topic", message.topic), now):
        reason = "nobody is registered with this topic or one above it; add its hub, or take its credentials away"
        inbox.quarantine(connection, message, reason, None, None)
