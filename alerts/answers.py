"""What does a responder's text or keypad digit do? Read by the pure `replies`, done by the desk, answered in words.

The same text delivered twice by the provider is done once: its words are kept by the provider's id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import desk, dispatch, follow_up, record, replies, swaps, texts, unreachable, unreached
from alerts.model import UNANSWERED, Actor, AlertState, AlreadyClosed, AlreadyTaken, Outcome, Refused
from alerts.replies import Reply, Verb
from alerts.visits import DONE, Proof, VisitState
from storage import sql

queries = sql.load("alerts")

KEPT_LENGTH = 1000
"""Characters of a text that are kept; Twilio's own limit is 1,600."""
MOST_LISTED = 5
_BEFORE_LEAVING = frozenset({VisitState.ASSIGNED, VisitState.ACCEPTED})
_THERE = frozenset({VisitState.ARRIVED, VisitState.IN_SERVICE})


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose phone it is."""

    staff_id: int
    name: str
    language: str | None
    phone: str

    def hears(self, message: str, **values: object) -> str:
        """Return words in this person's language."""
        return texts.gettext(self.language, message, **values)


@dataclass(frozen=True, slots=True)
class _Open:
    """An open alert that this person was told of, or has."""

    alert_id: int
    state: AlertState
    accepted_by_staff: int | None
    holder: str
    visit_id: int | None
    visit_staff: int | None
    visit_state: str | None

    def is_of(self, person: _Person) -> bool:
        """Say whether this person has it, or was given its visit."""
        return person.staff_id in (self.accepted_by_staff, self.visit_staff)

    def is_waiting_for(self, person: _Person) -> bool:
        """Say whether this person may still say something about it: nobody has it, or he does."""
        return self.state in UNANSWERED or self.is_of(person)


def answer(connection: Connection[Any], *, sender: str, body: str, sid: str, channel: str, now: datetime) -> str:
    """Do what a reply asks for and return the words to send back; empty for a number nobody here has.

    `sender`: E.164. `sid`: the provider's id of the text or keypad input. `channel`: "sms", "voice" or "phone".
    """
    # what cannot be stored (NUL, half a surrogate pair) was not typed by anybody
    kept = body[:KEPT_LENGTH].replace("\0", "").encode("utf-8", "replace").decode()
    # kept before anything is done: the same text, delivered again meanwhile, waits here and then finds the answer
    first = connection.execute(
        queries.claim_phone_reply, {"sid": sid, "sender": sender[:64], "body": kept, "now": now}
    ).fetchone()
    if first is None:
        known = connection.execute(queries.answer_of_phone_reply, {"sid": sid}).fetchone()
        return str(known[0]) if known is not None else ""
    row = connection.execute(queries.staff_of_phone, {"phone": sender}).fetchone()
    if row is None:
        # whoever is no responder may have been asked how a visit was
        words = follow_up.answer(connection, sender=sender, body=body, now=now)
        connection.execute(queries.answer_phone_reply, {"sid": sid, "answer": words})
        return words
    staff_id, name, language = row
    words = _answer(connection, _Person(staff_id, name, language, sender), replies.read(body), channel, now)
    connection.execute(queries.answer_phone_reply, {"sid": sid, "answer": words})
    return words


def _answer(connection: Connection[Any], person: _Person, reply: Reply, channel: str, now: datetime) -> str:
    match reply.verb:
        case Verb.STOP:
            unreached.nobody_answers(connection, phone=person.phone, now=now)
            unreachable.opted_out(connection, phone=person.phone, now=now)
            return person.hears("You will get no more messages. Send START to get them again.")
        case Verb.START:
            unreachable.opted_in(connection, phone=person.phone, now=now)
            # "yes" is one of its words and may be meant as an answer: so it says how to answer
            return person.hears("You get messages. {help}", help=_help(person))
        case Verb.HELP | Verb.UNREADABLE:
            return _help(person)
    open_ones = _open_alerts(connection, person)
    if reply.verb in (Verb.ACCEPT, Verb.PASS_ON) and reply.number is None:
        about_swap = _answer_swap(connection, open_ones, person, reply, channel, now)
        if about_swap is not None:
            return about_swap
    meant = _meant(open_ones, person, reply)
    if not meant:
        return person.hears("You have no open alert like that.")
    if len(meant) > 1:
        return _which(person, reply, meant)
    number = meant[0].alert_id
    try:
        # what is refused half-way must leave nothing behind
        with connection.transaction():
            # the alert before its visit, everywhere: two transactions must not wait for each other in a ring
            record.hold_open(connection, number)
            held = [each for each in _open_alerts(connection, person) if each.alert_id == number]
            if not held:
                return person.hears("You have no open alert like that.")
            actor = Actor(person.name, channel, staff_id=person.staff_id)
            return _VERBS[reply.verb](connection, held[0], person, actor, now)
    except AlreadyClosed:
        return person.hears("You have no open alert like that.")
    except AlreadyTaken as taken:
        return texts.taken(person.language, number=number, name=taken.name)
    except Refused:
        return person.hears("#{number}: that is not possible now. {help}", number=number, help=_help(person))


def _answer_swap(
    connection: Connection[Any], open_ones: list[_Open], person: _Person, reply: Reply, channel: str, now: datetime
) -> str | None:
    """Take a bare digit for the answer to a swap, where that was asked last and no alert waits; None where it is not."""
    assigned = [each for each in open_ones if each.is_of(person) and each.visit_state == VisitState.ASSIGNED]
    if assigned or any(each.state in UNANSWERED for each in open_ones):
        return None
    swap_id = swaps.question_of(connection, person.phone)
    if swap_id is None:
        return None
    actor = Actor(person.name, channel, staff_id=person.staff_id)
    yes = reply.verb is Verb.ACCEPT
    return swaps.answer(connection, swap_id=swap_id, yes=yes, actor=actor, language=person.language, now=now)


def _open_alerts(connection: Connection[Any], person: _Person) -> list[_Open]:
    rows = connection.execute(queries.open_alerts_of_staff, {"staff_id": person.staff_id}).fetchall()
    return [_Open(alert_id, AlertState(state), *rest) for alert_id, state, *rest in rows]


def _meant(open_ones: list[_Open], person: _Person, reply: Reply) -> list[_Open]:
    """Return which of the open alerts the reply can be about; more than one: he has to be asked.

    To accept or to pass on, with no number, is only clear when a single alert waits for him: a "1" sent twice must not
    take an alert that came in between. Where somebody has arrived, or is done, is one that he has.
    """
    if reply.number is not None:
        return [each for each in open_ones if each.alert_id == reply.number]
    if reply.verb in (Verb.ACCEPT, Verb.PASS_ON):
        fitting = [each for each in open_ones if each.is_waiting_for(person)]
    else:
        fitting = [each for each in open_ones if each.is_of(person)]
    # none fits: what somebody else took last is what he hears of
    return fitting or open_ones[-1:]


def _which(person: _Person, reply: Reply, meant: list[_Open]) -> str:
    newest = [each.alert_id for each in reversed(meant)][:MOST_LISTED]
    digit = next(digit for digit, verb in replies.DIGITS.items() if verb is reply.verb)
    return person.hears(
        "Which one? Answer with its number, like {example}. Open: {numbers}",
        example=f"{digit} {newest[0]}",
        numbers=", ".join(str(number) for number in newest),
    )


def _accept(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if alert.visit_id is not None and alert.visit_staff == person.staff_id and alert.visit_state == VisitState.ASSIGNED:
        dispatch.accept(connection, visit_id=alert.visit_id, actor=actor, now=now)
    elif alert.visit_staff != person.staff_id:
        desk.accept(connection, alert_id=alert.alert_id, actor=actor, now=now)
    if actor.channel == "voice":
        # a phone that was called may be in a country where no text comes back
        return person.hears("#{number} is yours. Thank you.", number=alert.alert_id)
    return person.hears(
        "#{number} is yours. Thank you. Send 3 when you are there, 9 when it is done.", number=alert.alert_id
    )


def _pass_on(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if not alert.is_waiting_for(person):
        return _not_yours(alert, person)
    desk.decline(connection, alert_id=alert.alert_id, actor=actor, now=now)
    return person.hears("#{number} is passed on.", number=alert.alert_id)


def _arrived(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if not alert.is_of(person):
        return _not_yours(alert, person)
    if alert.visit_id is None:
        return person.hears("#{number} needs no visit. Send 9 when it is done.", number=alert.alert_id)
    if alert.visit_state in _BEFORE_LEAVING:
        dispatch.depart(connection, visit_id=alert.visit_id, actor=actor, now=now)
    if alert.visit_state not in _THERE | DONE:
        dispatch.arrive(connection, visit_id=alert.visit_id, actor=actor, proof=Proof(), now=now)
    return person.hears("#{number}: you are there. Send 9 when it is done.", number=alert.alert_id)


def _done(connection: Connection[Any], alert: _Open, person: _Person, actor: Actor, now: datetime) -> str:
    if not alert.is_of(person):
        return _not_yours(alert, person)
    if alert.visit_id is not None and alert.visit_state not in DONE:
        if alert.visit_state not in _THERE:
            return person.hears("#{number}: send 3 first, when you are there.", number=alert.alert_id)
        dispatch.complete(
            connection, visit_id=alert.visit_id, actor=actor, proof=Proof(), outcome=Outcome.HELPED, now=now
        )
    desk.close(connection, alert_id=alert.alert_id, actor=actor, outcome=Outcome.HELPED, now=now)
    return person.hears("#{number} is closed. Thank you.", number=alert.alert_id)


_VERBS: dict[Verb, Callable[[Connection[Any], _Open, _Person, Actor, datetime], str]] = {
    Verb.ACCEPT: _accept,
    Verb.PASS_ON: _pass_on,
    Verb.ARRIVED: _arrived,
    Verb.DONE: _done,
}


def _not_yours(alert: _Open, person: _Person) -> str:
    """Say who has it, or how to take it."""
    if alert.state not in UNANSWERED and alert.holder:
        return texts.taken(person.language, number=alert.alert_id, name=alert.holder)
    return person.hears("#{number} is not yours. Send 1 first.", number=alert.alert_id)


def _help(person: _Person) -> str:
    return person.hears("Answer 1 accept, 2 pass on, 3 arrived, 9 done; with the number if you have several.")
