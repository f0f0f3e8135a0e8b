"""Who goes to the door, and when? With `at_door` the only writer of visits; a visit from an alert takes the alert along."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection

from alerts import assigning, record, visit_record, visits
from alerts.at_door import arrive, begin, complete, depart
from alerts.model import SYSTEM, Actor, Conflict, Invalid, UnknownPlace
from alerts.visit_record import HeldVisit
from alerts.visits import FailKind, Payer, Proof, VisitState, VisitStep
from storage import sql

__all__ = ["arrive", "begin", "complete", "depart"]

queries = sql.load("alerts")


class NeverPutOff(Conflict):
    """visit {visit_id} is for alert {alert_id}: a call for help is never put off; decline it, and the next ones are told."""

    def __init__(self, visit_id: int, alert_id: int) -> None:
        super().__init__(
            f"visit {visit_id} is for alert {alert_id}: a call for help is never put off; decline it, and the next ones"
            " are told"
        )


class EndsBeforeItBegins(Invalid):
    """due_to {end} lies before due_from {start}; swap them."""

    def __init__(self, start: datetime, end: datetime) -> None:
        super().__init__(f"due_to {end.isoformat()} lies before due_from {start.isoformat()}; swap them")


class SayWhenAndWhy(Invalid):
    """say why, and when it is done instead where it is put off."""

    def __init__(self) -> None:
        super().__init__("say why, and when it is done instead where it is put off")


class DueInThePast(Invalid):
    """due_to {end} is over already; name a time that is still to come."""

    def __init__(self, end: datetime) -> None:
        super().__init__(f"due_to {end.isoformat()} is over already; name a time that is still to come")


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
    payer: Payer | None = None,
    fee: Decimal | None = None,
    now: datetime,
) -> int:
    """Ask for a visit to a home; assigned at once where somebody is named, or the area lets the best one be sent.

    Returns its id. `fee` in yuan: written down, never charged. Raises UnknownPlace, UnknownStaff, EndsBeforeItBegins, and
    Invalid for an unknown service.
    """
    place = connection.execute(queries.place_of_home, {"home_id": home_id}).fetchone()
    if place is None:
        raise UnknownPlace("home", home_id)
    known = connection.execute(queries.service_exists, {"code": service}).fetchone()
    if known is None or not known[0]:
        raise Invalid(f"service {service!r}: there is none with that code; see GET /services")
    if due_from is not None and due_to is not None and due_to < due_from:
        raise EndsBeforeItBegins(due_from, due_to)
    if staff_id is not None:
        record.staff_name(connection, staff_id)
    state = VisitState.REQUESTED if staff_id is None else VisitState.ASSIGNED
    visit_id = _insert(
        connection, alert_id=None, home_id=home_id, area=place[1], service=service, staff_id=staff_id, state=state,
        due_from=due_from, due_to=due_to, note=note, payer=payer, fee=fee, actor=actor, now=now,
    )  # fmt: skip
    record.tell_pages(connection, "visit", visit_id, place[1], now)
    best = assigning.best(connection, visit_id=visit_id, now=now) if staff_id is None else None
    if best is not None:
        assign(connection, visit_id=visit_id, staff_id=best, actor=SYSTEM, now=now)
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
    """Make the visit of a help alert that was just accepted: for the responder, or for nobody yet.

    A visit that was declined goes on: it is the same door, and its timeline says who said no.
    """
    declined = connection.execute(queries.open_visit_of_alert, {"alert_id": alert_id}).fetchone()
    if declined is not None:
        if staff_id is not None:
            assign(connection, visit_id=declined[0], staff_id=staff_id, actor=actor, now=now)
            accept(connection, visit_id=declined[0], actor=actor, now=now)
        return int(declined[0])
    state = VisitState.REQUESTED if staff_id is None else VisitState.ACCEPTED
    visit_id = _insert(
        connection, alert_id=alert_id, home_id=home_id, area=area, service=None, staff_id=staff_id, state=state,
        due_from=None, due_to=None, note=None, payer=None, fee=None, actor=actor, now=now,
    )  # fmt: skip
    record.tell_pages(connection, "visit", visit_id, area, now)
    return visit_id


def _insert(connection: Connection[Any], *, actor: Actor, now: datetime, **columns: object) -> int:
    named = {"requested_by": actor.name or None, "by_staff": actor.staff_id, "now": now}
    row = connection.execute(queries.insert_visit, {**columns, **named}).fetchone()
    visit_id = int(row[0]) if row else 0
    visit_record.note_step(connection, visit_id, "requested", actor, at=now, now=now)
    staff_id = columns["staff_id"]
    if isinstance(staff_id, int):
        name = record.staff_name(connection, staff_id)
        what = str(columns["state"])
        visit_record.note_step(
            connection, visit_id, what, actor, at=now, now=now, staff_id=staff_id, detail={"name": name}
        )
    # whoever is sent by somebody else is told so
    connection.execute(queries.wake_engine)
    return visit_id


def assign(connection: Connection[Any], *, visit_id: int, staff_id: int, actor: Actor, now: datetime) -> None:
    """Say who goes. Raises UnknownVisit, UnknownStaff, WrongOrder once somebody is there."""
    visit = visit_record.hold(connection, visit_id)
    visits.advance(visit.standing, VisitStep.ASSIGN, now)
    name = record.staff_name(connection, staff_id)
    connection.execute(
        queries.set_visit_assigned,
        {"visit_id": visit_id, "staff_id": staff_id, "by_staff": actor.staff_id, "now": now},
    )
    connection.execute(queries.wake_engine)
    visit_record.note_step(
        connection, visit_id, "assigned", actor, at=now, now=now, staff_id=staff_id, detail={"name": name}
    )
    visit_record.written(connection, visit, "visit_assigned", actor, now, now, {"name": name})


def accept(connection: Connection[Any], *, visit_id: int, actor: Actor, now: datetime) -> None:
    """The one who was assigned goes. Raises UnknownVisit, NobodyAssigned, WrongOrder."""
    visit = visit_record.hold(connection, visit_id)
    visits.advance(visit.standing, VisitStep.ACCEPT, now)
    connection.execute(queries.set_visit_accepted, {"visit_id": visit_id, "now": now})
    visit_record.note_step(connection, visit_id, "accepted", actor, at=now, now=now, staff_id=visit.staff_id)
    visit_record.written(connection, visit, "visit_accepted", actor, now, now, {})


def decline(connection: Connection[Any], *, visit_id: int, actor: Actor, reason: str, now: datetime) -> None:
    """The one who was assigned says no: it needs a dispatcher again, and its alert the next ones.

    Raises UnknownVisit, NobodyAssigned, WrongOrder once he is there.
    """
    visit = visit_record.hold(connection, visit_id)
    visits.advance(visit.standing, VisitStep.DECLINE, now)
    connection.execute(queries.set_visit_declined, {"visit_id": visit_id})
    detail = {"reason": reason} | ({"name": visit.staff_name} if visit.staff_name else {})
    visit_record.note_step(
        connection, visit_id, "declined", actor, at=now, now=now, staff_id=visit.staff_id, detail=detail
    )
    visit_record.written(connection, visit, "visit_declined", actor, now, now, detail)
    visit_record.release_alert(connection, visit, now)


def put_off(
    connection: Connection[Any],
    *,
    visit_id: int,
    actor: Actor,
    due_from: datetime,
    due_to: datetime,
    reason: str,
    keep_staff: bool = True,
    now: datetime,
) -> None:
    """It is done at another time, by the same person or by one still to be named.

    Raises UnknownVisit, NeverPutOff for an alert's, EndsBeforeItBegins, DueInThePast, WrongOrder once somebody is there.
    """
    visit = visit_record.hold(connection, visit_id)
    visits.advance(visit.standing, VisitStep.PUT_OFF, now)
    if visit.alert_id is not None:
        raise NeverPutOff(visit_id, visit.alert_id)
    if due_to < due_from:
        raise EndsBeforeItBegins(due_from, due_to)
    if due_to < now:
        raise DueInThePast(due_to)
    connection.execute(
        queries.set_visit_put_off,
        {
            "visit_id": visit_id, "due_from": due_from, "due_to": due_to, "keeps": keep_staff,
            "by_staff": actor.staff_id, "now": now,
        },
    )  # fmt: skip
    connection.execute(queries.wake_engine)
    detail = {"reason": reason, "due_from": due_from.isoformat(), "due_to": due_to.isoformat()}
    visit_record.note_step(
        connection, visit_id, "put_off", actor, at=now, now=now, staff_id=visit.staff_id, detail=detail
    )
    visit_record.written(connection, visit, "visit_put_off", actor, now, now, detail)


def follow_up(connection: Connection[Any], *, visit_id: int, actor: Actor, now: datetime) -> None:
    """Somebody asked how it was, and was answered. Raises UnknownVisit, WrongOrder before it is completed."""
    visit = visit_record.hold(connection, visit_id)
    visits.advance(visit.standing, VisitStep.FOLLOW_UP, now)
    connection.execute(queries.set_visit_followed_up, {"visit_id": visit_id, "now": now})
    visit_record.note_step(connection, visit_id, "followed_up", actor, at=now, now=now)
    record.tell_pages(connection, "visit", visit.id, visit.area, now)


def fail(
    connection: Connection[Any],
    *,
    visit_id: int,
    actor: Actor,
    reason: str | None,
    kind: FailKind = FailKind.OTHER,
    proof: Proof | None = None,
    now: datetime,
) -> None:
    """It could not be done. Its alert needs somebody again: it goes back to those on call.

    `proof`: when and where he found that out, where a phone tells it later. Raises TimesRunBackwards, WrongOrder.
    """
    visit = visit_record.hold(connection, visit_id)
    at = visits.time_of(proof or Proof(), now)
    state = visits.advance(visit.standing, VisitStep.FAIL, at)
    _end(connection, visit, state, actor, reason, now, kind=kind, at=max(at, visit.last_step_at))
    visit_record.release_alert(connection, visit, now)


def cancel(connection: Connection[Any], *, visit_id: int, actor: Actor, reason: str | None, now: datetime) -> None:
    """It is not needed any more. Raises UnknownVisit, WrongOrder once somebody is there."""
    visit = visit_record.hold(connection, visit_id)
    state = visits.advance(visit.standing, VisitStep.CANCEL, now)
    _end(connection, visit, state, actor, reason, now)


def end_of_alert(connection: Connection[Any], *, alert_id: int, actor: Actor, now: datetime) -> None:
    """End the open visit of an alert that is closed or passed on, if there is one."""
    row = connection.execute(queries.open_visit_of_alert, {"alert_id": alert_id}).fetchone()
    if row is not None:
        _end(connection, visit_record.hold(connection, row[0]), VisitState.CANCELLED, actor, None, now)


def _end(
    connection: Connection[Any],
    visit: HeldVisit,
    state: VisitState,
    actor: Actor,
    reason: str | None,
    now: datetime,
    *,
    kind: FailKind | None = None,
    at: datetime | None = None,
) -> None:
    """End a visit that was not done. `at`: when, where we hear of it later."""
    at = at or now
    connection.execute(
        queries.set_visit_ended,
        {"visit_id": visit.id, "state": state, "kind": kind, "reason": reason, "now": now},
    )
    visit_record.note_step(
        connection, visit.id, state, actor, at=at, now=now, staff_id=visit.staff_id,
        detail={"reason": reason, "kind": kind},
    )  # fmt: skip
    visit_record.written(connection, visit, f"visit_{state}", actor, at, now, {"reason": reason} if reason else {})
