"""What is done with a step that comes late? Nothing twice, nothing in another's name, and nothing lost without a word."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.kept_steps import Fate, KeptStep, fate
from alerts.visits import ENDED, VisitState

STEPS, STATES = st.sampled_from(KeptStep), st.sampled_from(VisitState)


@given(STEPS, STATES)
def test_another_persons_visit_is_never_moved(step: KeptStep, state: VisitState) -> None:
    assert fate(step, state, may_move=False) is Fate.OTHERS


@given(STEPS, STATES)
def test_a_visit_that_is_over_is_never_moved(step: KeptStep, state: VisitState) -> None:
    if state in ENDED:
        assert fate(step, state, may_move=True) is not Fate.TAKE


def test_a_step_that_came_by_another_way_is_no_mistake() -> None:
    assert fate(KeptStep.DEPART, VisitState.ARRIVED, may_move=True) is Fate.ALREADY
    assert fate(KeptStep.ARRIVE, VisitState.ARRIVED, may_move=True) is Fate.ALREADY
    assert fate(KeptStep.COMPLETE, VisitState.COMPLETED, may_move=True) is Fate.ALREADY
    assert fate(KeptStep.FAIL, VisitState.FAILED, may_move=True) is Fate.ALREADY


def test_what_was_cancelled_or_done_otherwise_is_said() -> None:
    assert fate(KeptStep.ARRIVE, VisitState.CANCELLED, may_move=True) is Fate.CANCELLED
    assert fate(KeptStep.COMPLETE, VisitState.FAILED, may_move=True) is Fate.OVER
    assert fate(KeptStep.FAIL, VisitState.COMPLETED, may_move=True) is Fate.OVER


def test_the_next_step_is_taken_and_its_order_judged_by_the_visit() -> None:
    assert fate(KeptStep.DEPART, VisitState.ACCEPTED, may_move=True) is Fate.TAKE
    assert fate(KeptStep.COMPLETE, VisitState.EN_ROUTE, may_move=True) is Fate.TAKE
    assert fate(KeptStep.FAIL, VisitState.ARRIVED, may_move=True) is Fate.TAKE
