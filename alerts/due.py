"""Which alerts are due, and what must be known of them to decide? Claimed with their rows locked, a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts.model import AlertState, may_wait
from alerts.noise import DigestHour
from alerts.policy import Position
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that is due, locked."""

    id: int
    kind: str
    severity: str
    state: AlertState
    area: str | None
    home_id: int | None
    device_uid: str | None
    test: bool
    count: int
    policy_area: str | None
    policy_id: int | None
    round: int
    step: int
    next_step_at: datetime
    retell_at: datetime | None
    accepted_by_staff: int | None
    accepted_by_user: str | None
    raised_at: datetime
    asked_at: datetime | None
    snoozed_until: datetime | None
    silence_id: int | None
    collected_for: datetime | None

    @property
    def position(self) -> Position:
        """Where it stands on its way up."""
        return Position(self.policy_area, self.round, self.step, self.policy_id)

    @property
    def may_wait(self) -> bool:
        """Whether it may be held back at all."""
        return may_wait(self.kind, self.severity) and not self.test


@dataclass(frozen=True, slots=True)
class Words:
    """Who and where, for the words of a message."""

    who: str
    where: str


@dataclass(frozen=True, slots=True)
class Silenced:
    """The silence that an alert falls into now."""

    id: int
    until: datetime
    reason: str


def claim(connection: Connection[Any], *, limit: int, now: datetime) -> list[Due]:
    """Lock up to `limit` alerts that are due, the most urgent and oldest first; those of another engine are passed over."""
    rows = connection.execute(queries.claim_due_alerts, {"now": now, "limit": limit}).fetchall()
    return [Due(row[0], row[1], row[2], AlertState(row[3]), *row[4:]) for row in rows]


def words(connection: Connection[Any], strangers: dict[int, str]) -> dict[int, Words]:
    """Return who and where of each alert. `strangers`: by alert, what to call a place that nobody knows."""
    if not strangers:
        return {}
    rows = connection.execute(queries.words_for_alerts, {"alert_ids": list(strangers)}).fetchall()
    return {
        alert_id: Words(name or "", " ".join(part for part in (places, address) if part) or strangers[alert_id])
        for alert_id, name, address, places in rows
    }


def silences(connection: Connection[Any], alerts: Sequence[Due], now: datetime) -> dict[int, Silenced]:
    """Return, by alert, the silence that it falls into now; of several the one that lasts longest."""
    asked = [each.id for each in alerts if each.may_wait]
    if not asked:
        return {}
    rows = connection.execute(queries.silences_over, {"alert_ids": asked, "now": now}).fetchall()
    return {alert_id: Silenced(*rest) for alert_id, *rest in rows}


def digest_hours(connection: Connection[Any], alerts: Sequence[Due]) -> dict[str, DigestHour]:
    """Return, by area, the hour at which its low alerts are told, where it or an area above it has one."""
    areas = list({each.area for each in alerts if each.area is not None})
    if not areas:
        return {}
    rows = connection.execute(queries.digest_hours_up, {"areas": areas}).fetchall()
    return {area: DigestHour(at, timezone) for area, at, timezone in rows}


def goers(connection: Connection[Any], alerts: Sequence[Due]) -> dict[int, int]:
    """Return, by alert, who was given its open visit: an operator who has the alert may have sent him."""
    if not alerts:
        return {}
    rows = connection.execute(queries.goers_of_alerts, {"alert_ids": [each.id for each in alerts]}).fetchall()
    return dict(rows)


def told(connection: Connection[Any], alerts: Sequence[Due]) -> dict[int, dict[int, tuple[str, ...]]]:
    """Return, by alert, who has been told of it, and by which channels."""
    found: dict[int, dict[int, tuple[str, ...]]] = {each.id: {} for each in alerts}
    if alerts:
        for alert_id, staff_id, channels in connection.execute(
            queries.told_staff, {"alert_ids": list(found)}
        ).fetchall():
            found[alert_id][staff_id] = tuple(channels)
    return found
