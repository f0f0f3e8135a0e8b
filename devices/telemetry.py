"""What have the devices reported, and which went quiet? Writes the time series and each device's latest state."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.types.json import Jsonb

from devices import columns, health, problems
from devices.model import EventKind, HelpCall, Message, PatrolPing, StatusChange, Telemetry, time_that_counts
from devices.signs import Signs, signs
from storage import sql

queries = sql.load("devices")

CURRENT_WITHIN = timedelta(minutes=10)
"""A reading older than this is history: it goes into the series, and leaves the latest state alone."""
SWEEP_BATCH = 500
THRESHOLDS = {
    "rssi_weak": problems.RSSI_WEAK_DBM,
    "rssi_well": problems.RSSI_WELL_DBM,
    "linkquality_weak": problems.LINKQUALITY_WEAK,
    "linkquality_well": problems.LINKQUALITY_WELL,
    "clock_wrong": problems.CLOCK_WRONG_S,
    "clock_right": problems.CLOCK_RIGHT_S,
}
"""Where a value passes one of these, its device is judged anew."""
BEAT_GAP = timedelta(seconds=20)
"""A role that was not heard for this long was down: its `up_since` starts anew."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What the write path needs of a registered device."""

    id: int
    expected: health.Expectation


@dataclass(frozen=True, slots=True)
class Received:
    """What a device said and when it came in. `retained`: the broker kept it, so it says nothing about now.

    `through`: it was not said by the device itself, but came through it: it is there, and that is all.
    """

    reading: Message
    received_at: datetime
    retained: bool = False
    through: bool = False


@dataclass(slots=True)
class _Latest:
    """What a batch says of one device's present state."""

    device: KnownDevice
    heard_at: datetime | None = None
    online: bool | None = None
    last_patrol_at: datetime | None = None
    battery: int | None = None
    rssi: int | None = None
    persons: int | None = None
    presence: bool | None = None
    temperature: float | None = None
    fw: str | None = None
    model: str | None = None
    picture: str | None = None
    on_purpose: bool = False
    pings: int = 0
    lag_s: float | None = None
    booted_at: datetime | None = None
    occupied_at: datetime | None = None
    linkquality: int | None = None


class _Event(NamedTuple):
    """A row of the time series; `undated`: its time is only the receipt's, so a re-send is known by its id alone."""

    time: datetime
    device_id: int
    kind: int
    battery: int | None
    rssi: int | None
    persons: int | None
    presence: bool | None
    temperature: float | None
    message_id: str
    received_at: datetime
    extra: str | None
    undated: bool


def known_devices(connection: Connection[Any], uids: Sequence[str]) -> dict[str, KnownDevice]:
    """Return the registered ones among `uids`, by uid."""
    rows = connection.execute(queries.known_devices, {"uids": list(uids)}).fetchall()
    return {
        uid: KnownDevice(device_id, health.expectation(kind, patrol_every_s, offline_after_s, usual_gap_s))
        for uid, device_id, kind, patrol_every_s, offline_after_s, usual_gap_s in rows
    }


def store(connection: Connection[Any], batch: Sequence[tuple[KnownDevice, Received]], now: datetime) -> int:
    """Store a batch of readings in one statement, ignoring re-sent ones, and bring the latest states up.

    Returns how many rows were new.
    """
    seen_undated: set[tuple[int, int, str]] = set()
    events: list[_Event] = []
    latest: dict[int, _Latest] = {}
    for device, received in batch:
        reading = received.reading
        time = time_that_counts(reading.at, received.received_at)
        state = latest.get(device.id)
        if state is None:
            state = latest[device.id] = _Latest(device)
        _note_latest(state, received, time)
        if received.retained or received.through:
            continue
        event = _event(device, reading, time, received.received_at)
        if event.undated:
            key = (event.device_id, event.kind, event.message_id)
            if key in seen_undated:
                continue
            seen_undated.add(key)
        events.append(event)
    _write_latest(connection, list(latest.values()), now)
    return _write_events(connection, events)


def _event(device: KnownDevice, reading: Message, time: datetime, received_at: datetime) -> _Event:
    """Return the row of a reading; what has no column of its own, and a time that cannot be true, go into `extra`."""
    extra = dict(reading.extra)
    battery = rssi = persons = presence = temperature = None
    message_id = ""
    if isinstance(reading, PatrolPing):
        kind, message_id = EventKind.PATROL, reading.id
        battery, rssi, persons, presence = reading.battery, reading.rssi, reading.persons, reading.presence
        if reading.snapshot is not None:
            extra["snapshot"] = reading.snapshot
        if reading.fw is not None:
            extra["fw"] = reading.fw
    elif isinstance(reading, Telemetry):
        kind = EventKind.TELEMETRY
        battery, rssi, temperature = reading.battery, reading.rssi, reading.temperature
        if reading.fw is not None:
            extra["fw"] = reading.fw
        if reading.picture is not None:
            extra["picture"] = reading.picture
    elif isinstance(reading, StatusChange):
        kind = EventKind.STATUS
        extra["state"] = "online" if reading.online else "offline"
        if reading.on_purpose:
            extra["on_purpose"] = True
    elif isinstance(reading, HelpCall):
        kind, message_id, battery = EventKind.HELP, reading.id, reading.battery
    else:
        kind, message_id = EventKind.CANCEL, reading.id
    dated = reading.at == time
    if reading.at is not None and not dated:
        extra["at"] = reading.at.isoformat()
    return _Event(
        time, device.id, kind, battery, rssi, persons, presence, temperature, message_id, received_at,
        json.dumps(extra) if extra else None, bool(message_id) and not dated,
    )  # fmt: skip


def _write_events(connection: Connection[Any], events: Sequence[_Event]) -> int:
    """Write the rows that are not there yet, and return how many those were."""
    if not events:
        return 0
    times, devices, kinds, batteries, rssis, persons, presences, temperatures, ids, receiveds, extras, undateds = zip(
        *events, strict=True
    )
    row = connection.execute(
        queries.store_events,
        {
            "times": columns.plain(times),
            "device_ids": columns.plain(devices),
            "kinds": columns.plain([int(kind) for kind in kinds]),
            "batteries": columns.plain(batteries),
            "rssis": columns.plain(rssis),
            "persons": columns.plain(persons),
            "presences": columns.plain(presences),
            "temperatures": columns.plain(temperatures),
            "message_ids": columns.texts(ids),
            "receiveds": columns.plain(receiveds),
            "extras": columns.texts(extras),
            "undateds": columns.plain(undateds),
        },
    ).fetchone()
    return int(row[0]) if row else 0


def _note_latest(latest: _Latest, received: Received, time: datetime) -> None:
    reading = received.reading
    if received.retained:
        # the broker's memory of the last status, given at each subscription: only a Last Will still tells something
        if isinstance(reading, StatusChange) and not reading.online and latest.online is None:
            latest.online = False
            latest.on_purpose = reading.on_purpose
        return
    latest.online = reading.online if isinstance(reading, StatusChange) else True
    latest.on_purpose = isinstance(reading, StatusChange) and reading.on_purpose
    if latest.online:
        latest.heard_at = received.received_at
    latest.pings += 1
    if reading.at is not None and latest.online:
        # the smallest of a batch: what was delivered late tells of the line, not of the clock
        lag_s = (received.received_at - reading.at).total_seconds()
        if latest.lag_s is None or lag_s < latest.lag_s:
            latest.lag_s = lag_s
    if reading.extra:
        _note_signs(latest, signs(reading.extra, time))
    if received.received_at - time <= CURRENT_WITHIN:
        _note_reading(latest, reading, time)


def _note_reading(latest: _Latest, reading: Message, time: datetime) -> None:
    if isinstance(reading, PatrolPing):
        latest.last_patrol_at = time
        _note_condition(latest, reading)
        _note_persons(latest, reading)
    elif isinstance(reading, Telemetry):
        _note_condition(latest, reading)
        if reading.temperature is not None:
            latest.temperature = reading.temperature
        if reading.picture is not None:
            latest.picture = reading.picture
    elif isinstance(reading, StatusChange):
        _note_build(latest, reading)
    elif isinstance(reading, HelpCall) and reading.battery is not None:
        latest.battery = reading.battery


def _note_signs(latest: _Latest, found: Signs) -> None:
    if found.booted_at is not None:
        latest.booted_at = found.booted_at
    if found.occupied_at is not None and (latest.occupied_at is None or found.occupied_at > latest.occupied_at):
        latest.occupied_at = found.occupied_at
    if found.linkquality is not None:
        latest.linkquality = found.linkquality


def _note_condition(latest: _Latest, reading: PatrolPing | Telemetry) -> None:
    if reading.battery is not None:
        latest.battery = reading.battery
    if reading.rssi is not None:
        latest.rssi = reading.rssi
    if reading.fw is not None:
        latest.fw = reading.fw


def _note_persons(latest: _Latest, ping: PatrolPing) -> None:
    if ping.persons is not None:
        latest.persons = ping.persons
    if ping.presence is not None:
        latest.presence = ping.presence


def _note_build(latest: _Latest, status: StatusChange) -> None:
    if status.fw is not None:
        latest.fw = status.fw
    if status.model is not None:
        latest.model = status.model


def _write_latest(connection: Connection[Any], batch: list[_Latest], now: datetime) -> None:
    told = [each for each in batch if each.heard_at is not None or each.online is not None]
    if not told:
        return
    # in one order for all writers: two batches with the same devices must not wait for each other in a ring
    told.sort(key=lambda each: each.device.id)
    connection.execute(
        queries.update_latest,
        {
            "now": now,
            "device_ids": columns.plain([each.device.id for each in told]),
            "onlines": columns.plain([each.online for each in told]),
            "heards": columns.plain([each.heard_at for each in told]),
            "firsts": columns.plain([each.device.expected.first_after_s if each.online else None for each in told]),
            "patrols": columns.plain([each.last_patrol_at for each in told]),
            "batterys": columns.plain([each.battery for each in told]),
            "rssis": columns.plain([each.rssi for each in told]),
            "personss": columns.plain([each.persons for each in told]),
            "presences": columns.plain([each.presence for each in told]),
            "temperatures": columns.plain([each.temperature for each in told]),
            "fws": columns.texts([each.fw for each in told]),
            "models": columns.texts([each.model for each in told]),
            "pictures": columns.texts([each.picture for each in told]),
            "on_purposes": columns.plain([each.on_purpose or None for each in told]),
            "pings": columns.plain([None if each.pings == 1 else each.pings for each in told]),
            "lags": columns.plain([each.lag_s for each in told]),
            "boots": columns.plain([each.booted_at for each in told]),
            "occupieds": columns.plain([each.occupied_at for each in told]),
            "linkqualities": columns.plain([each.linkquality for each in told]),
            **THRESHOLDS,
        },
    )


def beat(connection: Connection[Any], role: str, now: datetime, counters: Mapping[str, int] | None = None) -> None:
    """Say that a role is up, and what it has counted since it started; a gap of over BEAT_GAP starts its `up_since` anew."""
    connection.execute(
        queries.beat, {"role": role, "now": now, "gap": BEAT_GAP, "counters": Jsonb(dict(counters or {}))}
    )


def listening_since(connection: Connection[Any], now: datetime) -> datetime | None:
    """Return since when the bulk lane has been listening without a gap; None while it is not."""
    row = connection.execute(queries.ingest_up_since, {"now": now, "gap": BEAT_GAP}).fetchone()
    return row[0] if row else None


def sweep(connection: Connection[Any], now: datetime) -> int:
    """Judge the devices whose time to speak has passed; return how many were judged.

    Costs what is late, not what exists: they are found by the index on `expected_by`.
    """
    up = connection.execute(queries.ingest_up_since, {"now": now, "gap": BEAT_GAP}).fetchone()
    if up is None or up[0] is None:
        return 0
    rows = connection.execute(queries.due_devices, {"now": now, "limit": SWEEP_BATCH}).fetchall()
    changed: list[tuple[int, str, datetime | None]] = []
    for device_id, kind, patrol_every_s, offline_after_s, usual_gap_s, last_seen, said_offline in rows:
        judgement = health.judge(
            health.expectation(kind, patrol_every_s, offline_after_s, usual_gap_s),
            last_seen=last_seen,
            said_offline=said_offline,
            ingest_up_since=up[0],
            now=now,
        )
        changed.append((device_id, judgement.state, judgement.judge_again_at))
    if changed:
        ids, states, agains = (list(column) for column in zip(*changed, strict=True))
        connection.execute(
            queries.store_judgements, {"now": now, "device_ids": ids, "states": states, "expecteds": agains}
        )
    return len(changed)
