"""What changes of what stands where? Changes and removes areas, homes, residents and devices; `registry` adds them.

A change takes the whole new state: who changes one value reads the others first, and holds the row by `hold_`.
What is removed keeps its row: its history names it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from devices import health, refused, wiring
from devices.intake import Contact, hold_homes
from devices.registry import LEVELS, hold_tree, lies_below, path_above
from devices.wiring import NewDevice
from storage import sql

queries = sql.load("devices")


def change_area(connection: Connection[Any], *, code: str, name: str, level: str, parent: str | None) -> None:
    """Give an area another name, level or parent; all that lies below moves with it.

    Raises UnknownAreaCode, NotALevel, UnknownArea (the parent), LevelsUpsideDown, LiesWithinItself.
    """
    if level not in LEVELS:
        raise refused.NotALevel(level, LEVELS)
    hold_tree(connection)
    here = connection.execute(queries.area_in_tree, {"code": code}).fetchone()
    if here is None:
        raise refused.UnknownAreaCode(code)
    path = str(here[0])
    above = path_above(connection, level, parent)
    if above.startswith(path):
        raise refused.LiesWithinItself(code, str(parent))
    for _, level_below in connection.execute(queries.areas_right_below, {"code": code}).fetchall():
        if not lies_below(level_below, level):
            raise refused.LevelsUpsideDown(level_below, level, field="level")
    connection.execute(queries.set_area, {"code": code, "name": name, "level": level, "parent": parent})
    if f"{above}{code}/" != path:
        connection.execute(queries.move_areas, {"old": path, "new": f"{above}{code}/"})


def remove_area(connection: Connection[Any], code: str) -> None:
    """Take an area out of the tree; it must be in nobody's use, or the database refuses it."""
    connection.execute(queries.delete_area, {"code": code})


def change_home(
    connection: Connection[Any],
    *,
    home_id: int,
    area: str,
    address: str,
    lat: float | None,
    lon: float | None,
    key_note: str | None,
) -> None:
    """Write a home's new state. Raises UnknownArea."""
    if connection.execute(queries.area_in_tree, {"code": area}).fetchone() is None:
        raise refused.UnknownArea(area)
    connection.execute(
        queries.set_home,
        {"home_id": home_id, "area": area, "address": address, "lat": lat, "lon": lon, "key_note": key_note},
    )


def remove_home(connection: Connection[Any], home_id: int, now: datetime) -> None:
    """Take a home out of the registry."""
    connection.execute(queries.remove_home, {"home_id": home_id, "now": now})


def change_resident(
    connection: Connection[Any],
    *,
    resident_id: int,
    home_id: int,
    name: str,
    birth_date: date | None,
    phone: str | None,
    sex: str | None,
    category: Sequence[str],
    notes: str | None,
    contacts: Sequence[Contact],
    language: str | None,
) -> None:
    """Write a resident's new state. Raises UnknownHome."""
    hold_homes(connection, [home_id])
    connection.execute(
        queries.set_resident,
        {
            "resident_id": resident_id,
            "home_id": home_id,
            "name": name,
            "birth_date": birth_date,
            "phone": phone,
            "sex": sex,
            "category": list(category),
            "notes": notes,
            "contacts": Jsonb([asdict(contact) for contact in contacts]),
            "language": language,
        },
    )


def remove_resident(connection: Connection[Any], resident_id: int, now: datetime) -> None:
    """Take a resident out of the registry."""
    connection.execute(queries.remove_resident, {"resident_id": resident_id, "now": now})


def change_device(connection: Connection[Any], device: NewDevice, now: datetime) -> None:
    """Write a registered device's new state; silence counts by its new periods at once, its password stays.

    In another home it begins anew: what it was heard to say there is not shown here.
    Raises NotAKind, NotAFormat, NotATopic, UnknownHub, UnknownHome, TopicTaken.
    """
    wiring.check(connection, [device])
    hold_homes(connection, [device.home_id])
    (usual_gap_s,) = connection.execute(queries.habit_of_device, {"uid": device.uid}).fetchone() or (None,)
    expected = health.expectation(device.kind, device.patrol_every_s, device.offline_after_s, usual_gap_s)
    connection.execute(
        queries.set_device,
        {
            **asdict(device),
            "first_after": timedelta(seconds=expected.first_after_s),
            "now": now,
        },
    )


def remove_device(connection: Connection[Any], uid: str, now: datetime) -> None:
    """Take a device out of the registry: the broker refuses it, its silence means nothing any more."""
    connection.execute(queries.remove_device, {"uid": uid, "now": now})
