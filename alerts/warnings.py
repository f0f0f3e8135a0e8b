"""What stands against which device or home? Asks the rules about those that changed or whose time has come, and raises and
closes their alerts.

Cost follows changes: whoever writes a change adds a row to `device_looks` or `home_looks`, and each look adds the one of
its next time: when the rules said that time alone may change something, and once a day. What a person closed does not
come again before its cause was gone: the row in `warnings` lives as long as the cause.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from alerts import desk, gathering, raising, texts, thresholds
from alerts.gathering import Known
from alerts.model import SYSTEM, Outcome
from alerts.rules import OF_DEVICES, OF_HOMES, daily
from alerts.rules.base import GOOD, About, Level, Reading, Rule
from alerts.rules.scope import Scope, holding
from alerts.rules.standing import Standing, move
from devices import telemetry
from storage import sql

queries = sql.load("alerts")
log = structlog.get_logger("alerts.warnings")

BATCH = 200
"""Devices or homes a transaction."""
GONE = texts.mark("The cause is gone.")
NOT_WANTED = texts.mark("Nobody wants to hear of it here any more.")
PUT_OFF = timedelta(hours=1)
"""What cannot be looked at is tried again after that."""
WHILE_WARNED = timedelta(hours=1)
"""What somebody was warned of is looked at this often, also where nothing is known to have changed."""


@dataclass(frozen=True, slots=True)
class Manner:
    """In which language notes are written, and by which clock people sleep."""

    locale: str
    timezone: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between devices and homes: their rules, and their SQL."""

    about: About
    rules: Sequence[Rule[Any, Any]]
    warned: bytes
    keep: bytes
    forget: bytes
    again: bytes
    raise_alert: Callable[..., int]
    not_here: str


@dataclass(frozen=True, slots=True)
class _Warning:
    """A cause that stands. `alert_id`: that it was told by; `is_open`: which nobody has closed; `home_id`: told of where;
    `closed_at`: when somebody closed it."""

    since: datetime
    gone_since: datetime | None
    alert_id: int | None
    home_id: int | None
    is_open: bool
    closed_at: datetime | None

    @property
    def standing(self) -> Standing:
        """Return it as the rules know it."""
        return Standing(self.since, self.alert_id is not None, self.gone_since)


@dataclass(slots=True)
class _Written:
    """What a look writes down."""

    kept: list[tuple[int, str, datetime, datetime | None, int | None]] = field(default_factory=list)
    forgotten: list[tuple[int, str]] = field(default_factory=list)
    next_looks: list[tuple[int, datetime]] = field(default_factory=list)


def look_at_devices(connection: Connection[Any], *, manner: Manner, now: datetime) -> int:
    """Look at a batch of devices; return how many those were, 0 once none is due or another process looks."""

    def look(ids: list[int]) -> None:
        known = gathering.devices(connection, ids, timezone=manner.timezone)
        home_ids = [each.place.home_id for each in known.values() if each.place.home_id is not None]
        scopes = thresholds.scopes(connection, home_ids=home_ids, device_ids=ids)
        _Look(connection, _devices(), manner, now).do(ids, known, scopes)
        connection.execute(queries.look_at_warned_homes, {"device_ids": ids, "now": now})

    ids = _take(connection, "device looks", queries.take_device_looks, now)
    _apart(connection, _devices(), ids, look, now)
    return len(ids)


def look_at_homes(connection: Connection[Any], *, manner: Manner, now: datetime) -> int:
    """Look at a batch of homes; return how many those were, 0 once none is due or another process looks."""

    def look(ids: list[int]) -> None:
        listening_since = telemetry.listening_since(connection, now)
        known = gathering.homes(connection, ids, timezone=manner.timezone, listening_since=listening_since, now=now)
        _Look(connection, _homes(), manner, now).do(ids, known, thresholds.scopes(connection, home_ids=ids))

    ids = _take(connection, "home looks", queries.take_home_looks, now)
    _apart(connection, _homes(), ids, look, now)
    return len(ids)


def _apart(
    connection: Connection[Any], kind: _Kind, ids: list[int], look: Callable[[list[int]], None], now: datetime
) -> None:
    """Look at them together; where that fails, at each alone, so that one that cannot be looked at holds up no other."""
    if not ids:
        return
    try:
        with connection.transaction():
            look(ids)
            return
    except (psycopg.OperationalError, psycopg.InterfaceError):
        # the database's own trouble, not that of a row: all of it is done again
        raise
    except Exception:
        log.exception("a look failed; each is looked at alone", number=len(ids))
    for number in ids:
        try:
            with connection.transaction():
                look([number])
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:
            log.exception(
                "a look failed and is put off", about=kind.about, id=number, until=(now + PUT_OFF).isoformat()
            )
            connection.execute(kind.again, {"ids": [number], "look_ats": [now + PUT_OFF]})


def _take(connection: Connection[Any], what: str, take: bytes, now: datetime) -> list[int]:
    found = connection.execute(queries.may_look, {"what": what}).fetchone()
    if found is None or not found[0]:
        return []
    return [row[0] for row in connection.execute(take, {"now": now, "limit": BATCH}).fetchall()]


def _devices() -> _Kind:
    return _Kind(
        About.DEVICE, OF_DEVICES, queries.warnings_of_devices, queries.keep_device_warnings, queries.forget_device_warnings,
        queries.next_device_looks, _raise_about_device, texts.mark("The device is not here any more."),
    )  # fmt: skip


def _homes() -> _Kind:
    return _Kind(
        About.HOME, OF_HOMES, queries.warnings_of_homes, queries.keep_home_warnings, queries.forget_home_warnings,
        queries.next_home_looks, _raise_about_home, texts.mark("The home is not here any more."),
    )  # fmt: skip


def _raise_about_device(
    connection: Connection[Any], known: Known[Any], rule: str, reading: Reading, now: datetime
) -> int:
    uid = known.facts.uid
    text = f"{uid}: {reading.said}" if reading.said else uid
    return raising.raise_about_device(connection, kind=rule, device_uid=uid, text=text, now=now)


def _raise_about_home(
    connection: Connection[Any], known: Known[Any], rule: str, reading: Reading, now: datetime
) -> int:
    assert known.place.home_id is not None  # noqa: S101 - a home's place is the home
    return raising.raise_about_home(
        connection, kind=rule, home_id=known.place.home_id, text=reading.said, severity=reading.severity, now=now
    )


def _insists_at(rule: Rule[Any, Any], warning: _Warning | None) -> datetime | None:
    """Return when what a person closed is told anew though its cause is the same; None where it is not."""
    if rule.insists_s is None or warning is None or warning.is_open or warning.closed_at is None:
        return None
    return warning.closed_at + timedelta(seconds=rule.insists_s)


class _Look:
    """One batch: each device or home is judged on its own, all are read and written together."""

    def __init__(self, connection: Connection[Any], kind: _Kind, manner: Manner, now: datetime) -> None:
        self._connection = connection
        self._kind = kind
        self._manner = manner
        self._now = now
        self._written = _Written()

    def do(self, ids: Sequence[int], known: Mapping[int, Known[Any]], scopes: Mapping[str, list[Scope]]) -> None:
        """Judge and write."""
        warned = self._read(ids)
        for number in ids:
            found = known.get(number)
            if found is None:
                self._end_all(number, warned)
            else:
                self._judge(number, found, scopes, warned)
        self._write()

    def _read(self, ids: Sequence[int]) -> dict[tuple[int, str], _Warning]:
        rows = self._connection.execute(self._kind.warned, {"ids": list(ids)}).fetchall()
        told = sorted({row[4] for row in rows if row[4] is not None})
        # locked: nobody closes them meanwhile
        still = (
            {row[0] for row in self._connection.execute(queries.hold_open_alerts, {"ids": told}).fetchall()}
            if told
            else set()
        )
        return {
            (number, rule): _Warning(since, gone_since, alert_id, home_id, alert_id in still, closed_at)
            for number, rule, since, gone_since, alert_id, home_id, closed_at in rows
        }

    def _judge(
        self,
        number: int,
        known: Known[Any],
        scopes: Mapping[str, list[Scope]],
        warned: Mapping[tuple[int, str], _Warning],
    ) -> None:
        look_at = daily.next_look(number, self._now, self._manner.timezone)
        for rule in self._kind.rules:
            warning = warned.get((number, rule.name))
            if warning is not None and warning.alert_id is not None and warning.home_id != known.place.home_id:
                # told of where it no longer is
                self._end(number, rule.name, warning, self._kind.not_here)
                warning = None
            limits, enabled = holding(rule, scopes.get(rule.name, ()), known.place)
            reading = rule.judge(known.facts, limits, self._now) if enabled and rule.judge is not None else GOOD
            insists_at = _insists_at(rule, warning)
            if warning is not None and insists_at is not None and reading.level is Level.BAD:
                if insists_at <= self._now:
                    self._end(number, rule.name, warning, GONE)
                    warning = None
                else:
                    look_at = min(look_at, insists_at)
            if warning is None and reading.level is not Level.BAD:
                # nearly all are well, and were
                look_at = look_at if reading.look_at is None else min(look_at, reading.look_at)
                continue
            standing = None if warning is None or not enabled else warning.standing
            moved = move(reading, standing, limits, self._now)
            if moved.standing is None:
                if warning is not None:
                    self._end(number, rule.name, warning, GONE if enabled else NOT_WANTED)
            else:
                alert_id = None if warning is None else warning.alert_id
                if moved.raises:
                    alert_id = self._kind.raise_alert(self._connection, known, rule.name, reading, self._now)
                    log.info("a warning was raised", rule=rule.name, alert=alert_id)
                if moved.standing.told:
                    look_at = min(look_at, self._now + WHILE_WARNED)
                kept = (moved.standing.since, moved.standing.gone_since, alert_id)
                if warning is None or kept != (warning.since, warning.gone_since, warning.alert_id):
                    self._written.kept.append((number, rule.name, *kept))
            if moved.look_at is not None:
                look_at = min(look_at, moved.look_at)
        # never in the past: it would be looked at without end
        self._written.next_looks.append((number, max(look_at, self._now + timedelta(seconds=1))))

    def _end_all(self, number: int, warned: Mapping[tuple[int, str], _Warning]) -> None:
        for (other, rule), warning in warned.items():
            if other == number:
                self._end(number, rule, warning, self._kind.not_here)

    def _end(self, number: int, rule: str, warning: _Warning, note: str) -> None:
        if warning.is_open and warning.alert_id is not None:
            desk.close(
                self._connection, alert_id=warning.alert_id, actor=SYSTEM, outcome=Outcome.OTHER,
                note=texts.gettext(self._manner.locale, note), now=self._now,
            )  # fmt: skip
        self._written.forgotten.append((number, rule))

    def _write(self) -> None:
        written = self._written
        if written.forgotten:
            ids, rules = (list(column) for column in zip(*written.forgotten, strict=True))
            self._connection.execute(self._kind.forget, {"ids": ids, "rules": rules})
        if written.kept:
            ids, rules, sinces, gones, alert_ids = (list(column) for column in zip(*written.kept, strict=True))
            self._connection.execute(
                self._kind.keep,
                {"ids": ids, "rules": rules, "sinces": sinces, "gones": gones, "alert_ids": alert_ids},
            )
        if written.next_looks:
            ids, look_ats = (list(column) for column in zip(*written.next_looks, strict=True))
            self._connection.execute(self._kind.again, {"ids": ids, "look_ats": look_ats})
