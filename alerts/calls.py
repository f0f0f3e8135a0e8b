"""What does a voice call say, and what does a digit pressed in it do?"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import answers, replies, texts
from alerts.model import UNANSWERED, AlertState
from alerts.replies import Verb
from storage import sql

queries = sql.load("alerts")

_ALERT_NUMBER = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a call says; `asks`: it then waits for a digit, and says `else_` where none comes."""

    language: str
    words: str
    asks: bool = False
    else_: str = ""


def begin(connection: Connection[Any], *, message_id: int) -> Spoken | None:
    """Return what the call of a message says when it is answered; None for a message we do not know.

    An alert that somebody else has by now is not offered any more.
    """
    row = connection.execute(queries.called_about, {"message_id": message_id}).fetchone()
    if row is None:
        return None
    _, language, staff_id, alert_id, kind, state, test, accepted_by, holder, device_uid = row
    if state == AlertState.CLOSED:
        return Spoken(language, texts.gettext(language, "This alert is closed. Thank you."))
    if AlertState(state) not in UNANSWERED and accepted_by != staff_id:
        return _spoken(language, texts.taken(language, number=alert_id, name=holder))
    found = connection.execute(queries.words_for_alerts, {"alert_ids": [alert_id]}).fetchone()
    _, who, address, places = found if found is not None else (alert_id, None, None, None)
    where = " ".join(part for part in (places, address) if part) or device_uid
    return _asking(language, texts.speak(language, kind=kind, who=who or "", where=where, number=alert_id, test=test))


def digit(connection: Connection[Any], *, message_id: int, digits: str, sid: str, now: datetime) -> Spoken | None:
    """Do what a digit pressed in the call of a message asks for, and return what the call then says.

    `sid`: the provider's id of this one input; the same input again gets the same words, and nothing is done twice.
    """
    row = connection.execute(queries.called_about, {"message_id": message_id}).fetchone()
    if row is None:
        return None
    recipient, language, alert_id = row[0], row[1], row[3]
    if replies.read(digits).verb in (Verb.UNREADABLE, Verb.HELP):
        return _asking(language, texts.gettext(language, "Press 1 to accept, 2 to pass on."))
    words = answers.answer(connection, sender=recipient, body=f"{digits} {alert_id}", sid=sid, channel="voice", now=now)
    spoken = _spoken(language, words or _nothing(language))
    if replies.read(digits).verb is not Verb.ACCEPT:
        return spoken
    # health details are for whoever goes, and for no text and no answering machine
    notes = connection.execute(queries.notes_for_holder, {"alert_id": alert_id, "staff_id": row[2]}).fetchone()
    if notes is None:
        return spoken
    heard = texts.gettext(language, "Good to know: {notes}", notes=notes[0])
    return replace(spoken, words=f"{spoken.words} {heard}")


def nothing_to_answer(language: str | None) -> Spoken:
    """Return what a call hears that is about no message of ours."""
    return Spoken(language or texts.DEFAULT_LANGUAGE, _nothing(language))


def _nothing(language: str | None) -> str:
    return texts.gettext(language, "There is nothing to answer here. Goodbye.")


def _asking(language: str, words: str) -> Spoken:
    return Spoken(language, words, asks=True, else_=texts.gettext(language, "We heard no key. Goodbye."))


def _spoken(language: str, words: str) -> Spoken:
    """Return the words of an SMS as a voice reads them: a number digit by digit, without its sign."""
    return Spoken(language, _ALERT_NUMBER.sub(lambda found: " ".join(found[1]), words))
