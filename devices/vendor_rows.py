"""What does the database keep for the devices of the market? Their addresses, what their presses are compared with, and what
was named that nobody has registered yet."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from devices import health, presses
from devices.addresses import AddressBook, Entry
from devices.model import Json
from devices.presses import Memory
from devices.telemetry import KnownDevice
from storage import sql

queries = sql.load("devices")

OF_ONE_HUB = 500
"""What waits behind one hub, at most: more than a Zigbee network holds. A flood of names pushes its own out."""
IN_ALL = 20_000
QUIET = timedelta(minutes=1)
"""That something was heard again is written down at most so often."""
STRANGERS_KEPT = timedelta(days=7)
SAID_LIMIT = 1_000
"""Characters of what a device last said, kept to know it by."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that could be registered was named or heard. `hub`: the uid of the hub it speaks through."""

    format: str
    hub: str | None
    address: str
    topic: str | None = None
    name: str | None = None
    kind: str | None = None
    model: str | None = None
    maker: str | None = None
    fw: str | None = None
    said: dict[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known again by."""
        return (self.format, self.hub or "", self.address)


def read_book(connection: Connection[Any]) -> AddressBook:
    """Return the vendors' part of the registry as it is now."""
    with connection.cursor() as cursor:
        return AddressBook(_entries(cursor.execute(queries.addresses)))


def read_behind(connection: Connection[Any], hub: str) -> AddressBook:
    """Return what is registered behind one hub, and in its home, right now, whatever was read before."""
    with connection.cursor() as cursor:
        return AddressBook(_entries(cursor.execute(queries.addresses_behind, {"hub": hub})))


def read_under(connection: Connection[Any], topic: str) -> AddressBook:
    """Return who is registered with a base topic right now, and what is behind it, whoever had it before."""
    with connection.cursor() as cursor:
        return AddressBook(_entries(cursor.execute(queries.addresses_under, {"topic": topic})))


def _entries(rows: Iterable[Any]) -> Iterator[Entry]:
    # most devices of a kind are expected alike: one object for all of them
    expected = cache(health.expectation)
    for uid, device_id, kind, home_id, spoken, topic, hub, patrol, offline, usual_gap_s in rows:
        known = KnownDevice(device_id, expected(kind, patrol, offline, usual_gap_s))
        yield Entry(uid, known, kind, home_id, spoken, topic, hub)


def hold_presses(connection: Connection[Any], uid: str, address: str, now: datetime) -> Memory:
    """Return what a device's next press is compared with; nobody else judges one until the transaction ends."""
    row = connection.execute(queries.hold_presses, {"uid": uid, "address": address, "now": now}).fetchone()
    assert row is not None  # noqa: S101 - the statement writes the row that it returns
    pressed_at, alarm_on, recent = row
    return Memory(pressed_at, alarm_on, presses.from_rows(recent))


def remember_press(connection: Connection[Any], uid: str, address: str, memory: Memory) -> None:
    """Keep what the next press is compared with."""
    connection.execute(
        queries.remember_press,
        {
            "uid": uid,
            "address": address,
            "pressed_at": memory.pressed_at,
            "alarm_on": memory.alarm_on,
            "recent": Jsonb(presses.as_rows(memory.recent)),
        },
    )


def note_discovered(connection: Connection[Any], sightings: Iterable[Sighting], now: datetime) -> None:
    """Write down what could be registered; beyond a bound, what was unseen longest is forgotten."""
    told = {each.key: each for each in sightings}
    if not told:
        return
    rows: Sequence[dict[str, Json]] = [
        {
            "format": each.format, "hub_uid": each.hub, "address": each.address, "topic": each.topic, "name": each.name,
            "kind": each.kind, "model": each.model, "maker": each.maker, "fw": each.fw, "said": _little(each.said),
        }
        for each in told.values()
    ]  # fmt: skip
    new = connection.execute(queries.note_discovered, {"sightings": Jsonb(rows), "now": now, "quiet": QUIET}).fetchall()
    for (hub,) in new:
        connection.execute(queries.bound_discovered, {"hub": hub, "limit": OF_ONE_HUB})
    if new:
        connection.execute(queries.bound_all_discovered, {"limit": IN_ALL})


def forget_discovered(connection: Connection[Any], format_name: str, hub: str | None, address: str) -> None:
    """Take back what was named."""
    connection.execute(queries.forget_discovered, {"format": format_name, "hub": hub, "address": address})


def tidy(connection: Connection[Any], now: datetime) -> None:
    """Forget what is registered by now, and strangers' presses of long ago."""
    connection.execute(queries.forget_registered_behind_hubs)
    connection.execute(queries.forget_registered_alone)
    connection.execute(queries.forget_presses_of_strangers, {"before": now - STRANGERS_KEPT})


def subscriptions(connection: Connection[Any], lane: str) -> dict[str, int]:
    """Return the filters of a lane's further sessions at the broker, and which session each is in."""
    return dict(connection.execute(queries.subscriptions, {"lane": lane}).fetchall())


def note_subscriptions(connection: Connection[Any], lane: str, sessions: dict[str, int]) -> None:
    """Write down what is going to be subscribed to."""
    connection.execute(
        queries.note_subscriptions,
        {"lane": lane, "filters": list(sessions), "sessions": list(sessions.values())},
    )


def forget_subscriptions(connection: Connection[Any], lane: str, filters: Sequence[str]) -> None:
    """Write down what is no longer subscribed to."""
    connection.execute(queries.forget_subscriptions, {"lane": lane, "filters": list(filters)})


def _little(said: dict[str, Json]) -> dict[str, Json]:
    """Return as much of what was said as is kept: its first keys."""
    kept: dict[str, Json] = {}
    room = SAID_LIMIT
    for key, value in said.items():
        room -= len(json.dumps([key, value]))
        if room < 0:
            break
        kept[key] = value
    return kept
