"""`anju bench urgent` in small: each press is answered and told of, and no ping is lost beside it."""

import pytest

from api.bench import urgent
from api.bench.system import Say
from api.bench.urgent import UrgentFigures, Wishes

pytestmark = pytest.mark.slow


def measured(say: Say, *, twilio: bool) -> UrgentFigures:
    return urgent.measure(Wishes(presses=4, rate=300, seconds=2, devices=30, twilio=twilio), say)


@pytest.mark.parametrize("twilio", [False, True])
def test_every_press_is_answered_and_told_of_and_no_ping_is_lost(say: Say, twilio: bool) -> None:
    figures = measured(say, twilio=twilio)
    assert len(figures.idle.received.ms) == len(figures.idle.sms.ms) == 4
    assert 1 <= len(figures.flooded.received.ms) == len(figures.flooded.sms.ms) <= 4
    for each in (figures.idle.received, figures.idle.sms, figures.flooded.received, figures.flooded.sms):
        assert 0 < each.p50 <= each.p99 <= each.longest
    assert 0 < figures.pings.accepted <= 600
    assert figures.pings.lost == 0
    table = "\n".join(figures.lines())
    assert ("Twilio has the SMS" in table) == twilio
    assert "flooded / idle, p50: " in table
