"""Who answers in an area at an instant? Reads policies, rotas and overrides; the pure `rota` and `policy` decide."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import duties
from alerts.model import HELP
from alerts.policy import Policy, Responder, Step
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


def load_roster(connection: Connection[Any], *, area: str | None, kind: str, at: datetime) -> Roster:
    """Read what decides who answers for an alert of that kind in that area at that instant."""
    rows = connection.execute(queries.policies_up, {"area": area, "kind": kind}).fetchall()
    nearest: dict[str, tuple[int, str, int]] = {}
    for policy_id, policy_area, repeat in rows:
        nearest.setdefault(policy_area, (policy_id, policy_area, repeat))
    steps = _steps(connection, [policy_id for policy_id, _, _ in nearest.values()])
    policies = tuple(
        Policy(policy_id, policy_area, tuple(steps[policy_id]), repeat)
        for policy_id, policy_area, repeat in nearest.values()
    )
    return Roster(policies, _answering(connection, (step for each in policies for step in each.steps), at))


def who(connection: Connection[Any], *, area: str, at: datetime, kind: str = HELP) -> OnCall | None:
    """Return who answers in an area at an instant, past or future; None where no policy holds."""
    roster = load_roster(connection, area=area, kind=kind, at=at)
    if not roster.policies:
        return None
    policy = roster.policies[0]
    steps = []
    for group in policy.groups():
        found = [each for each in (roster.on_call(step) for step in group) if each is not None]
        responders = tuple(OnCallResponder(each.staff_id, each.name, each.until, each.channels) for each in found)
        steps.append(OnCallStep(group[0].after_s, responders))
    return OnCall(policy.id, policy.area, tuple(steps))


def _steps(connection: Connection[Any], policy_ids: list[int]) -> dict[int, list[Step]]:
    steps: dict[int, list[Step]] = defaultdict(list)
    if policy_ids:
        rows = connection.execute(queries.policy_steps, {"policy_ids": policy_ids}).fetchall()
        for policy_id, after_s, rota_id, staff_id, channels in rows:
            steps[policy_id].append(Step(after_s, tuple(channels), rota_id, staff_id))
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
