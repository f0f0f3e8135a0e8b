"""How was the visit? Asked once it is over, by SMS or telephone; who is not satisfied has a complaint without asking for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import asking, complaints, dispatch, texts, visit_record
from alerts import replies as read_replies
from alerts.asking import Way
from alerts.model import Actor, Conflict, UnknownVisit
from alerts.replies import Verb
from alerts.visits import VisitState
from storage import sql

queries = sql.load("alerts")

BATCH = 100
TRUE_FOR = timedelta(hours=6)
"""A text that could not leave for so long is not sent late: it would come at night."""
KEPT_LENGTH = 1000
"""Characters of an answer in words that are kept."""


class NotDone(Conflict):
    """visit {visit_id} is {state}: how it was is asked once it is completed."""

    def __init__(self, visit_id: int, state: str) -> None:
        super().__init__(f"visit {visit_id} is {state}: how it was is asked once it is completed")


class AnsweredAlready(Conflict):
    """visit {visit_id}: how it was is written down already."""

    def __init__(self, visit_id: int) -> None:
        super().__init__(f"visit {visit_id}: how it was is written down already; add a complaint where there is one")


@dataclass(frozen=True, slots=True)
class Manner:
    """What asking depends on: the installation's language and clock, and how SMS leave (`twilio`, `aliyun`, `outbox`)."""

    locale: str
    timezone: str
    sms: str


@dataclass(frozen=True, slots=True)
class _Done:
    """A visit that is over, locked, and who was served."""

    visit_id: int
    home_id: int | None
    area: str | None
    wanted: bool
    resident_id: int | None
    phone: str | None
    contacts: list[dict[str, str]]
    language: str | None
    asked_lately: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """A follow-up that waits for its answer, locked."""

    id: int
    visit_id: int
    home_id: int
    resident_id: int | None
    area: str | None
    language: str
    who: str | None
    staff_id: int | None


def begin(connection: Connection[Any], *, manner: Manner, now: datetime) -> int:
    """See which visits are over, and who is to be asked how they were; return how many visits were looked at."""
    rows = connection.execute(
        queries.visits_to_follow_up, {"limit": BATCH, "since": now - asking.NOT_AGAIN_WITHIN}
    ).fetchall()
    begun: set[tuple[int | None, int | None]] = set()
    for done in (_Done(*row) for row in rows):
        who = (done.home_id, done.resident_id)
        if done.wanted and done.home_id is not None and not done.asked_lately and who not in begun:
            begun.add(who)
            _begin(connection, done, manner, now)
    if rows:
        connection.execute(queries.follow_up_was_seen, {"visit_ids": [row[0] for row in rows]})
    return len(rows)


def _begin(connection: Connection[Any], done: _Done, manner: Manner, now: datetime) -> None:
    number = asking.number_of(done.phone, done.contacts)
    opted = connection.execute(queries.follow_up_opted_out, {"phone": number}).fetchone()
    found = asking.reach(
        done.phone, done.contacts, provider=manner.sms, opted_out=bool(opted and opted[0])
    )  # fmt: skip
    connection.execute(
        queries.insert_follow_up,
        {
            "visit_id": done.visit_id, "home_id": done.home_id, "resident_id": done.resident_id, "area": done.area,
            "way": found.way, "phone": found.phone, "language": done.language or manner.locale, "now": now,
            "due_at": asking.when(now, manner.timezone) if found.way is Way.SMS else None,
        },
    )  # fmt: skip


def ask(connection: Connection[Any], *, manner: Manner, now: datetime) -> int:
    """Write to those who are to be asked now; return how many were due."""
    rows = connection.execute(queries.follow_ups_due, {"now": now, "limit": BATCH}).fetchall()
    for follow_up_id, phone, language, service, service_en in rows:
        due = asking.when(now, manner.timezone)
        if due > now:
            # we were away in the meantime, and now it is night
            connection.execute(queries.postpone_follow_up, {"follow_up_id": follow_up_id, "due_at": due})
            continue
        name = (service_en or service) if language == "en" else service
        text = (
            texts.gettext(
                language, "[Anju] How was the visit ({service})? Reply 1 satisfied, 2 not satisfied.", service=name
            )
            if name
            else texts.gettext(language, "[Anju] How was the visit? Reply 1 satisfied, 2 not satisfied.")
        )
        message = connection.execute(
            queries.write_message,
            {
                "alert_id": None, "staff_id": None, "recipient": phone, "channel": "sms", "purpose": "inform",
                "text": text, "language": language, "segments": texts.segments(text), "severity": "low", "now": now,
                "expires_at": now + TRUE_FOR,
            },
        ).fetchone()  # fmt: skip
        connection.execute(
            queries.follow_up_asked,
            {"follow_up_id": follow_up_id, "message_id": message[0] if message else None, "now": now},
        )
    if rows:
        connection.execute(queries.wake_outbox)
    return len(rows)


def answer(connection: Connection[Any], *, sender: str, body: str, now: datetime) -> str:
    """Take a text from a number that no responder has for the answer to what it was asked last; '' where it was not.

    What is no digit is read by a person: it is kept, and somebody rings.
    """
    row = connection.execute(
        queries.follow_up_of_phone, {"phone": sender, "since": now - asking.ANSWER_WITHIN}
    ).fetchone()
    reply = read_replies.read(body)
    if row is None:
        if reply.verb is Verb.START:
            connection.execute(queries.follow_up_opt_in, {"phone": sender})
        return ""
    asked = _Asked(*row)
    match reply.verb:
        case Verb.ACCEPT | Verb.PASS_ON:
            satisfied = reply.verb is Verb.ACCEPT
            actor = Actor(asked.who or "", "sms")
            _finish(connection, asked, satisfied=satisfied, note=None, actor=actor, now=now)
            if satisfied:
                return texts.gettext(asked.language, "Thank you. We are glad.")
            return texts.gettext(asked.language, "Thank you for saying so. Somebody will ring you.")
        case Verb.STOP:
            connection.execute(queries.follow_up_opt_out, {"phone": sender, "now": now})
            connection.execute(queries.ring_instead, {"follow_up_id": asked.id, "note": None})
            return texts.gettext(asked.language, "You will get no more messages. Send START to get them again.")
        case _:
            # signs that cannot be stored were not typed by anybody
            words = body[:KEPT_LENGTH].replace("\0", "").encode("utf-8", "replace").decode()
            connection.execute(queries.ring_instead, {"follow_up_id": asked.id, "note": words.strip() or None})
            return texts.gettext(asked.language, "Thank you. Somebody will ring you.")


def by_telephone(
    connection: Connection[Any],
    *,
    visit_id: int,
    satisfied: bool,
    note: str | None,
    actor: Actor,
    locale: str,
    now: datetime,
) -> int | None:
    """Write down what somebody was told on the telephone; return the complaint's id where he is not satisfied.

    Raises UnknownVisit, NotDone, AnsweredAlready.
    """
    visit = connection.execute(queries.hold_visit_to_follow_up, {"visit_id": visit_id}).fetchone()
    if visit is None:
        raise UnknownVisit(visit_id)
    if visit[0] not in ("completed", "followed_up"):
        raise NotDone(visit_id, visit[0])
    connection.execute(queries.begin_follow_up_by_hand, {"visit_id": visit_id, "locale": locale, "now": now})
    row = connection.execute(queries.open_follow_up_of_visit, {"visit_id": visit_id}).fetchone()
    if row is None:
        raise AnsweredAlready(visit_id)
    return _finish(connection, _Asked(*row), satisfied=satisfied, note=note, actor=actor, now=now)


def _finish(
    connection: Connection[Any], asked: _Asked, *, satisfied: bool, note: str | None, actor: Actor, now: datetime
) -> int | None:
    connection.execute(
        queries.follow_up_answered,
        {
            "follow_up_id": asked.id, "satisfied": satisfied, "note": note, "now": now,
            "answered_by": actor.username or actor.channel,
        },
    )  # fmt: skip
    if visit_record.hold(connection, asked.visit_id).state is VisitState.COMPLETED:
        dispatch.follow_up(connection, visit_id=asked.visit_id, actor=actor, now=now)
    connection.execute(queries.set_follow_up_seen, {"visit_id": asked.visit_id})
    if satisfied:
        return None
    said = note or texts.gettext(asked.language, "Not satisfied with the visit; nothing more was said.")
    about = complaints.About(
        home_id=asked.home_id,
        area=asked.area,
        resident_id=asked.resident_id,
        visit_id=asked.visit_id,
        staff_id=asked.staff_id,
    )
    return complaints.open_one(
        connection, about=about, who=asked.who or texts.gettext(asked.language, "The resident"), text=said, actor=actor,
        language=asked.language, now=now,
    )  # fmt: skip
