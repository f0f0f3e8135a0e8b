"""Is the schema what this version needs? Numbered files, run once, forward only, one process at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import psycopg
from psycopg import sql

from storage import series

LOCK_KEY = 0x616E6A75  # "anju": the advisory lock under which one process at a time migrates
_FILE = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class SchemaTooNew(Exception):
    """The database has migration {number}, which this version does not know; start the newer version of Anju."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"the database has migration {number:04d}, which this version does not know; start the newer version of Anju"
        )


class SchemaTooOld(Exception):
    """The database has migration {number}, and this version needs {newest}; run `anju migrate`."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"the database has migration {number:04d}, and this version needs {newest():04d}; run `anju migrate`"
        )


@dataclass(frozen=True)
class Migration:
    """One numbered step of the schema."""

    number: int
    name: str
    text: str


def migrations() -> Iterator[Migration]:
    """Yield the migrations this version ships, in order."""
    files = sorted(entry.name for entry in resources.files("storage.migrations").iterdir() if _FILE.match(entry.name))
    for name in files:
        text = resources.files("storage.migrations").joinpath(name).read_text(encoding="utf-8")
        yield Migration(int(name[:4]), name, text)


def newest() -> int:
    """Return the number of the newest migration that this version ships."""
    return max(step.number for step in migrations())


def applied(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Return the number of the newest migration the database has; 0 for an empty one."""
    row = connection.execute("select to_regclass('schema_migrations') is not null").fetchone()
    if row is None or not row[0]:
        return 0
    found = connection.execute("select coalesce(max(number), 0) from schema_migrations").fetchone()
    return int(str(found[0])) if found else 0


def check(url: str) -> None:
    """Raise SchemaTooOld where the database lacks what this version works with; a newer schema serves it as well."""
    with psycopg.connect(url, autocommit=True, application_name="anju-check") as connection:
        have = applied(connection)
    if have < newest():
        raise SchemaTooOld(have)


def migrate(url: str, now: datetime) -> list[str]:
    """Bring the schema up and return the names of the steps that were run.

    Several processes may call it at once: the second waits for the first and finds nothing to do.
    Raises SchemaTooNew when the database is ahead of this version.
    """
    ran: list[str] = []
    with psycopg.connect(url, autocommit=True, application_name="anju-migrate") as connection:
        connection.execute("set time zone 'UTC'")
        connection.execute(sql.SQL("select pg_advisory_lock({})").format(sql.Literal(LOCK_KEY)))
        connection.execute(
            "create table if not exists schema_migrations ("
            " number integer primary key, name text not null, ran_at timestamptz not null default clock_timestamp())"
        )
        have = applied(connection)
        if have > newest():
            raise SchemaTooNew(have)
        for step in migrations():
            if step.number <= have:
                continue
            with connection.transaction():
                connection.execute(step.text.encode())
                connection.execute(
                    "insert into schema_migrations (number, name) values (%s, %s)", (step.number, step.name)
                )
            ran.append(step.name)
        series.ensure(connection, now)
    return ran
