"""A home wishes for a visit by a second kind of press: over a real broker, stored once, and it hears who comes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from alerts import dispatch, requests
from alerts.model import Actor
from tests.integration.brokers import Device, mosquitto, until
from tests.integration.test_gateway import Gateway, connection, count, value

__all__ = ["connection"]
OPERATOR = Actor("operator", "console")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


@pytest.fixture
def gateway(connection: psycopg.Connection[Any], database: str, broker: int) -> Iterator[Gateway]:
    connection.execute(
        "insert into services (code, name) values ('company', '陪伴'), ('meal', '送餐') on conflict do nothing"
    )
    with Gateway(database, broker) as running:
        yield running.ready(connection)


@pytest.fixture
def button(gateway: Gateway, broker: int) -> Iterator[Device]:
    device = Device(broker, "btn-1").ready()
    yield device
    device.close()


def wish(button: Device, wish_id: str, **said: object) -> None:
    """Ask until it is heard."""
    button.publish("request", json.dumps({"id": wish_id, **said}))
    until(lambda: button.states(wish_id), why="no `received`")


def visits(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute("select home_id, service, state from visits order by id").fetchall()


def test_a_wish_makes_a_visit_and_no_alarm(button: Device, connection: psycopg.Connection[Any]) -> None:
    wish(button, "w1", battery=71)
    assert visits(connection) == [(1, "company", "requested")]
    assert count(connection, "alerts") == 0
    assert value(connection, "select battery from visit_requests") == 71
    assert "上门" in button.replies()[0]["say"]


def test_the_same_wish_counts_once_and_is_answered_again(button: Device, connection: psycopg.Connection[Any]) -> None:
    wish(button, "w1", service="meal")
    button.publish("request", '{"id":"w1","service":"meal"}')
    until(lambda: button.states("w1") == ["received", "received"], why="a re-send was not answered")
    assert visits(connection) == [(1, "meal", "requested")]
    assert value(connection, "select resent from visit_requests") == 1


def test_wishes_for_the_same_join_and_for_another_service_do_not(
    button: Device, connection: psycopg.Connection[Any]
) -> None:
    for number, service in enumerate(["company", "meal", "company"]):
        wish(button, f"w{number}", service=service)
    assert visits(connection) == [(1, "company", "requested"), (1, "meal", "requested")]
    connection.execute("update visits set state = 'cancelled'")
    wish(button, "w9", service="meal")
    assert visits(connection)[2:] == [(1, "meal", "requested")]


def test_what_cannot_be_read_is_kept_and_somebody_goes_and_sees(
    button: Device, connection: psycopg.Connection[Any]
) -> None:
    button.publish("request", "{help me")
    until(button.replies, why="no `received`")
    assert visits(connection) == [(1, None, "requested")]
    assert connection.execute("select topic, payload from quarantine").fetchall() == [
        ("anju/v1/btn-1/request", b"{help me")
    ]


def test_a_service_that_there_is_not_is_a_visit_that_says_so(
    button: Device, connection: psycopg.Connection[Any]
) -> None:
    wish(button, "w1", service="moon")
    assert connection.execute("select service, note from visits").fetchall() == [(None, "moon")]


def test_a_strangers_wish_goes_to_the_quarantine(
    gateway: Gateway, connection: psycopg.Connection[Any], broker: int
) -> None:
    stranger = Device(broker, "stranger-1").ready()
    stranger.publish("request", '{"id":"w"}')
    until(lambda: count(connection, "quarantine"))
    assert "not registered" in value(connection, "select reason from quarantine")
    assert visits(connection) == []
    stranger.close()


def test_the_home_hears_once_that_somebody_comes(button: Device, connection: psycopg.Connection[Any]) -> None:
    wish(button, "w1")
    now = datetime.now(UTC)
    assert requests.tell_homes(connection, now) == 0
    staff_id = value(
        connection,
        "insert into staff (name, phone, area, created_at) values ('兰晓', '+8613800000001', 'v', now()) returning id",
    )
    visit_id = value(connection, "select id from visits")
    dispatch.assign(connection, visit_id=visit_id, staff_id=staff_id, actor=OPERATOR, now=now)
    assert requests.tell_homes(connection, now) == 1
    assert requests.tell_homes(connection, now) == 0
    until(lambda: button.states("w1") == ["received", "accepted"], why="nobody told the home")
    assert button.replies()[-1]["say"] == "已经安排人上门来看您。"


def test_a_wish_that_ends_without_anybody_is_not_told_that_somebody_comes(
    button: Device, connection: psycopg.Connection[Any]
) -> None:
    wish(button, "w1")
    now = datetime.now(UTC)
    dispatch.cancel(
        connection, visit_id=value(connection, "select id from visits"), actor=OPERATOR, reason=None, now=now
    )
    assert requests.tell_homes(connection, now) == 1
    assert count(connection, "home_replies") == 0
