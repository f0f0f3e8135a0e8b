"""A lane that is behind says nothing of who is silent: what waits in it and in the broker was said, only not heard yet."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from devices import telemetry
from gateway.client import BrokerAddress, Heard
from gateway.lanes import Lane, Stored
from gateway.line import Line
from storage.pool import open_pool
from tests.clock import StoryClock
from tests.integration.brokers import Device, mosquitto, until

BATCH = 10
STEP = timedelta(seconds=6)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Slow:
    """A store that takes a step of the clock for every batch, each when the test lets it."""

    def __init__(self, clock: StoryClock) -> None:
        self.clock = clock
        self.may = threading.Semaphore(0)
        self.sizes: list[int] = []

    def store(self, connection: Connection[Any], batch: Sequence[Heard]) -> Stored:
        """Store nothing, slowly."""
        self.may.acquire()
        self.clock.forward(STEP)
        self.sizes.append(len(batch))
        return Stored()


def put_aside(connection: Connection[Any], message: Heard, reason: str) -> None:
    raise AssertionError(reason)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


@pytest.mark.parametrize("beats_behind", [False, True], ids=["judged by", "not judged by"])
def test_silence_counts_only_while_what_is_stored_is_fresh(database: str, broker: int, beats_behind: bool) -> None:
    clock = StoryClock(NOON)
    slow = Slow(clock)
    line = Line("bulk", BrokerAddress("127.0.0.1", broker, False, None, None), ["anju/v1/#"], clock)
    with psycopg.connect(database, autocommit=True) as connection, open_pool(database, name="t", max_size=2) as pool:

        def listening() -> datetime | None:
            return telemetry.listening_since(connection, clock.now())

        lane = Lane("gateway-bulk", line, pool, clock, BATCH, 0.0, slow.store, put_aside, beats_behind=beats_behind)
        line.start()
        line.listen(connection, ())
        lane.start()
        try:
            until(lambda: listening() == NOON, why="the lane is not up")
            camera = Device(broker, "cam-1").ready()
            for number in range(10 * BATCH):
                camera.publish("patrol", f'{{"id":"p-{number}"}}')
            # the first batch may hold few; those after it are full
            for done in range(1, 9):
                slow.may.release()
                until(lambda done=done: len(slow.sizes) == done)
            assert sum(size == BATCH for size in slow.sizes) >= 7
            assert (listening() == NOON) is beats_behind
            assert (listening() is None) is not beats_behind
            slow.may.release(100)
            until(lambda: sum(slow.sizes) == 10 * BATCH)
            until(lambda: listening() is not None, why="it came to the end, and is not up")
            # who was not heard in between has its whole time to speak from now on
            assert (listening() == NOON) is beats_behind
            outages = connection.execute("select down_until > down_from from ingest_outages").fetchall()
            assert outages == ([] if beats_behind else [(True,)])
            camera.close()
        finally:
            slow.may.release(1000)
            lane.stop()
            line.stop()


def test_a_sign_of_life_that_somebody_holds_up_does_not_hold_up_what_is_heard(database: str, broker: int) -> None:
    clock = StoryClock(NOON)
    stored: list[str] = []

    def store(connection: Connection[Any], batch: Sequence[Heard]) -> Stored:
        stored.extend(each.topic for each in batch)
        return Stored()

    line = Line("urgent", BrokerAddress("127.0.0.1", broker, False, None, None), ["anju/v1/#"], clock)
    with psycopg.connect(database) as other, open_pool(database, name="t", max_size=2) as pool:
        telemetry.beat(other, "gateway-urgent", NOON)
        lane = Lane("gateway-urgent", line, pool, clock, BATCH, 0.0, store, put_aside)
        line.start()
        with psycopg.connect(database, autocommit=True) as connection:
            line.listen(connection, ())
        lane.start()
        try:
            button = Device(broker, "btn-1").ready()
            for press in range(3):
                # its next sign of life is due, and its row is held
                clock.forward(STEP)
                button.publish("help", f'{{"id":"p-{press}"}}')
                until(lambda press=press: len(stored) == press + 1)
            button.close()
        finally:
            lane.stop()
            line.stop()
