"""A village for stories: its verbs are the domain's, its database real, its time the story's.

A press goes through the real format, inbox and desk; the engine and the outbox are the real ones; phones answer through
the code that Twilio's webhook calls. Only the wires are short: no broker, no HTTP.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from psycopg_pool import ConnectionPool

from alerts import answers, desk, dispatch, engine, outbox, sending, silences
from alerts.channels.phones import PhonesOnScreen
from alerts.engine import EngineSettings
from alerts.model import Actor
from alerts.visits import Proof
from devices.formats import anju
from gateway import inbox
from gateway.client import Heard
from gateway.inbox import Registry
from tests.clock import StoryClock

SETTINGS = EngineSettings(locale="zh-CN", public_url="https://anju.example", sms="outbox")
OPERATOR = Actor("operator", "console", username="operator")
_SPANS = {"s": "seconds", "min": "minutes", "h": "hours"}


def step(after: int | str, who: str) -> tuple[int, str]:
    """Return a policy's step: `step(0, "lan")`, `step("5 min", "mei")`."""
    if isinstance(after, int):
        return after, who
    amount, unit = after.split()
    return int(timedelta(**{_SPANS[unit]: int(amount)}).total_seconds()), who


@dataclass
class Village:
    """Areas, homes, phones and the passing of time."""

    pool: ConnectionPool[Any]
    clock: StoryClock
    homes: list["Home"] = field(default_factory=list)
    phones: dict[str, "Phone"] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        tree = [("city", "city", None), ("county", "county", "city"), ("town", "township", "county")]
        for code, level, parent in tree:
            self.area(code, level, parent)

    def area(self, code: str, level: str = "village", parent: str | None = "town") -> str:
        """Make an area and return its code."""
        self.run(
            "insert into areas (code, name, level, parent, path) values (%(code)s, %(code)s, %(level)s, %(parent)s,"
            " coalesce((select path from areas where code = %(parent)s), '/') || %(code)s || '/')"
            " on conflict do nothing",
            code=code, level=level, parent=parent,
        )  # fmt: skip
        return code

    def home(self, area: str, policy: list[tuple[int, str]] | None = None, resident: str = "张桂英") -> "Home":
        """Make a home with a button and a resident, in an area with a policy."""
        self.area(area)
        if policy is not None:
            self.policy(area, policy)
        number = next(self._numbers)
        address = f"3组 {number}号"
        home_id = self.one(
            "insert into homes (area, address, created_at) values (%(area)s, %(address)s, %(now)s) returning id",
            area=area, address=address,
        )  # fmt: skip
        self.run(
            "insert into residents (home_id, name, created_at) values (%(home)s, %(name)s, %(now)s)",
            home=home_id, name=resident,
        )  # fmt: skip
        home = Home(self, home_id, address, area, f"btn-{number:04}")
        self.device(home.button, home_id, "button")
        self.homes.append(home)
        return home

    def device(self, uid: str, home_id: int, kind: str) -> None:
        """Register a device."""
        device_id = self.one(
            "insert into devices (uid, kind, home_id, created_at) values (%(uid)s, %(kind)s, %(home)s, %(now)s)"
            " returning id",
            uid=uid, kind=kind, home=home_id,
        )  # fmt: skip
        self.run("insert into device_latest (device_id, state_since) values (%(id)s, %(now)s)", id=device_id)

    def policy(self, area: str, steps: list[tuple[int, str]], repeat: int = 0, **when: object) -> None:
        """Give an area its order of whom to tell; `when`: kinds, severities, hours_from, hours_to (in Shanghai)."""
        policy_id = self.one(
            "insert into policies (area, repeat, kinds, severities, hours_from, hours_to, hours_timezone)"
            " values (%(area)s, %(repeat)s, %(kinds)s, %(severities)s, %(hours_from)s, %(hours_to)s,"
            " case when %(hours_from)s::time is not null then 'Asia/Shanghai' end) returning id",
            area=area, repeat=repeat,
            **({"kinds": None, "severities": None, "hours_from": None, "hours_to": None} | when),
        )  # fmt: skip
        for position, (after_s, who) in enumerate(steps):
            self.run(
                "insert into policy_steps (policy_id, position, after_s, staff_id)"
                " values (%(policy)s, %(position)s, %(after_s)s, %(staff)s)",
                policy=policy_id, position=position, after_s=after_s, staff=self.phone(who).staff_id,
            )  # fmt: skip

    def rota(self, area: str, members: list[int], start: str) -> None:
        """Give an area a policy of one step: whoever has the day, each member in turn."""
        rota_id = self.one(
            "insert into rotas (name, area, timezone, kind, length, start)"
            " values ('days', %(area)s, 'Asia/Shanghai', 'daily', 1, %(start)s) returning id",
            area=area, start=start,
        )  # fmt: skip
        self.run(
            "insert into rota_members (rota_id, position, staff_id)"
            " select %(rota)s, nth, staff_id from unnest(%(members)s::bigint[]) with ordinality as each (staff_id, nth)",
            rota=rota_id, members=members,
        )  # fmt: skip
        policy_id = self.one("insert into policies (area) values (%(area)s) returning id", area=area)
        self.run(
            "insert into policy_steps (policy_id, position, after_s, rota_id) values (%(policy)s, 0, 0, %(rota)s)",
            policy=policy_id, rota=rota_id,
        )  # fmt: skip

    def phone(self, name: str) -> "Phone":
        """Return the phone of a staff member, hired at first mention."""
        if name not in self.phones:
            number = f"+4915100000{len(self.phones):03}"
            staff_id = self.one(
                "insert into staff (name, phone, area, created_at) values (%(name)s, %(phone)s, 'city', %(now)s)"
                " returning id",
                name=name, phone=number,
            )  # fmt: skip
            self.phones[name] = Phone(self, name, number, staff_id)
        return self.phones[name]

    def silence(
        self, area: str, *, hours: int, kinds: list[str] | None = None, reason: str = "the tower is mended"
    ) -> int:
        """Let an area be silent for some hours from now on; returns the silence's id."""
        now = self.clock.now()
        with self.pool.connection() as connection:
            return silences.begin(
                connection, area=area, kinds=kinds, start=now, end=now + timedelta(hours=hours), reason=reason,
                actor=OPERATOR, now=now,
            )  # fmt: skip

    def alert(self, alert_id: int) -> "Alert":
        """Return an alert as it is now."""
        row = self.all(
            "select id, state, count, severity, outcome, next_step_at from alerts where id = %(id)s", id=alert_id
        )
        return Alert(self, *row[0])

    def forward(self, *, seconds: int = 0, minutes: int = 0, hours: int = 0) -> None:
        """Let time pass, second by second where something may be due, and let the engine see it."""
        end = self.clock.now() + timedelta(seconds=seconds, minutes=minutes, hours=hours)
        self.settle()
        while self.clock.now() < end:
            due = self.next_due()
            self.clock.forward(min(end, max(due, self.clock.now() + timedelta(seconds=1))) - self.clock.now())
            self.settle()

    def next_due(self) -> datetime:
        """Return when the next row is due."""
        found = self.one(
            "select least((select min(due_at) from alerts where state <> 'closed'),"
            " (select min(next_attempt_at) from messages), (select min(held_until) from messages))"
        )
        return found if found is not None else self.clock.now() + timedelta(days=1)

    def settle(self) -> None:
        """Let the engine and the outbox do what is due now."""
        while self._decide() or self._send():
            pass

    def _decide(self) -> int:
        with self.pool.connection() as connection:
            now = self.clock.now()
            sent = sending.tell(connection, settings=SETTINGS, now=now)
            return sent + engine.run_due(connection, settings=SETTINGS, now=now)

    def _send(self) -> int:
        with self.pool.connection() as connection:
            claimed = outbox.claim(connection, limit=100, now=self.clock.now())
        for message in claimed:
            result = outbox.send(PhonesOnScreen(), message, self.clock.now())
            with self.pool.connection() as connection:
                outbox.store(connection, message, result, self.clock.now())
        return len(claimed)

    def run(self, query: str, **values: object) -> None:
        """Run a statement of the fixture's own."""
        with self.pool.connection() as connection:
            connection.execute(query.encode(), {"now": self.clock.now(), **values})

    def one(self, query: str, **values: object) -> Any:
        """Return the one value of a query of the fixture's own."""
        with self.pool.connection() as connection:
            row = connection.execute(query.encode(), {"now": self.clock.now(), **values}).fetchone()
        return row[0] if row else None

    def all(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the fixture's own."""
        with self.pool.connection() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def everybody_has_heard(self) -> None:
        """Of this story only what happened counts, not each message."""
        for phone in self.phones.values():
            phone.seen = len(phone.messages())

    def nobody_heard_more(self) -> None:
        """Fail on any message that no step of the story expected."""
        unexpected = [
            f"{phone.name}: {text}" for phone in self.phones.values() for _, text in phone.messages()[phone.seen :]
        ]
        assert not unexpected, f"messages nobody expected: {unexpected}"


@dataclass
class Home:
    """A home with a button."""

    village: Village
    id: int
    address: str
    area: str
    button: str
    presses: int = 0

    def press(self, call: str | None = None, **said: object) -> str:
        """Press the button; return the call's id."""
        call_id = self.presses_unseen(call, **said)
        self.village.settle()
        return call_id

    def presses_unseen(self, call: str | None = None, **said: object) -> str:
        """Press the button; the engine has not looked yet."""
        self.presses += 1
        call_id = call or f"press-{self.presses}"
        self._says("help", msgspec.json.encode({"id": call_id, **said}))
        return call_id

    def says(self, leaf: str, payload: bytes, uid: str | None = None) -> None:
        """Publish under the button's topic."""
        self._says(leaf, payload, uid)
        self.village.settle()

    def _says(self, leaf: str, payload: bytes, uid: str | None = None) -> None:
        village = self.village
        topic = anju.topic_of(uid or self.button, leaf)
        heard = Heard(topic, payload, retained=False, received_at=village.clock.now(), mid=1, qos=1, session=1)
        with village.pool.connection() as connection:
            if leaf in anju.HELP_LEAVES:
                inbox.take_urgent(connection, [heard], village.clock.now())
            inbox.take_bulk(connection, [heard], Registry(), village.clock.now())

    def warns(self, kind: str) -> "Alert":
        """An early warning is raised for this home, by hand here; returns its alert."""
        alert_id = self.warns_unseen(kind)
        self.village.settle()
        return self.village.alert(alert_id)

    def warns_unseen(self, kind: str) -> int:
        """The same, and the engine has not looked yet; returns the alert's number."""
        village = self.village
        with village.pool.connection() as connection:
            return desk.raise_by_hand(
                connection, kind=kind, home_id=self.id, resident_id=None, text=None, actor=OPERATOR,
                now=village.clock.now(),
            )  # fmt: skip

    def alert(self) -> "Alert":
        """Return the home's newest alert."""
        row = self.village.all(
            "select id, state, count, severity, outcome, next_step_at from alerts where home_id = %(home)s"
            " order by id desc limit 1",
            home=self.id,
        )
        assert row, f"no alert of {self.address}"
        return Alert(self.village, *row[0])

    def alerts(self) -> int:
        """Return how many alerts the home ever had."""
        return int(self.village.one("select count(*) from alerts where home_id = %(home)s", home=self.id))

    def heard(self, call: str | None = None) -> list[str]:
        """Return the steps the home was told, for one call or for all, in order."""
        return [
            row[0]
            for row in self.village.all(
                "select state from home_replies where device_uid = %(uid)s"
                " and (%(call)s::text is null or call_id = %(call)s) order by id",
                uid=self.button,
                call=call,
            )
        ]


@dataclass
class Alert:
    """An alert as the database has it at this moment."""

    village: Village
    id: int
    state: str
    count: int
    severity: str
    outcome: str | None
    next_step_at: datetime | None

    def timeline(self) -> list[str]:
        """Return what happened, in order."""
        rows = self.village.all("select what from alert_timeline where alert_id = %(id)s order by id", id=self.id)
        return [row[0] for row in rows]

    def written(self) -> list[tuple[str, str, str]]:
        """Return the lines of the timeline as (hour and minute in Shanghai, what, who or where and how)."""
        rows = self.village.all(
            "select to_char(at at time zone 'Asia/Shanghai', 'HH24:MI'), what, concat_ws(' ', detail ->> 'name',"
            " detail ->> 'channel', detail ->> 'area') from alert_timeline where alert_id = %(id)s order by id",
            id=self.id,
        )
        return [(at, what, words) for at, what, words in rows]

    def detail(self, what: str) -> dict[str, Any]:
        """Return the particulars of the last line of that kind."""
        found = self.village.all(
            "select detail from alert_timeline where alert_id = %(id)s and what = %(what)s order by id desc limit 1",
            id=self.id,
            what=what,
        )
        return dict(found[0][0])

    def now(self) -> "Alert":
        """Return it as it is by now."""
        return self.village.alert(self.id)

    def snooze(self, *, minutes: int) -> None:
        """Put it off at the console."""
        now = self.village.clock.now()
        with self.village.pool.connection() as connection:
            desk.snooze(connection, alert_id=self.id, until=now + timedelta(minutes=minutes), actor=OPERATOR, now=now)

    def reopen(self) -> "Alert":
        """Open it again at the console; returns the alert that is open then."""
        with self.village.pool.connection() as connection:
            open_id = desk.reopen(connection, alert_id=self.id, actor=OPERATOR, now=self.village.clock.now())
        self.village.settle()
        return self.village.alert(open_id)

    def escalate(self) -> None:
        """Pass it on at the console."""
        with self.village.pool.connection() as connection:
            desk.escalate(connection, alert_id=self.id, actor=OPERATOR, now=self.village.clock.now())
        self.village.settle()

    def accept_at_desk(self) -> None:
        """The operator takes it himself, and sends nobody yet."""
        with self.village.pool.connection() as connection:
            desk.accept(connection, alert_id=self.id, actor=OPERATOR, now=self.village.clock.now())

    def visit(self) -> int:
        """Return the id of its newest visit."""
        return int(self.village.one("select max(id) from visits where alert_id = %(id)s", id=self.id))

    def accept(self, name: str) -> None:
        """Accept in the name of a responder, at the console."""
        phone = self.village.phone(name)
        actor = Actor(name, "console", staff_id=phone.staff_id)
        with self.village.pool.connection() as connection:
            desk.accept(connection, alert_id=self.id, actor=actor, now=self.village.clock.now())

    def visit_step(self, verb: str, name: str, **more: Any) -> None:
        """Take a step of its visit: depart, arrive, complete, fail."""
        actor = Actor(name, "phone", staff_id=self.village.phone(name).staff_id)
        if verb in ("arrive", "complete"):
            more.setdefault("proof", Proof())
        with self.village.pool.connection() as connection:
            getattr(dispatch, verb)(
                connection, visit_id=self.visit(), actor=actor, now=self.village.clock.now(), **more
            )

    def close(self, outcome: str, **more: Any) -> None:
        """Close it at the console."""
        with self.village.pool.connection() as connection:
            desk.close(
                connection, alert_id=self.id, actor=OPERATOR, outcome=outcome, now=self.village.clock.now(), **more
            )


@dataclass
class Phone:
    """A staff member's phone."""

    village: Village
    name: str
    number: str
    staff_id: int
    seen: int = 0

    def messages(self) -> list[tuple[str, str]]:
        """Return (channel, text) of everything that reached this phone, in order."""
        return [
            (row[0], row[1])
            for row in self.village.all(
                "select channel, text from messages where staff_id = %(staff)s and state = 'delivered' order by id",
                staff=self.staff_id,
            )
        ]

    def expect_sms(self, *words: str) -> "Phone":
        """The next message is an SMS with these words."""
        arrived = self.messages()[self.seen :]
        assert arrived, f"{self.name} got no SMS with {words}"
        channel, text = arrived[0]
        assert channel == "sms"
        for word in words:
            assert word in text, f"{word!r} is not in {text!r}"
        self.seen += 1
        return self

    def expect_call(self) -> "Phone":
        """The next message is a voice call."""
        arrived = self.messages()[self.seen :]
        assert arrived, f"{self.name} was not called"
        assert arrived[0][0] == "voice"
        self.seen += 1
        return self

    def silent(self) -> None:
        """Nothing more has arrived."""
        assert len(self.messages()) == self.seen, f"{self.name} got {self.messages()[self.seen :]}"

    def press_key(self, digit: str) -> str:
        """Press a key in a voice call; returns the words that are said."""
        return self.reply(digit, channel="voice")

    def reply(self, body: str, sid: str | None = None, channel: str = "sms") -> str:
        """Answer by SMS; returns the words that come back."""
        with self.village.pool.connection() as connection:
            words = answers.answer(
                connection,
                sender=self.number,
                body=body,
                sid=sid or f"SM{self.village.clock.now().timestamp()}{body}{self.name}",
                channel=channel,
                now=self.village.clock.now(),
            )
        self.village.settle()
        return words
