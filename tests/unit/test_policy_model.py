"""1,000 random policies against a slow reference model that walks second by second and knows no positions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.policy import Condition, Hours, Policy, Position, Responder, Step, chain, next_move

START = datetime(2026, 11, 24, 15, 58, tzinfo=UTC)
AREAS = ("village", "township", "county", "city")
KINDS = ("help", "no_answer", "battery_low")
SEVERITIES = {"help": "critical", "no_answer": "high", "battery_low": "low"}
PEOPLE = range(1, 7)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    hours = st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1])
    between = draw(st.none() | hours)
    return Condition(
        draw(st.none() | st.frozensets(st.sampled_from(KINDS), min_size=1)),
        draw(st.none() | st.frozensets(st.sampled_from(sorted(SEVERITIES.values())), min_size=1)),
        None if between is None else Hours(time(between[0]), time(between[1]), "Asia/Shanghai"),
    )


@st.composite
def candidates(draw: st.DrawFn) -> list[Policy]:
    """Policies of an area and of those above it, the nearest area first, up to three an area."""
    found = []
    for area in AREAS:
        for _ in range(draw(st.integers(0, 3))):
            steps = tuple(
                Step(draw(st.integers(0, 20)) * 30, ("sms",), staff_id=draw(st.sampled_from(PEOPLE)))
                for _ in range(draw(st.integers(1, 4)))
            )
            found.append(Policy(len(found) + 1, area, steps, draw(st.integers(0, 2)), draw(conditions())))
    return found


def held_by_the_book(found: list[Policy], kind: str, at: datetime) -> list[Policy]:
    """Of each area the policy that holds, read off the rules one by one: kind, then severity, then hour, then newest."""
    held = []
    for area in AREAS:
        here = []
        for policy in found:
            rules = policy.condition
            local = (at + timedelta(hours=8)).time()
            if policy.area != area:
                continue
            if rules.kinds is not None and kind not in rules.kinds:
                continue
            if rules.severities is not None and SEVERITIES[kind] not in rules.severities:
                continue
            if rules.hours is not None:
                inside = rules.hours.start <= local < rules.hours.end
                around = rules.hours.start > rules.hours.end and not rules.hours.end <= local < rules.hours.start
                if not (inside or around):
                    continue
            here.append(policy)
        for special in ("kinds", "severities", "hours"):
            if any(getattr(each.condition, special) is not None for each in here):
                here = [each for each in here if getattr(each.condition, special) is not None]
        if here:
            held.append(max(here, key=lambda each: each.id))
    return held


@dataclass
class Model:
    """Lays out, for a fixed chain, each call that is to be made from the start on: (second, people)."""

    policies: list[Policy]
    reachable: set[int]
    calls: list[tuple[int, set[int]]] = field(default_factory=list)

    def rounds(self, until_s: int) -> list[tuple[int, set[int]]]:
        """Return the calls of all rounds, one policy after the other, the last one for ever."""
        second, index, round_ = 0, 0, 0
        while second <= until_s:
            policy = self.policies[index]
            second = self._play(policy, second, rings_again=round_ < policy.repeat or policy is self.policies[-1])
            if policy is self.policies[-1] and not self._anybody([policy]):
                # the top is empty: a minute later it begins with the nearest
                second, index, round_ = second + 60, 0, 0
            elif round_ < policy.repeat or policy is self.policies[-1]:
                round_ += 1
            else:
                index, round_ = index + 1, 0
            if not self._anybody(self.policies):
                break
        return [call for call in self.calls if call[0] <= until_s]

    def _anybody(self, policies: list[Policy]) -> bool:
        return any(step.staff_id in self.reachable for policy in policies for step in policy.steps)

    def _play(self, policy: Policy, second: int, *, rings_again: bool) -> int:
        """Play a policy's steps once; a step with nobody takes no time. Returns the second at which what follows begins."""
        delays = sorted({step.after_s for step in policy.steps})
        for number, delay in enumerate(delays):
            people = {s.staff_id for s in policy.steps if s.after_s == delay and s.staff_id in self.reachable}
            if not people:
                continue
            self.calls.append((second, {each for each in people if each is not None}))
            if number + 1 < len(delays):
                second += delays[number + 1] - delay
            else:
                gap = delay - delays[number - 1] if number else 120
                second += max(gap, 60) if rings_again else gap
        return second


@settings(max_examples=1000)
@given(candidates(), st.sampled_from(KINDS), st.integers(0, 48))
def test_of_each_area_the_most_special_policy_holds(found: list[Policy], kind: str, half_hours: int) -> None:
    at = START + timedelta(minutes=30 * half_hours)
    assert list(chain(found, kind, SEVERITIES[kind], at)) == held_by_the_book(found, kind, at)


@settings(max_examples=1000)
@given(candidates(), st.sampled_from(KINDS), st.sets(st.sampled_from(PEOPLE), min_size=1))
def test_who_is_told_when_is_what_the_slow_model_says(found: list[Policy], kind: str, reachable: set[int]) -> None:
    timeless = [
        Policy(p.id, p.area, p.steps, p.repeat, Condition(p.condition.kinds, p.condition.severities)) for p in found
    ]
    policies = chain(timeless, kind, SEVERITIES[kind], START)
    if not policies:
        return
    expected = Model(list(policies), reachable).rounds(until_s=3600)

    position, at, told = Position(None), START, []
    while at <= START + timedelta(hours=1):
        move = next_move(policies, position, only(reachable), at)
        assert move.next_step_at is not None
        assert move.tell or move.next_step_at > at
        if move.tell:
            told.append((int((at - START).total_seconds()), {each.staff_id for each in move.tell}))
        elif not expected:
            break
        position, at = move.position, move.next_step_at
    assert told == expected


@settings(max_examples=200)
@given(candidates(), st.sampled_from(KINDS), st.sets(st.sampled_from(PEOPLE)), st.data())
def test_through_a_day_of_changing_policies_there_is_always_a_next_step(
    found: list[Policy], kind: str, reachable: set[int], data: st.DataObject
) -> None:
    """Policies come and go by the hour, and people too: it is due again within the longest step, and tells who is there."""
    position, at = Position(None), START
    for _ in range(30):
        policies = chain(found, kind, SEVERITIES[kind], at)
        there = reachable if data.draw(st.booleans()) else set()
        move = next_move(policies, position, only(there), at)
        assert at <= move.next_step_at <= at + timedelta(seconds=20 * 30 + 120)
        if not {step.staff_id for policy in policies for step in policy.steps} & there:
            assert not move.tell
        elif not move.tell:
            # those above have nobody: a minute later the nearest are told
            again = next_move(policies, move.position, only(there), at)
            assert again.tell
        position, at = move.position, max(move.next_step_at, at + timedelta(seconds=1))


def only(there: set[int]) -> Callable[[Step], Responder | None]:
    return lambda step: Responder(step.staff_id or 0, "") if step.staff_id in there else None
