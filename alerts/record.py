"""What happened to an alert, written where people, pages and homes learn of it; and the alert itself, held for a change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts.model import Actor, AlertState, AlreadyClosed, UnknownAlert, UnknownStaff
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An alert whose row is locked until the end of the transaction."""

    id: int
    kind: str
    severity: str
    state: AlertState
    test: bool
    area: str | None
    home_id: int | None
    resident_id: int | None
    accepted_by_staff: int | None
    accepted_by_user: str | None
    accepted_by_name: str | None

    @property
    def holder(self) -> str:
        """The name of whoever has it."""
        return self.accepted_by_name or self.accepted_by_user or ""


def hold(connection: Connection[Any], alert_id: int) -> HeldAlert:
    """Lock an alert. Raises UnknownAlert."""
    row = connection.execute(queries.lock_alert, {"alert_id": alert_id}).fetchone()
    if row is None:
        raise UnknownAlert(alert_id)
    number, kind, severity, state, *rest = row
    return HeldAlert(number, kind, severity, AlertState(state), *rest)


def hold_open(connection: Connection[Any], alert_id: int) -> HeldAlert:
    """Lock an alert that is still open. Raises UnknownAlert, AlreadyClosed."""
    alert = hold(connection, alert_id)
    if alert.state is AlertState.CLOSED:
        raise AlreadyClosed(alert_id)
    return alert


def on_timeline(
    connection: Connection[Any], alert_id: int, what: str, actor: Actor, at: datetime, detail: dict[str, Any]
) -> None:
    """Add a row to the alert's timeline; rows are never changed."""
    connection.execute(
        queries.write_timeline,
        {"alert_id": alert_id, "at": at, "what": what, "who": actor.name or None, "detail": Jsonb(detail)},
    )


def tell_pages(connection: Connection[Any], event: str, ref: int, area: str | None, now: datetime) -> None:
    """Let open pages know, at commit, that an alert or a visit changed."""
    connection.execute(queries.tell_pages, {"at": now, "event": event, "area": area, "ref": str(ref)})


def tell_home(connection: Connection[Any], alert_id: int, state: AlertState, now: datetime) -> None:
    """Let the home hear how far help is, on the reply topic of every device that called."""
    connection.execute(queries.tell_home, {"alert_id": alert_id, "state": state, "at": now})


def staff_name(connection: Connection[Any], staff_id: int) -> str:
    """Return the name of a staff member who has not left. Raises UnknownStaff."""
    row = connection.execute(queries.staff_name, {"staff_id": staff_id}).fetchone()
    if row is None:
        raise UnknownStaff(staff_id)
    return str(row[0])
