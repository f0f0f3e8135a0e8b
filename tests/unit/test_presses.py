"""A vendor's press counts once: in three messages, through two hubs, told again with later reports, given to us again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import presses
from devices.model import Alarm, Press
from devices.presses import SAME_KEY_WITHIN, SAME_MESSAGE_WITHIN, SAME_PRESS_WITHIN, Came, Memory

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PRESS = Press("", "single")

Said = tuple[Press | Alarm, float]


def counted(*said: Said, memory: Memory | None = None, retained: bool = False) -> list[bool]:
    """Judge live messages in turn, each with the second it came in."""
    memory = memory or Memory()
    found = []
    for number, (each, second) in enumerate(said):
        came = Came(NOON + timedelta(seconds=second), f"m{number}", retained)
        is_press, memory = presses.judge(memory, each, came)
        found.append(is_press)
    return found


def keyed(key: str) -> Press:
    return Press("", "single", key=key)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # Zigbee2MQTT's one press: the device's JSON, the same with `action` as text, and the JSON once more
        ([(PRESS, 0), (PRESS, 0.03), (PRESS, 0.05)], [True, False, False]),
        ([(PRESS, 0), (PRESS, 2), (PRESS, 2.1)], [True, False, True]),
        # the window is of the first message: a button held down for a minute is pressed again and again
        ([(PRESS, 0), (PRESS, 1.5), (PRESS, 3)], [True, False, True]),
        # a radio packet through two hubs
        ([(keyed("7"), 0), (keyed("7"), 45)], [True, False]),
        ([(keyed("7"), 0), (keyed("7"), 45), (keyed("7"), 61)], [True, False, True]),
        ([(keyed("7"), 0), (keyed("8"), 0.1)], [True, True]),
        ([(keyed("7"), 0), (PRESS, 1)], [True, False]),
        ([(PRESS, 0), (keyed("7"), 1), (keyed("7"), 30)], [True, False, False]),
        # a state that is told again with each report
        ([(Alarm("", on=True), 0), (Alarm("", on=True), 600)], [True, False]),
        ([(Alarm("", on=False), 0), (Alarm("", on=True), 5), (Alarm("", on=True), 9)], [False, True, False]),
        ([(Alarm("", on=True), 0), (Alarm("", on=False), 9), (Alarm("", on=True), 20)], [True, False, True]),
        ([(PRESS, 0), (Alarm("", on=True), 0.1)], [True, False]),
    ],
)
def test_a_press_is_counted_once(said: list[Said], wanted: list[bool]) -> None:
    assert counted(*said) == wanted


def test_what_was_retained_says_nothing_of_now() -> None:
    assert counted((PRESS, 0), (keyed("7"), 5), (Alarm("", on=True), 9), retained=True) == [False, False, False]
    # the call that stood when we came is still the same one
    _, memory = presses.judge(Memory(), Alarm("", on=True), Came(NOON, "m", retained=True))
    assert counted((Alarm("", on=True), 60), memory=memory) == [False]


def test_a_call_that_was_off_when_we_last_heard_and_is_kept_as_on_was_made_meanwhile() -> None:
    assert counted((Alarm("", on=True), 60), memory=Memory(alarm_on=False), retained=True) == [True]


def test_a_clock_that_was_set_back_hides_no_press() -> None:
    assert counted((PRESS, 0), (PRESS, -30)) == [True, True]


@given(st.lists(st.floats(0, SAME_KEY_WITHIN.total_seconds()), min_size=1, max_size=10))
def test_the_same_key_within_its_span_is_one_press(seconds: list[float]) -> None:
    assert sum(counted(*[(keyed("7"), each) for each in [0.0, *sorted(seconds)]])) == 1


@given(st.lists(st.tuples(st.sampled_from([PRESS, keyed("a"), keyed("b")]), st.floats(0, 3)), min_size=1, max_size=30))
def test_no_press_is_swallowed_long_after_the_one_before(steps: list[tuple[Press, float]]) -> None:
    second = 0.0
    said: list[Said] = []
    for press, wait in steps:
        second += wait
        said.append((press, second))
    alone = second + SAME_KEY_WITHIN.total_seconds() + 1
    assert counted(*said, (steps[0][0], alone))[-1]


@given(st.lists(st.floats(0, 600), min_size=1, max_size=30))
def test_between_two_counted_presses_lies_the_span(seconds: list[float]) -> None:
    said = sorted(seconds)
    found = counted(*[(PRESS, each) for each in said])
    times = [at for at, is_press in zip(said, found, strict=True) if is_press]
    assert all(then - first > SAME_PRESS_WITHIN.total_seconds() - 0.001 for first, then in pairwise(times))
    # and each that was passed over is near one that was counted
    assert all(any(0 <= at - each <= SAME_PRESS_WITHIN.total_seconds() + 0.001 for each in times) for at in said)


@given(st.lists(st.booleans(), max_size=30))
def test_a_state_is_a_press_at_each_change_to_on(states: list[bool]) -> None:
    found = counted(*[(Alarm("", on=on), number * 10) for number, on in enumerate(states)])
    before = [False, *states]
    assert found == [on and not was for was, on in zip(before, states, strict=False)]


@given(
    st.lists(st.sampled_from([PRESS, keyed("a"), Alarm("", on=True), Alarm("", on=False)]), min_size=1, max_size=8),
    st.floats(0, SAME_MESSAGE_WITHIN.total_seconds() - 100),
)
def test_what_the_broker_gives_us_again_is_not_counted_again(said: list[Press | Alarm], later: float) -> None:
    memory = Memory()
    for again, start in ((False, 0.0), (True, 80 + later)):
        for number, each in enumerate(said):
            came = Came(NOON + timedelta(seconds=start + number), f"m{number}", again=again)
            is_press, memory = presses.judge(memory, each, came)
            assert not (again and is_press)


def test_a_message_given_again_that_we_never_had_counts() -> None:
    _, memory = presses.judge(Memory(), PRESS, Came(NOON, "first"))
    is_press, _ = presses.judge(memory, PRESS, Came(NOON + timedelta(minutes=5), "other", again=True))
    assert is_press


def test_any_press_of_a_button_is_help_and_of_a_switch_only_one_that_says_so() -> None:
    sos = Press("", "sos", certain=True)
    assert [presses.calls_for_help(PRESS, kind) for kind in ("button", "pendant", "sensor", "hub", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert presses.calls_for_help(sos, None)
    assert presses.calls_for_help(Alarm("", on=True), None)


def test_a_press_that_its_vendor_dates_and_numbers_has_one_id_in_all_its_messages() -> None:
    dated = Press("", "single", key="7", at=NOON)
    first, second = Came(NOON, "m1"), Came(NOON + timedelta(seconds=30), "m2")
    assert presses.call_id("shelly", "a", dated, first) == presses.call_id("shelly", "a", dated, second)
    assert presses.call_id("shelly", "a", PRESS, first) != presses.call_id("shelly", "a", PRESS, second)
    assert presses.call_id("shelly", "a", PRESS, first).startswith("shelly-20261124T040000.000Z-")


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=5))
def test_what_is_remembered_comes_back_as_it_was(kept: list[tuple[str, bool]]) -> None:
    recent = tuple(presses.Remembered("m", NOON, key or None, opened) for key, opened in kept)
    rows = [(mark, at, key, opened) for mark, at, key, opened in presses.as_rows(recent)]  # type: ignore[misc]
    assert presses.from_rows(rows) == recent  # type: ignore[arg-type]
