"""Who should go, and which two visits nobody can do both."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.suggesting import Candidate, Slot, Spot, at_once, clash, outside_hours, suggest

NINE = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
"""Nine in the morning in Lincang."""
VILLAGE, TOWN = Spot(24.58, 99.92), Spot(24.67, 99.92)
"""Ten kilometres, twenty minutes."""


def slot(start: int, end: int, visit: int = 1, spot: Spot | None = VILLAGE, minutes: int = 30) -> Slot:
    """Return a time by its minutes from nine on."""
    return Slot(NINE + timedelta(minutes=start), NINE + timedelta(minutes=end), minutes, spot, visit)


def who(staff: int, **more: object) -> Candidate:
    usual: dict[str, object] = {
        "name": f"s{staff}", "area": "x", "skills": frozenset(), "on_shift": False, "in_area": True, "spot": VILLAGE,
    }  # fmt: skip
    return Candidate(staff, **(usual | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (slot(0, 60), slot(30, 90, 2), False),
        (slot(0, 60), slot(0, 60, 2), False),
        (slot(0, 60), slot(60, 120, 2), True),
        # the way from the village to the town takes twenty minutes
        (slot(0, 60), slot(70, 120, 2, TOWN), False),
        (slot(0, 60), slot(81, 120, 2, TOWN), True),
        # at the very same minute
        (slot(0, 0), slot(0, 0, 2), False),
        (slot(0, 0), slot(30, 30, 2), True),
        # at any time of the day: half an hour fits beside the other
        (slot(0, 60), slot(0, 480, 2), True),
        (slot(0, 480), slot(0, 480, 2), True),
        # nobody knows where it is: no way is counted
        (slot(0, 60), slot(60, 90, 2, None), True),
    ],
)
def test_which_two_can_be_done_by_one(one: Slot, other: Slot, both: bool) -> None:
    assert at_once(one, other) is not both
    assert at_once(other, one) is not both


slots = st.builds(
    lambda start, length, minutes: slot(start, start + length, 2, minutes=minutes),
    st.integers(0, 600), st.integers(0, 600), st.integers(1, 120),
)  # fmt: skip


@given(slots, slots)
def test_being_at_once_is_mutual(one: Slot, other: Slot) -> None:
    assert at_once(one, other) == at_once(other, one)


def test_a_visit_is_not_in_its_own_way() -> None:
    assert clash(slot(0, 60), [slot(0, 60)]) is None
    assert clash(slot(0, 60), [slot(200, 260, 3), slot(30, 90, 2)]) == slot(30, 90, 2)


def test_the_one_who_fits_best_comes_first() -> None:
    people = [
        who(1, skills=frozenset({"nursing"}), spot=TOWN),
        who(2, skills=frozenset({"nursing"})),
        who(3, on_shift=True),
        who(4, skills=frozenset({"nursing"}), on_shift=True, busy=(slot(0, 60, 9),)),
        who(5, skills=frozenset({"nursing"}), on_shift=True, in_area=False),
        who(6, skills=frozenset({"nursing"}), on_shift=True, declined=True),
    ]
    found = suggest(slot(0, 60), "nursing", people)
    assert [each.candidate.staff_id for each in found] == [5, 2, 1, 4, 3, 6]
    assert [each.fits for each in found] == [True, True, True, False, False, False]
    assert found[3].clash == slot(0, 60, 9)
    assert (found[1].away_m, found[2].away_m) == (0, 10008)


def test_of_two_alike_the_one_with_less_before_him_goes() -> None:
    found = suggest(slot(0, 60), None, [who(1, busy=(slot(300, 360, 9),)), who(2)])
    assert [each.candidate.staff_id for each in found] == [2, 1]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=8))
def test_whoever_fits_stands_before_whoever_does_not(wishes: list[tuple[bool, bool, bool, bool]]) -> None:
    people = [
        who(
            number, skills=frozenset({"nursing"} if able else ()), busy=() if free else (slot(0, 60, 9),),
            on_shift=on_shift, declined=declined,
        )
        for number, (able, free, on_shift, declined) in enumerate(wishes, 1)
    ]  # fmt: skip
    fits = [each.fits for each in suggest(slot(0, 60), "nursing", people)]
    assert fits == sorted(fits, reverse=True)


@pytest.mark.parametrize(
    ("hour", "hours", "outside"),
    [(9, 1, False), (3, 1, True), (21, 2, True), (19, 4, False), (7, 2, False), (22, 12, False), (20, 1, True)],
)
def test_what_is_planned_keeps_to_working_hours(hour: int, hours: int, outside: bool) -> None:
    start = NINE + timedelta(days=1, hours=hour - 9)
    planned = Slot(start, start + timedelta(hours=hours))
    asked = {"work_from": time(8), "work_to": time(20), "timezone": "Asia/Shanghai"}
    assert outside_hours(planned, **asked, now=NINE) is outside  # type: ignore[arg-type]
    # who sends somebody now knows what hour it is
    assert not outside_hours(planned, **asked, now=start - timedelta(hours=1))  # type: ignore[arg-type]
