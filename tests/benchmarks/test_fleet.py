"""`anju bench fleet` in small: what Anju says of each device is what the simulator knows of it."""

import pytest

from api.bench import fleet
from api.bench.fleet import Wishes
from api.bench.system import Say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_every_device_stands_as_the_simulator_knows(say: Say) -> None:
    # homes that drop off the line once in a quarter of an hour: some are late, some offline, some said that they go
    figures = fleet.measure(Wishes(homes=200, minutes=3, troubles=6_000), say)
    assert figures.devices == 400
    assert figures.looks == 4
    assert figures.wrong == 0, figures.all.examples
    assert all(figures.all.right[state] for state in ("online", "late", "offline"))
    assert figures.all.right.total() + figures.all.unjudged == 4 * 400
    assert figures.published > 600
    assert figures.lines()[-1] == f"judged {figures.all.right.total():,} states, wrong 0"
