"""What every test may ask for: a real PostgreSQL with a fresh, migrated database, and a clock that a story sets."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from storage.clock import SystemClock
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate
from storage.pool import open_pool
from tests.clock import StoryClock

# a timed test fails on a busy machine for no fault of the code
settings.register_profile("anju", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anju")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a running server: the embedded one, or the one ANJU_TEST_DATABASE_URL names."""
    named = os.environ.get("ANJU_TEST_DATABASE_URL")
    if named:
        yield named
        return
    # not under pytest's own folder: another session beside this one tidies there, and a short path has its socket inside
    with TemporaryDirectory(prefix="anju-test-") as folder, EmbeddedPostgres(Path(folder)) as server:
        yield server.url


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """The name of a migrated database that others are copied from."""
    name = f"anju_template_{uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    migrate(make_conninfo(postgres, dbname=name), datetime.now(UTC))
    with psycopg.connect(postgres, autocommit=True) as connection:
        # a copy is refused while anybody is in there: TimescaleDB's own workers look in
        connection.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name)))
        connection.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,))
    return name


@pytest.fixture
def database(postgres: str, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database of this test's own."""
    name = f"anju_test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    yield make_conninfo(postgres, dbname=name)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    """A pool on this test's own database."""
    with open_pool(database, name="test", max_size=8) as opened:
        yield opened


@pytest.fixture
def clock() -> StoryClock:
    """A clock that stands still until the test moves it."""
    return StoryClock()


@pytest.fixture
def now() -> datetime:
    """The real present instant."""
    return SystemClock().now()
