"""What is told once a shift? Low alerts wait for their time in their own rows, then leave as one text to whoever is on."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import bundles, due, texts
from alerts.bundles import Line
from alerts.noise import GATHER
from alerts.policy import Responder
from alerts.telling import SMS, EngineSettings
from storage import sql

queries = sql.load("alerts")

TRUE_FOR = timedelta(hours=2)
"""A digest that could not leave for this long is not sent: its alerts are in the next one."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A low alert that goes into a responder's text of the shift that ends at `shift_ends`."""

    alert_id: int
    responder: Responder
    shift_ends: datetime


def write(
    connection: Connection[Any], collected: Sequence[Collected], *, settings: EngineSettings, now: datetime
) -> set[tuple[int, int]]:
    """Put alerts into the texts of their shifts; return the (alert, person) that are in one.

    A text that has left already takes none any more: there is one a shift, and those alerts are in the next one's.
    """
    by_shift: dict[tuple[int, datetime], list[int]] = defaultdict(list)
    for each in collected:
        by_shift[each.responder.staff_id, each.shift_ends].append(each.alert_id)
    staff_ids = list({staff_id for staff_id, _ in by_shift})
    people = {
        row[0]: row[1:]
        for row in connection.execute(
            queries.staff_to_write_to, {"staff_ids": staff_ids, "locale": settings.locale}
        ).fetchall()
    }
    inside: set[tuple[int, int]] = set()
    # in one order, everywhere: two engines must not wait for each other in a ring
    for (staff_id, ends_at), alert_ids in sorted(by_shift.items()):
        if staff_id not in people:
            continue
        row = connection.execute(
            queries.add_to_digest, {"staff_id": staff_id, "ends_at": ends_at, "alert_ids": alert_ids}
        ).fetchone()
        if row is None:
            continue
        digest_id, message_id, all_of_them = row
        _, phone, language, *_ = people[staff_id]
        text = _text(connection, all_of_them, language)
        if message_id is None:
            _begin(connection, digest_id, staff_id, phone, language, text, now)
        else:
            reworded = connection.execute(
                queries.reword_message, {"message_id": message_id, "text": text, "segments": texts.segments(text)}
            )
            if reworded.rowcount == 0:
                # it began to leave just now
                continue
        inside |= {(alert_id, staff_id) for alert_id in alert_ids}
    if inside:
        connection.execute(queries.wake_outbox)
    return inside


def _begin(
    connection: Connection[Any], digest_id: int, staff_id: int, phone: str, language: str, text: str, now: datetime
) -> None:
    row = connection.execute(
        queries.write_message,
        {
            "alert_id": None,
            "staff_id": staff_id,
            "recipient": phone,
            "channel": SMS,
            "purpose": "inform",
            "text": text,
            "language": language,
            "segments": texts.segments(text),
            "severity": "low",
            "now": now + GATHER,
            "expires_at": now + TRUE_FOR,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns its id
    connection.execute(queries.digest_message, {"digest_id": digest_id, "message_id": row[0]})


def _text(connection: Connection[Any], alert_ids: Sequence[int], language: str) -> str:
    rows = connection.execute(queries.lines_of_digest, {"alert_ids": list(alert_ids)}).fetchall()
    words = due.words(connection, {alert_id: device_uid or "" for alert_id, _, device_uid in rows})
    lines = [Line(alert_id, kind, words[alert_id].who, words[alert_id].where) for alert_id, kind, _ in rows]
    return bundles.digest(language, lines)
