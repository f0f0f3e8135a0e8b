"""What stands where, and who lives there? Adds areas, homes, residents and devices; `upkeep` changes and removes them."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection

from devices import intake, passwords, refused
from devices.intake import Contact, NewHome, NewResident
from devices.wiring import NewDevice
from storage import sql

__all__ = ["Contact"]

queries = sql.load("devices")

AREA_CODE_LIMIT = 64


class Level(StrEnum):
    """What an area is, from the top of the tree down; a level may be left out."""

    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


LEVELS = tuple(Level)


def add_area(connection: Connection[Any], *, code: str, name: str, level: str, parent: str | None = None) -> None:
    """Put an area into the tree. Its level must lie below its parent's; a level may be left out.

    Raises NotACode, NotALevel, UnknownArea (the parent), LevelsUpsideDown, AreaTaken.
    """
    if not is_area_code(code):
        raise refused.NotACode(code)
    if level not in LEVELS:
        raise refused.NotALevel(level, LEVELS)
    hold_tree(connection)
    above = path_above(connection, level, parent)
    added = connection.execute(
        queries.insert_area, {"code": code, "name": name, "level": level, "parent": parent, "path": f"{above}{code}/"}
    )
    if added.rowcount == 0:
        raise refused.AreaTaken(code)


def hold_tree(connection: Connection[Any]) -> None:
    """Let nobody else change the tree of areas until the transaction ends; first of all, lest two wait for each other."""
    connection.execute(queries.lock_areas)


def is_area_code(code: str) -> bool:
    """Say whether a text can be an area's code: a part of a path, in the database and in an address.

    The schema takes anything but a slash, spaces and what cannot be printed, and compares paths by LIKE, whose escape is
    the backslash; `.` and `..` mean something else in an address.
    """
    return (
        1 <= len(code) <= AREA_CODE_LIMIT
        and code.isprintable()
        and not any(character in "/\\ " for character in code)
        and code not in (".", "..")
    )


def lies_below(level: str, above: str) -> bool:
    """Say whether an area of one level may lie in one of the other."""
    return LEVELS.index(Level(level)) > LEVELS.index(Level(above))


def path_above(connection: Connection[Any], level: str, parent: str | None) -> str:
    """Return the path under which an area of that level lies. Raises UnknownArea, LevelsUpsideDown."""
    if parent is None:
        return "/"
    row = connection.execute(queries.area_in_tree, {"code": parent}).fetchone()
    if row is None:
        raise refused.UnknownArea(parent, field="parent")
    path, level_above = row
    if not lies_below(level, level_above):
        raise refused.LevelsUpsideDown(level, level_above)
    return str(path)


def add_home(
    connection: Connection[Any],
    *,
    area: str,
    address: str,
    lat: float | None = None,
    lon: float | None = None,
    key_note: str | None = None,
    now: datetime,
) -> int:
    """Register a home and return its id; `lat` and `lon` in WGS-84 degrees. Raises UnknownArea."""
    return intake.add_homes(connection, [NewHome(area, address, lat, lon, key_note)], now=now)[0]


def add_resident(
    connection: Connection[Any],
    *,
    home_id: int,
    name: str,
    birth_date: date | None = None,
    phone: str | None = None,
    sex: str | None = None,
    category: Sequence[str] = (),
    notes: str | None = None,
    contacts: Sequence[Contact] = (),
    language: str | None = None,
    now: datetime,
) -> int:
    """Register somebody who lives in a home and return his id. Raises UnknownHome."""
    resident = NewResident(home_id, name, birth_date, phone, sex, tuple(category), notes, tuple(contacts), language)
    return intake.add_residents(connection, [resident], now=now)[0]


def add_device(
    connection: Connection[Any],
    *,
    uid: str,
    kind: str,
    home_id: int,
    format: str = "anju",  # noqa: A002 - the contract's word
    topic: str | None = None,
    hub: str | None = None,
    patrol_every_s: int | None = None,
    offline_after_s: int | None = None,
    now: datetime,
) -> str:
    """Register a device and return its MQTT password, which is kept nowhere.

    A device that was removed comes back under its uid: what it said before stays in the time series, its latest state
    and its password begin anew.

    Raises NotAUid, NotAKind, NotAFormat, NotATopic, UnknownHub, UnknownHome, DeviceTaken, TopicTaken.
    """
    device = NewDevice(uid, kind, home_id, format, topic, hub, patrol_every_s, offline_after_s)
    return intake.add_devices(connection, [device], now=now)[0]


def new_password(connection: Connection[Any], uid: str, now: datetime) -> str:
    """Give a device another MQTT password and return it; the old one ends at once. Raises UnknownDevice."""
    password = passwords.random_password()
    changed = connection.execute(
        queries.set_device_password,
        {
            "uid": uid,
            "password_hash": passwords.hash_of(password),
            "mosquitto_hash": passwords.mosquitto_hash_of(password),
        },
    )
    if changed.rowcount == 0:
        raise refused.UnknownDevice(uid)
    return password
