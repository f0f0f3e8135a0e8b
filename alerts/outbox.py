"""Which messages must leave, and what became of them? Claims rows, hands them to a channel, stores the result.

A message is sent outside of any transaction. If the process dies between the provider's answer and our commit, the claim
runs out after CLAIM_FOR and the message is sent once more: at least once, and that is the window of a double send
(docs/decisions/0007-at-least-once.md).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from alerts import record, texts, unreachable, unreached
from alerts.channels.base import Channel, GiveUp, Outgoing, Sent, TryAgain, Words
from alerts.model import SYSTEM, UNANSWERED, AlertState
from storage import sql

queries = sql.load("alerts")
log = structlog.get_logger("alerts.outbox")

CLAIM_FOR = timedelta(seconds=30)
"""Longer than a channel's own time-out, so that a slow answer is not taken for a crash."""
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(minutes=2)
STALE_AFTER = timedelta(seconds=1)
"""A message that has not left so long after its claim (a stopped process, a full machine) is looked at once more."""

# Twilio's message and call states by how far they are; what comes late and says less is not taken back
_RANK = {
    "queued": 0, "sending": 1, "accepted": 2, "scheduled": 2, "initiated": 2, "ringing": 3, "in-progress": 4, "sent": 4,
    "undelivered": 5, "failed": 5, "busy": 5, "no-answer": 5, "canceled": 5, "delivered": 6, "completed": 6, "read": 7,
}  # fmt: skip
NOT_REACHED = frozenset({"undelivered", "failed", "busy", "no-answer", "canceled"})
REACHED = frozenset({"delivered", "read"})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process is to send, and how its alert stands just now."""

    id: int
    alert_id: int | None
    recipient: str
    channel: str
    purpose: str
    text: str
    language: str
    attempts: int
    expires_at: datetime
    staff_id: int | None
    name: str
    alert_state: str | None
    accepted_by_staff: int | None
    staff_channel: int | None
    address: str | None = field(repr=False)
    claimed_at: datetime
    words: Words | None = None

    def is_stale(self, now: datetime) -> bool:
        """Say whether so much time has passed since the claim that the alert may have been taken."""
        return now - self.claimed_at > STALE_AFTER

    def outgoing(self, now: datetime) -> Outgoing:
        """Return what a channel needs of it."""
        return Outgoing(
            id=self.id,
            recipient=self.recipient,
            channel=self.channel,
            text=self.text,
            language=self.language,
            alert_number=self.alert_id,
            expires_in_s=max(1, int((self.expires_at - now).total_seconds())),
            purpose=self.purpose,
            address=self.address,
            words=self.words,
        )


def claim(connection: Connection[Any], *, limit: int, now: datetime, words: bool = False) -> list[Claimed]:
    """Take up to `limit` messages that may leave now; those that are no longer true are dropped here, not sent.

    `words`: what they say is wanted piece by piece too, for a provider's templates.
    """
    rows = connection.execute(
        queries.claim_messages, {"now": now, "limit": limit, "claimed_until": now + CLAIM_FOR}
    ).fetchall()
    claimed = []
    for message in sorted((Claimed(*[*row, now]) for row in rows), key=lambda each: each.id):
        why_not = _no_longer_true(message)
        if why_not is None:
            claimed.append(message)
        else:
            connection.execute(queries.message_over, {"message_id": message.id, "state": "canceled", "error": why_not})
    return _with_words(connection, claimed, now) if words else claimed


def _with_words(connection: Connection[Any], claimed: list[Claimed], now: datetime) -> list[Claimed]:
    """Return the messages with what their alerts are about, piece by piece."""
    asked = {"alert_ids": list({each.alert_id for each in claimed if each.alert_id is not None})}
    about = {row[0]: row[1:] for row in connection.execute(queries.kinds_of_alerts, asked).fetchall()}
    places = {row[0]: row[1:] for row in connection.execute(queries.words_for_alerts, asked).fetchall()}
    found = []
    for each in claimed:
        if each.alert_id is not None and each.alert_id in about:
            kind, test, raised_at, device_uid = about[each.alert_id]
            who, address, above = places[each.alert_id]
            where = " ".join(part for part in (above, address) if part) or device_uid
            what = texts.kind_name(each.language, kind)
            words = Words(
                what=texts.gettext(each.language, "TEST {what}", what=what) if test else what,
                number=each.alert_id,
                place=texts.place(each.language, who or "", where),
                waited_min=int((now - raised_at).total_seconds() // 60),
            )
            found.append(replace(each, words=words))
        else:
            found.append(each)
    return found


def look_again(connection: Connection[Any], message: Claimed, now: datetime) -> bool:
    """Say whether a message that was claimed a while ago may still leave; takes it back where it is no longer true.

    A claim that has run out is somebody else's: whoever was held up so long does not send it beside him.
    """
    row = connection.execute(
        queries.claimed_message, {"message_id": message.id, "claimed_until": message.claimed_at + CLAIM_FOR, "now": now}
    ).fetchone()
    if row is None:
        return False
    why_not = _no_longer_true(replace(message, alert_state=row[0], accepted_by_staff=row[1]))
    if why_not is not None:
        connection.execute(queries.message_over, {"message_id": message.id, "state": "canceled", "error": why_not})
    return why_not is None


def _no_longer_true(message: Claimed) -> str | None:
    """Say why a message must not leave any more, None if it may."""
    if message.alert_state == AlertState.CLOSED:
        return "alert closed"
    taken = message.alert_state is not None and message.alert_state not in list(UNANSWERED)
    if taken and message.purpose in ("tell", "retell") and message.staff_id != message.accepted_by_staff:
        return "alert taken"
    if taken and message.purpose == "tell":
        return "alert taken"
    return None


def send(channel: Channel, message: Claimed, now: datetime) -> Sent | TryAgain | GiveUp:
    """Hand a message to its channel; what went wrong comes back as a value. One that is too old is not sent late."""
    if message.expires_at <= now:
        return GiveUp("expired", "not sent in time")
    try:
        return channel.send(message.outgoing(now))
    except (TryAgain, GiveUp) as failure:
        return failure


def store(connection: Connection[Any], message: Claimed, result: Sent | TryAgain | GiveUp, now: datetime) -> None:
    """Write down what became of a message; one that cannot reach its person makes the alert due at once."""
    area = _hold_alerts_of(connection, message.id, message.alert_id)
    match result:
        case Sent():
            delivered = result.state in REACHED
            # a state that is new to us is no reason to send again
            state = result.state if result.state in _RANK else "accepted"
            connection.execute(
                queries.message_sent,
                {"message_id": message.id, "state": state, "sid": result.sid, "delivered": delivered, "now": now},
            )
            if message.staff_channel is not None:
                connection.execute(queries.own_channel_fails, {"message_id": message.id, "failure": None, "now": now})
            if delivered and message.alert_id is not None:
                detail = {"channel": message.channel, "name": message.name}
                record.on_timeline(connection, message.alert_id, "delivered", SYSTEM, now, detail)
                record.tell_pages(connection, "alert", message.alert_id, area, now)
        case TryAgain():
            wait = _wait(message.attempts, result.after_s)
            connection.execute(
                queries.message_again,
                {"message_id": message.id, "error": result.reason, "next_attempt_at": now + wait},
            )
            log.warning(
                "message will be sent again", message=message.id, attempt=message.attempts, reason=result.reason
            )
        case GiveUp():
            connection.execute(
                queries.message_over,
                {"message_id": message.id, "state": "failed", "error": f"{result.code} {result.reason}".strip()},
            )
            log.warning("message given up", message=message.id, code=result.code)
            unreached.follow(connection, message_id=message.id, code=result.code, now=now)


def status_arrived(
    connection: Connection[Any],
    *,
    sid: str,
    state: str,
    error: str | None,
    now: datetime,
    message_id: int | None = None,
) -> bool:
    """Take a provider's callback: out of order and twice is fine. Returns False for a message we do not know.

    `message_id`: our own id, from the callback's address. By it a callback is known that comes before the answer to the
    request was stored, or after a crash that lost the answer: the message was taken, so it is not sent once more.
    """
    known = connection.execute(queries.alert_of_message, {"sid": sid, "message_id": message_id}).fetchone()
    if known is None:
        return False
    known_id, alert_id = known
    area = _hold_alerts_of(connection, known_id, alert_id)
    if message_id is not None:
        connection.execute(queries.adopt_sid, {"sid": sid, "message_id": message_id})
    row = connection.execute(queries.lock_message_by_sid, {"sid": sid}).fetchone()
    if row is None:
        # it was sent once more meanwhile, and has the later sending's id
        return False
    message_id, before, channel, name, phone, faulty = row
    if state not in _RANK:
        log.warning("unknown message state", message=message_id, state=state)
        return True
    if _RANK[state] <= _RANK[before]:
        return True
    connection.execute(
        queries.message_status,
        {"message_id": message_id, "state": state, "error": error, "delivered": state in REACHED, "now": now},
    )
    if state in NOT_REACHED:
        unreached.follow(connection, message_id=message_id, code=error, now=now)
    elif state == "completed":
        unreached.hung_up(connection, message_id=message_id, sid=sid, now=now)
    elif state in REACHED:
        if faulty:
            unreachable.reached(connection, phone=phone, now=now)
        if alert_id is not None:
            record.on_timeline(connection, alert_id, "delivered", SYSTEM, now, {"channel": channel, "name": name or ""})
            record.tell_pages(connection, "alert", alert_id, area, now)
    return True


def _hold_alerts_of(connection: Connection[Any], message_id: int, alert_id: int | None) -> str | None:
    """Lock what a message tells of, and return the area of its one alert.

    Alerts before their messages, everywhere: two transactions must not wait for each other in a ring.
    """
    if alert_id is not None:
        return record.hold(connection, alert_id).area
    unreached.hold_told_by(connection, message_id)
    return None


def _wait(attempts: int, after_s: float | None) -> timedelta:
    """Return the time until the next attempt: doubling, and never sooner than the provider asks."""
    doubled = min(FIRST_RETRY * int(2 ** min(10, max(0, attempts - 1))), LONGEST_RETRY)
    return max(doubled, timedelta(seconds=after_s)) if after_s is not None else doubled
