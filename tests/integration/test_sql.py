"""Every named query: PostgreSQL can prepare it against the schema, and somebody calls it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import ExecStatus

from storage import sql

ROOT = Path(__file__).parents[2]
PACKAGES = ("storage", "devices", "alerts", "gateway", "api")
HOMES = sorted(
    {path.parent for package in PACKAGES for path in (ROOT / package).rglob("queries.sql")}
    | {path.parent for package in PACKAGES for path in (ROOT / package).rglob("queries") if path.is_dir()}
)
FILES = sorted(each for home in HOMES for each in (*home.glob("queries.sql"), *home.glob("queries/*.sql")))
BLOCKS = [
    (".".join(home.relative_to(ROOT).parts), name)
    for home in HOMES
    for name in sql.load(".".join(home.relative_to(ROOT).parts)).blocks
]
_LOADED = re.compile(r'^(\w+) = sql\.load\("([a-z.]+)"\)', re.MULTILINE)
_PLACE = re.compile(r"%\((\w+)\)s")


def numbered(text: str) -> str:
    """Return a query as the server gets it: without comments, its places numbered."""
    numbers: dict[str, int] = {}
    bare = re.sub(r"^\s*--.*\n?", "", text, flags=re.MULTILINE)
    placed = _PLACE.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", bare)
    return placed.replace("%%", "%").strip()


@cache
def called() -> frozenset[tuple[str, str]]:
    """Return (package, query) of everything that a module calls by the name it loaded the package's queries under."""
    found: set[tuple[str, str]] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            for name, loaded in _LOADED.findall(source):
                found |= {(loaded, query) for query in re.findall(rf"\b{name}\.([a-z][a-z0-9_]*)\b", source)}
    return frozenset(found)


@pytest.fixture(scope="module")
def connection(postgres: str, template: str) -> Iterator[Connection[tuple[object, ...]]]:
    """A connection to a migrated database that all tests here share: nothing is written."""
    name = f"anju_prepared_{uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}"')
        with psycopg.connect(make_conninfo(postgres, dbname=name), autocommit=True) as opened:
            yield opened
        admin.execute(f'drop database "{name}" with (force)')


def test_every_package_with_sql_is_looked_at() -> None:
    assert len(HOMES) >= 6
    assert len(BLOCKS) > 150


@pytest.mark.parametrize(("package", "name"), BLOCKS, ids=[f"{package}.{name}" for package, name in BLOCKS])
def test_postgresql_can_prepare(connection: Connection[tuple[object, ...]], package: str, name: str) -> None:
    query = numbered(sql.load(package).blocks[name].decode())
    if query.startswith("set "):
        # a setting is the one thing that cannot be prepared
        connection.execute(query.encode())
        return
    result = connection.pgconn.prepare(b"", query.encode())
    assert result.status == ExecStatus.COMMAND_OK, result.error_message.decode()


@pytest.mark.parametrize(("package", "name"), BLOCKS, ids=[f"{package}.{name}" for package, name in BLOCKS])
def test_somebody_calls(package: str, name: str) -> None:
    assert (package, name) in called(), f"nobody calls {name} of {package}; take it out, or call it"


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_no_query_asks_the_database_for_the_time(path: Path) -> None:
    text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    assert not re.search(
        r"\b(now\(\)|current_timestamp|clock_timestamp|localtimestamp|current_date)", text, re.IGNORECASE
    )
