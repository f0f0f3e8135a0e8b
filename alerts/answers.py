"""What does a responder's text or keypad digit do? Read by the pure `replies`, done by the desk, answered in words.

The same text delivered twice by the provider is done once: its words are kept by the provider's id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import desk, dispatch, replies, texts
from alerts.model import UNANSWERED, Actor, AlertState, AlreadyTaken, Outcome, Refused
from alerts.replies import Reply, Verb
from alerts.visits import Proof, VisitState
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose phone it is."""

    staff_id: int
    name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class _Open:
    """An open alert that this person was told of, or has."""

    alert_id: int
    state: AlertState
    accepted_by_staff: int | None
    visit_id: int | None
    visit_staff: int | None
    visit_state: str | None

    def is_of(self, person: _Person) -> bool:
        """Say whether this person has it."""
        return person.staff_id in (self.accepted_by_staff, self.visit_staff)


def answer(connection: Connection[Any], *, sender: str, body: str, sid: str, channel: str, now: datetime) -> str:
    """Do what a reply asks for and return the words to send back; empty for a number nobody here has.

    `sender`: E.164. `sid`: the provider's id of the text or call. `channel`: "sms", "voice" or "phone".
    """
    known = connection.execute(queries.phone_reply, {"sid": sid}).fetchone()
    if known is not None:
        return str(known[0])
    row = connection.execute(queries.staff_of_phone, {"phone": sender}).fetchone()
    words = ""
    if row is not None:
        words = _answer(connection, _Person(*row), replies.read(body), channel, now)
    connection.execute(
        queries.keep_phone_reply,
        {"sid": sid, "sender": sender, "body": body[:1000].replace("\0", ""), "now": now, "answer": words},
    )
    return words


def _answer(connection: Connection[Any], person: _Person, reply: Reply, channel: str, now: datetime) -> str:
    language = person.language
    if reply.verb is Verb.STOP:
        connection.execute(queries.opt_out, {"staff_id": person.staff_id, "now": now})
        return texts.gettext(language, "You will get no more messages. Send START to get them again.")
    if reply.verb is Verb.START:
        connection.execute(queries.opt_in, {"staff_id": person.staff_id})
        return texts.gettext(language, "You will get messages again.")
    if reply.verb is Verb.UNREADABLE:
        return _help_text(language)
    open_ones = [
        _Open(alert_id, AlertState(state), *rest)
        for alert_id, state, *rest in connection.execute(
            queries.open_alerts_of_staff, {"staff_id": person.staff_id}
        ).fetchall()
    ]
    meant = _meant(open_ones, person, reply)
    if not meant:
        return texts.gettext(language, "You have no open alert like that.")
    if len(meant) > 1:
        numbers = ", ".join(str(each.alert_id) for each in meant)
        digit = next(digit for digit, verb in replies.DIGITS.items() if verb is reply.verb)
        return texts.gettext(
            language, "Which one? Answer with its number: {example}. Open: {numbers}",
            example=f"{digit} {meant[0].alert_id}", numbers=numbers,
        )  # fmt: skip
    actor = Actor(person.name, channel, staff_id=person.staff_id)
    try:
        # what is refused half-way must leave nothing behind
        with connection.transaction():
            return _VERBS[reply.verb](connection, meant[0], person, actor, now)
    except AlreadyTaken as taken:
        return texts.gettext(language, "#{number} was accepted by {name} already.", number=meant[0].alert_id,
                             name=taken.name)  # fmt: skip
    except Refused:
        return texts.gettext(language, "#{number}: that is not possible now. {help}", number=meant[0].alert_id,
                             help=_help_text(language))  # fmt: skip


def _meant(open_ones: list[_Open], person: _Person, reply: Reply) -> list[_Open]:
    """Return which of the open alerts the reply can be about."""
    if reply.number is not None:
        return [each for each in open_ones if each.alert_id == reply.number]
    if len(open_ones) <= 1:
        return open_ones
    match reply.verb:
        case Verb.ACCEPT:
            fitting = [
                each
                for each in open_ones
                if each.state in UNANSWERED
                or (each.visit_staff == person.staff_id and each.visit_state == VisitState.ASSIGNED)
            ]
        case Verb.PASS_ON:
            fitting = [each for each in open_ones if each.state in UNANSWERED or each.is_of(person)]
        case _:
            fitting = [each for each in open_ones if each.is_of(person)]
    return fitting or open_ones


def _accept(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if alert.visit_id is not None and alert.visit_staff == person.staff_id and alert.visit_state == VisitState.ASSIGNED:
        dispatch.accept(connection, visit_id=alert.visit_id, actor=actor, now=now)
    else:
        desk.accept(connection, alert_id=alert.alert_id, actor=actor, now=now)
    return texts.gettext(
        person.language, "#{number} is yours. Thank you. Send 3 when you are there, 9 when it is done.",
        number=alert.alert_id,
    )  # fmt: skip


def _pass_on(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    desk.decline(connection, alert_id=alert.alert_id, actor=actor, now=now)
    return texts.gettext(person.language, "#{number} is passed on.", number=alert.alert_id)


def _arrived(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if not alert.is_of(person) or alert.visit_id is None:
        return texts.gettext(person.language, "#{number} is not yours. Send 1 first.", number=alert.alert_id)
    dispatch.arrive(connection, visit_id=alert.visit_id, actor=actor, proof=Proof(), now=now)
    return texts.gettext(person.language, "#{number}: you are there. Send 9 when it is done.", number=alert.alert_id)


def _done(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if not alert.is_of(person):
        return texts.gettext(person.language, "#{number} is not yours. Send 1 first.", number=alert.alert_id)
    if alert.visit_id is not None:
        if alert.visit_state != VisitState.ARRIVED:
            return texts.gettext(person.language, "#{number}: send 3 first, when you are there.", number=alert.alert_id)
        dispatch.complete(
            connection, visit_id=alert.visit_id, actor=actor, proof=Proof(), outcome=Outcome.HELPED, now=now
        )
    desk.close(connection, alert_id=alert.alert_id, actor=actor, outcome=Outcome.HELPED, now=now)
    return texts.gettext(person.language, "#{number} is closed. Thank you.", number=alert.alert_id)


_VERBS: dict[Verb, Callable[[Connection[Any], _Open, _Person, Actor, datetime], str]] = {
    Verb.ACCEPT: _accept,
    Verb.PASS_ON: _pass_on,
    Verb.ARRIVED: _arrived,
    Verb.DONE: _done,
}


def _help_text(language: str | None) -> str:
    return texts.gettext(
        language, "Answer 1 accept, 2 pass on, 3 arrived, 9 done; with the number if you have several."
    )
