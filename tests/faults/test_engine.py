"""The engine dies at each statement of its transactions, and before its commit: after a restart every alert goes on.

What dies is the real line to a real server: it rolls back what was not committed, as it does after `kill -9`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from alerts import engine
from tests.integration.brokers import until
from tests.stories.conftest import village
from tests.stories.village import SETTINGS, Alert, Village, step

__all__ = ["village"]


class DyingLine(psycopg.Connection[Any]):
    """A line that is cut before its `dies_at`-th statement; 0: before its commit."""

    dies_at = 0
    count = 0

    def execute(self, *arguments: Any, **more: Any) -> Any:
        self.count += 1
        if self.count == self.dies_at:
            self.close()
        return super().execute(*arguments, **more)


def due_after_a_press(village: Village, number: int) -> Alert:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")] if number == 0 else None)
    home.presses_unseen()
    return home.alert()


def due_after_silence(village: Village, number: int) -> Alert:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")] if number == 0 else None)
    home.press()
    home.alert().accept("lan")
    village.forward(minutes=15)
    village.clock.forward(timedelta(minutes=5))
    return home.alert()


def due_in_a_digest(village: Village, number: int) -> Alert:
    home = village.home("凤山村", policy=[step(0, "lan")] if number == 0 else None)
    alert = home.warns("battery_low")
    village.clock.forward(alert.next_step_at - village.clock.now() if alert.next_step_at else timedelta())
    return alert


def due_when_a_limit_allows(village: Village, number: int) -> Alert:
    homes = [
        village.home("凤山村", policy=[step(0, "lan"), step("9 h", "mei")] if number + n == 0 else None)
        for n in range(4)
    ]
    alerts = [home.warns("no_answer") for home in homes]
    village.clock.forward(timedelta(hours=4))
    return alerts[3]


SCENES: list[Callable[[Village, int], Alert]] = [
    due_after_a_press, due_after_silence, due_in_a_digest, due_when_a_limit_allows,
]  # fmt: skip


@pytest.mark.faults
@pytest.mark.parametrize("scene", SCENES)
def test_whatever_was_not_committed_is_done_again(
    village: Village, database: str, scene: Callable[[Village, int], Alert]
) -> None:
    undisturbed = scene(village, 0)
    village.settle()
    expected = undisturbed.timeline()
    assert undisturbed.now().next_step_at is not None
    whole, dies_at = False, 0
    while not whole:
        dies_at += 1
        begin_anew(village)
        alert = scene(village, dies_at)
        before = alert.timeline()
        whole = look_until_it_dies(village, database, dies_at)
        # a whole look dies too: before its commit
        assert alert.timeline() == before
        village.settle()
        assert alert.timeline() == expected
        assert alert.now().next_step_at is not None
    assert dies_at > 5
    village.everybody_has_heard()


def look_until_it_dies(village: Village, database: str, dies_at: int) -> bool:
    """Let an engine look whose line is cut before its `dies_at`-th statement; return whether it had so many at all."""
    line = DyingLine.connect(database)
    line.dies_at = dies_at
    server_side = line.info.backend_pid
    try:
        engine.run_due(line, settings=SETTINGS, now=village.clock.now())
        whole = True
    except psycopg.OperationalError:
        whole = False
    line.close()
    gone = "select count(*) = 0 from pg_stat_activity where pid = %(pid)s"
    until(lambda: village.one(gone, pid=server_side))
    return whole


def begin_anew(village: Village) -> None:
    """Nothing is open, and no phone has rung lately."""
    village.run(
        "update alerts set state = 'closed', closed_at = %(now)s, outcome = 'other', next_step_at = null,"
        " retell_at = null where state <> 'closed'"
    )
    village.run(
        "update messages set state = 'canceled', next_attempt_at = null, held_until = null where state = 'queued'"
    )
    village.clock.forward(timedelta(hours=12))
