"""`anju bench accounts` in small: each broker that is here learns of a new password, and says so by letting in."""

import pytest

from api.bench import accounts
from api.bench.system import Say
from tests import needs

pytestmark = pytest.mark.slow


def test_each_broker_learns_of_a_new_password(say: Say) -> None:
    needs.mosquitto()
    figures = accounts.measure(devices=1_500, say=say)
    assert [(each.name, each.devices) for each in figures.known] == [
        ("NATS server", 15), ("NATS server", 1_500), ("Mosquitto", 15), ("Mosquitto", 1_500),
    ]  # fmt: skip
    assert all(each.ms > 0 and each.memory_mb > 1 for each in figures.known)
    assert figures.lines()[-1].startswith("Mosquitto: 1,500 / 15 devices: ")
