"""What happens next with an unanswered alert: it is told, it climbs, it goes round, and is never without a next step."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.policy import (
    LAST_STEP_WAIT,
    NOBODY_WAIT,
    ROUND_AT_LEAST,
    Move,
    Policy,
    Position,
    Responder,
    Step,
    next_move,
)

NOW = datetime(2026, 11, 24, 2, 14, tzinfo=UTC)


def step(after_s: int, staff_id: int) -> Step:
    return Step(after_s, ("sms",), staff_id=staff_id)


def everybody(step: Step) -> Responder | None:
    return Responder(step.staff_id or 0, f"p{step.staff_id}")


def nobody(step: Step) -> Responder | None:
    return None


def only(*staff_ids: int) -> Callable[[Step], Responder | None]:
    return lambda step: everybody(step) if step.staff_id in staff_ids else None


def told(move: Move) -> list[int]:
    return [each.staff_id for each in move.tell]


def test_the_first_step_is_told_at_once_and_the_second_after_its_delay() -> None:
    policy = Policy(1, "village", (step(0, 1), step(300, 2)))
    first = next_move([policy], Position(None), everybody, NOW)
    assert told(first) == [1]
    assert first.next_step_at == NOW + timedelta(seconds=300)
    assert told(next_move([policy], first.position, everybody, first.next_step_at)) == [2]


def test_steps_of_the_same_delay_are_told_together_and_nobody_twice() -> None:
    policy = Policy(1, "village", (step(0, 1), step(0, 2), Step(0, ("voice",), staff_id=1)))
    move = next_move(
        [policy], Position(None), lambda each: Responder(each.staff_id or 0, "", channels=each.channels), NOW
    )
    assert told(move) == [1, 2]
    assert move.tell[0].channels == ("sms", "voice")


def test_a_step_with_nobody_on_call_is_passed_at_once_and_said() -> None:
    policy = Policy(1, "village", (step(0, 1), step(300, 2)))
    move = next_move([policy], Position(None), only(2), NOW)
    assert told(move) == [2]
    assert [each.what for each in move.happenings] == ["nobody_on_call"]


def test_an_exhausted_policy_climbs_to_the_one_above() -> None:
    chain = [Policy(1, "village", (step(0, 1),)), Policy(2, "county", (step(0, 2),))]
    first = next_move(chain, Position(None), everybody, NOW)
    assert first.next_step_at == NOW + LAST_STEP_WAIT
    second = next_move(chain, first.position, everybody, first.next_step_at)
    assert told(second) == [2]
    assert [each.what for each in second.happenings] == ["climbed"]


def test_a_policy_repeats_before_it_climbs() -> None:
    chain = [Policy(1, "village", (step(0, 1),), repeat=1), Policy(2, "county", (step(0, 2),))]
    position, seen = Position(None), []
    for _ in range(3):
        move = next_move(chain, position, everybody, NOW)
        seen += told(move)
        position = move.position
    assert seen == [1, 1, 2]


def test_at_the_top_it_goes_round_for_ever_and_not_oftener_than_once_a_minute() -> None:
    chain = [Policy(1, "city", (step(0, 1), step(1, 2)))]
    position, at, seen = Position(None), NOW, []
    for _ in range(10):
        move = next_move(chain, position, everybody, at)
        seen += told(move)
        position, at = move.position, move.next_step_at
    assert seen == [1, 2] * 5
    assert at - NOW >= 4 * ROUND_AT_LEAST


def test_nobody_anywhere_is_tried_again_soon() -> None:
    chain = [Policy(1, "village", (step(0, 1),)), Policy(2, "county", (step(0, 2),))]
    move = next_move(chain, Position(None), nobody, NOW)
    assert move.tell == ()
    assert move.next_step_at == NOW + NOBODY_WAIT
    assert "nobody_on_call" in [each.what for each in move.happenings]


def test_without_any_policy_it_is_said_once_and_tried_again() -> None:
    first = next_move([], Position(None), everybody, NOW)
    again = next_move([], first.position, everybody, first.next_step_at)
    assert [each.what for each in first.happenings] == ["no_policy"]
    assert again.happenings == ()
    assert again.next_step_at > first.next_step_at


def test_a_policy_that_was_taken_away_begins_again_with_the_nearest() -> None:
    move = next_move([Policy(2, "county", (step(0, 2),))], Position("village", 0, 1), everybody, NOW)
    assert told(move) == [2]


@st.composite
def chains(draw: st.DrawFn) -> list[Policy]:
    return [
        Policy(
            number,
            f"area{number}",
            tuple(step(draw(st.integers(0, 900)), draw(st.integers(1, 6))) for _ in range(draw(st.integers(0, 4)))),
            repeat=draw(st.integers(0, 3)),
        )
        for number in range(draw(st.integers(0, 4)))
    ]


@given(chains(), st.sets(st.integers(1, 6)))
def test_everybody_who_can_be_told_is_told_before_anybody_hears_it_a_round_too_often(
    chain: list[Policy], reachable: set[int]
) -> None:
    """A slow model: walk until each policy was passed `repeat + 1` times; by then all who answer have been told."""
    position, at, heard = Position(None), NOW, set()
    for _ in range(sum((len(each.steps) + 1) * (each.repeat + 1) for each in chain) + 1):
        move = next_move(chain, position, only(*reachable), at)
        assert move.next_step_at >= at
        assert move.tell or move.next_step_at > at
        heard |= set(told(move))
        position, at = move.position, move.next_step_at
    assert heard == {each.staff_id for policy in chain for each in policy.steps} & reachable


@given(chains(), st.sets(st.integers(1, 6)), st.integers(0, 30), st.integers(0, 9), st.integers(-1, 5))
def test_from_any_position_there_is_a_next_step(
    chain: list[Policy], reachable: set[int], round_: int, number: int, area: int
) -> None:
    move = next_move(chain, Position(f"area{area}", round_, number), only(*reachable), NOW)
    assert move.next_step_at >= NOW


def test_where_the_top_has_nobody_those_nearer_by_are_told_again() -> None:
    chain = [Policy(1, "village", (step(0, 1),)), Policy(2, "county", (step(0, 2),), repeat=3)]
    position, at, seen = Position(None), NOW, []
    for _ in range(6):
        move = next_move(chain, position, only(1), at)
        seen.append(told(move))
        position, at = move.position, move.next_step_at
    assert seen == [[1], [], [1], [], [1], []]
    assert [each.what for each in move.happenings] == ["climbed", "nobody_on_call"]
