"""Who changes an alert that is there? Only this desk: each verb of the domain is one change, with its timeline row and its
notices in the caller's transaction. (`press` opens alerts, `dispatch` moves visits.)"""

from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import dispatch, lifecycle, noise, press, record, test_windows
from alerts.model import (
    CRITICAL_KINDS,
    HELP,
    UNANSWERED,
    Actor,
    AlertState,
    AlreadyTaken,
    ClosedTooLongAgo,
    Invalid,
    NeedsProofOfHelp,
    NeverSnoozed,
    NotClosed,
    Outcome,
    UnknownOutcome,
    may_wait,
)
from alerts.patience import patience
from alerts.press import raise_by_hand
from alerts.record import HeldAlert
from storage import sql

__all__ = [
    "accept", "close", "decline", "escalate", "goes", "make_due", "note", "raise_by_hand", "reopen", "snooze",
]  # fmt: skip

queries = sql.load("alerts")


def accept(
    connection: Connection[Any],
    *,
    alert_id: int,
    actor: Actor,
    for_staff: int | None = None,
    now: datetime,
) -> None:
    """Give the alert to whoever accepts first; a call for help, or a fall, gets its visit.

    `for_staff`: for whom an operator answers; without it an operator takes it himself and the visit has nobody yet.
    Raises UnknownAlert, AlreadyClosed, UnknownStaff, and AlreadyTaken with the name of the first.
    """
    alert = record.hold_open(connection, alert_id)
    staff_id = for_staff if for_staff is not None else actor.staff_id
    name = record.staff_name(connection, staff_id) if staff_id is not None else actor.name
    if alert.state not in UNANSWERED:
        same = alert.accepted_by_staff == staff_id if staff_id is not None else alert.accepted_by_user == actor.username
        if same:
            return
        raise AlreadyTaken(alert_id, alert.holder)
    asked = (alert.area, alert.severity, alert.kind)
    times = patience(connection, [asked])[asked]
    connection.execute(
        queries.set_accepted,
        {
            "alert_id": alert_id,
            "staff_id": staff_id,
            "username": actor.username or (actor.name if staff_id is None else None),
            "now": now,
            "next_step_at": now + times.of(AlertState.ACCEPTED),
        },
    )
    connection.execute(queries.cancel_waiting_messages, {"alert_id": alert_id})
    detail = {"name": name, "channel": actor.channel}
    record.on_timeline(connection, alert_id, "accepted", actor, now, detail)
    if alert.kind in CRITICAL_KINDS:
        dispatch.open_for_alert(
            connection, alert_id=alert_id, home_id=alert.home_id, area=alert.area, staff_id=staff_id, actor=actor,
            now=now,
        )  # fmt: skip
    record.tell_home(connection, alert_id, AlertState.ACCEPTED, now)
    record.tell_pages(connection, "alert", alert_id, alert.area, now)


def decline(
    connection: Connection[Any], *, alert_id: int, actor: Actor, for_staff: int | None = None, now: datetime
) -> None:
    """Pass the alert on: the next ones are told at once, also when whoever had accepted it gives it back."""
    alert = record.hold_open(connection, alert_id)
    staff_id = for_staff if for_staff is not None else actor.staff_id
    name = record.staff_name(connection, staff_id) if staff_id is not None else actor.name
    record.on_timeline(connection, alert_id, "declined", actor, now, {"name": name, "channel": actor.channel})
    holds = staff_id is not None and (alert.accepted_by_staff == staff_id or goes(connection, alert_id, staff_id))
    if alert.state in UNANSWERED or holds or (staff_id is None and alert.accepted_by_user == actor.username):
        _pass_on(connection, alert, actor, now)


def goes(connection: Connection[Any], alert_id: int, staff_id: int) -> bool:
    """Say whether somebody was given the alert's visit: an operator who has the alert may have sent him."""
    row = connection.execute(queries.goes_for_alert, {"alert_id": alert_id, "staff_id": staff_id}).fetchone()
    return bool(row and row[0])


def escalate(connection: Connection[Any], *, alert_id: int, actor: Actor, now: datetime) -> None:
    """Tell the next ones now; an alert that somebody has is taken from him."""
    alert = record.hold_open(connection, alert_id)
    record.on_timeline(connection, alert_id, "escalated", actor, now, {"channel": actor.channel})
    _pass_on(connection, alert, actor, now)


def _pass_on(connection: Connection[Any], alert: HeldAlert, actor: Actor, now: datetime) -> None:
    if alert.state in UNANSWERED:
        connection.execute(queries.set_due, {"alert_id": alert.id, "now": now})
    else:
        dispatch.end_of_alert(connection, alert_id=alert.id, actor=actor, now=now)
        connection.execute(queries.set_released, {"alert_id": alert.id, "now": now})
    record.tell_pages(connection, "alert", alert.id, alert.area, now)
    connection.execute(queries.wake_engine)


def make_due(connection: Connection[Any], *, alert_id: int, now: datetime) -> None:
    """A message did not reach its person: do not wait for an answer that cannot come.

    What a step still keeps for later (its second channel) leaves now; a snooze or a silence is not ended by it.
    """
    connection.execute(queries.bring_forward_messages, {"alert_id": alert_id, "now": now})
    connection.execute(queries.set_due_untold, {"alert_id": alert_id, "now": now})
    connection.execute(queries.wake_engine)
    connection.execute(queries.wake_outbox)


def snooze(connection: Connection[Any], *, alert_id: int, until: datetime, actor: Actor, now: datetime) -> None:
    """Tell nobody of an open alert until then; it stays open and visible, and goes on by itself.

    Raises NeverSnoozed for a call for help and whatever is critical, Invalid for a time that is over or too far away.
    """
    alert = record.hold_open(connection, alert_id)
    if not may_wait(alert.kind, alert.severity):
        raise NeverSnoozed(alert_id)
    if not now < until <= now + noise.SNOOZE_AT_MOST:
        raise Invalid(
            f"until {until.isoformat()}: a snooze ends after now and within {noise.SNOOZE_AT_MOST.days} days; mend it"
        )
    connection.execute(queries.set_snoozed, {"alert_id": alert_id, "until": until, "who": actor.name})
    connection.execute(queries.cancel_waiting_messages, {"alert_id": alert_id})
    record.on_timeline(
        connection, alert_id, "snoozed", actor, now, {"until": until.isoformat(), "channel": actor.channel}
    )
    record.tell_pages(connection, "alert", alert_id, alert.area, now)


def reopen(connection: Connection[Any], *, alert_id: int, actor: Actor, now: datetime) -> int:
    """Open a closed alert again: its policy begins anew. Returns the id of the alert that is open then.

    A call for help whose home has another one open joins that. Raises NotClosed, and ClosedTooLongAgo after a day.
    """
    # the place before its alerts, as a press has it
    press.lock_place(connection, alert_id)
    alert = record.hold(connection, alert_id)
    if alert.state is not AlertState.CLOSED:
        raise NotClosed(alert_id)
    row = connection.execute(queries.closed_at, {"alert_id": alert_id}).fetchone()
    assert row is not None  # noqa: S101 - its row is locked
    if row[0] < now - lifecycle.REOPEN_WITHIN:
        raise ClosedTooLongAgo(alert_id, row[0].isoformat())
    if alert.kind == HELP:
        joined = press.join_by_reopening(connection, closed_id=alert_id, actor=actor, now=now)
        if joined is not None:
            record.tell_pages(connection, "alert", alert_id, alert.area, now)
            return joined
    connection.execute(queries.set_reopened, {"alert_id": alert_id, "now": now})
    record.on_timeline(connection, alert_id, "reopened", actor, now, {"channel": actor.channel})
    record.tell_pages(connection, "alert", alert_id, alert.area, now)
    connection.execute(queries.wake_engine)
    return alert_id


def note(connection: Connection[Any], *, alert_id: int, actor: Actor, text: str, now: datetime) -> None:
    """Write a line on the timeline; on a closed alert too."""
    alert = record.hold(connection, alert_id)
    if not text.strip():
        raise Invalid("the note is empty; write at least a word")
    record.on_timeline(connection, alert_id, "note", actor, now, {"text": text.strip()})
    record.tell_pages(connection, "alert", alert_id, alert.area, now)


def close(
    connection: Connection[Any],
    *,
    alert_id: int,
    actor: Actor,
    outcome: str,
    note: str | None = None,
    spoke_with: str | None = None,
    now: datetime,
) -> None:
    """End the alert with its outcome.

    Raises NeedsProofOfHelp for a help call without a completed visit or whom one spoke with, UnknownOutcome.
    """
    alert = record.hold_open(connection, alert_id)
    if outcome not in list(Outcome):
        raise UnknownOutcome(outcome)
    visited = connection.execute(queries.has_completed_visit, {"alert_id": alert_id}).fetchone()
    if lifecycle.needs_proof(alert.kind, visit_completed=bool(visited and visited[0]), spoke_with=spoke_with):
        raise NeedsProofOfHelp(alert_id)
    dispatch.end_of_alert(connection, alert_id=alert_id, actor=actor, now=now)
    connection.execute(
        queries.set_closed,
        {"alert_id": alert_id, "outcome": outcome, "note": note, "spoke_with": spoke_with, "now": now},
    )
    connection.execute(queries.cancel_waiting_messages, {"alert_id": alert_id})
    if alert.kind == HELP:
        test_windows.note_proven(connection, alert_id)
    detail = {"outcome": outcome, "channel": actor.channel}
    detail |= {key: value for key, value in (("note", note), ("spoke_with", spoke_with)) if value}
    record.on_timeline(connection, alert_id, "closed", actor, now, detail)
    record.tell_home(connection, alert_id, AlertState.CLOSED, now)
    record.tell_pages(connection, "alert", alert_id, alert.area, now)
