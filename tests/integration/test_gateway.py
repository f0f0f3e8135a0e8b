"""What homes say, over a real broker into a real database: acknowledged after the commit, stored once, never lost."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway import service
from gateway.client import BrokerAddress
from gateway.lanes import GatewaySettings
from gateway.service import GatewayPlace
from storage import series
from storage.clock import SystemClock
from tests.integration.brokers import Device, mosquitto, until


class Gateway:
    """Both lanes, in threads."""

    def __init__(self, database: str, port: int) -> None:
        self.place = GatewayPlace(database, BrokerAddress("127.0.0.1", port, False, None, None))
        self.stop = threading.Event()
        self.threads = [
            threading.Thread(
                target=service.run, args=(lane, self.place, GatewaySettings("zh-CN"), SystemClock(), self.stop)
            )
            for lane in service.LANES
        ]

    def __enter__(self) -> "Gateway":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def ready(self, connection: psycopg.Connection[Any]) -> "Gateway":
        until(lambda: count(connection, "role_beats") == 2, why="the lanes are not up")
        return self


def count(connection: psycopg.Connection[Any], table: str, where: str = "true") -> int:
    row = connection.execute(f"select count(*) from {table} where {where}".encode()).fetchone()
    return int(row[0]) if row else 0


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as opened:
        opened.execute("insert into areas (code, name, level, path) values ('v', '凤山村', 'village', '/v/')")
        opened.execute("insert into homes (area, address, created_at) values ('v', '3组 12号', now())")
        for uid, kind in (("btn-1", "button"), ("cam-1", "camera")):
            opened.execute(
                "insert into devices (uid, kind, home_id, created_at) values (%s, %s, 1, now())", (uid, kind)
            )
        opened.execute("insert into device_latest (device_id, state_since) select id, now() from devices")
        yield opened


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


@pytest.fixture
def gateway(connection: psycopg.Connection[Any], database: str, broker: int) -> Iterator[Gateway]:
    with Gateway(database, broker) as running:
        yield running.ready(connection)


def test_a_press_is_stored_raises_an_alert_and_is_answered(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int
) -> None:
    button = Device(broker, "btn-1").ready()
    button.publish("help", '{"id":"a","source":"button"}')
    until(lambda: button.states("a") == ["received"])
    button.publish("help", '{"id":"a","source":"button"}')
    until(lambda: button.states("a") == ["received", "received"], why="a re-send was not answered")
    assert (count(connection, "alerts"), count(connection, "help_calls")) == (1, 1)
    assert value(connection, "select count from alerts") == 1
    assert button.replies()[0]["say"]
    button.close()


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"x" * (17 * 1024), "16384"),
        (b"not json", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"id":7}', "`id`"),
        (b'{"id":"x","note":"a\\u0000"}', "NUL"),
        (b'{"id":"x","note":"\\ud800"}', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_an_unreadable_press_is_kept_and_alarms(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int, payload: bytes, why: str
) -> None:
    button = Device(broker, "btn-1").ready()
    button.publish("help", payload)
    until(button.replies, why="no `received`")
    assert count(connection, "alerts", "home_id = 1") == 1
    kept, size, reason = connection.execute("select payload, size, reason from quarantine").fetchone() or ()
    assert (kept, size) == (payload, len(payload))
    assert why in reason
    button.close()


def test_patrol_pings_are_stored_once_with_or_without_a_time(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int
) -> None:
    camera = Device(broker, "cam-1").ready()
    at = datetime.now(UTC).isoformat()
    for payload in ({"id": "p1", "at": at, "presence": True}, {"id": "p2", "battery": 80, "room": "堂屋"}):
        for _ in range(3):
            camera.publish("patrol", json.dumps(payload))
    camera.publish("patrol", '{"id":"last"}')
    until(lambda: count(connection, "events", "message_id = 'last'"))
    assert count(connection, "events") == 3
    assert value(connection, "select extra from events where message_id = 'p2'") == {"room": "堂屋"}
    state, battery, presence = connection.execute(
        "select state, battery, presence from device_latest join devices on id = device_id where uid = 'cam-1'"
    ).fetchone() or ("", 0, False)
    assert (state, battery, presence) == ("online", 80, True)
    camera.close()


@pytest.mark.parametrize(
    ("leaf", "payload"),
    [("patrol", b"{"), ("patrol", b'{"id":"x","battery":"full"}'), ("nonsense", b"{}"), ("telemetry", b"\xff")],
)
def test_what_cannot_be_read_goes_to_the_quarantine_and_the_rest_goes_on(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int, leaf: str, payload: bytes
) -> None:
    camera = Device(broker, "cam-1").ready()
    camera.publish(leaf, payload)
    camera.publish("patrol", '{"id":"after"}')
    until(lambda: count(connection, "events", "message_id = 'after'"))
    assert connection.execute("select topic, payload from quarantine").fetchall() == [
        (f"anju/v1/cam-1/{leaf}", payload)
    ]
    assert count(connection, "alerts") == 0
    camera.close()


def test_a_strangers_press_alarms_and_its_ping_is_shown(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int
) -> None:
    stranger = Device(broker, "stranger-1").ready()
    stranger.publish("patrol", '{"id":"p"}')
    stranger.publish("help", '{"id":"h"}')
    until(lambda: stranger.states("h") == ["received"])
    until(lambda: count(connection, "quarantine"))
    assert "not registered" in value(connection, "select reason from quarantine")
    assert value(connection, "select area from alerts where device_uid = 'stranger-1'") == "v"
    stranger.close()


@pytest.mark.parametrize("away", [timedelta(days=-8), timedelta(minutes=6), timedelta(days=3650)])
def test_a_time_that_cannot_be_true_is_kept_and_the_receipt_counts(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int, away: timedelta
) -> None:
    button = Device(broker, "btn-1").ready()
    claimed = datetime.now(UTC) + away
    button.publish("help", json.dumps({"id": "a", "at": claimed.isoformat()}))
    button.publish("telemetry", json.dumps({"at": claimed.isoformat(), "battery": 50}))
    until(lambda: button.states("a"))
    until(lambda: count(connection, "events", "kind = 2"))
    at, kept, received = connection.execute("select at, claimed_at, received_at from help_calls").fetchone() or ()
    assert (at, kept) == (received, claimed)
    time, received, extra = (
        connection.execute("select time, received_at, extra from events where kind = 2").fetchone() or ()
    )
    assert time == received
    assert datetime.fromisoformat(extra["at"]) == claimed
    button.close()


def test_a_last_will_makes_a_device_offline_and_its_birth_online(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int
) -> None:
    def state() -> str:
        return str(
            value(connection, "select state from device_latest join devices on id = device_id where uid = 'cam-1'")
        )

    camera = Device(broker, "cam-1", will=b'{"state":"offline"}').ready()
    camera.publish("status", '{"state":"online","fw":"1.4.2"}', retain=True)
    until(lambda: state() == "online")
    camera.vanish()
    until(lambda: state() == "offline")


def test_what_came_while_the_gateway_was_away_is_not_lost(
    connection: psycopg.Connection[Any], database: str, broker: int
) -> None:
    with Gateway(database, broker) as first:
        first.ready(connection)
    connection.execute("delete from role_beats")
    button = Device(broker, "btn-1").ready()
    button.publish("help", '{"id":"while-away"}')
    button.publish("telemetry", '{"battery":44}')
    with Gateway(database, broker) as second:
        second.ready(connection)
        until(lambda: button.states("while-away") == ["received"])
        until(lambda: count(connection, "events", "battery = 44") == 1)
    button.close()


def test_a_second_gateway_stands_by_and_takes_over(
    connection: psycopg.Connection[Any], database: str, broker: int
) -> None:
    button = Device(broker, "btn-1").ready()
    with Gateway(database, broker) as first:
        first.ready(connection)
        with Gateway(database, broker):
            button.publish("help", '{"id":"one"}')
            until(lambda: button.states("one") == ["received"])
            first.stop.set()
            for thread in first.threads:
                thread.join()
            button.publish("help", '{"id":"two"}')
            until(lambda: button.states("two") == ["received"])
    assert count(connection, "help_calls") == 2
    button.close()


def test_a_broker_that_goes_away_and_comes_back_is_found_again(
    connection: psycopg.Connection[Any], database: str, tmp_path: Path
) -> None:
    with mosquitto(tmp_path) as port:
        gateway = Gateway(database, port).__enter__()
        gateway.ready(connection)
    try:
        with mosquitto(tmp_path, port):
            button = Device(port, "btn-1").ready()
            button.publish("help", '{"id":"after"}')
            until(lambda: button.states("after") == ["received"], 20)
            button.close()
    finally:
        gateway.__exit__()


def test_a_press_waits_for_no_partition_that_cannot_be_made_now(
    connection: psycopg.Connection[Any], database: str, broker: int
) -> None:
    """A backup reads the series for an hour, and the day comes on which the next partition is made."""
    last = datetime.now(UTC) + timedelta(days=series.DAYS_AHEAD)
    connection.execute(f"drop table if exists events_{last:%Y%m%d}".encode())
    with psycopg.connect(database) as backup:
        backup.execute("lock table events in access share mode")
        with Gateway(database, broker) as gateway:
            gateway.ready(connection)
            button = Device(broker, "btn-1").ready()
            button.publish("help", '{"id":"a"}')
            until(lambda: button.states("a") == ["received"])
            button.close()


@pytest.mark.parametrize(
    ("code", "name"), [("internal_error", "InternalError_"), ("program_limit_exceeded", "ProgramLimitExceeded")]
)
def test_a_message_that_trips_us_up_is_put_aside_and_neither_lost_nor_in_the_way(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int, code: str, name: str
) -> None:
    # a mistake of ours in the database, for one message only
    connection.execute(
        "create function trip() returns trigger language plpgsql as $$ begin"
        f" if new.call_id = 'bad' then raise exception 'our mistake' using errcode = '{code}'; end if;"
        " return new; end $$"
    )
    connection.execute("create trigger trip before insert on help_calls for each row execute function trip()")
    button = Device(broker, "btn-1").ready()
    for call in ("before", "bad", "after"):
        button.publish("help", json.dumps({"id": call}))
    until(lambda: button.states("after") == ["received"])
    until(lambda: count(connection, "quarantine") == 1)
    assert value(connection, "select reason from quarantine") == f"it could not be stored: {name}"
    assert value(connection, "select count from alerts") == 3
    button.close()
