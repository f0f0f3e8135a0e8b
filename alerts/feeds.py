"""Which shifts does a secret address show? Makes, revokes and reads the calendars that people subscribe to.

Only the hash of the secret is kept: whoever reads the database cannot read the calendars.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import calendar, duties, texts
from alerts.calendar import Entry
from alerts.gaps import Gap
from alerts.rota import Stretch, Why
from storage import sql

queries = sql.load("alerts")

BACK = timedelta(days=30)
AHEAD = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar that was just made; its token is known to its maker only."""

    id: int
    token: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Whose shifts a token shows: those of one person, or of one rota."""

    staff_id: int | None
    rota_id: int | None
    name: str
    language: str | None


def make(
    connection: Connection[Any], *, staff_id: int | None, rota_id: int | None, made_by: int, now: datetime
) -> Feed:
    """Make a secret under which the shifts of a person or of a rota can be read, one of the two."""
    token = secrets.token_urlsafe(32)
    row = connection.execute(
        queries.insert_calendar,
        {"staff_id": staff_id, "rota_id": rota_id, "token_hash": _hash(token), "made_by": made_by, "now": now},
    ).fetchone()
    return Feed(int(row[0]) if row is not None else 0, token)


def revoke(connection: Connection[Any], calendar_id: int, now: datetime) -> None:
    """Let nobody read it any more."""
    connection.execute(queries.revoke_calendar, {"calendar_id": calendar_id, "now": now})


def subscribed(connection: Connection[Any], token: str) -> Subscribed | None:
    """Return what a token shows; None for one that was never made, or is revoked."""
    row = connection.execute(queries.calendar_of_token, {"token_hash": _hash(token)}).fetchone()
    return Subscribed(*row) if row is not None else None


def read(connection: Connection[Any], feed: Subscribed, *, host: str, locale: str, now: datetime) -> bytes:
    """Return the calendar of a feed, 30 days back and 90 ahead. `host`: what makes our ids differ from everybody's."""
    within = Gap(now - BACK, now + AHEAD)
    language = feed.language or locale
    if feed.rota_id is not None:
        rota_ids = [feed.rota_id]
    else:
        asked = {"staff_id": feed.staff_id, "at": within.start}
        rota_ids = [row[0] for row in connection.execute(queries.rotas_of_staff, asked).fetchall()]
    rotas = {rota_id: each.name for rota_id, each in duties.read(connection, rota_ids, since=within.start).items()}
    shown = [
        (rota_id, stretch)
        for rota_id in rotas
        for stretch in duties.shifts(connection, rota_id, within.start, within.end)
        if stretch.why is not Why.OUTSIDE and (feed.staff_id is None or stretch.staff_id == feed.staff_id)
    ]
    holders = {stretch.staff_id for _, stretch in shown if stretch.staff_id is not None}
    names = dict(connection.execute(queries.names_of, {"staff_ids": sorted(holders)}).fetchall())
    entries = [
        Entry(
            f"{_uid(rota_id, stretch, within)}@{host}", stretch.start, stretch.end,
            _summary(language, rotas[rota_id], None if stretch.staff_id is None else names[stretch.staff_id], feed),
        )
        for rota_id, stretch in shown
    ]  # fmt: skip
    return calendar.write(entries, name=texts.gettext(language, "Shifts: {name}", name=feed.name), now=now)


def _summary(language: str | None, rota: str, name: str | None, feed: Subscribed) -> str:
    if name is None:
        return texts.gettext(language, "{rota}: nobody on call", rota=rota)
    return rota if feed.staff_id is not None else texts.gettext(language, "{rota}: {name}", rota=rota, name=name)


def _uid(rota_id: int, stretch: Stretch, within: Gap) -> str:
    """Return what stays the same from one reading to the next: a rota has one shift that begins at an instant."""
    if stretch.staff_id is not None or stretch.start > within.start:
        return f"rota-{rota_id}-{stretch.start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    # a hole comes cut at both ends of what is read, and those move on
    if stretch.end < within.end:
        return f"rota-{rota_id}-until-{stretch.end.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"rota-{rota_id}-nobody"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
