"""Who was sent by somebody else, and does not know it yet? He gets an SMS, as the engine writes all others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import texts
from alerts.channels import countries
from alerts.telling import INFORM, EngineSettings
from storage import sql

queries = sql.load("alerts")

BATCH = 50
TRUE_FOR = timedelta(hours=2)
"""A message that could not leave for this long is not sent late: by then somebody has called."""


@dataclass(frozen=True, slots=True)
class _Untold:
    """A visit whose goer has not been told, locked."""

    id: int
    alert_id: int | None
    staff_id: int
    phone: str
    language: str
    severity: str
    who: str | None
    where: str | None


def tell(connection: Connection[Any], *, settings: EngineSettings, now: datetime) -> int:
    """Write to those who were sent to a visit, in the caller's transaction; return how many there were."""
    rows = connection.execute(queries.claim_untold_visits, {"locale": settings.locale, "limit": BATCH}).fetchall()
    for visit in (_Untold(*row) for row in rows):
        works = countries.profile(visit.phone, settings.sms)
        text = texts.assigned(
            visit.language, who=visit.who or "", where=visit.where or "", alert=visit.alert_id, visit=visit.id,
            replies=works.replies, link=f"{settings.public_url}/my" if works.links else None,
        )  # fmt: skip
        connection.execute(
            queries.write_message,
            {
                "alert_id": visit.alert_id, "staff_id": visit.staff_id, "recipient": visit.phone, "channel": "sms",
                "purpose": INFORM, "text": text, "language": visit.language, "segments": texts.segments(text),
                "severity": visit.severity, "now": now, "expires_at": now + TRUE_FOR,
            },
        )  # fmt: skip
    if rows:
        connection.execute(queries.set_visits_told, {"ids": [row[0] for row in rows], "now": now})
        connection.execute(queries.wake_outbox)
    return len(rows)
