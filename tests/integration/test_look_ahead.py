"""The engine's own process looks ahead for holes as it starts: who restarts it oftener than hourly is warned all the same."""

import threading
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import service, staffing
from alerts.channels.phones import PhonesOnScreen
from alerts.engine import EngineSettings
from alerts.rota import RotaKind
from storage.clock import SystemClock
from tests.clock import StoryClock
from tests.integration.brokers import until
from tests.stories.village import Village


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    return Village(pool, clock)


def test_an_engine_that_starts_warns_of_a_rota_without_members(
    pool: ConnectionPool[Any], database: str, village: Village
) -> None:
    with pool.connection() as connection:
        rota = staffing.add_rota(
            connection, name="夜班", area="town", timezone="Asia/Shanghai", kind=RotaKind.DAILY, length=1,
            start=village.clock.now(), members=[],
        )  # fmt: skip
        staffing.add_policy(connection, area="town", steps=[staffing.Step(0, ("sms",), rota_id=rota)])
    village.policy("county", [(0, "mei")])
    parts = service.Parts(
        database, pool, SystemClock(), PhonesOnScreen(), EngineSettings("zh-CN", "https://anju.example", "outbox")
    )
    stop = threading.Event()
    engine = threading.Thread(target=service.run, args=(parts, stop))
    engine.start()
    try:
        until(lambda: bool(village.phone("mei").messages()))
    finally:
        stop.set()
        engine.join(timeout=30)
    village.phone("mei").expect_sms("班次无人", "夜班", "起无人值班")
    assert village.all("select kind, severity, area from alerts") == [("shift_uncovered", "high", "county")]
