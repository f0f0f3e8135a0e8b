"""Is the phone of whoever is on call switched on? Where the area wants it, a text tries it when his shift begins.

What comes back is the provider's word: a number that fails is told to the coordinator (`unreachable`), before anybody presses.
"""

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import oncall, texts
from storage import sql

queries = sql.load("alerts")

TRUE_FOR = timedelta(minutes=30)
KEEP = timedelta(days=2)


def try_phones(connection: Connection[Any], *, locale: str, now: datetime) -> int:
    """Write a text to everybody whose shift has begun since the last look, once a shift; return how many.

    A shift is known by who has it and until when. A person whom a policy names has no shift, and is not tried.
    """
    connection.execute(queries.prune_shift_tests, {"before": now - KEEP})
    written = 0
    for code, name in connection.execute(queries.areas_with_shift_test).fetchall():
        answering = oncall.who(connection, area=code, at=now)
        if answering is None or answering.area != code:
            continue
        shifts = {
            (responder.staff_id, responder.until)
            for each in answering.steps
            for responder in each.responders
            if responder.until is not None
        }
        for staff_id, until in sorted(shifts):
            begun = connection.execute(
                queries.begin_shift_test, {"area": code, "staff_id": staff_id, "ends_at": until}
            ).fetchone()
            if begun is not None:
                written += _write(connection, staff_id, name, locale, now)
    if written:
        connection.execute(queries.wake_outbox)
    return written


def _write(connection: Connection[Any], staff_id: int, area: str, locale: str, now: datetime) -> int:
    rows = connection.execute(queries.staff_to_write_to, {"staff_ids": [staff_id], "locale": locale}).fetchall()
    for _, _, phone, language, *_ in rows:
        text = texts.shift_begins(language, area=area)
        connection.execute(
            queries.write_message,
            {
                "alert_id": None, "staff_id": staff_id, "recipient": phone, "channel": "sms", "purpose": "inform",
                "text": text, "language": language, "segments": texts.segments(text), "severity": "low", "now": now,
                "expires_at": now + TRUE_FOR,
            },
        )  # fmt: skip
    return len(rows)
