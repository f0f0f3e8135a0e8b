"""A message did not reach its person: what is done? His telephone is called where it may ring, then the next one is told.

What a provider's code means is the table's to say (`channels.failures`); here it is done. It counts as not told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import desk, record, texts, unreachable
from alerts.channels import failures
from alerts.channels.failures import Failure
from alerts.model import SYSTEM, UNANSWERED, Severity
from storage import sql

queries = sql.load("alerts")

NOT_AGAIN_WITHIN = timedelta(minutes=1)
"""When one person cannot be reached twice within this, the alert has come round to him: it takes a breath before it
tries him once more, or an only responder's dead number would be written to without end."""
PHONE = ("sms", "voice")
"""The ways that a policy counts on; a person's own (e-mail, chat, push) come beside them."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A message that did not reach its person, and what his phone was sent beside it about the same alert."""

    id: int
    alert_id: int | None
    staff_id: int | None
    recipient: str
    channel: str
    purpose: str
    text: str
    severity: str
    name: str
    tried_twice: bool
    called: bool
    under_way: bool
    came_round: bool


def follow(connection: Connection[Any], *, message_id: int, code: str | None, now: datetime) -> None:
    """Do what follows from a failure; the alert of the message, where it has one, is held by the caller."""
    row = connection.execute(
        queries.unreached_message,
        {"message_id": message_id, "now": now, "lately": NOT_AGAIN_WITHIN},
    ).fetchone()
    if row is None:
        return
    message = Unreached(*row)
    failure = failures.judge(code, message.channel)
    if message.channel in PHONE:
        unreachable.fault_found(connection, phone=message.recipient, fault=failure.fault, now=now)
    else:
        connection.execute(
            queries.own_channel_fails, {"message_id": message_id, "failure": code or "failed", "now": now}
        )
    if message.alert_id is None:
        _several_untold(connection, message, code, now)
        return
    alert = record.hold(connection, message.alert_id)
    detail = {"channel": message.channel, "name": message.name} | ({"error": code} if code else {})
    record.on_timeline(connection, alert.id, "not_delivered", SYSTEM, now, detail)
    if message.purpose == "tell" and message.channel in PHONE and alert.state in UNANSWERED:
        _reach_somebody(connection, alert.id, message, failure, now)
    record.tell_pages(connection, "alert", alert.id, alert.area, now)


def hold_told_by(connection: Connection[Any], message_id: int) -> list[int]:
    """Lock the alerts of which a message about several tells; returns them, none for a message about one or none."""
    rows = connection.execute(queries.alerts_told_by, {"message_id": message_id}).fetchall()
    return [alert_id for (alert_id,) in rows]


def _several_untold(connection: Connection[Any], message: Unreached, code: str | None, now: datetime) -> None:
    """A text about several alerts reached nobody: each goes on to its next step, as if its own text had failed."""
    alert_ids = hold_told_by(connection, message.id)
    if not alert_ids:
        return
    since = now - NOT_AGAIN_WITHIN
    row = connection.execute(queries.failed_lately, {"message_id": message.id, "since": since}).fetchone()
    due_at = now + NOT_AGAIN_WITHIN if row and row[0] else now
    detail = {"channel": message.channel, "name": message.name} | ({"error": code} if code else {})
    for alert_id in alert_ids:
        alert = record.hold(connection, alert_id)
        if alert.state in UNANSWERED:
            record.on_timeline(connection, alert_id, "not_delivered", SYSTEM, now, detail)
            desk.make_due(connection, alert_id=alert_id, now=due_at)
            record.tell_pages(connection, "alert", alert_id, alert.area, now)


def nobody_answers(connection: Connection[Any], *, phone: str, now: datetime) -> None:
    """Whoever has that number wants no more messages: what waited for his answer goes on at once."""
    for (alert_id,) in connection.execute(queries.alerts_waiting_for, {"phone": phone}).fetchall():
        desk.make_due(connection, alert_id=alert_id, now=now)


def _reach_somebody(
    connection: Connection[Any], alert_id: int, message: Unreached, failure: Failure, now: datetime
) -> None:
    """Try the person once more, call him, or let the next one be told; one of them always."""
    if message.came_round:
        desk.make_due(connection, alert_id=alert_id, now=now + NOT_AGAIN_WITHIN)
        return
    words = failures.reworded(message.text) if failure.reworded else message.text
    again = failure.again_after is not None and not message.tried_twice and (
        not failure.reworded or words != message.text
    )  # fmt: skip
    if again and failure.again_after is not None:
        connection.execute(
            queries.send_second_time,
            {
                "message_id": message.id,
                "text": words,
                "segments": texts.segments(words),
                "next_attempt_at": now + failure.again_after,
            },
        )
    call = message.channel == "sms" and failure.call and message.severity == Severity.CRITICAL and not message.called
    if call:
        connection.execute(queries.call_instead, {"message_id": message.id, "now": now})
        detail = {"name": message.name, "channel": "voice", "staff": message.staff_id}
        record.on_timeline(connection, alert_id, "told", SYSTEM, now, detail)
    sooner = message.channel == "sms" and failure.call and message.called
    if sooner:
        # a call that was to follow later, unless the text was answered, follows now
        connection.execute(queries.call_sooner, {"message_id": message.id, "now": now})
    if again or call or sooner:
        connection.execute(queries.wake_outbox)
    # beside its first try the next one was told already, and is not hurried past
    told_beside = message.tried_twice and failure.beside and failure.again_after is not None
    if not told_beside and (failure.beside or not (call or again or message.under_way)):
        desk.make_due(connection, alert_id=alert_id, now=now)


def hung_up(connection: Connection[Any], *, message_id: int, sid: str, now: datetime) -> None:
    """A call ended, and no key was pressed: it counts as not told where no text about the alert is under way to him."""
    row = connection.execute(queries.call_without_answer, {"message_id": message_id, "sid": sid}).fetchone()
    if row is not None and row[0]:
        follow(connection, message_id=message_id, code="no-digit", now=now)
