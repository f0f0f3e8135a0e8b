"""What a lane is subscribed to while the registry changes: whatever is registered in the end is heard."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.client import BrokerAddress
from gateway.line import Line
from storage.clock import SystemClock
from tests.integration.brokers import Device, mosquitto, until

HUB = "anju/v1/hub/#"


class Lane:
    """A lane's sessions, and a hub that speaks to them."""

    def __init__(self, database: psycopg.Connection[Any], port: int) -> None:
        self.database = database
        self.line = Line(
            "urgent", BrokerAddress("127.0.0.1", port, False, None, None), ("anju/v1/+/help",), SystemClock()
        )
        self.hub = Device(port, "hub").ready()
        self.said = 0

    def listens(self, *wanted: str) -> bool:
        return self.line.listen(self.database, wanted)

    def hears(self) -> bool:
        """Let the hub speak, and say whether that is heard."""
        self.said += 1
        self.hub.publish("state", str(self.said))
        taken = self.line.take(10, 0.3)
        self.line.acknowledge(taken)
        return str(self.said).encode() in [each.payload for each in taken]


@pytest.fixture
def lane(database: str, tmp_path: Path) -> Iterator[Lane]:
    with (
        psycopg.connect(database, autocommit=True) as connection,
        mosquitto(tmp_path) as port,
        _lane(connection, port) as made,
    ):
        yield made


@contextmanager
def _lane(connection: psycopg.Connection[Any], port: int) -> Iterator[Lane]:
    made = Lane(connection, port)
    made.line.start()
    made.listens(HUB)
    try:
        until(lambda: made.line.connected)
        assert made.hears()
        yield made
    finally:
        made.line.stop()
        made.hub.close()


@pytest.mark.parametrize("broker_was_quicker", [True, False])
def test_a_hub_that_is_taken_away_and_added_again_at_once_is_heard(lane: Lane, broker_was_quicker: bool) -> None:
    lane.listens()
    if broker_was_quicker:
        until(lambda: not lane.hears(), why="the broker has not let go")
    lane.listens(HUB)
    until(lane.hears, why="what is registered again is not heard")
