"""What have the devices reported, and which went quiet? Writes the time series and each device's latest state."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from devices import health
from devices.model import EventKind, Json, PatrolPing, Reading, StatusChange, Telemetry, time_that_counts
from storage import sql

queries = sql.load("devices")

CURRENT_WITHIN = timedelta(minutes=10)
"""A reading older than this is history: it goes into the series, and leaves the latest state alone."""
SWEEP_BATCH = 500
BEAT_GAP = timedelta(seconds=20)
"""A role that was not heard for this long was down: its `up_since` starts anew."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What the write path needs of a registered device."""

    id: int
    expected: health.Expectation


@dataclass(frozen=True, slots=True)
class Received:
    """A reading and when it came in. `retained`: the broker kept it, so it says nothing about now."""

    reading: Reading
    received_at: datetime
    retained: bool = False


@dataclass(slots=True)
class _Latest:
    """What a batch says of one device's present state."""

    device: KnownDevice
    heard_at: datetime | None = None
    online: bool | None = None
    last_patrol_at: datetime | None = None
    values: dict[str, Any] = field(default_factory=dict)


def known_devices(connection: Connection[Any], uids: Sequence[str]) -> dict[str, KnownDevice]:
    """Return the registered ones among `uids`, by uid."""
    rows = connection.execute(queries.known_devices, {"uids": list(uids)}).fetchall()
    return {
        uid: KnownDevice(device_id, health.expectation(kind, patrol_every_s, offline_after_s))
        for uid, device_id, kind, patrol_every_s, offline_after_s in rows
    }


def store(connection: Connection[Any], batch: Sequence[tuple[KnownDevice, Received]], now: datetime) -> int:
    """Store a batch of readings in one statement, ignoring re-sent ones, and bring the latest states up.

    Returns how many rows were new.
    """
    seen_undated: set[tuple[int, int, str]] = set()
    events: list[tuple[Any, ...]] = []
    latest: dict[int, _Latest] = {}
    for device, received in batch:
        reading = received.reading
        time = time_that_counts(reading.at, received.received_at)
        _note_latest(latest.setdefault(device.id, _Latest(device)), received, time)
        if received.retained:
            continue
        kind, message_id, extra = _described(reading)
        undated = bool(message_id) and reading.at != time
        if undated:
            key = (device.id, kind, message_id)
            if key in seen_undated:
                continue
            seen_undated.add(key)
        if reading.at is not None and reading.at != time:
            extra = {**extra, "at": reading.at.isoformat()}
        events.append(
            (
                time,
                device.id,
                int(kind),
                getattr(reading, "battery", None),
                getattr(reading, "rssi", None),
                getattr(reading, "persons", None),
                getattr(reading, "presence", None),
                getattr(reading, "temperature", None),
                message_id,
                received.received_at,
                json.dumps(extra) if extra else None,
                undated,
            )
        )
    _write_latest(connection, list(latest.values()), now)
    if not events:
        return 0
    columns = [list(column) for column in zip(*events, strict=True)]
    row = connection.execute(queries.store_events, dict(zip(_EVENT_COLUMNS, columns, strict=True))).fetchone()
    return int(row[0]) if row else 0


_EVENT_COLUMNS = (
    "times",
    "device_ids",
    "kinds",
    "batteries",
    "rssis",
    "persons",
    "presences",
    "temperatures",
    "message_ids",
    "receiveds",
    "extras",
    "undateds",
)
_VALUES = ("battery", "rssi", "persons", "presence", "temperature", "fw", "model")


def _described(reading: Reading) -> tuple[EventKind, str, dict[str, Json]]:
    """Return the event's kind, its id ('' where the format has none) and what has no column of its own."""
    extra = dict(reading.extra)
    match reading:
        case PatrolPing():
            if reading.snapshot is not None:
                extra["snapshot"] = reading.snapshot
            if reading.fw is not None:
                extra["fw"] = reading.fw
            return EventKind.PATROL, reading.id, extra
        case Telemetry():
            if reading.fw is not None:
                extra["fw"] = reading.fw
            return EventKind.TELEMETRY, "", extra
        case StatusChange():
            extra["state"] = "online" if reading.online else "offline"
            return EventKind.STATUS, "", extra


def _note_latest(latest: _Latest, received: Received, time: datetime) -> None:
    reading = received.reading
    is_status = isinstance(reading, StatusChange)
    if received.retained:
        # the broker's memory of the last status, given at each subscription: only a Last Will still tells something
        if isinstance(reading, StatusChange) and not reading.online and latest.online is None:
            latest.online = False
        return
    if isinstance(reading, StatusChange):
        latest.online = reading.online
    else:
        latest.online = True
    if not is_status or latest.online:
        latest.heard_at = received.received_at
    if received.received_at - time > CURRENT_WITHIN:
        return
    if isinstance(reading, PatrolPing):
        latest.last_patrol_at = time
    for name in _VALUES:
        value = getattr(reading, name, None)
        if value is not None:
            latest.values[name] = value


def _write_latest(connection: Connection[Any], batch: list[_Latest], now: datetime) -> None:
    # in one order for all writers: two batches with the same devices must not wait for each other in a ring
    batch.sort(key=lambda each: each.device.id)
    told = [each for each in batch if each.heard_at is not None or each.online is not None]
    if not told:
        return
    connection.execute(
        queries.update_latest,
        {
            "now": now,
            "device_ids": [each.device.id for each in told],
            "onlines": [each.online for each in told],
            "heards": [each.heard_at for each in told],
            "expecteds": [
                each.heard_at + timedelta(seconds=each.device.expected.first_after_s)
                if each.heard_at is not None and each.online
                else None
                for each in told
            ],
            "patrols": [each.last_patrol_at for each in told],
            **{f"{name}s": [each.values.get(name) for each in told] for name in _VALUES},
        },
    )


def note_call(
    connection: Connection[Any],
    device: KnownDevice,
    *,
    kind: EventKind,
    call_id: str,
    at: datetime,
    battery: int | None,
    received_at: datetime,
) -> None:
    """Put a help call or its cancelling into the device's series, and note that it was heard."""
    event = (at, device.id, int(kind), battery, None, None, None, None, call_id, received_at, None, False)
    connection.execute(queries.store_events, {name: [value] for name, value in zip(_EVENT_COLUMNS, event, strict=True)})
    latest = _Latest(device, heard_at=received_at, online=True)
    if battery is not None:
        latest.values["battery"] = battery
    _write_latest(connection, [latest], received_at)


def beat(connection: Connection[Any], role: str, now: datetime) -> None:
    """Say that a role is up; a gap of over BEAT_GAP before this starts its `up_since` anew."""
    connection.execute(queries.beat, {"role": role, "now": now, "gap": BEAT_GAP})


def sweep(connection: Connection[Any], now: datetime) -> int:
    """Judge the devices whose time to speak has passed; return how many were judged.

    Costs what is late, not what exists: they are found by the index on `expected_by`.
    """
    up = connection.execute(queries.ingest_up_since, {"now": now, "gap": BEAT_GAP}).fetchone()
    if up is None or up[0] is None:
        return 0
    rows = connection.execute(queries.due_devices, {"now": now, "limit": SWEEP_BATCH}).fetchall()
    changed: list[tuple[int, str, datetime | None]] = []
    for device_id, kind, patrol_every_s, offline_after_s, last_seen, said_offline in rows:
        judgement = health.judge(
            health.expectation(kind, patrol_every_s, offline_after_s),
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
