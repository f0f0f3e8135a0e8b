"""Health and metrics over real HTTP: what a probe and Prometheus hear, with and without a database, and nobody's name."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from devices import telemetry
from storage import migrate, series
from tests.clock import StoryClock
from tests.integration.api_client import Answer, Api, calling
from tests.stories.village import Village, step


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        yield caller.outside()


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    return Village(pool, clock)


@pytest.fixture
def without_database(postgres: str, database: str) -> Iterator[None]:
    """The database lets nobody in, as long as the test lasts."""
    name = sql.Identifier(str(conninfo_to_dict(database)["dbname"]))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("alter database {} allow_connections false").format(name))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
            (conninfo_to_dict(database)["dbname"],),
        )
        yield
        connection.execute(sql.SQL("alter database {} allow_connections true").format(name))


def gauges(heard: Answer) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample by its name and labels, as Prometheus reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(heard.text)
        for sample in family.samples
    }


def test_a_process_that_is_up_says_so(api: Api) -> None:
    assert api.get("/healthz").ok().body == {"status": "ok"}


def test_without_a_database_the_process_is_up_and_not_ready(api: Api, without_database: None) -> None:
    assert api.get("/healthz").ok()
    refused = api.get("/readyz").problem(503, "database is out of reach")
    assert refused.headers["retry-after"]


def test_ready_tells_the_schema_and_of_roles_that_were_never_heard(api: Api) -> None:
    newest = migrate.newest()
    assert api.get("/readyz").ok().body == {
        "status": "ready", "schema_has": newest, "schema_needs": newest,
        "roles": {"gateway-urgent": None, "gateway-bulk": None, "alerts": None},
    }  # fmt: skip


def test_a_silent_role_is_told_and_does_not_make_us_unready(api: Api, clock: StoryClock) -> None:
    with api.pool.connection() as connection:
        telemetry.beat(connection, "gateway-urgent", clock.now())
    clock.forward(timedelta(seconds=90))
    role = api.get("/readyz").ok()["roles"]["gateway-urgent"]
    assert role["age_s"] == 90


def test_a_schema_that_is_behind_is_not_ready(api: Api) -> None:
    api.run("delete from schema_migrations where number = %(newest)s", newest=migrate.newest())
    heard = api.get("/readyz").problem(503, "anju migrate", f"{migrate.newest():04d}")
    assert (heard["schema_has"], heard["schema_needs"]) == (migrate.newest() - 1, migrate.newest())


def test_a_newer_schema_serves_while_the_new_version_comes(api: Api) -> None:
    api.run("insert into schema_migrations (number, name) values (9999, 'to come')")
    assert api.get("/readyz").ok()["schema_has"] == 9999


def test_metrics_tell_what_waits(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.device("cam-0001", home.id, "camera")
    home.press()
    village.forward(seconds=40)
    found = gauges(api.get("/metrics").ok())
    assert found["anju_alerts_open", (("severity", "critical"), ("state", "notified"))] == 1
    assert found["anju_alert_oldest_unanswered_seconds", ()] == 40
    assert found["anju_devices", (("state", "online"),)] == 1
    assert found["anju_devices", (("state", "never"),)] == 1
    assert found["anju_messages_waiting", ()] == 0
    assert found["anju_database_up", ()] == 1
    home.alert().accept("lan")
    assert gauges(api.get("/metrics"))["anju_alert_oldest_unanswered_seconds", ()] == 0


def test_metrics_tell_messages_that_wait_and_that_failed_lately(api: Api, village: Village) -> None:
    village.home("凤山村", policy=[step(0, "lan")]).press()
    village.run("update messages set state = 'failed'")
    assert gauges(api.get("/metrics"))["anju_messages_failed_last_hour", ()] == 1
    village.run("update messages set state = 'queued', next_attempt_at = %(now)s")
    found = gauges(api.get("/metrics"))
    assert (found["anju_messages_waiting", ()], found["anju_messages_failed_last_hour", ()]) == (1, 0)
    village.run("update messages set state = 'failed', next_attempt_at = null")
    village.clock.forward(timedelta(minutes=61))
    assert gauges(api.get("/metrics"))["anju_messages_failed_last_hour", ()] == 0


def test_metrics_tell_what_each_role_counted(api: Api, clock: StoryClock) -> None:
    with api.pool.connection() as connection:
        telemetry.beat(connection, "gateway-bulk", clock.now(), {"stored": 12, "failures": 1})
    clock.forward(timedelta(seconds=7))
    found = gauges(api.get("/metrics"))
    assert found["anju_role_counter_total", (("name", "stored"), ("role", "gateway-bulk"))] == 12
    assert found["anju_role_counter_total", (("name", "failures"), ("role", "gateway-bulk"))] == 1
    assert found["anju_role_beat_age_seconds", (("role", "gateway-bulk"),)] == 7


def test_metrics_count_the_quarantine(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.says("help", b"not json")
    home.says("telemetry", b"not json")
    assert gauges(api.get("/metrics"))["anju_quarantine_messages", ()] == 2


def test_metrics_of_the_process_are_told_without_a_database(api: Api, without_database: None) -> None:
    found = gauges(api.get("/metrics").ok())
    assert found["anju_database_up", ()] == 0
    assert found["process_start_time_seconds", ()] > 0


def test_metrics_name_nobody(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "李秀兰")], resident="张桂英")
    home.press()
    text = api.get("/metrics").ok().text
    for private in ("张桂英", home.address, "凤山村", "李秀兰", village.phone("李秀兰").number, home.button):
        assert private not in text
