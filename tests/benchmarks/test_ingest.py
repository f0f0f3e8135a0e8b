"""`anju bench ingest` in small: everything that the broker took is stored, and the figures agree with each other."""

import sys

import pytest

from api.bench import ingest
from api.bench.system import Say

pytestmark = pytest.mark.slow


def test_every_ping_that_the_broker_took_is_stored_and_counted(say: Say, said: list[str]) -> None:
    figures = ingest.measure(seconds=1.5, rate=1_000, devices=30, say=say)
    assert 0 < figures.accepted <= 1_500
    assert (figures.ours.pings, figures.lost) == (figures.accepted, 0)
    assert 0 < figures.limit.pings <= 1_500
    assert figures.ours.a_second == pytest.approx(figures.ours.pings / figures.ours.seconds)
    table = "\n".join(figures.lines())
    assert f"stored {figures.accepted:,}, lost 0" in table
    assert "stored / broker's own limit: " in table
    assert any("gateway-bulk" in line for line in said)


def test_without_a_rate_it_goes_as_fast_as_it_goes(say: Say) -> None:
    figures = ingest.measure(seconds=0.5, rate=0, devices=30, say=say)
    assert figures.lost == 0
    assert figures.accepted > 0
    if sys.platform == "linux":
        assert figures.ours.cpu_us["gateway-bulk"] > 0
        assert 10 < figures.gateway_peak_mb < 300
