"""How fast messages leave: never faster than configured, slower when the provider is busy, and fast again after."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.pace import WAIT_AT_MOST, Pace

NOW = datetime(2026, 11, 24, 2, 14, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_second_is_ready_and_no_more() -> None:
    granted, pace = Pace.of(10, NOW).take(50, NOW)
    assert granted == 10
    granted, pace = pace.take(50, after(0.5))
    assert granted == 5
    assert pace.take(50, after(60))[0] == 10


def test_less_than_one_a_second_still_goes() -> None:
    granted, pace = Pace.of(0.5, NOW).take(8, NOW)
    assert granted == 1
    assert pace.take(8, after(1.9))[0] == 0
    assert pace.take(8, after(2.1))[0] == 1


def test_what_is_not_used_is_given_back() -> None:
    granted, pace = Pace.of(10, NOW).take(8, NOW)
    assert pace.give_back(granted).take(50, NOW)[0] == 10


def test_a_busy_provider_halves_it_once_a_second_whatever_number_of_refusals() -> None:
    pace = Pace.of(100, NOW)
    for _ in range(8):
        pace = pace.slowed(None, NOW)
    assert pace.per_s == 50
    assert pace.slowed(None, after(1.5)).per_s == 25


def test_it_never_stops() -> None:
    pace = Pace.of(100, NOW)
    for second in range(60):
        pace = pace.slowed(None, after(second))
    assert pace.per_s == 1
    assert pace.take(8, after(60.5))[0] == 1


def test_after_quiet_seconds_it_is_as_fast_as_before() -> None:
    pace = Pace.of(100, NOW).slowed(None, NOW).slowed(None, after(2))
    assert pace.per_s == 25
    assert pace.take(500, after(7.1))[1].per_s == 50
    assert pace.take(500, after(60))[1].per_s == 100


def test_what_the_provider_asks_to_wait_is_kept_but_not_for_ever() -> None:
    pace = Pace.of(100, NOW).slowed(3, NOW)
    assert pace.take(8, after(2.9))[0] == 0
    assert pace.take(8, after(3))[0] >= 1
    assert Pace.of(100, NOW).slowed(3600, NOW).take(8, NOW + WAIT_AT_MOST)[0] >= 1


@pytest.mark.parametrize("per_s", [0.5, 3.0, 1000.0])
@given(steps=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 20), st.booleans()), max_size=40))
def test_never_more_than_configured_in_any_stretch(per_s: float, steps: list[tuple[float, int, bool]]) -> None:
    pace, now, sent = Pace.of(per_s, NOW), NOW, 0
    for seconds, wanted, refused in steps:
        now += timedelta(seconds=seconds)
        granted, pace = pace.take(wanted, now)
        assert 0 <= granted <= wanted
        sent += granted
        if refused:
            pace = pace.slowed(None, now)
        assert sent <= max(1.0, per_s) + (now - NOW).total_seconds() * per_s + 1e-6
