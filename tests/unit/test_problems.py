"""What is wrong with a device begins at one value and ends at another: nothing on the line comes and goes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.health import DeviceState
from devices.problems import ALL, SEEN_WITHIN, Facts, problems

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WELL = Facts(
    state=DeviceState.ONLINE, since=NOW - timedelta(days=90), battery=80, battery_flat_on=date(2027, 9, 1), rssi_dbm=-60,
    linkquality=120, clock_skew_s=0.4, picture="shown",
)  # fmt: skip


def test_a_device_that_is_well_has_none() -> None:
    assert problems(WELL, (), NOW) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"state": DeviceState.OFFLINE}, "offline"),
        ({"state": DeviceState.LATE}, "late"),
        ({"state": DeviceState.NEVER}, "never_seen"),
        ({"hub_state": DeviceState.OFFLINE}, "hub_offline"),
        ({"battery": 15}, "battery_low"),
        ({"battery_flat_on": date(2026, 12, 8)}, "battery_draining"),
        ({"rssi_dbm": -80.0}, "signal_weak"),
        ({"linkquality": 30}, "signal_weak"),
        ({"clock_skew_s": -121.0}, "clock_wrong"),
        ({"clock_skew_s": 121.0}, "clock_wrong"),
        ({"flapping": True}, "device_flapping"),
        ({"firmware_outdated": True}, "firmware_outdated"),
        ({"picture": "frozen"}, "camera_blind"),
        ({"picture": "dark"}, "camera_blind"),
    ],
)
def test_each_problem_shows(change: dict[str, object], problem: str) -> None:
    assert problems(replace(WELL, **change), (), NOW) == [problem]  # type: ignore[arg-type]


def test_what_was_switched_off_on_purpose_is_no_fault() -> None:
    assert problems(replace(WELL, state=DeviceState.OFFLINE, off_on_purpose=True), (), NOW) == []


def test_a_new_device_has_a_day_until_it_must_be_heard() -> None:
    new = replace(WELL, state=DeviceState.NEVER, since=NOW - SEEN_WITHIN + timedelta(seconds=1))
    assert problems(new, (), NOW) == []
    assert problems(new, (), NOW + timedelta(seconds=1)) == ["never_seen"]


def test_what_comes_with_time_alone_stays_as_it_was_where_no_time_is_given() -> None:
    silent = replace(WELL, state=DeviceState.NEVER, battery_flat_on=date(2026, 11, 30))
    assert problems(silent, (), None) == []
    assert problems(silent, ("never_seen", "battery_draining"), None) == ["never_seen", "battery_draining"]
    assert problems(WELL, ("never_seen", "battery_draining"), None) == ["battery_draining"]


VALUES = st.builds(
    Facts,
    state=st.sampled_from(DeviceState),
    since=st.just(NOW - timedelta(days=3)),
    battery=st.one_of(st.none(), st.integers(0, 100)),
    battery_flat_on=st.one_of(st.none(), st.dates(date(2026, 11, 1), date(2027, 3, 1))),
    rssi_dbm=st.one_of(st.none(), st.floats(-120, 0)),
    linkquality=st.one_of(st.none(), st.integers(0, 255)),
    clock_skew_s=st.one_of(st.none(), st.floats(-1e6, 1e6)),
)


@given(VALUES, st.sets(st.sampled_from(ALL)))
def test_looked_at_again_nothing_changes(facts: Facts, before: set[str]) -> None:
    once = problems(facts, before, NOW)
    assert problems(facts, once, NOW) == once


@given(VALUES)
def test_what_was_wrong_is_never_sooner_over_than_it_would_begin(facts: Facts) -> None:
    assert set(problems(facts, (), NOW)) <= set(problems(facts, ALL, NOW))
