"""The engine's own process asks the rules; two of them warn no oftener than one, and no change is lost to a look under way."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import service, warnings
from alerts.channels.phones import PhonesOnScreen
from alerts.engine import EngineSettings
from alerts.warnings import Manner
from storage import series
from storage.clock import SystemClock
from tests.clock import StoryClock
from tests.integration.brokers import until
from tests.stories.village import Village, step

MANNER = Manner("zh-CN", "Asia/Shanghai")


@pytest.fixture
def village(pool: ConnectionPool[Any]) -> Village:
    """A village whose only button says that its battery is nearly empty."""
    clock = StoryClock(SystemClock().now() - timedelta(minutes=3))
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    story = Village(pool, clock)
    home = story.home("凤山村", policy=[step(0, "lan"), step("24 h", "mei")])
    home.says("telemetry", b'{"battery": 5}')
    return story


def look(pool: ConnectionPool[Any]) -> int:
    with pool.connection() as connection:
        return warnings.look_at_devices(connection, manner=MANNER, now=SystemClock().now())


def test_the_alerts_role_warns_of_a_low_battery(pool: ConnectionPool[Any], database: str, village: Village) -> None:
    parts = service.Parts(
        database, pool, SystemClock(), PhonesOnScreen(), EngineSettings("zh-CN", "https://anju.example", "outbox")
    )
    stop = threading.Event()
    role = threading.Thread(target=service.run, args=(parts, stop))
    role.start()
    try:
        until(lambda: bool(village.phone("lan").messages()))
    finally:
        stop.set()
        role.join(timeout=30)
    village.phone("lan").expect_sms("求助按钮电量低", "btn-0001: 5 %")


def test_two_processes_that_look_at_once_warn_once(pool: ConnectionPool[Any], village: Village) -> None:
    now = SystemClock().now()
    with pool.connection() as first, pool.connection() as second:
        assert warnings.look_at_devices(first, manner=MANNER, now=now) == 1
        assert warnings.look_at_devices(second, manner=MANNER, now=now) == 0
    assert look(pool) == 0
    assert village.one("select count(*) from alerts") == 1


def test_what_changes_while_a_look_is_under_way_is_looked_at_again(pool: ConnectionPool[Any], village: Village) -> None:
    now = SystemClock().now()
    with pool.connection() as first:
        assert warnings.look_at_devices(first, manner=MANNER, now=now) == 1
        # a new battery, said and stored before that look is committed: whoever stores it does not wait for the look
        village.homes[0].says("telemetry", b'{"battery": 100}')
    assert village.one("select state from alerts") != "closed"
    assert look(pool) == 1
    assert village.one("select state from alerts") == "closed"


def test_a_look_that_fails_is_done_again(pool: ConnectionPool[Any], village: Village) -> None:
    with pool.connection() as connection:
        warnings.look_at_devices(connection, manner=MANNER, now=SystemClock().now())
        connection.rollback()
    assert village.one("select count(*) from alerts") == 0
    assert look(pool) == 1
    assert village.one("select count(*) from alerts") == 1
