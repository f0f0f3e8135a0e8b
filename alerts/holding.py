"""What leaves when a limit allows it? What was held back for one responder, as one text; never a call for help."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import bundles, due, texts
from alerts.bundles import Line
from alerts.channels import countries
from alerts.telling import SMS, TRUE_FOR, EngineSettings, write_lines
from storage import sql

queries = sql.load("alerts")

RELEASE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class _Held:
    """A message whose time has come; its alert is locked."""

    id: int
    alert_id: int
    kind: str
    severity: str
    area: str | None
    device_uid: str | None
    staff_id: int
    name: str
    recipient: str
    channel: str
    language: str


def release(connection: Connection[Any], *, settings: EngineSettings, now: datetime) -> int:
    """Let go what was held back until now; return how many messages that were.

    Several texts to one responder leave as one. A voice call is about one alert, so they leave one after another: the
    others wait for the next place.
    """
    # alerts before their messages, everywhere: two transactions must not wait for each other in a ring
    alerts = connection.execute(queries.claim_alerts_of_held, {"now": now, "limit": RELEASE_LIMIT}).fetchall()
    if not alerts:
        return 0
    alert_ids = [row[0] for row in alerts]
    rows = connection.execute(queries.claim_held, {"alert_ids": alert_ids, "now": now}).fetchall()
    connection.execute(queries.drop_held_in_vain, {"alert_ids": alert_ids, "now": now})
    by_phone: dict[tuple[int, str], list[_Held]] = defaultdict(list)
    for each in (_Held(*row) for row in rows):
        by_phone[each.staff_id, each.channel].append(each)
    lines: list[tuple[int, str, dict[str, Any]]] = []
    for (_, channel), held in by_phone.items():
        if len(held) > 1 and channel == SMS:
            lines += _bundle(connection, held, settings, now)
        else:
            lines += _let_go(connection, held, now)
    write_lines(connection, lines, now)
    connection.execute(queries.told_of, {"alert_ids": [alert_id for alert_id, _, _ in lines], "now": now})
    connection.execute(queries.wake_outbox)
    return len(rows)


def _let_go(connection: Connection[Any], held: Sequence[_Held], now: datetime) -> list[tuple[int, str, dict[str, Any]]]:
    first, *others = held
    connection.execute(queries.let_go, {"message_id": first.id, "now": now, "expires_at": now + TRUE_FOR})
    if others:
        connection.execute(
            queries.hold_longer, {"message_ids": [each.id for each in others], "held_until": now + TRUE_FOR / 6}
        )
    return [(first.alert_id, "told", {"name": first.name, "channel": first.channel, "staff": first.staff_id})]


def _bundle(
    connection: Connection[Any], held: Sequence[_Held], settings: EngineSettings, now: datetime
) -> list[tuple[int, str, dict[str, Any]]]:
    first = held[0]
    words = due.words(connection, {each.alert_id: each.device_uid or "" for each in held})
    by_alert = {each.alert_id: each for each in held}
    listed = [
        Line(each.alert_id, each.kind, words[each.alert_id].who, words[each.alert_id].where)
        for each in by_alert.values()
    ]
    text = bundles.bundle(first.language, listed, replies=countries.profile(first.recipient, settings.sms).replies)
    row = connection.execute(
        queries.write_message,
        {
            "alert_id": None,
            "staff_id": first.staff_id,
            "recipient": first.recipient,
            "channel": first.channel,
            "purpose": "inform",
            "text": text,
            "language": first.language,
            "segments": texts.segments(text),
            "severity": first.severity,
            "now": now,
            "expires_at": now + TRUE_FOR,
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns its id
    connection.execute(queries.bundle_held, {"message_ids": [each.id for each in held], "bundle_id": row[0]})
    detail = {"name": first.name, "channel": first.channel, "staff": first.staff_id, "count": len(listed)}
    return [(each, "told_bundled", detail) for each in by_alert]
