"""How far is whoever goes, and what shows it? The steps from setting out to the end, each with its time and its proof."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts import proofs, visit_record, visit_rules, visits
from alerts.model import Actor, AlertState, Outcome, UnknownOutcome
from alerts.proofs import Check, CodeOfAnotherHome, Door, Place
from alerts.visit_record import HeldVisit
from alerts.visits import Payer, Proof, VisitStep
from storage import sql

queries = sql.load("alerts")


def depart(
    connection: Connection[Any], *, visit_id: int, actor: Actor, proof: Proof | None = None, now: datetime
) -> None:
    """He is on the way. Raises UnknownVisit, NobodyAssigned, WrongOrder, TimesRunBackwards."""
    visit, at = _step(connection, visit_id, VisitStep.DEPART, proof or Proof(), now)
    connection.execute(queries.set_visit_departed, {"visit_id": visit_id, "at": at})
    visit_record.note_step(connection, visit_id, "en_route", actor, at=at, now=now, staff_id=visit.staff_id)
    visit_record.move_alert(connection, visit, AlertState.EN_ROUTE, actor, at, now)


def arrive(connection: Connection[Any], *, visit_id: int, actor: Actor, proof: Proof, now: datetime) -> None:
    """He is at the door. Raises UnknownVisit, NobodyAssigned, WrongOrder, TimesRunBackwards, CodeOfAnotherHome."""
    visit, at = _step(connection, visit_id, VisitStep.ARRIVE, proof, now)
    check = _judge(connection, visit, proof)
    connection.execute(queries.set_visit_arrived, {"visit_id": visit_id, "at": at, **_kept(proof, check, now)})
    visit_record.note_step(
        connection,
        visit_id,
        "arrived",
        actor,
        at=at,
        now=now,
        staff_id=visit.staff_id,
        detail={**check.kept(), "himself": actor.staff_id == visit.staff_id},
    )
    visit_record.move_alert(connection, visit, AlertState.ARRIVED, actor, at, now)


def begin(
    connection: Connection[Any], *, visit_id: int, actor: Actor, proof: Proof | None = None, now: datetime
) -> None:
    """What he came for begins, where that is another moment than his arrival.

    Raises UnknownVisit, NobodyAssigned, WrongOrder before arriving, TimesRunBackwards.
    """
    visit, at = _step(connection, visit_id, VisitStep.BEGIN, proof or Proof(), now)
    connection.execute(queries.set_visit_in_service, {"visit_id": visit_id, "at": at})
    visit_record.note_step(connection, visit_id, "in_service", actor, at=at, now=now, staff_id=visit.staff_id)
    visit_record.written(connection, visit, "visit_begun", actor, at, now, {})


def complete(
    connection: Connection[Any],
    *,
    visit_id: int,
    actor: Actor,
    proof: Proof,
    outcome: str,
    payer: Payer | None = None,
    fee: Decimal | None = None,
    now: datetime,
) -> None:
    """What he came for is done. The alert stays open until it is closed. `payer`, `fee`: where they are known only now.

    Raises UnknownVisit, UnknownOutcome, WrongOrder before arriving, TimesRunBackwards, CodeOfAnotherHome.
    """
    if outcome not in list(Outcome):
        raise UnknownOutcome(outcome)
    visit, at = _step(connection, visit_id, VisitStep.COMPLETE, proof, now)
    check = _judge(connection, visit, proof)
    connection.execute(
        queries.set_visit_completed,
        {
            "visit_id": visit_id, "at": at, "now": now, "outcome": outcome, "payer": payer, "fee": fee,
            **_kept(proof, check, now),
        },
    )  # fmt: skip
    visit_record.note_step(
        connection, visit_id, "completed", actor, at=at, now=now, staff_id=visit.staff_id,
        detail={"outcome": outcome, **check.kept()},
    )  # fmt: skip
    visit_record.written(connection, visit, "visit_completed", actor, at, now, {"outcome": outcome})


def _step(
    connection: Connection[Any], visit_id: int, step: VisitStep, proof: Proof, now: datetime
) -> tuple[HeldVisit, datetime]:
    """Hold the visit, check that the step follows, and return both with the step's time."""
    visit = visit_record.hold(connection, visit_id)
    at = visits.time_of(proof, now)
    visits.advance(visit.standing, step, at)
    return visit, max(at, visit.last_step_at)


def _judge(connection: Connection[Any], visit: HeldVisit, proof: Proof) -> Check:
    """Return what the proof shows. Raises CodeOfAnotherHome."""
    within_m = visit_rules.read(connection, visit.area).near_m
    code = None if proof.code is None else proofs.read_code(proof.code)
    row = connection.execute(queries.door_for_proof, {"home_id": visit.home_id, "code": code}).fetchone()
    if row is None:
        return proofs.judge(None, proof, within_m=within_m)
    *door, of_another = row
    if of_another:
        raise CodeOfAnotherHome(visit.id, code or "")
    return proofs.judge(Door(*door), proof, within_m=within_m)


def _kept(proof: Proof, check: Check, now: datetime) -> dict[str, object]:
    """Return what is kept of a proof: all that was shown, when we heard of it, and how it was judged."""
    shown: dict[str, str | float] = {"recorded_at": now.isoformat()}
    for key in ("lat", "lon", "code"):
        value = getattr(proof, key)
        if value is not None:
            shown[key] = value
    if proof.at is not None:
        shown["at"] = proof.at.isoformat()
    return {"proof": Jsonb(shown), "check": Jsonb(check.kept()), "elsewhere": check.place is Place.ELSEWHERE}
