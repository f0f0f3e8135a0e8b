"""Which presses are tests: those that say so, and the first of each device in an announced window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.test_call import Announced, InWindow, Verdict, judge

FIRST, SECOND = Announced(pressed=False), Announced(pressed=True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Verdict(False)),
        ({"says_test": True}, Verdict(True)),
        ({"announced": FIRST}, Verdict(True, InWindow.TEST)),
        ({"announced": SECOND}, Verdict(False, InWindow.AGAIN)),
        ({"announced": FIRST, "source": "fall"}, Verdict(False, InWindow.FALL)),
        ({"announced": FIRST, "readable": False}, Verdict(False, InWindow.UNREADABLE)),
        ({"announced": SECOND, "says_test": True}, Verdict(True, InWindow.TEST)),
    ],
)
def test_what_is_a_test(said: dict[str, object], expected: Verdict) -> None:
    given_ = {"says_test": False, "source": None, "readable": True, "announced": None} | said
    assert judge(**given_) == expected  # type: ignore[arg-type]


@given(
    source=st.sampled_from(["button", "pendant", "pull-cord", "fall", "voice", None]),
    readable=st.booleans(),
    announced=st.sampled_from([None, FIRST, SECOND]),
)
def test_without_a_window_only_what_says_so_is_a_test_and_a_window_excuses_one_press_only(
    source: str | None, readable: bool, announced: Announced | None
) -> None:
    verdict = judge(says_test=False, source=source, readable=readable, announced=announced)
    if announced is not FIRST or source == "fall" or not readable:
        assert not verdict.test
