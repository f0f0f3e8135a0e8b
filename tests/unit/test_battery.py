"""When a battery will be empty: a line through its last days, and silence where they do not tell."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.battery import DAYS_NEEDED, SPAN_NEEDED_DAYS, forecast

START = date(2026, 10, 1)


def days(levels: list[int | None]) -> list[tuple[date, int]]:
    return [(START + timedelta(days=day), pct) for day, pct in enumerate(levels) if pct is not None]


def test_a_point_a_day_is_empty_when_the_line_says_so() -> None:
    lowest = days(list(range(60, 39, -1)))
    assert forecast(lowest, START + timedelta(days=20)) == START + timedelta(days=60)


def test_a_third_of_wrong_days_changes_nothing() -> None:
    levels: list[int | None] = list(range(60, 39, -1))
    for day in (3, 9, 15):
        levels[day] = 1
    flat_on = forecast(days(levels), START + timedelta(days=20))
    assert flat_on is not None
    assert abs((flat_on - START).days - 60) <= 3


def test_a_new_battery_begins_anew() -> None:
    lowest = days([*range(20, 9, -1), *range(100, 90, -1)])
    flat_on = forecast(lowest, START + timedelta(days=20))
    assert flat_on is not None
    assert (flat_on - START).days == pytest.approx(111, abs=2)


def test_right_after_it_was_replaced_nothing_is_known() -> None:
    assert forecast(days([*range(20, 9, -1), 100, 100, 99]), START + timedelta(days=14)) is None


@pytest.mark.parametrize(
    "levels",
    [[], [50], [50] * 30, [50, 49] * 15, [50, 40, 30, 20], [50, *[None] * 20, 40], list(range(20, 50))],
    ids=["nothing", "a day", "flat", "jitter", "too short", "two days", "rises"],
)
def test_what_does_not_fall_is_not_forecast(levels: list[int | None]) -> None:
    assert forecast(days(levels), START + timedelta(days=30)) is None


def test_a_battery_that_should_be_empty_already_is_so_today() -> None:
    today = START + timedelta(days=40)
    assert forecast(days([14, 12, 10, 8, 6, 4, 2, 1, 0, 0]), today) == today


@given(st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=43), st.integers(0, 10))
def test_whatever_the_days_say_the_forecast_is_not_past_and_needs_enough(levels: list[int | None], later: int) -> None:
    lowest = days(levels)
    today = START + timedelta(days=len(levels) + later)
    flat_on = forecast(lowest, today)
    if flat_on is not None:
        assert flat_on >= today
        assert len(lowest) >= DAYS_NEEDED
        assert (lowest[-1][0] - lowest[0][0]).days >= SPAN_NEEDED_DAYS


@given(st.integers(20, 100), st.integers(1, 4), st.integers(8, 40))
def test_a_straight_line_is_met(start: int, a_day: int, length: int) -> None:
    levels: list[int | None] = [max(0, start - a_day * day) for day in range(length)]
    above = [pct for pct in levels if pct]
    if len(above) < 9:
        return
    lowest = days(levels[: len(above)])
    flat_on = forecast(lowest, lowest[-1][0])
    assert flat_on is not None
    assert abs((flat_on - START).days - start / a_day) <= 1
