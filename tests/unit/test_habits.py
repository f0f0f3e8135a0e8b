"""The usual silence of a device is learnt from its days: slowly, and not from a bad one."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices import habits
from devices.habits import DAYS, DAYS_NEEDED, LONGEST_S, learn
from devices.health import DeviceState, expectation, judge
from tests.unit.test_health import START

HOUR = 3600


def test_a_week_teaches() -> None:
    assert learn([600] * DAYS_NEEDED, None) == 600


def test_six_days_do_not() -> None:
    assert learn([600] * (DAYS_NEEDED - 1), None) is None


def test_days_on_which_it_said_nothing_are_no_lesson() -> None:
    assert learn([600] * 6 + [None] * 8, None) is None


def test_one_bad_day_is_no_habit() -> None:
    assert learn([600] * 13 + [20 * HOUR], None) == 600


def test_nearly_the_same_stays_as_it_was() -> None:
    assert learn([700] * 14, 600) == 600
    assert learn([800] * 14, 600) == 800


def test_who_is_silent_for_days_has_no_habit() -> None:
    assert learn([LONGEST_S + 1] * 14, None) is None


@given(st.lists(st.integers(1, LONGEST_S), min_size=DAYS_NEEDED, max_size=DAYS), st.integers(1, 30 * LONGEST_S))
def test_one_more_bad_day_never_teaches_more_than_the_worst_of_the_others(days: list[int], bad: int) -> None:
    learnt = learn([*days, bad], None)
    assert learnt is not None
    assert learnt <= max(habits.SHORTEST_S, *days)


@given(st.lists(st.integers(20 * HOUR, 28 * HOUR), min_size=DAYS_NEEDED, max_size=DAYS), st.data())
def test_a_button_that_speaks_about_once_a_day_is_never_called_offline(gaps: list[int], data: st.DataObject) -> None:
    usual_s = learn(gaps, None)
    silent_s = data.draw(st.integers(0, max(gaps)))
    judged = judge(
        expectation("button", None, None, usual_s), last_seen=START, said_offline=False, ingest_up_since=START,
        now=START + timedelta(seconds=silent_s),
    )  # fmt: skip
    assert judged.state is not DeviceState.OFFLINE


@given(st.integers(1, LONGEST_S))
def test_what_is_learnt_is_later_than_what_is_usual(usual_s: int) -> None:
    learnt = expectation("sensor", None, None, usual_s)
    assert learnt.late_after_s is not None
    assert usual_s < learnt.late_after_s < learnt.offline_after_s


@given(st.integers(1, 100_000), st.integers(1, LONGEST_S))
def test_what_the_registry_says_holds_before_what_was_learnt(registered_s: int, usual_s: int) -> None:
    assert expectation("sensor", registered_s, None, usual_s) == expectation("sensor", registered_s, None)
    assert expectation("camera", None, None, usual_s) == expectation("camera", None, None)
    assert expectation("sensor", None, registered_s, usual_s).offline_after_s == registered_s
