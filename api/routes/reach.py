"""What is there for this caller? Reads what lies within his area; everything else is for him as if it did not exist.

A thing outside of his area is a 404 like one that was never there, and a reference to one a 422, so that nobody learns
by asking what a neighbour has.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel

from api.context import Principal
from api.fields import row_id
from api.paging import KeyPart, Listing, Page
from api.problems import Problem, invalid, missing
from api.reading import sight
from storage import sql

queries = sql.load("api.routes")

Item = TypeVar("Item", bound=BaseModel)


def read(
    connection: Connection[Any], query: bytes, ids: Sequence[int | str], model: type[Item]
) -> dict[str, tuple[Item, str | None]]:
    """Return what these ids stand for, each with its area's path (None: no place), without asking who reads it."""
    if not ids:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, {"ids": list(ids)}).fetchall()
    return {row["id"]: (model.model_validate(row), row.get("path")) for row in rows}


def one(
    connection: Connection[Any],
    query: bytes,
    key: int | str | None,
    model: type[Item],
    *,
    what: str,
    caller: Principal,
    asked: str | None = None,
) -> Item:
    """Return one thing that the caller may see. Raises Problem 404, which names it as it was `asked` for."""
    found, path = read(connection, query, [] if key is None else [key], model).get(str(key), (None, None))
    if found is None or not caller.sees(path):
        raise missing(what, key if asked is None else asked)
    return found


def listed(
    connection: Connection[Any],
    *,
    page: Page,
    key: type[KeyPart],
    caller: Principal,
    query: bytes,
    filters: Mapping[str, object],
    read_query: bytes,
    model: type[Item],
) -> Listing[Item]:
    """Return a page of a list. `query` gives each row's sort key, of type `key`, and last its id."""
    (after,) = page.after(key)
    rows = connection.execute(query, {**sight(caller), **filters, "after": after, "limit": page.rows}).fetchall()
    shown, following = page.cut(rows, lambda row: (row[0],))
    found = read(connection, read_query, [row[-1] for row in shown], model)
    return Listing(items=[found[str(row[-1])][0] for row in shown if str(row[-1]) in found], next=following)


def area(connection: Connection[Any], caller: Principal, code: str, *, field: str = "area") -> str:
    """Return the path of an area within the caller's. Raises Problem 422."""
    row = connection.execute(queries.area_path, {"code": code}).fetchone()
    if row is None or not caller.sees(row[0]):
        raise invalid(field, code, f"area {code}: there is none with that code within yours; see GET /areas")
    return str(row[0])


def area_asked(connection: Connection[Any], caller: Principal, code: str | None) -> str | None:
    """Return the path that a list is to keep to, None for all that the caller sees. Raises Problem 422."""
    return None if code is None else area(connection, caller, code)


def home(connection: Connection[Any], caller: Principal, text: str) -> int:
    """Return the id of a home within the caller's area. Raises Problem 422."""
    home_id = row_id(text)
    row = connection.execute(queries.home_path, {"home_id": home_id}).fetchone()
    if home_id is None or row is None or not caller.sees(row[0]):
        raise invalid("home", text, f"home {text}: there is none with that id within your area; see GET /homes")
    return home_id


def hub(connection: Connection[Any], caller: Principal, uid: str) -> str:
    """Return the uid of a hub within the caller's area; whether it is a hub is the registry's to say."""
    row = connection.execute(queries.device_path, {"uid": uid}).fetchone()
    if row is None or not caller.sees(row[0]):
        raise invalid("hub", uid, f"hub {uid}: there is none with that uid within your area; see GET /devices?kind=hub")
    return uid


def staff(
    connection: Connection[Any],
    caller: Principal,
    wanted: Sequence[tuple[str, str]],
    *,
    already: Collection[str] = (),
) -> list[int]:
    """Return the ids of people within the caller's area, or named there `already` by somebody who sees further.

    `wanted`: (field, id). Raises Problem 422.
    """
    return _named(connection, caller, queries.staff_paths, "staff", wanted, already)


def rotas(
    connection: Connection[Any],
    caller: Principal,
    wanted: Sequence[tuple[str, str]],
    *,
    already: Collection[str] = (),
) -> list[int]:
    """Return the ids of rotas within the caller's area, or named there `already`. Raises Problem 422."""
    return _named(connection, caller, queries.rota_paths, "rota", wanted, already)


def _named(
    connection: Connection[Any],
    caller: Principal,
    query: bytes,
    what: str,
    wanted: Sequence[tuple[str, str]],
    already: Collection[str],
) -> list[int]:
    ids = [row_id(text) for _, text in wanted]
    paths = dict(connection.execute(query, {f"{what}_ids": [each for each in ids if each is not None]}).fetchall())
    found: list[int] = []
    for (field, text), number in zip(wanted, ids, strict=True):
        if number is None or number not in paths or not (caller.sees(paths[number]) or text in already):
            where = "GET /staff" if what == "staff" else "GET /rotas"
            raise invalid(field, text, f"{what} {text}: there is none with that id within your area; see {where}")
        found.append(number)
    return found


def over_everything(caller: Principal, what: str) -> None:
    """Raise Problem 403 unless the caller's area has no end."""
    if caller.area is not None:
        raise Problem(403, f"{what} takes an administrator over everything; you are one within {caller.area}")
