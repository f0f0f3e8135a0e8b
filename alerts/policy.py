"""What happens next with an alert that nobody has answered? One pure function.

The nearest policy up the tree of areas holds; of several in one area the one made for the most special case: for the
alert's kind before its severity before the hour of the day, of two alike the newer one. Its steps are told one after
another; a step with nobody on call is passed at once; after the last one it may repeat, then the alert climbs to the next
policy above, and at the top it goes round for ever: an alert never goes silent.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

LAST_STEP_WAIT = timedelta(minutes=2)
"""What the last step gets before the alert goes on, where the policy has one step only; else the gap before it."""
ROUND_AT_LEAST = timedelta(minutes=1)
"""The same people are not told oftener than this when an alert goes round (CONTRACT section 3)."""
NOBODY_WAIT = timedelta(minutes=1)
"""When no step of any policy has anybody on call, it is tried again after this: somebody may take a shift."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told `after_s` seconds after the policy began; a rota's turn or one person.

    `channels` in order: the first at once, each further one `channel_delay_s` after the one before, unless answered.
    """

    after_s: int
    channels: tuple[str, ...]
    rota_id: int | None = None
    staff_id: int | None = None
    channel_delay_s: int = 0
    entry: int | None = None
    """Which step of the policy as it was written names this one among several; None: it was written alone."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of the day by a wall clock, from `start` until before `end`; over midnight where `end` is earlier."""

    start: time
    end: time
    timezone: str

    def hold(self, at: datetime) -> bool:
        """Say whether an instant falls into them. A wall clock that is set back shows an hour twice: it holds twice."""
        local = at.astimezone(ZoneInfo(self.timezone)).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class Condition:
    """For which alerts a policy is, and when; None: for all of them, at any hour."""

    kinds: frozenset[str] | None = None
    severities: frozenset[str] | None = None
    hours: Hours | None = None

    def holds(self, kind: str, severity: str, at: datetime) -> bool:
        """Say whether the policy is for an alert of that kind and severity at that instant."""
        return (
            (self.kinds is None or kind in self.kinds)
            and (self.severities is None or severity in self.severities)
            and (self.hours is None or self.hours.hold(at))
        )

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        """How special it is: kind before severity before hour."""
        return self.kinds is not None, self.severities is not None, self.hours is not None


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Policy:
    """An area's order of whom to tell; `repeat` more rounds before the alert climbs."""

    id: int
    area: str
    steps: tuple[Step, ...]
    repeat: int = 0
    condition: Condition = ALWAYS

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
    channel_delay_s: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """Where an alert stands: whose policy and which, the how-manieth round, the next step's number."""

    area: str | None
    round: int = 0
    step: int = 0
    policy_id: int | None = None


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


def chain(candidates: Iterable[Policy], kind: str, severity: str, at: datetime) -> tuple[Policy, ...]:
    """Return the policies that hold for an alert at an instant, one an area, in the order of the areas in `candidates`.

    `candidates`: all policies of an area and of those above it, the nearest area first.
    """
    holding: dict[str, Policy] = {}
    for each in candidates:
        if not each.condition.holds(kind, severity, at):
            continue
        before = holding.get(each.area)
        if before is None or (each.condition.weight, each.id) > (before.condition.weight, before.id):
            holding[each.area] = each
    return tuple(holding.values())


def together(group: Sequence[Step], on_call: OnCall) -> list[Responder]:
    """Return whom steps of the same delay tell, each person once."""
    return _distinct([_by_step(on_call(step), step) for step in group])


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
    passed = here.step == 0
    while True:
        policy = policies[here.index]
        groups = policy.groups()
        if here.step >= len(groups):
            if passed and here.index == len(policies) - 1:
                break
            here, happening = _onward(policies, here, passed=passed)
            happenings.append(happening)
            passed = True
            continue
        found = together(groups[here.step], on_call)
        number = here.step
        here = replace(here, step=here.step + 1)
        if found:
            wait = _wait(groups, number)
            if here.step >= len(groups) and _is_last(policies, here):
                wait = max(wait, ROUND_AT_LEAST)
            return Move(tuple(found), tuple(happenings), here.position(policies), now + wait)
        happenings.append(Happening("nobody_on_call", {"area": policy.area, "step": number + 1}))
    # at a top without anybody it would stay for ever unheard: those nearer by are told again
    return Move((), tuple(happenings), _Standing(0, 0, 0).position(policies), now + NOBODY_WAIT)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A position, with the policy as its index in the chain."""

    index: int
    round: int
    step: int

    def position(self, policies: Sequence[Policy]) -> Position:
        policy = policies[self.index]
        return Position(policy.area, self.round, self.step, policy.id)


def _standing(policies: Sequence[Policy], position: Position) -> _Standing:
    """Find the place again. Where another policy of that area holds now (it became night), begin with its first step;
    where the area has none any more, begin with the nearest."""
    for index, policy in enumerate(policies):
        if policy.area == position.area:
            if position.policy_id not in (None, policy.id):
                return _Standing(index, 0, 0)
            return _Standing(index, position.round, position.step)
    return _Standing(0, 0, 0)


def _by_step(found: Responder | None, step: Step) -> Responder | None:
    """Return who was found, to be told in the step's way."""
    return None if found is None else replace(found, channel_delay_s=step.channel_delay_s)


def _is_last(policies: Sequence[Policy], here: _Standing) -> bool:
    """Say whether what follows goes round instead of up: then the same people are told again."""
    return here.index == len(policies) - 1 or here.round < policies[here.index].repeat


def _onward(policies: Sequence[Policy], here: _Standing, *, passed: bool) -> tuple[_Standing, Happening]:
    """Return where an alert goes whose policy has no step left: round again, up, or round the top for ever.

    `passed`: a whole round of it has just found nobody, so another would not either.
    """
    policy = policies[here.index]
    if here.round < policy.repeat and not passed:
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
    """Return each person once, with all the channels that any step gave, as soon as any of them would."""
    people: dict[int, Responder] = {}
    for each in found:
        if each is None:
            continue
        have = people.get(each.staff_id)
        people[each.staff_id] = (
            each
            if have is None
            else replace(
                have,
                channels=tuple(dict.fromkeys(have.channels + each.channels)),
                channel_delay_s=min(have.channel_delay_s, each.channel_delay_s),
            )
        )
    return list(people.values())
