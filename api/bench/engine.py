"""How fast is decided whom to tell? 10,000 alerts due in one second; two engines at once; a tick among closed alerts."""

import os
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import Connection

from alerts import engine, settled
from alerts.engine import EngineSettings
from api.bench import BenchFailed, homes, system
from api.bench.figures import milliseconds, ratio, table
from api.bench.provider import Provider
from api.bench.system import Say, System
from api.children import Child
from api.settings import PREFIX
from storage import sql
from storage.clock import SystemClock

queries = sql.load("api.bench")

VILLAGES = 500
"""Each with a policy of its own: what an engine reads for a batch is no one policy."""
HELP_EVERY = 10
"""One alert in so many is a call for help, and all of those came last."""
TICKS = 200
GIVE_UP_AFTER_S = 180.0
LOOK_EVERY_S = 0.2
ENGINES = 2
SETTINGS = EngineSettings(locale="zh-CN", public_url="http://127.0.0.1", sms="twilio")


class NotAllTold(BenchFailed):
    """{told} of {alerts} alerts were told within {GIVE_UP_AFTER_S} s."""

    def __init__(self, told: int, alerts: int) -> None:
        super().__init__(f"{told:,} of {alerts:,} alerts were told within {GIVE_UP_AFTER_S:.0f} s")


@dataclass(frozen=True, slots=True)
class Decided:
    """What one engine alone did. `before_help`: other alerts that were decided before the last call for help."""

    alerts: int
    seconds: float
    before_help: int


@dataclass(frozen=True, slots=True)
class Left:
    """What two engines and their senders did: each alert is to have one message, and the provider to have each once."""

    alerts: int
    seconds: float
    help_seconds: float
    taken: int
    doubled: int
    missed: int


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What was measured."""

    decided: Decided
    left: Left
    tick_ms: tuple[tuple[int, float], ...]

    @property
    def lost(self) -> int:
        """Messages that are missing, or were written or sent twice."""
        return self.left.doubled + self.left.missed + abs(self.left.taken - self.left.alerts)

    def lines(self) -> list[str]:
        """Return the figures as a table, the claims last."""
        few, many = self.tick_ms
        return [
            *table(
                ["", "alerts", "seconds", "a second"],
                [
                    _row("decided by one engine", self.decided.alerts, self.decided.seconds),
                    _row(f"left by {ENGINES} engines, all", self.left.alerts, self.left.seconds),
                    _row(f"left by {ENGINES} engines, help", self.left.alerts // HELP_EVERY, self.left.help_seconds),
                ],
            ),
            "",
            f"decided before the last call for help, of those that are none: {self.decided.before_help:,}",
            f"taken by the provider {self.left.taken:,}; told twice {self.left.doubled:,}, missed {self.left.missed:,}",
            *(f"a tick among {count:,} closed alerts: {milliseconds(ms)}" for count, ms in self.tick_ms),
            f"a tick, {many[0]:,} / {few[0]:,} closed: {ratio(many[1], few[1]):.2f}",
        ]


def measure(*, alerts: int, closed: int, say: Say) -> EngineFigures:
    """Decide `alerts` that are due in one second, by one engine and by two, and tick among `closed`."""
    with ExitStack() as stack:
        measured = stack.enter_context(system.brought_up(say))
        connection = stack.enter_context(measured.connect())
        homes.make_village(connection)
        connection.execute(queries.make_villages, {"area": homes.AREA, "count": VILLAGES, "now": SystemClock().now()})
        ticks = []
        for before, count in ((0, 1_000), (1_000, closed)):
            say(f"closed alerts: {count:,}")
            connection.execute(
                queries.make_closed_alerts,
                {"count": count - before, "villages": VILLAGES, "now": SystemClock().now() - timedelta(days=2)},
            )
            connection.execute(queries.tidy_alerts)
            ticks.append((count, _tick(connection)))
        decided = _decide(connection, alerts, say)
        connection.execute(queries.forget_due_alerts, {"now": SystemClock().now()})
        connection.execute(queries.tidy_alerts)
        left = _leave(measured, connection, stack, alerts, say)
    return EngineFigures(decided, left, tuple(ticks))


def _row(name: str, count: int, seconds: float) -> list[str]:
    return [name, f"{count:,}", f"{seconds:.1f}", f"{ratio(count, seconds):,.0f}"]


def _tick(connection: Connection[Any]) -> float:
    """Return what a look takes that finds nothing due: the middle of TICKS, in milliseconds."""
    took = []
    for _ in range(TICKS):
        began = time.perf_counter()
        with connection.transaction():
            engine.run_due(connection, settings=SETTINGS, now=SystemClock().now())
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def _raise(connection: Connection[Any], alerts: int, say: Say) -> None:
    say(f"{alerts:,} alerts in one second")
    connection.execute(
        queries.make_due_alerts,
        {
            "count": alerts, "villages": VILLAGES, "every": HELP_EVERY,
            "now": SystemClock().now() - timedelta(seconds=1),
        },
    )  # fmt: skip
    connection.execute(queries.tidy_alerts)


def _decide(connection: Connection[Any], alerts: int, say: Say) -> Decided:
    _raise(connection, alerts, say)
    # one instant for all of it: what is due later is not decided again
    now = SystemClock().now()
    began, done = time.perf_counter(), 0
    while done < alerts:
        with connection.transaction():
            found = engine.run_due(connection, settings=SETTINGS, now=now)
        if not found:
            raise NotAllTold(done, alerts)
        done += found
    seconds = time.perf_counter() - began
    row = connection.execute(queries.order_of_first_messages).fetchone()
    return Decided(done, seconds, row[1] if row else 0)


def _leave(measured: System, connection: Connection[Any], stack: ExitStack, alerts: int, say: Say) -> Left:
    provider = stack.enter_context(Provider())
    # no limit: what is measured is how fast all of it leaves
    settled.set_limits(connection, [])
    _raise(connection, alerts, say)
    began = time.perf_counter()
    for number in range(1, ENGINES + 1):
        child = Child(f"alerts-{number}", ["alerts"], _environment(measured, provider), measured.folder / "log")
        stack.callback(child.wait_ended)
        stack.callback(child.ask_to_end)
        child.start()
    while (told := _count(connection))[1] < alerts:
        if time.perf_counter() - began > GIVE_UP_AFTER_S:
            raise NotAllTold(told[1], alerts)
        time.sleep(LOOK_EVERY_S)
        say(f"left: {told[1]:,} of {alerts:,}")
    row = connection.execute(queries.left_by_severity).fetchone()
    help_seconds, seconds = row if row else (0.0, 0.0)
    written, _, doubled = _count(connection)
    return Left(alerts, seconds, help_seconds, provider.taken, doubled, alerts - written)


def _count(connection: Connection[Any]) -> tuple[int, int, int]:
    row = connection.execute(queries.first_messages).fetchone()
    return (row[0], row[1], row[2]) if row else (0, 0, 0)


def _environment(measured: System, provider: Provider) -> dict[str, str]:
    """Return the environment of an engine; nothing of the operator's own settings: a benchmark sends no real SMS."""
    outside = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    given = {"DATABASE_URL": measured.database_url, "DATA_DIR": str(measured.folder), **provider.settings}
    return {**outside, **{PREFIX + name: value for name, value in given.items()}}
