"""What happens next with an alert that nobody has answered? One pure function.

The nearest policy up the tree of areas holds. Its steps are told one after another; a step with nobody on call is passed
at once; after the last one it may repeat, then the alert climbs to the next policy above, and at the top it goes round
for ever: an alert never goes silent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

LAST_STEP_WAIT = timedelta(minutes=2)
"""What the last step gets before the alert goes on, where the policy has one step only; else the gap before it."""
ROUND_AT_LEAST = timedelta(minutes=1)
"""The same people are not told oftener than this when an alert goes round (CONTRACT section 3)."""
NOBODY_WAIT = timedelta(minutes=1)
"""When no step of any policy has anybody on call, it is tried again after this: somebody may take a shift."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told `after_s` seconds after the policy began; a rota's turn or one person."""

    after_s: int
    channels: tuple[str, ...]
    rota_id: int | None = None
    staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """An area's order of whom to tell; `repeat` more rounds before the alert climbs."""

    id: int
    area: str
    steps: tuple[Step, ...]
    repeat: int = 0

    def groups(self) -> list[list[Step]]:
        """Return the steps in order, those of the same `after_s` together: they are told together."""
        ordered = sorted(self.steps, key=lambda step: step.after_s)
        return [list(group) for _, group in groupby(ordered, key=lambda step: step.after_s)]


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody on call and how to reach him; `until` is when that shift ends (None: always)."""

    staff_id: int
    name: str
    until: datetime | None = None
    channels: tuple[str, ...] = ("sms",)


@dataclass(frozen=True, slots=True)
class Position:
    """Where an alert stands: whose policy, the how-manieth round, the next step's number."""

    area: str | None
    round: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """A line for the timeline: what, and its particulars."""

    what: str
    detail: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """What to do now: whom to tell, what to write down, where the alert then stands and when to look again."""

    tell: tuple[Responder, ...]
    happenings: tuple[Happening, ...]
    position: Position
    next_step_at: datetime


OnCall = Callable[[Step], Responder | None]


def next_move(chain: Sequence[Policy], position: Position, on_call: OnCall, now: datetime) -> Move:
    """Return what to do now for an unanswered alert that is due.

    `chain`: the policies that apply, nearest area first. `on_call`: who answers for a step now, None for nobody.
    """
    happenings: list[Happening] = []
    policies = [policy for policy in chain if policy.steps]
    if not policies:
        if position.round == 0:
            happenings.append(Happening("no_policy"))
        return Move((), tuple(happenings), replace(position, round=position.round + 1), now + NOBODY_WAIT)
    here = _standing(policies, position)
    # once round everything there is: more than that, and nobody at all is on call
    for _ in range(sum(len(policy.groups()) * (policy.repeat + 1) for policy in policies) + len(policies)):
        policy = policies[here.index]
        groups = policy.groups()
        if here.step >= len(groups):
            here, happening = _onward(policies, here)
            happenings.append(happening)
            continue
        found = _distinct([on_call(step) for step in groups[here.step]])
        number = here.step
        here = replace(here, step=here.step + 1)
        if found:
            wait = _wait(groups, number)
            if here.step >= len(groups) and _is_last(policies, here):
                wait = max(wait, ROUND_AT_LEAST)
            return Move(tuple(found), tuple(happenings), here.position(policies), now + wait)
        happenings.append(Happening("nobody_on_call", {"area": policy.area, "step": number + 1}))
    return Move((), tuple(happenings), here.position(policies), now + NOBODY_WAIT)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A position, with the policy as its index in the chain."""

    index: int
    round: int
    step: int

    def position(self, policies: Sequence[Policy]) -> Position:
        return Position(policies[self.index].area, self.round, self.step)


def _standing(policies: Sequence[Policy], position: Position) -> _Standing:
    """Find the place again; where that policy has gone since, begin with the nearest."""
    for index, policy in enumerate(policies):
        if policy.area == position.area:
            return _Standing(index, position.round, position.step)
    return _Standing(0, 0, 0)


def _is_last(policies: Sequence[Policy], here: _Standing) -> bool:
    """Say whether what follows goes round instead of up: then the same people are told again."""
    return here.index == len(policies) - 1 or here.round < policies[here.index].repeat


def _onward(policies: Sequence[Policy], here: _Standing) -> tuple[_Standing, Happening]:
    """Return where an alert goes whose policy has no step left: round again, up, or round the top for ever."""
    policy = policies[here.index]
    if here.round < policy.repeat:
        return _Standing(here.index, here.round + 1, 0), Happening(
            "repeated", {"area": policy.area, "round": here.round + 2}
        )
    if here.index + 1 < len(policies):
        above = policies[here.index + 1]
        return _Standing(here.index + 1, 0, 0), Happening("climbed", {"from": policy.area, "area": above.area})
    return _Standing(here.index, here.round + 1, 0), Happening(
        "repeated", {"area": policy.area, "round": here.round + 2}
    )


def _wait(groups: list[list[Step]], number: int) -> timedelta:
    """Return how long a step may take to be answered: until the next one, or as long as the one before it got."""
    if number + 1 < len(groups):
        return timedelta(seconds=groups[number + 1][0].after_s - groups[number][0].after_s)
    if number > 0:
        return timedelta(seconds=groups[number][0].after_s - groups[number - 1][0].after_s)
    return LAST_STEP_WAIT


def _distinct(found: Sequence[Responder | None]) -> list[Responder]:
    """Return each person once, with all the channels that any step gave."""
    people: dict[int, Responder] = {}
    for each in found:
        if each is None:
            continue
        have = people.get(each.staff_id)
        people[each.staff_id] = (
            each if have is None else replace(have, channels=tuple(dict.fromkeys(have.channels + each.channels)))
        )
    return list(people.values())
