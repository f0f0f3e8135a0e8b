"""What does a home hear? `received` right after the commit; every later step from the rows that the desk wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from psycopg import Connection

from alerts import texts
from alerts.model import AlertState
from alerts.texts import mark
from devices.formats import anju
from gateway.inbox import ToldHome
from gateway.line import Line
from storage import sql

queries = sql.load("gateway")
log = structlog.get_logger("gateway.replies")

BATCH = 100
PUBLISH_WAIT_S = 5.0
"""How long the broker may take to take a reply over; after that it is sent again."""


def received(told: Sequence[ToldHome], locale: str) -> list[tuple[str, bytes]]:
    """Return the topic and payload of `received` for each call that is now stored."""
    return [
        (
            anju.topic_of(each.uid, anju.REPLY_LEAF),
            payload(each.call_id, "received", each.at, texts.say(each.language or locale, "received")),
        )
        for each in told
    ]


def publish_waiting(connection: Connection[Any], client: Line, *, locale: str, now: datetime) -> int:
    """Publish the steps that homes have not heard yet; marked only once the broker has them. Returns how many."""
    rows = connection.execute(queries.claim_home_replies, {"limit": BATCH}).fetchall()
    sent = []
    for row_id, uid, call_id, state, aloud, at, language, about in rows:
        words = _words(about, language or locale, state) if aloud else ""
        sent.append((row_id, client.publish(anju.topic_of(uid, anju.REPLY_LEAF), payload(call_id, state, at, words))))
    published = []
    for row_id, publication in sent:
        try:
            publication.wait_for_publish(PUBLISH_WAIT_S)
        except (RuntimeError, ValueError) as error:
            log.warning("reply not taken by the broker; it is sent again", reply=row_id, reason=str(error))
            continue
        if publication.is_published():
            published.append(row_id)
    if published:
        connection.execute(queries.home_replies_published, {"ids": published, "now": now})
    return len(published)


VISIT_WORDS = {
    "received": mark("We have your wish for a visit. We will say when somebody comes."),
    "accepted": mark("Somebody will come and visit you."),
}


def say_of_visit(language: str | None, state: str) -> str:
    """Return what a home hears of its wish for a visit."""
    return texts.gettext(language, VISIT_WORDS[state])


def _words(about: str, language: str, state: str) -> str:
    return say_of_visit(language, state) if about == "visit" else texts.say(language, AlertState(state))


def payload(call_id: str, state: str, at: datetime, say: str) -> bytes:
    """Return the JSON of a reply (CONTRACT section 3)."""
    return msgspec.json.encode({"call": call_id, "state": state, "at": at.isoformat(), "say": say})
