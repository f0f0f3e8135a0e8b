"""What is due, and what happens with it? Claims due alerts, asks the pure policy, writes messages and the next deadline.

Everything that waits, waits in a row: after any crash the next engine goes on where this one was. Any number may run;
the rows' locks are the only coordination.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import lifecycle, oncall, own_channels, policy, record, texts
from alerts.channels import countries
from alerts.channels.countries import Profile
from alerts.model import SYSTEM, UNANSWERED, AlertState, Severity
from alerts.policy import Position, Responder
from storage import sql

queries = sql.load("alerts")

CLAIM_LIMIT = 50
"""Alerts a transaction: enough to be quick in a flood, few enough that a crash repeats little."""
TRUE_FOR = timedelta(minutes=30)
"""A call for help that could not leave for this long is not sent late: by then the alert has climbed."""
REPEATS_LET_THROUGH = 2
"""Of one wording to one number in 24 hours; carriers in mainland China refuse the third (Twilio's guidelines)."""
KEEP_STREAM_LOG = timedelta(days=1)
KEEP_UNDATED = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the words of a message depend on."""

    locale: str
    public_url: str
    sms: str
    voice: bool = True


@dataclass(frozen=True, slots=True)
class _Due:
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
    text: str | None
    policy_area: str | None
    round: int
    step: int
    next_step_at: datetime
    retell_at: datetime | None
    accepted_by_staff: int | None
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class _Words:
    """Who and where, for the words of a message."""

    who: str
    where: str


def run_due(connection: Connection[Any], *, settings: EngineSettings, now: datetime) -> int:
    """Do what is due for up to CLAIM_LIMIT alerts, in the caller's transaction; return how many there were."""
    rows = connection.execute(queries.claim_due_alerts, {"now": now, "limit": CLAIM_LIMIT}).fetchall()
    if not rows:
        return 0
    alerts = [_Due(row[0], row[1], row[2], AlertState(row[3]), *row[4:]) for row in rows]
    words = _words(connection, alerts)
    rosters: dict[tuple[str | None, str], oncall.Roster] = {}
    for alert in alerts:
        if alert.next_step_at > now:
            _tell_again(connection, alert, words[alert.id], settings, now)
        elif alert.state in UNANSWERED:
            key = (alert.area, alert.kind)
            if key not in rosters:
                rosters[key] = oncall.load_roster(connection, area=alert.area, kind=alert.kind, at=now)
            _next_step(connection, alert, rosters[key], words[alert.id], settings, now)
        else:
            _follow_up(connection, alert, words[alert.id], settings, now)
    return len(alerts)


def tidy(connection: Connection[Any], now: datetime) -> None:
    """Drop what is no longer needed: old notices for pages, ids of undated messages, ended sessions."""
    connection.execute(queries.prune_stream_log, {"before": now - KEEP_STREAM_LOG})
    connection.execute(queries.prune_undated_messages, {"before": now - KEEP_UNDATED})
    connection.execute(queries.prune_sessions, {"before": now})


def _next_step(
    connection: Connection[Any],
    alert: _Due,
    roster: oncall.Roster,
    words: _Words,
    settings: EngineSettings,
    now: datetime,
) -> None:
    """Tell the next ones, and write down where the alert then stands."""
    position = Position(alert.policy_area, alert.round, alert.step)
    move = policy.next_move(roster.policies, position, roster.on_call, now)
    for happening in move.happenings:
        record.on_timeline(connection, alert.id, happening.what, SYSTEM, now, happening.detail)
    told = _write(connection, alert, move.tell, "tell", words, settings, now)
    connection.execute(
        queries.store_move,
        {
            "alert_id": alert.id,
            "told": told > 0,
            "now": now,
            "policy_area": move.position.area,
            "round": move.position.round,
            "step": move.position.step,
            "next_step_at": move.next_step_at,
        },
    )
    record.tell_pages(connection, "alert", alert.id, alert.area, now)


def _tell_again(
    connection: Connection[Any], alert: _Due, words: _Words, settings: EngineSettings, now: datetime
) -> None:
    """The home pressed again: whoever has the alert, or has been told of it, hears so."""
    told = dict(connection.execute(queries.told_staff, {"alert_id": alert.id}).fetchall())
    if alert.state not in UNANSWERED:
        told = {staff_id: channels for staff_id, channels in told.items() if staff_id == alert.accepted_by_staff}
        if alert.accepted_by_staff is not None:
            told.setdefault(alert.accepted_by_staff, ["sms"])
    people = [Responder(staff_id, "", channels=tuple(channels)) for staff_id, channels in told.items()]
    _write(connection, alert, people, "retell", words, settings, now)
    connection.execute(queries.store_retold, {"alert_id": alert.id, "now": now})
    record.tell_pages(connection, "alert", alert.id, alert.area, now)


def _follow_up(
    connection: Connection[Any], alert: _Due, words: _Words, settings: EngineSettings, now: datetime
) -> None:
    """Somebody has it, and nothing was heard since: he is asked, and the board shows it."""
    people = [Responder(alert.accepted_by_staff, "")] if alert.accepted_by_staff is not None else []
    record.on_timeline(connection, alert.id, "follow_up", SYSTEM, now, {"state": alert.state})
    _write(connection, alert, people, "remind", words, settings, now)
    connection.execute(
        queries.store_follow_up,
        {"alert_id": alert.id, "next_step_at": now + lifecycle.FOLLOW_UP_AFTER[alert.state]},
    )
    record.tell_pages(connection, "alert", alert.id, alert.area, now)


def _write(
    connection: Connection[Any],
    alert: _Due,
    people: Sequence[Responder],
    purpose: str,
    words: _Words,
    settings: EngineSettings,
    now: datetime,
) -> int:
    """Write a message to each of `people` by each of his channels into the outbox; return how many."""
    if not people:
        return 0
    by_id = {each.staff_id: each for each in people}
    rows = connection.execute(
        queries.staff_to_write_to, {"staff_ids": list(by_id), "locale": settings.locale}
    ).fetchall()
    written = 0
    for staff_id, name, phone, language, has_own in rows:
        works = countries.profile(phone, settings.sms)
        urgent = alert.severity == Severity.CRITICAL and purpose != "remind"
        ways = countries.ways(by_id[staff_id].channels, works, urgent=urgent, voice=settings.voice)
        text = _text(alert, purpose, words, language, works, settings, now, calls="voice" in ways)
        if alert.round or alert.step or purpose != "tell":
            text = _unlike_earlier(connection, text, phone, language, now)
        for channel in ways:
            connection.execute(
                queries.write_message,
                {
                    "alert_id": alert.id,
                    "staff_id": staff_id,
                    "recipient": phone,
                    "channel": channel,
                    "purpose": purpose,
                    "text": text,
                    "language": language,
                    "segments": texts.segments(text) if channel == "sms" else 1,
                    "severity": alert.severity,
                    "now": now,
                    "expires_at": now + TRUE_FOR,
                },
            )
            record.on_timeline(
                connection, alert.id, "told" if purpose == "tell" else f"told_{purpose}", SYSTEM, now,
                {"name": name, "channel": channel, "staff": staff_id},
            )  # fmt: skip
            written += 1
        if has_own:
            profile = Profile(replies=False, links=True)
            text = _text(alert, purpose, words, language, profile, settings, now, calls=False)
            for kind in own_channels.tell(
                connection, staff_id=staff_id, alert_id=alert.id, purpose=purpose, text=text, language=language,
                severity=alert.severity, now=now, expires_at=now + TRUE_FOR,
            ):  # fmt: skip
                record.on_timeline(
                    connection, alert.id, "told" if purpose == "tell" else f"told_{purpose}", SYSTEM, now,
                    {"name": name, "channel": kind, "staff": staff_id},
                )  # fmt: skip
                written += 1
    if written:
        connection.execute(queries.wake_outbox)
    return written


def _text(
    alert: _Due,
    purpose: str,
    words: _Words,
    language: str,
    profile: Profile,
    settings: EngineSettings,
    now: datetime,
    *,
    calls: bool,
) -> str:
    waited_min = int((now - alert.raised_at).total_seconds() // 60)
    if purpose == "remind":
        return texts.remind(
            language, kind=alert.kind, who=words.who, where=words.where, number=alert.id, waited_min=waited_min,
            replies=profile.replies,
        )  # fmt: skip
    return texts.tell(
        language,
        kind=alert.kind,
        who=words.who,
        where=words.where,
        number=alert.id,
        link=f"{settings.public_url}/alerts/{alert.id}" if profile.links else None,
        replies=profile.replies,
        calls=calls,
        test=alert.test,
        times=alert.count,
        waited_min=waited_min,
    )


def _unlike_earlier(connection: Connection[Any], text: str, phone: str, language: str, now: datetime) -> str:
    """Return the text so that carriers do not take it for a repeat: the third of one wording in a day is refused."""
    row = connection.execute(
        queries.same_text_lately, {"phone": phone, "text": text, "since": now - timedelta(days=1)}
    ).fetchone()
    return texts.numbered(language, text, row[0] + 1) if row and row[0] >= REPEATS_LET_THROUGH else text


def _words(connection: Connection[Any], alerts: Sequence[_Due]) -> dict[int, _Words]:
    rows = connection.execute(queries.words_for_alerts, {"alert_ids": [alert.id for alert in alerts]}).fetchall()
    strangers = {alert.id: alert.device_uid or "" for alert in alerts}
    return {
        alert_id: _Words(name or "", " ".join(part for part in (places, address) if part) or strangers[alert_id])
        for alert_id, name, address, places in rows
    }
