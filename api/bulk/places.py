"""How do areas and homes come in, and which home does a row mean?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from api.bulk.entries import Entry, is_same, refuse_twice
from api.bulk.taken import Progress, Taken
from api.fields import row_id
from api.routes import homes
from api.routes.areas import AreaBody
from api.routes.homes import HomeBody
from devices import intake, registry
from devices.intake import NewHome
from devices.registry import LEVELS
from storage import sql

queries = sql.load("api.bulk")


def take_areas(connection: Connection[Any], entries: Sequence[Entry], now: datetime) -> Taken:
    """Look rows of areas through; those of a file may lie within each other, in any order."""
    registry.hold_tree(connection)
    with connection.cursor(row_factory=dict_row) as cursor:
        there = {row["code"]: row for row in cursor.execute(queries.areas_there).fetchall()}
    bodies = [(entry, entry.as_body(AreaBody)) for entry in entries]
    refuse_twice(entries, "code", lambda entry: entry.text("code") or entry.line)
    levels = {code: row["level"] for code, row in there.items()}
    levels |= {body.code: body.level for _, body in bodies if body is not None and body.code not in there}
    new: list[AreaBody] = []
    for entry, body in bodies:
        if body is None:
            continue
        if body.code in there:
            is_same(entry, "code", body.model_dump(mode="json"), there[body.code])
            continue
        new.append(body)
        if body.parent is not None and body.parent not in levels:
            entry.refuse(
                "parent", body.parent, "is neither an area already nor one of this file; add it, or mend its code"
            )
        elif body.parent is not None and not registry.lies_below(body.level, levels[body.parent]):
            above = f"{levels[body.parent]} {body.parent}"
            entry.refuse("level", body.level, f"cannot lie in the {above}: it goes city > county > township > village")
    new.sort(key=lambda body: LEVELS.index(body.level))

    def store(progress: Progress) -> Sequence[tuple[str, str]]:
        for number, body in enumerate(new):
            registry.add_area(connection, code=body.code, name=body.name, level=body.level, parent=body.parent)
            progress(number + 1, len(new))
        return ()

    return Taken(len(new), len(entries) - len(new), store)


def take_homes(connection: Connection[Any], entries: Sequence[Entry], now: datetime) -> Taken:
    """Look rows of homes through; a home is known by its area and address."""
    refuse_unknown_areas(connection, entries)
    refuse_twice(entries, "address", lambda entry: (entry.text("area"), entry.text("address") or entry.line))
    there = _homes_at(connection, entries)
    new: list[NewHome] = []
    unchanged = 0
    for entry in entries:
        body = entry.as_body(HomeBody)
        if body is None:
            continue
        entry.checked(lambda lat=body.lat, lon=body.lon: homes.check_place(lat, lon))  # type: ignore[misc]
        found = there.get((body.area, body.address), [])
        if not found:
            new.append(NewHome(body.area, body.address, body.lat, body.lon, body.key_note))
        elif is_same(entry, "address", body.model_dump(mode="json"), found[0]):
            unchanged += 1

    def store(progress: Progress) -> Sequence[tuple[str, str]]:
        intake.add_homes(connection, new, now=now)
        progress(len(new), len(new))
        return ()

    return Taken(len(new), unchanged, store)


def refuse_unknown_areas(connection: Connection[Any], entries: Sequence[Entry]) -> None:
    """Note every row whose area there is not."""
    named = sorted({entry.text("area") for entry in entries} - {""})
    known = {code for (code,) in connection.execute(queries.areas_known, {"codes": named}).fetchall()}
    for entry in entries:
        code = entry.text("area")
        if code and code not in known:
            entry.refuse("area", code, "is no area; bring the areas in first, or mend the code")


def homes_meant(connection: Connection[Any], entries: Sequence[Entry]) -> list[int | None]:
    """Return the home that each row means, by its id or by its area and address; None, noted, where it means none."""
    by_id = {row_id(entry.text("home")) for entry in entries} - {None}
    known = {found for (found,) in connection.execute(queries.homes_known, {"ids": sorted(by_id)}).fetchall()}  # type: ignore[type-var]
    at_place = _homes_at(connection, entries)
    return [_home_meant(entry, known, at_place) for entry in entries]


def _home_meant(entry: Entry, known: set[int], at_place: dict[tuple[str, str], list[dict[str, Any]]]) -> int | None:
    text, area, address = entry.text("home"), entry.text("area"), entry.text("address")
    if text:
        home_id = row_id(text)
        if home_id in known:
            return home_id
        entry.refuse(
            "home", text, "is the id of no home; name it by area and address, or by the id that GET /homes tells"
        )
    elif not area or not address:
        column = "home" if "home" in entry.headings else "area" if not area else "address"
        entry.refuse(column, None, "is missing: which home is it? Name it by its id, or by area and address")
    else:
        found = at_place.get((area, address), [])
        if len(found) == 1:
            return int(found[0]["id"])
        why = (
            "is not the address of a home in that area; bring the homes in first, or mend it"
            if not found
            else f"is the address of {len(found)} homes ({', '.join(str(each['id']) for each in found[:5])});"
            " name the one that is meant in a column home"
        )
        entry.refuse("address", address, why)
    return None


def _homes_at(connection: Connection[Any], entries: Sequence[Entry]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the homes that stand at the places which the rows name, the oldest first."""
    places = sorted({(entry.text("area"), entry.text("address")) for entry in entries})
    asked = {"areas": [area for area, _ in places], "addresses": [address for _, address in places]}
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(queries.homes_at, asked):
            found.setdefault((row["area"], row["address"]), []).append(row)
    return found
