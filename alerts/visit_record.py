"""A visit, held for a change, and where its steps are written: its own timeline, its alert's, and what open pages hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts import lifecycle, record, visits
from alerts.model import Actor, AlertState, UnknownVisit
from alerts.patience import patience
from alerts.visits import VisitState
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class HeldVisit:
    """A visit whose row is locked until the end of the transaction."""

    id: int
    state: VisitState
    staff_id: int | None
    alert_id: int | None
    home_id: int | None
    area: str | None
    staff_name: str | None
    last_step_at: datetime

    @property
    def standing(self) -> visits.Visit:
        """Where it stands, as far as its steps ask."""
        return visits.Visit(self.id, self.state, self.staff_id, self.last_step_at)


def hold(connection: Connection[Any], visit_id: int) -> HeldVisit:
    """Lock a visit, its alert before it. Raises UnknownVisit."""
    connection.execute(queries.lock_alert_of_visit, {"visit_id": visit_id})
    row = connection.execute(queries.lock_visit, {"visit_id": visit_id}).fetchone()
    if row is None:
        raise UnknownVisit(visit_id)
    found_id, state, *rest = row
    return HeldVisit(found_id, VisitState(state), *rest)


def note_step(
    connection: Connection[Any],
    visit_id: int,
    what: str,
    actor: Actor,
    *,
    at: datetime,
    now: datetime,
    staff_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a row to the visit's timeline; rows are never changed. `staff_id`: whom it is about, else who did it."""
    connection.execute(
        queries.write_visit_timeline,
        {
            "visit_id": visit_id, "at": at, "now": now, "what": what, "who": actor.name or None,
            "staff_id": actor.staff_id if staff_id is None else staff_id, "channel": actor.channel,
            "detail": Jsonb({key: value for key, value in (detail or {}).items() if value is not None}),
        },
    )  # fmt: skip


def written(
    connection: Connection[Any],
    visit: HeldVisit,
    what: str,
    actor: Actor,
    at: datetime,
    now: datetime,
    detail: Mapping[str, str],
) -> None:
    """Tell pages of the visit, and write it on its alert's timeline."""
    record.tell_pages(connection, "visit", visit.id, visit.area, now)
    if visit.alert_id is not None:
        record.on_timeline(connection, visit.alert_id, what, actor, at, {**detail, "channel": actor.channel})
        record.tell_pages(connection, "alert", visit.alert_id, visit.area, now)


def move_alert(
    connection: Connection[Any], visit: HeldVisit, state: AlertState, actor: Actor, at: datetime, now: datetime
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


def release_alert(connection: Connection[Any], visit: HeldVisit, now: datetime) -> None:
    """Whoever went does not: the alert needs somebody again, and the next ones are told at once."""
    if visit.alert_id is None:
        return
    alert = record.hold(connection, visit.alert_id)
    if alert.state is not AlertState.CLOSED:
        connection.execute(queries.set_released, {"alert_id": alert.id, "now": now})
        connection.execute(queries.wake_engine)
