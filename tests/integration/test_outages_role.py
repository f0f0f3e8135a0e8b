"""The engine's own process warns of devices that fell silent, and two of them warn no oftener than one."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import outages, service
from alerts.channels.phones import PhonesOnScreen
from alerts.engine import EngineSettings
from storage import series
from storage.clock import SystemClock
from tests.clock import StoryClock
from tests.integration.brokers import until
from tests.stories.village import Village, step


@pytest.fixture
def village(pool: ConnectionPool[Any]) -> Village:
    """A village whose only camera said three minutes ago that it goes."""
    clock = StoryClock(SystemClock().now() - timedelta(minutes=3))
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    story = Village(pool, clock)
    home = story.home("凤山村", policy=[step(0, "lan"), step("24 h", "mei")])
    story.device("cam-1", home.id, "camera")
    home.says("patrol", b'{"id": "p-1"}', uid="cam-1")
    home.says("status", b'{"state": "offline"}', uid="cam-1")
    return story


def test_the_alerts_role_warns_of_a_silent_device(pool: ConnectionPool[Any], database: str, village: Village) -> None:
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
    village.phone("lan").expect_sms("设备离线", "cam-1")
    assert village.one("select count(*) from device_changes") == 0


def test_two_processes_that_look_at_once_warn_once(pool: ConnectionPool[Any], village: Village) -> None:
    now = SystemClock().now()
    with pool.connection() as first, pool.connection() as second:
        assert outages.look(first, locale="zh-CN", now=now) == 1
        assert outages.look(second, locale="zh-CN", now=now) == 0
    assert village.one("select count(*) from alerts") == 1


def test_a_process_that_waits_for_another_s_look_sees_what_that_one_did(
    pool: ConnectionPool[Any], village: Village
) -> None:
    now = SystemClock().now()
    looked: list[int] = []

    def look() -> None:
        with pool.connection() as connection:
            looked.append(outages.look(connection, locale="zh-CN", now=now))

    other = threading.Thread(target=look)
    with pool.connection() as first:
        assert outages.look(first, locale="zh-CN", now=now) == 1
        # the same silence, noted once more meanwhile: this row is not locked by the first
        village.run(
            "insert into device_changes (device_id, area, at, state, look_at)"
            " select id, '凤山村', %(now)s, 'offline', %(now)s from devices where uid = 'cam-1'"
        )
        other.start()
        until(lambda: village.one("select exists (select from pg_locks where locktype = 'advisory' and not granted)"))
    other.join(timeout=30)
    assert looked == [1]
    assert village.one("select count(*) from alerts") == 1
