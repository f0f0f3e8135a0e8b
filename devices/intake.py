"""How do homes, residents and devices come into the registry, one of them or a hundred thousand?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.types.json import Jsonb

from devices import passwords, refused, wiring
from devices.wiring import NewDevice
from storage import sql

queries = sql.load("devices")

BATCH = 2000
"""Rows of one statement."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class NewHome:
    """A home to be registered; its place in WGS-84 degrees."""

    area: str
    address: str
    lat: float | None = None
    lon: float | None = None
    key_note: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call beside the resident."""

    name: str
    phone: str | None = None
    relation: str | None = None


@dataclass(frozen=True, slots=True)
class NewResident:
    """Somebody who lives in a home, to be registered."""

    home_id: int
    name: str
    birth_date: date | None = None
    phone: str | None = None
    sex: str | None = None
    category: tuple[str, ...] = ()
    notes: str | None = None
    contacts: tuple[Contact, ...] = ()
    language: str | None = None


def add_homes(connection: Connection[Any], homes: Sequence[NewHome], *, now: datetime) -> list[int]:
    """Register homes and return their ids, in the same order. Raises UnknownArea."""
    ids: list[int] = []
    for batch in _batches(homes):
        wanted = {home.area for home in batch}
        found = connection.execute(queries.hold_areas, {"codes": sorted(wanted)}).fetchall()
        for code in sorted(wanted - {code for (code,) in found}):
            raise refused.UnknownArea(code)
        rows = connection.execute(
            queries.insert_homes,
            {
                "areas": [home.area for home in batch],
                "addresses": [home.address for home in batch],
                "lats": [home.lat for home in batch],
                "lons": [home.lon for home in batch],
                "key_notes": [home.key_note for home in batch],
                "now": now,
            },
        ).fetchall()
        ids += [home_id for (home_id,) in rows]
    return ids


def add_residents(connection: Connection[Any], residents: Sequence[NewResident], *, now: datetime) -> list[int]:
    """Register residents and return their ids, in the same order. Raises UnknownHome."""
    ids: list[int] = []
    for batch in _batches(residents):
        hold_homes(connection, [resident.home_id for resident in batch])
        told = [{**asdict(each), "birth_date": each.birth_date and each.birth_date.isoformat()} for each in batch]
        rows = connection.execute(queries.insert_residents, {"residents": Jsonb(told), "now": now}).fetchall()
        ids += [resident_id for (resident_id,) in rows]
    return ids


def add_devices(
    connection: Connection[Any],
    devices: Sequence[NewDevice],
    *,
    now: datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """Register devices, hubs among them, and return their MQTT passwords in the same order; raises as `add_device`."""
    _refuse_twice(devices)
    wiring.check(connection, devices)
    secret = [passwords.random_password() for _ in devices]
    kept = zip(passwords.hashes_of(secret, progress), map(passwords.mosquitto_hash_of, secret), strict=True)
    rows = list(zip(devices, kept, strict=True))
    # what hangs on a hub names it: hubs go first
    rows.sort(key=lambda row: row[0].kind != "hub")
    for batch in _batches(rows):
        _insert_devices(connection, batch, now)
    return secret


def _refuse_twice(devices: Sequence[NewDevice]) -> None:
    seen: set[str] = set()
    for device in devices:
        if device.uid in seen:
            raise refused.DeviceTaken(device.uid)
        seen.add(device.uid)


def _insert_devices(
    connection: Connection[Any], rows: Sequence[tuple[NewDevice, tuple[str, str]]], now: datetime
) -> None:
    """Store a batch, each device with the two hashes of its password. Raises UnknownHome, DeviceTaken."""
    devices = [device for device, _ in rows]
    hold_homes(connection, [device.home_id for device in devices])
    stored = connection.execute(
        queries.insert_devices,
        {
            "uids": [device.uid for device in devices],
            "kinds": [device.kind for device in devices],
            "home_ids": [device.home_id for device in devices],
            "formats": [device.format for device in devices],
            "topics": [device.topic for device in devices],
            "hub_uids": [device.hub for device in devices],
            "patrols": [device.patrol_every_s for device in devices],
            "offlines": [device.offline_after_s for device in devices],
            "password_hashes": [password_hash for _, (password_hash, _) in rows],
            "mosquitto_hashes": [mosquitto_hash for _, (_, mosquitto_hash) in rows],
            "now": now,
        },
    ).fetchall()
    free = {uid for (uid,) in stored}
    for device in devices:
        if device.uid not in free:
            raise refused.DeviceTaken(device.uid)


def hold_homes(connection: Connection[Any], home_ids: Sequence[int]) -> None:
    """Keep these homes from being removed until the transaction ends. Raises UnknownHome for one that is not there."""
    found = {row[0] for row in connection.execute(queries.hold_homes, {"home_ids": sorted(set(home_ids))}).fetchall()}
    for home_id in home_ids:
        if home_id not in found:
            raise refused.UnknownHome(home_id)


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
