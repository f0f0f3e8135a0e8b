"""The simulator's own truth: what each device must be, by what it said, and who is not judged because it is too early."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import truth
from devices.truth import LATE, NEVER, OFFLINE, ONLINE, Truth

TOLERANCE_S = 10.0


def told(words: Sequence[tuple[float, bool]], uid: str = "cam") -> Truth:
    made = Truth(["cam"], ["btn"], tolerance_s=TOLERANCE_S)
    for at_s, goes in words:
        say(made, uid, at_s, goes=goes)
    return made


def say(to: Truth, uid: str, at_s: float, *, goes: bool = False, taken_after_s: float = 0.0) -> None:
    to.note(uid, at_s, goes=goes).taken_at_s = at_s + taken_after_s


@pytest.mark.parametrize(
    ("silent_s", "states"),
    [
        (20, {ONLINE}),
        (89, {ONLINE}),
        (95, {ONLINE, LATE}),
        (101, {LATE}),
        (179, {LATE}),
        (185, {LATE, OFFLINE}),
        (191, {OFFLINE}),
    ],
)
def test_a_camera_is_late_and_then_offline(silent_s: float, states: set[str]) -> None:
    assert told([(0, False), (1000, False)]).must_be("cam", 1000 + silent_s, 1000 + silent_s) == states


def test_a_button_may_be_silent_for_a_day() -> None:
    words = told([(0, False)], "btn")
    assert words.must_be("btn", 86_400, 86_400) == {ONLINE}
    assert words.must_be("btn", 90_011, 90_011) == {OFFLINE}


def test_whoever_said_that_he_goes_is_offline_until_he_speaks() -> None:
    words = told([(60, False), (100, True)])
    assert words.must_be("cam", 105, 105) == {ONLINE, OFFLINE}
    assert words.must_be("cam", 111, 111) == {OFFLINE}
    say(words, "cam", 500)
    assert words.must_be("cam", 505, 505) == {OFFLINE, ONLINE}
    assert words.must_be("cam", 511, 511) == {ONLINE}


def test_whoever_never_spoke_is_never_and_his_first_word_takes_its_time() -> None:
    assert told([]).must_be("cam", 1e6, 1e6) == {NEVER}
    assert told([(5, False)]).must_be("cam", 6, 6) == {NEVER, ONLINE}


def test_several_words_in_a_row_leave_open_what_was_before_them() -> None:
    words = told([(0, False), (1000, False), (1001, False), (1002, False)])
    assert words.must_be("cam", 1003, 1003) == {OFFLINE, ONLINE}


def test_what_the_broker_has_not_taken_may_be_known_or_not() -> None:
    made = told([(0, False)])
    word = made.note("cam", 60, goes=False)
    assert made.must_be("cam", 140, 140) == {ONLINE, LATE}
    word.taken_at_s = 130
    assert made.must_be("cam", 135, 135) == {ONLINE, LATE}
    # since when it is silent is as uncertain as when it came
    assert made.must_be("cam", 145, 145) == {ONLINE}
    assert made.must_be("cam", 180, 180) == {ONLINE, LATE}
    assert made.must_be("cam", 235, 235) == {LATE}


WORDS = st.lists(st.tuples(st.floats(0.01, 400), st.booleans()), max_size=12)


@given(WORDS, st.floats(0, 500), st.floats(0, 30))
def test_whoever_follows_within_the_tolerance_is_never_wrong(
    gaps: list[tuple[float, bool]], wait_s: float, delay_s: float
) -> None:
    """A system that knows every word and judges every silence at most TOLERANCE_S late agrees wherever it is judged."""
    words: list[tuple[float, bool]] = []
    at_s = 0.0
    for gap, goes in gaps:
        at_s += gap
        words.append((at_s, goes))
    now = at_s + wait_s
    knows = [each for each in words if each[0] <= now - min(delay_s, TOLERANCE_S * 0.99)]
    judged_at = now - min(delay_s, TOLERANCE_S * 0.99)
    state = NEVER
    if knows:
        said_at, goes = knows[-1]
        silent_s = judged_at - said_at
        state = (
            OFFLINE
            if goes or silent_s >= truth.CAMERA_OFFLINE_AFTER_S
            else LATE
            if silent_s >= truth.CAMERA_LATE_AFTER_S
            else ONLINE
        )
    made = told(words)
    assert state in made.must_be("cam", now, now)
    verdict = made.judge({"cam": state, "btn": NEVER}, now, now)
    assert not verdict.wrong
    assert sum(verdict.right.values()) + verdict.unjudged == 2


def test_who_stands_wrong_is_counted_and_the_worst_are_shown() -> None:
    made = Truth([f"cam-{each}" for each in range(30)], [], tolerance_s=TOLERANCE_S)
    for each in range(20):
        say(made, f"cam-{each}", 1000 + each)
    verdict = made.judge({f"cam-{each}": ONLINE for each in range(29)}, 1200, 1201)
    # 20 to 28 never spoke, 29 is not there at all; of the others some are within the tolerance
    assert verdict.wrong[NEVER] == 10
    assert verdict.wrong[OFFLINE] == 11
    assert verdict.unjudged == 9
    assert len(verdict.examples) == truth.EXAMPLES
    assert str(verdict.examples[0]).startswith("cam-2")
    assert "never said anything" in str(verdict.examples[0])
    more = truth.Verdict()
    more.add(verdict)
    more.add(verdict)
    assert more.wrong[NEVER] == 20
    assert len(more.examples) == truth.EXAMPLES
