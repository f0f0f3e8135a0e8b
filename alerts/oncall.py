"""Who answers in an area at an instant? Reads policies, rotas and overrides; the pure `rota` and `policy` decide."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import duties
from alerts.model import HELP, severity_of
from alerts.policy import Condition, Hours, Policy, Responder, Step, chain, together
from alerts.rota import who_is_on_call
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class OnCallResponder:
    """Who is told at a step; `until` is when that shift ends, None for a person named by the policy itself."""

    staff_id: int
    name: str
    until: datetime | None
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnCallStep:
    """Who is told `after_s` seconds after the policy began."""

    after_s: int
    responders: tuple[OnCallResponder, ...]


@dataclass(frozen=True, slots=True)
class OnCall:
    """The policy that holds in an area, and who answers at each of its steps."""

    policy_id: int
    area: str
    steps: tuple[OnCallStep, ...]


class Roster:
    """The policies that apply to an area, nearest first, and who answers for each of their steps at one instant."""

    def __init__(self, policies: tuple[Policy, ...], answering: dict[Step, Responder]) -> None:
        self.policies = policies
        self._answering = answering

    def on_call(self, step: Step) -> Responder | None:
        """Return who answers for a step, None for nobody."""
        return self._answering.get(step)


@dataclass(frozen=True, slots=True)
class Asked:
    """For which alerts it is asked who answers: where, of which kind, how urgent."""

    area: str | None
    kind: str
    severity: str


def load_roster(
    connection: Connection[Any], *, area: str | None, kind: str, at: datetime, severity: str | None = None
) -> Roster:
    """Read what decides who answers for an alert of that kind in that area at that instant."""
    asked = Asked(area, kind, severity or severity_of(kind))
    return load_rosters(connection, [asked], at)[asked]


def load_rosters(connection: Connection[Any], asked: Collection[Asked], at: datetime) -> dict[Asked, Roster]:
    """Read, in as few queries for many as for one, what decides who answers for each of these at that instant."""
    candidates = _candidates(connection, list({each.area for each in asked if each.area is not None}))
    chains = {each: chain(candidates.get(each.area, ()), each.kind, each.severity, at) for each in asked}
    steps = _steps(connection, list({policy.id for policies in chains.values() for policy in policies}))
    whole = {
        each: tuple(replace(policy, steps=tuple(steps[policy.id])) for policy in policies)
        for each, policies in chains.items()
    }
    every_step = (step for policies in whole.values() for policy in policies for step in policy.steps)
    answering = _answering(connection, every_step, at)
    return {each: Roster(policies, answering) for each, policies in whole.items()}


def _candidates(connection: Connection[Any], areas: list[str]) -> dict[str | None, list[Policy]]:
    """Return, by area, its policies and those of the areas above it, the nearest area first; their steps are read later."""
    found: dict[str | None, list[Policy]] = defaultdict(list)
    if areas:
        for area, policy_id, policy_area, repeat, kinds, severities, *hours in connection.execute(
            queries.policies_up, {"areas": areas}
        ).fetchall():
            condition = Condition(
                frozenset(kinds) if kinds is not None else None,
                frozenset(severities) if severities is not None else None,
                Hours(*hours) if hours[0] is not None else None,
            )
            found[area].append(Policy(policy_id, policy_area, (), repeat, condition))
    return found


def who(connection: Connection[Any], *, area: str, at: datetime, kind: str = HELP) -> OnCall | None:
    """Return who answers in an area at an instant, past or future; None where no policy holds."""
    roster = load_roster(connection, area=area, kind=kind, at=at)
    if not roster.policies:
        return None
    policy = roster.policies[0]
    steps = []
    for group in policy.groups():
        found = together(group, roster.on_call)
        responders = tuple(OnCallResponder(each.staff_id, each.name, each.until, each.channels) for each in found)
        steps.append(OnCallStep(group[0].after_s, responders))
    return OnCall(policy.id, policy.area, tuple(steps))


def _steps(connection: Connection[Any], policy_ids: list[int]) -> dict[int, list[Step]]:
    steps: dict[int, list[Step]] = defaultdict(list)
    if policy_ids:
        rows = connection.execute(queries.policy_steps, {"policy_ids": policy_ids}).fetchall()
        for policy_id, after_s, rota_id, staff_id, channels, channel_delay_s in rows:
            steps[policy_id].append(Step(after_s, tuple(channels), rota_id, staff_id, channel_delay_s))
    return steps


def _answering(connection: Connection[Any], steps: Iterable[Step], at: datetime) -> dict[Step, Responder]:
    """Return who answers for each step; a step whose person has left or cannot be reached is not in it."""
    wanted = list(dict.fromkeys(steps))
    shifts = _shifts(connection, [step.rota_id for step in wanted if step.rota_id is not None], at)
    holders: dict[Step, tuple[int, datetime | None]] = {}
    for step in wanted:
        if step.staff_id is not None:
            holders[step] = (step.staff_id, None)
        elif step.rota_id in shifts:
            holders[step] = shifts[step.rota_id]
    if not holders:
        return {}
    staff_ids = list({staff_id for staff_id, _ in holders.values()})
    names = dict(connection.execute(queries.reachable_staff, {"staff_ids": staff_ids}).fetchall())
    return {
        step: Responder(staff_id, names[staff_id], until, step.channels)
        for step, (staff_id, until) in holders.items()
        if staff_id in names
    }


def _shifts(connection: Connection[Any], rota_ids: list[int], at: datetime) -> dict[int | None, tuple[int, datetime]]:
    """Return who has each rota's shift at `at`, and until when."""
    shifts: dict[int | None, tuple[int, datetime]] = {}
    for rota_id, each in duties.read(connection, rota_ids, since=at).items():
        shift = who_is_on_call(each.rota, each.overrides, at)
        if shift is not None:
            shifts[rota_id] = (shift.staff_id, shift.end)
    return shifts
