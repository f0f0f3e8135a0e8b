"""How does an alert begin that nobody pressed for? An early warning about a device, a home or an area; and every alert's row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, Cursor
from psycopg.types.json import Jsonb

from alerts.model import SYSTEM, Actor, Severity, UnknownPlace, severity_of
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is: a home, its area and who lives there; all None for an unregistered device."""

    home_id: int | None
    area: str | None
    resident_id: int | None


def wake(connection: Connection[Any]) -> None:
    """Let the engine and open pages look at what was raised."""
    connection.execute(queries.wake_all)


def raise_for_area(
    connection: Connection[Any],
    *,
    kind: str,
    area: str,
    text: str,
    actor: Actor,
    detail: dict[str, str],
    raised_at: datetime | None = None,
    now: datetime,
) -> int:
    """Raise an alert about no home: `text` says what it is about, to whoever answers in that area. Returns its id.

    `raised_at`: since when it is so, None for now.
    """
    wake(connection)
    return number(
        insert(
            connection, kind=kind, place=Place(None, area, None), device_uid=None, test=False, text=text, actor=actor,
            detail=detail, raised_at=raised_at or now, now=now,
        )
    )  # fmt: skip


def raise_about_device(
    connection: Connection[Any],
    *,
    kind: str,
    device_uid: str,
    text: str,
    now: datetime,
    actor: Actor = SYSTEM,
    raised_at: datetime | None = None,
) -> int:
    """Raise an early warning about a registered device, where it stands; `text` says which it is. Returns its id.

    `raised_at`: since when it is so, None for now. Raises UnknownPlace when the device is not in the registry.
    """
    found = connection.execute(queries.place_of_device, {"uid": device_uid}).fetchone()
    if found is None:
        raise UnknownPlace("device", device_uid)
    wake(connection)
    return number(
        insert(
            connection, kind=kind, place=Place(*found), device_uid=device_uid, test=False, text=text, actor=actor,
            detail={"rule": kind, "text": text}, raised_at=raised_at or now, now=now,
        )
    )  # fmt: skip


def raise_about_home(
    connection: Connection[Any],
    *,
    kind: str,
    home_id: int,
    text: str,
    severity: Severity | None = None,
    now: datetime,
) -> int:
    """Raise an early warning about a home; `text` says how bad it is, `severity`: None for that of its kind. Returns its id.

    Raises UnknownPlace when the home is not in the registry.
    """
    found = connection.execute(queries.place_of_home, {"home_id": home_id}).fetchone()
    if found is None:
        raise UnknownPlace("home", home_id)
    wake(connection)
    return number(
        insert(
            connection, kind=kind, place=Place(*found), device_uid=None, test=False, text=text, actor=SYSTEM,
            detail={"rule": kind, "text": text}, raised_at=now, severity=severity, now=now,
        )
    )  # fmt: skip


def insert(
    connection: Connection[Any],
    *,
    kind: str,
    place: Place,
    device_uid: str | None,
    test: bool,
    text: str | None,
    actor: Actor,
    detail: dict[str, str],
    raised_at: datetime,
    now: datetime,
    call_id: str | None = None,
    severity: Severity | None = None,
) -> Cursor[Any]:
    """Open an alert; the one row that comes back has its number."""
    return connection.execute(
        queries.insert_alert,
        {
            "kind": kind,
            "severity": severity or severity_of(kind, test=test),
            "area": place.area,
            "home_id": place.home_id,
            "resident_id": place.resident_id,
            "device_uid": device_uid,
            "test": test,
            "text": text,
            "raised_at": raised_at,
            "who": actor.name or None,
            "detail": Jsonb(detail),
            "call_id": call_id,
            "now": now,
        },
    )


def number(inserted: Cursor[Any]) -> int:
    """Return the number of an alert that was opened; waits for it."""
    row = inserted.fetchone()
    assert row is not None  # noqa: S101 - a row was inserted
    return int(row[0])
