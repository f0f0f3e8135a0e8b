"""Two engines' processes at once, as in production: a plan's visits are made each once, and a resident is asked once."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import planning, service
from alerts.channels.phones import PhonesOnScreen
from alerts.engine import EngineSettings
from alerts.model import Actor
from alerts.planning import Plan
from storage.clock import SystemClock
from tests.clock import StoryClock
from tests.integration.brokers import until
from tests.stories.village import Village


@pytest.fixture
def clock() -> StoryClock:
    return StoryClock(SystemClock().now())


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    return Village(pool, clock)


@contextmanager
def engine(database: str, pool: ConnectionPool[Any], ahead: timedelta) -> Iterator[None]:
    """Run the role until the end."""
    settings = EngineSettings("zh-CN", "https://anju.example", "outbox")
    parts = service.Parts(database, pool, SystemClock(), PhonesOnScreen(), settings, plan_ahead=ahead)
    stop = threading.Event()
    running = threading.Thread(target=service.run, args=(parts, stop))
    running.start()
    try:
        yield
    finally:
        stop.set()
        running.join(timeout=30)


def test_two_engines_make_each_visit_once_and_ask_once(
    pool: ConnectionPool[Any], database: str, village: Village
) -> None:
    village.run("insert into services (code, name) values ('meal', '送餐') on conflict do nothing")
    homes = [village.home("凤山村") for _ in range(30)]
    today = village.clock.now().date()
    with pool.connection() as connection:
        for home in homes:
            plan = Plan(home.id, "meal", "FREQ=DAILY", village.clock.now().time(), 30, "UTC", today)
            planning.begin(connection, plan=plan, actor=Actor("op", "console"), now=village.clock.now())
    village.run(
        "insert into visits (home_id, area, service, staff_id, state, requested_at, arrived_at, completed_at, outcome)"
        " select id, '凤山村', 'meal', %(staff)s, 'completed', %(now)s, %(now)s, %(now)s, 'helped' from homes",
        staff=village.phone("lan").staff_id,
    )
    with ExitStack() as engines:
        for _ in range(2):
            engines.enter_context(engine(database, pool, timedelta(days=6)))
        until(
            lambda: village.one("select count(*) from visit_plans where made_until < %(now)s + interval '6 days'") == 0,
            timeout_s=60, why="the plans were not looked at",
        )  # fmt: skip
        until(lambda: village.one("select count(*) from follow_ups") == 30, timeout_s=60, why="nobody was asked")
    made = village.all(
        "select home_id, count(*), count(distinct due_from) from visits where state = 'requested' group by home_id"
    )
    assert len(made) == 30
    assert all(count == instants == 7 for _, count, instants in made), made
