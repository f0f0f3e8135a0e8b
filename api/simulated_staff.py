"""Who answers the presses of the simulated village? Staff of the simulation, as people do: soon, late, or not at all.

They touch only alerts that simulated presses alone raised and joined; a press of anybody else's makes the alert a human
matter, and so does a human who takes it in hand. Nothing is kept in memory: what comes next follows from the alert's row,
its timeline and the clock, every chance from the alert's number, so a new start goes on where the last one was.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from alerts import answers, desk, dispatch, record
from alerts.model import UNANSWERED, Actor, AlertState, Outcome, Refused
from alerts.visits import DONE, Proof, VisitState
from api.village import STAFF_PHONES
from storage import sql
from storage.clock import Clock

queries = sql.load("api")
log = structlog.get_logger("api.simulated_staff")

CHANNEL = "simulation"
"""How they act, on the timeline: whatever came by another channel was done by a human."""
LOOK_EVERY_S = 1.0

# Seconds at pace 1
_ANSWERS_S = (10, 60)
_TALKS_S = (40, 180)
_SETS_OUT_S = (30, 150)
_TRAVELS_S = (180, 900)
_STAYS_S = (300, 1200)
_CLOSES_S = (10, 60)

_SILENT = 0.2  # the first one told does not answer, and it climbs
_PASSES_ON = 0.1
_SURELY_FROM = 4
"""From this telling on somebody accepts: a simulated alert must not ring all night."""
_BY_TELEPHONE = 0.15
_BY_TELEPHONE_IF_CANCELLED = 0.8
_OUTCOMES = (Outcome.HELPED, Outcome.HOSPITAL, Outcome.FALSE_ALARM, Outcome.NO_ACCESS)
_OUTCOME_WEIGHTS = (82, 8, 7, 3)


@dataclass(frozen=True, slots=True)
class Told:
    """One telling of one responder: by which row of the timeline, when, and whether it was answered."""

    row: int
    at: datetime
    phone: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """The simulated responder who has an alert."""

    staff_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A simulated alert as it stands. `holder` is None for one that nobody, or no one of the simulation, has."""

    number: int
    state: AlertState
    test: bool
    cancelled: bool
    accepted_at: datetime | None
    en_route_at: datetime | None
    arrived_at: datetime | None
    visit_id: int | None
    visit_state: VisitState | None
    completed_at: datetime | None
    holder: Holder | None
    resident: str
    lat: float | None
    lon: float | None
    in_human_hands: bool
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A digit is sent from a phone that was told."""

    told: Told
    digit: str


@dataclass(frozen=True, slots=True)
class Depart:
    """The holder sets out."""


@dataclass(frozen=True, slots=True)
class Arrive:
    """He is at the door."""


@dataclass(frozen=True, slots=True)
class Complete:
    """He has done what he came for."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Close:
    """He closes the alert; `spoke_with` where he did not go there."""

    outcome: Outcome
    spoke_with: str | None = None


Act = Answer | Depart | Arrive | Complete | Close


@dataclass(frozen=True, slots=True)
class _Plan:
    """What whoever takes an alert will do with it, and how long each takes in seconds."""

    by_telephone: bool
    talks_s: float
    sets_out_s: float
    travels_s: float
    stays_s: float
    closes_s: float
    outcome: Outcome


def run(pool: ConnectionPool[Any], clock: Clock, stop: threading.Event, *, seed: int, pace: float) -> None:
    """Answer until `stop`. `pace`: how many times faster than people everything is done."""
    while not stop.wait(LOOK_EVERY_S):
        try:
            look(pool, seed=seed, pace=pace, now=clock.now())
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning("database out of reach", error=(str(error).splitlines() or [""])[0])
        except Exception:
            # the outermost guard of the loop: nothing was committed of the act that failed, and it is tried again
            log.exception("simulated staff failed; going on")


def look(pool: ConnectionPool[Any], *, seed: int, pace: float, now: datetime) -> int:
    """Do what is due by now, each act in a transaction of its own; return how many acts there were."""
    with pool.connection() as connection:
        standings = _read(connection)
    acts = 0
    for standing in standings:
        if next_act(standing, seed=seed, pace=pace, now=now) is None:
            continue
        try:
            with pool.connection() as connection:
                acts += _act(connection, standing.number, seed=seed, pace=pace, now=now)
        except Refused as why:
            log.info("simulated staff were refused", alert=standing.number, why=str(why))
    return acts


def next_act(standing: Standing, *, seed: int, pace: float, now: datetime) -> Act | None:
    """Return what is to be done with an alert by now, None for nothing yet, or nothing for the simulation to do."""
    if standing.state in UNANSWERED:
        return _answer_due(standing, seed, pace, now)
    if standing.holder is None or standing.in_human_hands:
        return None
    plan = _plan(standing, seed)
    if standing.visit_state in DONE:
        act: Act = Close(plan.outcome)
        since, wait_s = standing.completed_at, plan.closes_s
    elif standing.state is AlertState.ARRIVED:
        act, since, wait_s = Complete(plan.outcome), standing.arrived_at, plan.stays_s
    elif standing.state is AlertState.EN_ROUTE:
        act, since, wait_s = Arrive(), standing.en_route_at, plan.travels_s
    elif plan.by_telephone:
        act = Close(Outcome.TEST if standing.test else Outcome.FALSE_ALARM, standing.resident)
        since, wait_s = standing.accepted_at, plan.talks_s
    else:
        act, since, wait_s = Depart(), standing.accepted_at, plan.sets_out_s
    return act if since is not None and now >= since + timedelta(seconds=wait_s / pace) else None


def _answer_due(standing: Standing, seed: int, pace: float, now: datetime) -> Answer | None:
    """Return the first answer that is due: each telling is answered once, soon, with a 2, or not at all."""
    for nth, told in enumerate(standing.told):
        dice = Random(f"{seed}/{standing.number}/told/{nth}")  # noqa: S311 - a story, not a secret
        wait_s, chance = dice.uniform(*_ANSWERS_S), dice.random()
        surely = nth >= _SURELY_FROM
        if told.answered or (chance < _SILENT and not surely) or now < told.at + timedelta(seconds=wait_s / pace):
            continue
        return Answer(told, "2" if chance < _SILENT + _PASSES_ON and not surely else "1")
    return None


def _plan(standing: Standing, seed: int) -> _Plan:
    dice = Random(f"{seed}/{standing.number}/plan")  # noqa: S311 - a story, not a secret
    chance = dice.random()
    limit = _BY_TELEPHONE_IF_CANCELLED if standing.cancelled else _BY_TELEPHONE
    return _Plan(
        by_telephone=standing.test or chance < limit,
        talks_s=dice.uniform(*_TALKS_S),
        sets_out_s=dice.uniform(*_SETS_OUT_S),
        travels_s=dice.uniform(*_TRAVELS_S),
        stays_s=dice.uniform(*_STAYS_S),
        closes_s=dice.uniform(*_CLOSES_S),
        outcome=dice.choices(_OUTCOMES, _OUTCOME_WEIGHTS)[0],
    )


def _act(connection: Connection[Any], number: int, *, seed: int, pace: float, now: datetime) -> int:
    """Hold the alert, look again what is due, and do it: a human may have come in between."""
    record.hold(connection, number)
    standings = _read(connection, number)
    act = next_act(standings[0], seed=seed, pace=pace, now=now) if standings else None
    if act is None:
        return 0
    _do(connection, standings[0], act, now)
    return 1


def _do(connection: Connection[Any], standing: Standing, act: Act, now: datetime) -> None:
    if isinstance(act, Answer):
        answers.answer(
            connection, sender=act.told.phone, body=f"{act.digit} {standing.number}",
            sid=f"sim-{standing.number}-{act.told.row}", channel=CHANNEL, now=now,
        )  # fmt: skip
        return
    if standing.holder is None:
        return
    actor = Actor(standing.holder.name, CHANNEL, staff_id=standing.holder.staff_id)
    proof = Proof(lat=standing.lat, lon=standing.lon)
    visit_id = standing.visit_id or 0
    match act:
        case Depart():
            dispatch.depart(connection, visit_id=visit_id, actor=actor, now=now)
        case Arrive():
            dispatch.arrive(connection, visit_id=visit_id, actor=actor, proof=proof, now=now)
        case Complete(outcome):
            dispatch.complete(connection, visit_id=visit_id, actor=actor, proof=proof, outcome=outcome, now=now)
        case Close(outcome, spoke_with):
            desk.close(
                connection, alert_id=standing.number, actor=actor, outcome=outcome, spoke_with=spoke_with, now=now
            )


def _read(connection: Connection[Any], number: int | None = None) -> list[Standing]:
    """Return how the simulation's alerts stand, or the one of that number where it is the simulation's."""
    rows = connection.execute(queries.simulated_alerts, {"alert_id": number, "phones": STAFF_PHONES}).fetchall()
    told: dict[int, list[Told]] = defaultdict(list)
    for alert_id, row, at, phone, answered in connection.execute(
        queries.simulated_staff_told, {"alert_ids": [row[0] for row in rows], "phones": STAFF_PHONES}
    ).fetchall():
        told[alert_id].append(Told(row, at, phone, answered))
    return [_standing(row, told[row[0]]) for row in rows]


def _standing(row: Sequence[Any], told: Sequence[Told]) -> Standing:
    (
        number, state, test, cancelled, accepted_at, en_route_at, arrived_at, visit_id, visit_state, completed_at,
        staff_id, name, resident, lat, lon, in_human_hands,
    ) = row  # fmt: skip
    return Standing(
        number, AlertState(state), test, cancelled, accepted_at, en_route_at, arrived_at, visit_id,
        VisitState(visit_state) if visit_state is not None else None, completed_at,
        Holder(staff_id, name) if staff_id is not None else None, resident, lat, lon, in_human_hands, tuple(told),
    )  # fmt: skip
