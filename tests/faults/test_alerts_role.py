"""The alerts role is killed again and again in the midst of a flood: every alert is told, and goes on being due."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.system import ANJU, as_url, environment
from tests.integration.brokers import until
from tests.stories.conftest import village
from tests.stories.village import Village, step

__all__ = ["village"]

ALERTS = 400


@contextmanager
def alerts_role(database: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `anju alerts` until it is left; then it is killed."""
    given = environment(database_url=as_url(database), data_dir=folder, sms="outbox")
    role = subprocess.Popen([*ANJU, "alerts"], env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield role
    finally:
        role.kill()
        role.wait()


@pytest.mark.faults
def test_a_flood_is_told_whoever_is_killed(village: Village, database: str, tmp_path: Path) -> None:
    village.clock.forward(village.one("select now()") - village.clock.now())
    village.home("凤山村", policy=[step(0, "lan"), step("60 min", "mei")])
    village.run(
        "with placed as (insert into homes (area, address, created_at)"
        " select '凤山村', 'flood ' || n, %(now)s from generate_series(1, %(count)s) as n returning id)"
        " insert into alerts (kind, severity, state, area, home_id, raised_at, pressed_at, policy_started_at, next_step_at)"
        " select 'help', 'critical', 'raised', '凤山村', id, %(now)s, %(now)s, %(now)s, %(now)s from placed",
        count=ALERTS,
    )
    reached = "select count(distinct alert_id) from messages where state = 'delivered'"
    for part in (20, 120, 220):
        with alerts_role(database, tmp_path):
            until(lambda part=part: village.one(reached) >= part, timeout_s=60, why=f"{part} were not told")
    assert village.one(reached) < ALERTS
    with alerts_role(database, tmp_path):
        # what was claimed when the last one died is sent again once its claim has run out
        until(lambda: village.one(reached) == ALERTS, timeout_s=90, why="not all were told")
    assert village.one("select count(*) from alerts where state <> 'notified' or next_step_at is null") == 0
    written = "select count(*) - count(distinct (alert_id, staff_id)) from messages where purpose = 'tell'"
    assert village.one(written) == 0
    village.everybody_has_heard()
