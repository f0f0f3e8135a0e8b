"""The time series: the same few functions on native partitions and, where a server with it is named, on TimescaleDB."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from devices import registry, telemetry
from devices.model import PatrolPing, Picture, StatusChange, Telemetry
from devices.telemetry import Received
from storage import series
from storage.migrate import migrate

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture(params=["native", pytest.param("timescale", marks=pytest.mark.timescale)])
def connection(request: pytest.FixtureRequest, postgres: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A migrated database of one kind or the other."""
    server = postgres
    if request.param == "timescale":
        named = os.environ.get("ANJU_TEST_TIMESCALE_URL")
        if not named:
            pytest.skip("no TimescaleDB here; name a server that loads it in ANJU_TEST_TIMESCALE_URL")
        server = named
    name = f"anju_series_{uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as outside:
        outside.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    migrate(make_conninfo(server, dbname=name), NOW)
    with psycopg.connect(make_conninfo(server, dbname=name)) as opened:
        yield opened
    with psycopg.connect(server, autocommit=True) as outside:
        outside.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def count(connection: psycopg.Connection[tuple[object, ...]], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(str(row[0])) if row else 0


def test_the_series_is_what_the_server_can_do(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with_timescale = count(connection, "select count(*) from pg_extension where extname = 'timescaledb'")
    if with_timescale:
        assert count(connection, "select count(*) from timescaledb_information.hypertables") == 1
    else:
        assert count(connection, "select count(*) from pg_class where relname = 'events' and relkind = 'p'") == 1


def test_a_week_of_pings_sent_twice_is_there_once_and_a_second_start_makes_nothing_anew(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    registry.add_area(connection, code="v", name="凤山村", level="village")
    home = registry.add_home(connection, area="v", address="3组 12号", now=NOW)
    registry.add_device(connection, uid="cam-1", kind="camera", home_id=home, now=NOW)
    device = telemetry.known_devices(connection, ["cam-1"])["cam-1"]
    pings = [
        Received(PatrolPing("cam-1", f"p{hour}", at=NOW - timedelta(hours=hour), presence=True), NOW)
        for hour in range(160)
    ]
    batch = [(device, ping) for ping in pings]
    assert telemetry.store(connection, batch, NOW) == 160
    assert telemetry.store(connection, batch, NOW) == 0
    assert count(connection, "select count(*) from events") == 160
    assert series.ensure(connection, NOW) == 0
    # two weeks on, the days ahead are made again
    later = NOW + timedelta(days=14)
    ping = Received(PatrolPing("cam-1", "later", at=later), later)
    series.ensure(connection, later)
    assert telemetry.store(connection, [(device, ping)], later) == 1


def test_what_a_camera_says_of_its_picture_and_that_it_was_switched_off_on_purpose_is_known_until_it_says_otherwise(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    registry.add_area(connection, code="v", name="凤山村", level="village")
    home = registry.add_home(connection, area="v", address="3组 12号", now=NOW)
    registry.add_device(connection, uid="cam-1", kind="camera", home_id=home, now=NOW)
    device = telemetry.known_devices(connection, ["cam-1"])["cam-1"]

    def says(reading: Telemetry | StatusChange, seconds: int, *, retained: bool = False) -> tuple[object, ...] | None:
        at = NOW + timedelta(seconds=seconds)
        telemetry.store(connection, [(device, Received(reading, at, retained))], at)
        return connection.execute("select state, picture, off_on_purpose from device_latest").fetchone()

    assert says(Telemetry("cam-1", picture=Picture.FROZEN), 0) == ("online", "frozen", False)
    assert says(StatusChange("cam-1", online=False, on_purpose=True), 1) == ("offline", "frozen", True)
    assert says(Telemetry("cam-1", battery=80), 2) == ("online", "frozen", False)
    assert says(Telemetry("cam-1", picture=Picture.SHOWN), 3) == ("online", "shown", False)
    assert says(StatusChange("cam-1", online=False, on_purpose=True), 4, retained=True) == ("offline", "shown", True)
    assert says(StatusChange("cam-1", online=False), 5) == ("offline", "shown", False)
