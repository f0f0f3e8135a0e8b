"""By which ways of his own is a person told, beside his telephone? E-mail, chat and push, with hours of quiet.

They come beside what the policy says and never in its place: whether one works decides nothing about who is told next.
Help and falls ignore the quiet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from alerts.model import Missing, Severity
from storage import sql

queries = sql.load("alerts")


class UnknownChannel(Missing):
    """staff {staff_id} has no channel {channel_id}; see GET /staff/{staff_id}/channels."""

    def __init__(self, staff_id: int, channel_id: object) -> None:
        super().__init__(f"staff {staff_id} has no channel {channel_id}; see GET /staff/{staff_id}/channels")


@dataclass(frozen=True, slots=True)
class Quiet:
    """From when to when, by the clock of a zone, a person wants nothing but help."""

    start: time
    end: time
    timezone: str

    def holds(self, now: datetime) -> bool:
        """Say whether it is quiet now; 22:00 to 06:00 goes over midnight, and equal times are the whole day."""
        local = now.astimezone(ZoneInfo(self.timezone)).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel as a person wants it; `address` None: the one it has."""

    kind: str
    name: str
    address: str | None
    quiet: Quiet | None
    timezone: str
    channel_id: int | None = None


def tell(
    connection: Connection[Any],
    *,
    staff_id: int,
    alert_id: int,
    purpose: str,
    text: str,
    language: str,
    severity: str,
    now: datetime,
    expires_at: datetime,
) -> list[str]:
    """Write a message for each of a person's own channels that is not quiet; return their kinds."""
    told = []
    for channel_id, kind, start, end, timezone in connection.execute(
        queries.own_channels, {"staff_id": staff_id}
    ).fetchall():
        quiet = start is not None and Quiet(start, end, timezone).holds(now)
        if quiet and severity != Severity.CRITICAL:
            continue
        connection.execute(
            queries.write_own_message,
            {
                "channel_id": channel_id, "alert_id": alert_id, "purpose": purpose, "text": text,
                "language": language, "severity": severity, "now": now, "expires_at": expires_at,
            },
        )  # fmt: skip
        told.append(str(kind))
    return told


def choose(connection: Connection[Any], *, staff_id: int, wanted: Sequence[Wanted], now: datetime) -> None:
    """Give a person these channels in place of those he had. Raises UnknownChannel."""
    kept = [each.channel_id for each in wanted if each.channel_id is not None]
    connection.execute(queries.drop_own_channels, {"staff_id": staff_id, "kept": kept})
    for each in wanted:
        values = {
            "staff_id": staff_id, "channel_id": each.channel_id, "kind": each.kind, "name": each.name,
            "address": each.address, "quiet_from": each.quiet.start if each.quiet else None,
            "quiet_to": each.quiet.end if each.quiet else None, "timezone": each.timezone, "now": now,
        }  # fmt: skip
        query = queries.add_own_channel if each.channel_id is None else queries.change_own_channel
        if connection.execute(query, values).rowcount == 0:
            raise UnknownChannel(staff_id, each.channel_id)


def try_out(
    connection: Connection[Any], *, staff_id: int, channel_id: int, text: str, language: str, now: datetime,
    expires_at: datetime,
) -> int:  # fmt: skip
    """Write a test message for one of a person's channels; returns its id. Raises UnknownChannel."""
    row = connection.execute(
        queries.write_test_message,
        {
            "channel_id": channel_id, "staff_id": staff_id, "text": text, "language": language, "now": now,
            "expires_at": expires_at,
        },
    ).fetchone()  # fmt: skip
    if row is None:
        raise UnknownChannel(staff_id, channel_id)
    connection.execute(queries.wake_outbox)
    return int(row[0])
