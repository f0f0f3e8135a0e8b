"""What does one look of the engine write? Messages and lines of timelines, gathered, and written in a few statements.

A message that a limit holds back is written all the same, with the time at which it may leave (`held_until`); `holding`
lets it go. Two engines that tell the same responder in the same moment do not see each other's messages: a limit may
then be passed by one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts import bundles, limits, own_channels, texts
from alerts.channels import countries
from alerts.channels.countries import Profile
from alerts.due import Due, Words
from alerts.limits import Left, Limit
from alerts.model import Severity
from alerts.policy import Responder
from storage import sql

queries = sql.load("alerts")

TRUE_FOR = timedelta(minutes=30)
"""A call for help that could not leave for this long is not sent late: by then the alert has climbed."""
REPEATS_LET_THROUGH = 2
"""Of one wording to one number in 24 hours; carriers in mainland China refuse the third (Twilio's guidelines)."""
SMS = "sms"
TELL, RETELL, REMIND, INFORM = "tell", "retell", "remind", "inform"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the words of a message depend on, and by which clock the shifts without a rota change."""

    locale: str
    public_url: str
    sms: str
    timezone: str = "Asia/Shanghai"
    voice: bool = True


@dataclass(frozen=True, slots=True)
class _Person:
    """Whom a message goes to."""

    id: int
    name: str
    phone: str
    language: str
    has_own: bool


@dataclass(frozen=True, slots=True)
class _Wish:
    """Somebody is to be told of an alert."""

    alert: Due
    responder: Responder
    purpose: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a timeline."""

    alert_id: int
    what: str
    detail: dict[str, Any]


class Telling:
    """What a look wants told and written down, in order."""

    def __init__(self, settings: EngineSettings, words: dict[int, Words], now: datetime) -> None:
        self._settings = settings
        self._words = words
        self._now = now
        self._wishes: list[_Wish | _Line] = []
        self._lines: list[_Line] = []
        self._messages: list[tuple[Any, ...]] = []
        self._left: dict[int, list[Left]] = defaultdict(list)
        self._held: set[tuple[int, int, str]] = set()
        self._limits: Sequence[Limit] = ()

    def line(self, alert_id: int, what: str, detail: dict[str, Any] | None = None) -> None:
        """Write a line on an alert's timeline."""
        self._wishes.append(_Line(alert_id, what, detail or {}))

    def tell(self, alert: Due, people: Sequence[Responder], purpose: str) -> None:
        """Tell people of an alert, each by each of his channels."""
        self._wishes += [_Wish(alert, each, purpose) for each in people]

    def write(self, connection: Connection[Any]) -> set[int]:
        """Write all of it; return the alerts of which a message leaves now or soon, not counting those held back."""
        wishes = [each for each in self._wishes if isinstance(each, _Wish)]
        people = self._people(connection, wishes)
        self._look_back(connection, wishes)
        told: set[int] = set()
        for each in self._wishes:
            if isinstance(each, _Line):
                self._lines.append(each)
            elif each.responder.staff_id in people:
                person = people[each.responder.staff_id]
                by_phone = self._one(connection, each, person)
                by_own = person.has_own and each.purpose != INFORM and self._own(connection, each, person)
                if by_phone or by_own:
                    told.add(each.alert.id)
        if self._messages:
            connection.execute(queries.write_messages, _columns(self._messages, _MESSAGE))
            connection.execute(queries.wake_outbox)
        write_lines(connection, [(each.alert_id, each.what, each.detail) for each in self._lines], self._now)
        return told

    def _people(self, connection: Connection[Any], wishes: Sequence[_Wish]) -> dict[int, _Person]:
        ids = list({each.responder.staff_id for each in wishes})
        if not ids:
            return {}
        rows = connection.execute(queries.staff_to_write_to, {"staff_ids": ids, "locale": self._settings.locale})
        return {row[0]: _Person(*row) for row in rows.fetchall()}

    def _look_back(self, connection: Connection[Any], wishes: Sequence[_Wish]) -> None:
        """Read the limits and what left before, where anything may be held back at all."""
        staff_ids = sorted({each.responder.staff_id for each in wishes if each.alert.may_wait})
        if not staff_ids:
            return
        # another engine that tells one of them meanwhile is waited for, or each would count without the other's
        connection.execute(queries.lock_limits, {"staff_ids": staff_ids})
        self._limits = read_limits(connection)
        since = self._now - limits.look_back(self._limits)
        for staff_id, alert_id, channel, purpose, at, held in connection.execute(
            queries.messages_before, {"staff_ids": staff_ids, "since": since}
        ).fetchall():
            if held:
                self._held.add((alert_id, staff_id, channel))
            else:
                self._left[staff_id].append(Left(channel, purpose, at))

    def _one(self, connection: Connection[Any], wish: _Wish, person: _Person) -> bool:
        """Write the messages of one wish; return whether any of them leaves."""
        leaves = False
        works = countries.profile(person.phone, self._settings.sms)
        urgent = wish.alert.severity == Severity.CRITICAL and wish.purpose in (TELL, RETELL)
        ways = countries.ways(wish.responder.channels, works, urgent=urgent, voice=self._settings.voice)
        text = self._text(wish, person, works, calls="voice" in ways)
        if wish.alert.round or wish.alert.step or wish.purpose != TELL:
            text = self._unlike_earlier(connection, text, person)
        for number, channel in enumerate(ways):
            # a call that a country needs beside the text does not wait: it is what answers
            waits = number if channel in wish.responder.channels else 0
            at = self._now + waits * timedelta(seconds=wish.responder.channel_delay_s)
            detail: dict[str, Any] = {"name": person.name, "channel": channel, "staff": person.id}
            held_until = self._held_until(wish, channel, person, at)
            if held_until is not None:
                if (wish.alert.id, person.id, channel) in self._held:
                    continue
                self._held.add((wish.alert.id, person.id, channel))
                detail["until"] = held_until.isoformat()
                self._line_after(wish, "held", detail)
            elif at > self._now:
                leaves = True
                detail["at"] = at.isoformat()
                self._line_after(wish, "tell_later", detail)
            else:
                leaves = True
                self._line_after(wish, "told" if wish.purpose == TELL else f"told_{wish.purpose}", detail)
            self._message(wish, channel, person, at, held_until, text)
        return leaves

    def _own(self, connection: Connection[Any], wish: _Wish, person: _Person) -> bool:
        """Write a message for each of a person's own channels that is not quiet; they are beside all limits."""
        text = self._text(wish, person, Profile(replies=False, links=True), calls=False)
        kinds = own_channels.tell(
            connection, staff_id=person.id, alert_id=wish.alert.id, purpose=wish.purpose, text=text,
            language=person.language, severity=wish.alert.severity, now=self._now, expires_at=self._now + TRUE_FOR,
        )  # fmt: skip
        for kind in kinds:
            detail = {"name": person.name, "channel": kind, "staff": person.id}
            self._line_after(wish, "told" if wish.purpose == TELL else f"told_{wish.purpose}", detail)
        if kinds:
            connection.execute(queries.wake_outbox)
        return bool(kinds)

    def _unlike_earlier(self, connection: Connection[Any], text: str, person: _Person) -> str:
        """Return the text so that carriers do not take it for a repeat: the third of one wording in a day is refused."""
        row = connection.execute(
            queries.same_text_lately,
            {"phone": person.phone, "text": text, "since": self._now - timedelta(days=1)},
        ).fetchone()
        return texts.numbered(person.language, text, row[0] + 1) if row and row[0] >= REPEATS_LET_THROUGH else text

    def _held_until(self, wish: _Wish, channel: str, person: _Person, at: datetime) -> datetime | None:
        if not wish.alert.may_wait or wish.purpose not in (TELL, RETELL):
            return None
        may_leave = limits.may_leave_at(self._limits, self._left[person.id], channel, wish.purpose, at)
        return may_leave if may_leave > at else None

    def _line_after(self, wish: _Wish, what: str, detail: dict[str, Any]) -> None:
        self._lines.append(_Line(wish.alert.id, what, detail))

    def _message(
        self, wish: _Wish, channel: str, person: _Person, at: datetime, held_until: datetime | None, text: str
    ) -> None:
        if held_until is None:
            self._left[person.id].append(Left(channel, wish.purpose, at))
        self._messages.append(
            (
                wish.alert.id, person.id, person.phone, channel, wish.purpose, text, person.language,
                texts.segments(text) if channel == SMS else 1, wish.alert.severity, self._now,
                at if held_until is None else None, (held_until or at) + TRUE_FOR, held_until,
            )
        )  # fmt: skip

    def _text(self, wish: _Wish, person: _Person, profile: Profile, *, calls: bool) -> str:
        alert, words = wish.alert, self._words[wish.alert.id]
        waited_min = int((self._now - alert.raised_at).total_seconds() // 60)
        if wish.purpose == REMIND:
            return texts.remind(
                person.language, kind=alert.kind, who=words.who, where=words.where, number=alert.id,
                waited_min=waited_min, replies=profile.replies,
            )  # fmt: skip
        if wish.purpose == INFORM:
            return bundles.taken_back(person.language, number=alert.id, kind=alert.kind)
        return texts.tell(
            person.language,
            kind=alert.kind,
            who=words.who,
            where=words.where,
            number=alert.id,
            link=f"{self._settings.public_url}/alerts/{alert.id}" if profile.links else None,
            replies=profile.replies,
            calls=calls,
            test=alert.test,
            times=alert.count,
            waited_min=waited_min,
        )


_MESSAGE = (
    "alert_ids", "staff_ids", "recipients", "channels", "purposes", "texts", "languages", "segments", "severities",
    "created_at", "next_attempt_at", "expires_at", "held_until",
)  # fmt: skip


def write_lines(connection: Connection[Any], lines: Sequence[tuple[int, str, dict[str, Any]]], now: datetime) -> None:
    """Write lines of several timelines, by the system itself, in order."""
    if lines:
        rows = [(alert_id, what, Jsonb(detail)) for alert_id, what, detail in lines]
        connection.execute(queries.write_timelines, {**_columns(rows, ("alert_ids", "whats", "details")), "at": now})


def read_limits(connection: Connection[Any]) -> list[Limit]:
    """Return the limits that hold for every responder."""
    rows = connection.execute(queries.limits).fetchall()
    return [
        Limit(channel, purpose, at_most, timedelta(seconds=within_s)) for channel, purpose, at_most, within_s in rows
    ]


def _columns(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Return rows as columns by name, as `unnest` takes them."""
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
