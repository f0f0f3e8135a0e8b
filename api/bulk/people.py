"""How do residents and staff come in?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from alerts import staffing
from api.bulk.entries import Entry, is_same, refuse_twice
from api.bulk.places import homes_meant, refuse_unknown_areas
from api.bulk.taken import Progress, Taken
from api.routes import residents
from api.routes.residents import ResidentBody
from api.routes.staff import StaffBody
from devices import intake
from devices.intake import NewResident
from storage import sql

queries = sql.load("api.bulk")


def take_residents(connection: Connection[Any], entries: Sequence[Entry], now: datetime) -> Taken:
    """Look rows of residents through; one is known by his home, name and birthday."""
    meant = homes_meant(connection, entries)
    there: dict[tuple[int, str, str | None], dict[str, Any]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        asked = {"home_ids": sorted({home_id for home_id in meant if home_id is not None})}
        for row in cursor.execute(queries.residents_there, asked):
            there.setdefault((row["home_id"], row["name"], row["birth_date"]), row)
    new: list[NewResident] = []
    unchanged = 0
    keys: dict[int, object] = {}
    for entry, home_id in zip(entries, meant, strict=True):
        body = entry.as_body(ResidentBody, home=str(home_id))
        keys[entry.line] = (home_id, entry.text("name"), entry.text("birth_date")) if body and home_id else entry.line
        if body is None or home_id is None:
            continue
        entry.checked(lambda day=body.birth_date: residents.check_birth(day, now))  # type: ignore[misc]
        told = body.model_dump(mode="json", exclude={"home"})
        known = there.get((home_id, body.name, told["birth_date"]))
        if known is not None:
            unchanged += is_same(entry, "name", told, known)
            continue
        new.append(
            NewResident(
                home_id, body.name, body.birth_date, body.phone, body.sex, tuple(body.category), body.notes,
                tuple(residents.contacts_of(body.contacts)), body.language,
            )
        )  # fmt: skip
    refuse_twice(entries, "name", lambda entry: keys[entry.line])

    def store(progress: Progress) -> Sequence[tuple[str, str]]:
        intake.add_residents(connection, new, now=now)
        progress(len(new), len(new))
        return ()

    return Taken(len(new), unchanged, store)


def take_staff(connection: Connection[Any], entries: Sequence[Entry], now: datetime) -> Taken:
    """Look rows of staff through; one is known by his number and name."""
    refuse_unknown_areas(connection, entries)
    bodies = [(entry, entry.as_body(StaffBody)) for entry in entries]
    keys = {entry.line: (body.phone, body.name) if body is not None else entry.line for entry, body in bodies}
    refuse_twice(entries, "phone", lambda entry: keys[entry.line])
    there: dict[tuple[str, str], dict[str, Any]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        phones = sorted({body.phone for _, body in bodies if body is not None})
        for row in cursor.execute(queries.staff_there, {"phones": phones}):
            there.setdefault((row["phone"], row["name"]), row)
    new: list[StaffBody] = []
    unchanged = 0
    for entry, body in bodies:
        if body is None:
            continue
        known = there.get((body.phone, body.name))
        if known is None:
            new.append(body)
        else:
            unchanged += is_same(entry, "phone", body.model_dump(mode="json"), known)

    def store(progress: Progress) -> Sequence[tuple[str, str]]:
        for number, body in enumerate(new):
            staffing.add_staff(
                connection, name=body.name, phone=body.phone, area=body.area, language=body.language, now=now
            )
            progress(number + 1, len(new))
        return ()

    return Taken(len(new), unchanged, store)
