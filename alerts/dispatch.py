"""Who goes to the door, and how far is he? The only writer of visits; a visit from an alert takes the alert along."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts import lifecycle, record, visits
from alerts.model import (
    Actor,
    AlertState,
    Invalid,
    NobodyAssigned,
    Outcome,
    UnknownOutcome,
    UnknownPlace,
    UnknownVisit,
)
from alerts.patience import patience
from alerts.visits import Proof, VisitState, VisitStep
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class _Held:
    """A visit whose row is locked until the end of the transaction."""

    id: int
    state: VisitState
    staff_id: int | None
    alert_id: int | None
    home_id: int | None
    area: str | None
    staff_name: str | None
    last_step_at: datetime


def request(
    connection: Connection[Any],
    *,
    home_id: int,
    service: str,
    due_from: datetime | None,
    due_to: datetime | None,
    staff_id: int | None,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Ask for a visit to a home; assigned at once where somebody is named. Returns its id.

    Raises UnknownPlace, UnknownStaff, and Invalid for an unknown service or a time that ends before it begins.
    """
    place = connection.execute(queries.place_of_home, {"home_id": home_id}).fetchone()
    if place is None:
        raise UnknownPlace("home", home_id)
    known = connection.execute(queries.service_exists, {"code": service}).fetchone()
    if known is None or not known[0]:
        raise Invalid(f"service {service!r}: there is none with that code; see GET /services")
    if due_from is not None and due_to is not None and due_to < due_from:
        raise Invalid(f"due_to {due_to.isoformat()} lies before due_from {due_from.isoformat()}; swap them")
    if staff_id is not None:
        record.staff_name(connection, staff_id)
    state = VisitState.REQUESTED if staff_id is None else VisitState.ASSIGNED
    visit_id = _insert(
        connection, alert_id=None, home_id=home_id, area=place[1], service=service, staff_id=staff_id, state=state,
        due_from=due_from, due_to=due_to, note=note, actor=actor, now=now,
    )  # fmt: skip
    record.tell_pages(connection, "visit", visit_id, place[1], now)
    return visit_id


def open_for_alert(
    connection: Connection[Any],
    *,
    alert_id: int,
    home_id: int | None,
    area: str | None,
    staff_id: int | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Make the visit of a help alert that was just accepted: for the responder, or for nobody yet."""
    state = VisitState.REQUESTED if staff_id is None else VisitState.ACCEPTED
    visit_id = _insert(
        connection, alert_id=alert_id, home_id=home_id, area=area, service=None, staff_id=staff_id, state=state,
        due_from=None, due_to=None, note=None, actor=actor, now=now,
    )  # fmt: skip
    record.tell_pages(connection, "visit", visit_id, area, now)
    return visit_id


def _insert(connection: Connection[Any], *, actor: Actor, **columns: object) -> int:
    named = {"requested_by": actor.name or None, "by_staff": actor.staff_id}
    row = connection.execute(queries.insert_visit, {**columns, **named}).fetchone()
    # whoever is sent by somebody else is told so
    connection.execute(queries.wake_engine)
    return int(row[0]) if row else 0


def assign(connection: Connection[Any], *, visit_id: int, staff_id: int, actor: Actor, now: datetime) -> None:
    """Say who goes. Raises UnknownVisit, UnknownStaff, WrongOrder once somebody is there."""
    visit = _hold(connection, visit_id)
    visits.advance(_pure(visit), VisitStep.ASSIGN, now)
    name = record.staff_name(connection, staff_id)
    connection.execute(
        queries.set_visit_assigned,
        {"visit_id": visit_id, "staff_id": staff_id, "by_staff": actor.staff_id, "now": now},
    )
    connection.execute(queries.wake_engine)
    _written(connection, visit, "visit_assigned", actor, now, now, {"name": name})


def accept(connection: Connection[Any], *, visit_id: int, actor: Actor, now: datetime) -> None:
    """The one who was assigned goes. Raises UnknownVisit, WrongOrder."""
    visit = _hold(connection, visit_id)
    visits.advance(_pure(visit), VisitStep.ACCEPT, now)
    connection.execute(queries.set_visit_accepted, {"visit_id": visit_id, "now": now})
    _written(connection, visit, "visit_accepted", actor, now, now, {})


def depart(
    connection: Connection[Any], *, visit_id: int, actor: Actor, proof: Proof | None = None, now: datetime
) -> None:
    """He is on the way. Raises UnknownVisit, NobodyAssigned, WrongOrder, TimesRunBackwards."""
    visit, at = _step(connection, visit_id, VisitStep.DEPART, proof or Proof(), now)
    connection.execute(queries.set_visit_departed, {"visit_id": visit_id, "at": at})
    _move_alert(connection, visit, AlertState.EN_ROUTE, actor, at, now)


def arrive(connection: Connection[Any], *, visit_id: int, actor: Actor, proof: Proof, now: datetime) -> None:
    """He is at the door. Raises UnknownVisit, NobodyAssigned, WrongOrder, TimesRunBackwards."""
    visit, at = _step(connection, visit_id, VisitStep.ARRIVE, proof, now)
    connection.execute(queries.set_visit_arrived, {"visit_id": visit_id, "at": at, "proof": Jsonb(_shown(proof, now))})
    _move_alert(connection, visit, AlertState.ARRIVED, actor, at, now)


def complete(
    connection: Connection[Any], *, visit_id: int, actor: Actor, proof: Proof, outcome: str, now: datetime
) -> None:
    """What he came for is done. The alert stays open until it is closed.

    Raises UnknownVisit, UnknownOutcome, WrongOrder before arriving, TimesRunBackwards.
    """
    if outcome not in list(Outcome):
        raise UnknownOutcome(outcome)
    visit, at = _step(connection, visit_id, VisitStep.COMPLETE, proof, now)
    connection.execute(
        queries.set_visit_completed,
        {"visit_id": visit_id, "at": at, "now": now, "proof": Jsonb(_shown(proof, now)), "outcome": outcome},
    )
    _written(connection, visit, "visit_completed", actor, at, now, {"outcome": outcome})


def fail(connection: Connection[Any], *, visit_id: int, actor: Actor, reason: str | None, now: datetime) -> None:
    """It could not be done. Its alert needs somebody again: it goes back to those on call."""
    visit = _hold(connection, visit_id)
    state = visits.advance(_pure(visit), VisitStep.FAIL, now)
    connection.execute(queries.set_visit_ended, {"visit_id": visit_id, "state": state, "reason": reason, "now": now})
    _written(connection, visit, "visit_failed", actor, now, now, {"reason": reason} if reason else {})
    if visit.alert_id is None:
        return
    alert = record.hold(connection, visit.alert_id)
    if alert.state is not AlertState.CLOSED:
        connection.execute(queries.set_released, {"alert_id": alert.id, "now": now})
        connection.execute(queries.wake_engine)


def cancel(connection: Connection[Any], *, visit_id: int, actor: Actor, reason: str | None, now: datetime) -> None:
    """It is not needed any more. Raises UnknownVisit, WrongOrder once somebody is there."""
    visit = _hold(connection, visit_id)
    state = visits.advance(_pure(visit), VisitStep.CANCEL, now)
    connection.execute(queries.set_visit_ended, {"visit_id": visit_id, "state": state, "reason": reason, "now": now})
    _written(connection, visit, "visit_cancelled", actor, now, now, {"reason": reason} if reason else {})


def end_of_alert(connection: Connection[Any], *, alert_id: int, actor: Actor, now: datetime) -> None:
    """End the open visit of an alert that is closed or passed on, if there is one."""
    row = connection.execute(queries.open_visit_of_alert, {"alert_id": alert_id}).fetchone()
    if row is None:
        return
    visit = _hold(connection, row[0])
    connection.execute(
        queries.set_visit_ended,
        {"visit_id": visit.id, "state": VisitState.CANCELLED, "reason": None, "now": now},
    )
    _written(connection, visit, "visit_cancelled", actor, now, now, {})


def _step(
    connection: Connection[Any], visit_id: int, step: VisitStep, proof: Proof, now: datetime
) -> tuple[_Held, datetime]:
    """Hold the visit, check that the step follows, and return both with the step's time."""
    visit = _hold(connection, visit_id)
    if visit.staff_id is None and visit.state is VisitState.REQUESTED:
        raise NobodyAssigned(visit_id)
    at = visits.time_of(proof, now)
    visits.advance(_pure(visit), step, at)
    return visit, max(at, visit.last_step_at)


def _move_alert(
    connection: Connection[Any], visit: _Held, state: AlertState, actor: Actor, at: datetime, now: datetime
) -> None:
    """The alert goes along with its visit, and the home hears it."""
    record.tell_pages(connection, "visit", visit.id, visit.area, now)
    if visit.alert_id is None:
        return
    alert = record.hold(connection, visit.alert_id)
    if alert.state is AlertState.CLOSED or not lifecycle.is_past(state, alert.state):
        return
    query = queries.set_en_route if state is AlertState.EN_ROUTE else queries.set_arrived
    asked = (alert.area, alert.severity, alert.kind)
    times = patience(connection, [asked])[asked]
    connection.execute(query, {"alert_id": alert.id, "at": at, "next_step_at": now + times.of(state)})
    detail = {"channel": actor.channel} | ({"name": visit.staff_name} if visit.staff_name else {})
    record.on_timeline(connection, alert.id, state, actor, at, detail)
    record.tell_home(connection, alert.id, state, now)
    record.tell_pages(connection, "alert", alert.id, alert.area, now)


def _written(
    connection: Connection[Any],
    visit: _Held,
    what: str,
    actor: Actor,
    at: datetime,
    now: datetime,
    detail: dict[str, str],
) -> None:
    """Tell pages of the visit, and write it on its alert's timeline."""
    record.tell_pages(connection, "visit", visit.id, visit.area, now)
    if visit.alert_id is not None:
        record.on_timeline(connection, visit.alert_id, what, actor, at, {**detail, "channel": actor.channel})
        record.tell_pages(connection, "alert", visit.alert_id, visit.area, now)


def _shown(proof: Proof, now: datetime) -> dict[str, str | float]:
    """Return what is kept of a proof: all that was shown, and when we heard of it."""
    shown: dict[str, str | float] = {"recorded_at": now.isoformat()}
    for key in ("lat", "lon", "code"):
        value = getattr(proof, key)
        if value is not None:
            shown[key] = value
    if proof.at is not None:
        shown["at"] = proof.at.isoformat()
    return shown


def _hold(connection: Connection[Any], visit_id: int) -> _Held:
    connection.execute(queries.lock_alert_of_visit, {"visit_id": visit_id})
    row = connection.execute(queries.lock_visit, {"visit_id": visit_id}).fetchone()
    if row is None:
        raise UnknownVisit(visit_id)
    found_id, state, *rest = row
    return _Held(found_id, VisitState(state), *rest)


def _pure(visit: _Held) -> visits.Visit:
    return visits.Visit(visit.id, visit.state, visit.staff_id, visit.last_step_at)
