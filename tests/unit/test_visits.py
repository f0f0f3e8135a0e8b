"""The states of a visit: whatever is tried in whatever order, it never makes a step that does not follow."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import NobodyAssigned, TimesRunBackwards, WrongOrder
from alerts.visits import (
    BEFORE_ARRIVAL,
    CLOCK_JITTER,
    DONE,
    ENDED,
    NOBODY_GOES,
    Visit,
    VisitState,
    VisitStep,
    advance,
)

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
LAN = 7

wishes = st.lists(st.tuples(st.sampled_from(VisitStep), st.integers(-30, 90), st.booleans()), max_size=30)


def walked(tried: list[tuple[VisitStep, int, bool]]) -> list[tuple[VisitStep, VisitState, VisitState, datetime]]:
    """Return (step, from, to, at) of every step that was made of those that were tried, as dispatch would make them."""
    visit = Visit(1, VisitState.REQUESTED, None, START)
    made = []
    now = START
    for step, minutes, keeps in tried:
        at = now + timedelta(minutes=minutes)
        try:
            state = advance(visit, step, at)
        except (NobodyAssigned, WrongOrder, TimesRunBackwards):
            continue
        staff = visit.staff_id
        if step is VisitStep.ASSIGN:
            staff = LAN
        elif step is VisitStep.DECLINE or (step is VisitStep.PUT_OFF and not keeps):
            staff = None
        made.append((step, visit.state, state, at))
        visit = Visit(1, state, staff, max(at, visit.last_step_at))
        now = visit.last_step_at
        # what the database refuses as well: somebody goes, or nobody has to yet
        assert staff is not None or state in NOBODY_GOES | {VisitState.PUT_OFF, VisitState.FAILED, VisitState.CANCELLED}
    return made


@given(wishes)
def test_nothing_is_completed_before_somebody_arrived(tried: list[tuple[VisitStep, int, bool]]) -> None:
    arrived = False
    for step, _, state, _ in walked(tried):
        arrived = arrived or step is VisitStep.ARRIVE
        assert arrived or state not in DONE | {VisitState.IN_SERVICE}


@given(wishes)
def test_what_is_over_stays_over(tried: list[tuple[VisitStep, int, bool]]) -> None:
    for step, before, after, _ in walked(tried):
        assert before not in ENDED or (step, before, after) == (
            VisitStep.FOLLOW_UP, VisitState.COMPLETED, VisitState.FOLLOWED_UP,
        )  # fmt: skip


@given(wishes)
def test_whoever_was_there_was_given_it_first_and_nobody_leaves_a_door_unsaid(
    tried: list[tuple[VisitStep, int, bool]],
) -> None:
    steps = [step for step, *_ in walked(tried)]
    if VisitStep.ARRIVE in steps:
        at = steps.index(VisitStep.ARRIVE)
        assert VisitStep.ASSIGN in steps[:at]
        assert set(steps[at + 1 :]) <= {VisitStep.BEGIN, VisitStep.COMPLETE, VisitStep.FOLLOW_UP, VisitStep.FAIL}


@given(wishes)
def test_times_never_run_backwards(tried: list[tuple[VisitStep, int, bool]]) -> None:
    latest = START
    for _, _, _, at in walked(tried):
        assert at >= latest - CLOCK_JITTER
        latest = max(latest, at)


@given(st.sampled_from(VisitState), st.sampled_from(VisitStep))
def test_every_refusal_has_its_mend(state: VisitState, step: VisitStep) -> None:
    staff = None if state in NOBODY_GOES else LAN
    said = "visit 4821 is x; do y"
    try:
        advance(Visit(4821, state, staff, START), step, START)
    except (WrongOrder, NobodyAssigned) as refused:
        said = str(refused)
    assert re.match(r"visit 4821 .+; .+", said)


@pytest.mark.parametrize("state", sorted(BEFORE_ARRIVAL | {VisitState.ARRIVED, VisitState.IN_SERVICE}))
def test_every_open_visit_can_be_ended(state: VisitState) -> None:
    assert advance(Visit(1, state, LAN, START), VisitStep.FAIL, START) is VisitState.FAILED


@pytest.mark.parametrize("state", [VisitState.ARRIVED, VisitState.IN_SERVICE])
def test_it_is_completed_with_or_without_having_begun(state: VisitState) -> None:
    assert advance(Visit(1, state, LAN, START), VisitStep.COMPLETE, START) is VisitState.COMPLETED
