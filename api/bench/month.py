"""Does nobody fall through in a month of a county? Played with injected time, and held against the centre's own books.

Every evening each home where somebody should have been seen by then must have an open warning, and no other home one. At the
end coverage and the share of services done must be the centre's, to the last visit.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import dispatch, rounds, warnings
from alerts.care import procedure
from alerts.model import Actor
from alerts.rounds import LookResult
from alerts.visits import Proof
from api import village
from api.bench import system
from api.bench.centre import Centre, Deed, Person, What
from api.bench.figures import table
from api.bench.system import Say
from api.context import Principal
from api.work.reports import coverage, services
from api.work.reports.counting import Manner
from api.work.reports.scope import Scope
from storage import sql

queries = sql.load("api.bench")

ZONE = "Asia/Shanghai"
START = datetime(2026, 11, 1, 22, tzinfo=UTC)
"""Six in the morning; there is no festival in November, which would ask for everybody more often."""
DAYS = 30
SEED = 1
BEFORE = timedelta(days=90)
"""Over so many days before it people became the centre's duty: they are not all due at once."""
EVENING = timedelta(hours=14)
LOOK_EVERY = timedelta(hours=2)
CENTRE = Actor("centre", "bench")
DUTY = Principal(0, "bench", "admin", None, "%", None, None, top=True)


@dataclass(slots=True)
class MonthFigures:
    """What was found. `missed`: late homes without a warning, `wrong`: warnings where nobody is late, over all evenings."""

    homes: int
    evenings: int = 0
    late: int = 0
    missed: int = 0
    wrong: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    compared: list[tuple[str, int, int]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def differences(self) -> int:
        """How often the system and the books disagree."""
        return self.missed + self.wrong + sum(told != true for _, told, true in self.compared)

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        done = ", ".join(f"{count:,} {name}" for name, count in sorted(self.deeds.items()))
        return [
            *table(
                ["figure", "reported", "the centre's books"], [[n, f"{a:,}", f"{b:,}"] for n, a, b in self.compared]
            ),
            "",
            f"{self.homes:,} homes, {DAYS} days in {self.seconds / 60:.1f} minutes: {done}",
            f"of {self.evenings} evenings: {self.late:,} times a home was late, {self.missed} without a warning;"
            f" {self.wrong} warnings where nobody was",
            f"differences: {self.differences}",
        ]


def measure(*, homes: int, say: Say) -> MonthFigures:
    """Let a county of so many homes live through a month."""
    with system.brought_up(say) as measured, measured.connect() as connection:
        say(f"registering {homes:,} homes")
        with connection.transaction():
            village.seed(connection, homes=homes, seed=SEED, now=START - BEFORE, timezone=ZONE, locale="zh-CN")
        connection.execute(queries.spread_residents, {"start": START, "days": BEFORE.days})
        connection.execute(queries.refresh_statistics)
        month = _Month(connection, MonthFigures(homes), say)
        began = time.monotonic()
        month.play()
        month.compare()
        month.figures.seconds = time.monotonic() - began
    return month.figures


class _Month:
    """A month that is played."""

    def __init__(self, connection: Connection[Any], figures: MonthFigures, say: Say) -> None:
        self.figures = figures
        self._connection = connection
        self._say = say
        people = [
            Person(resident_id, home_id, township, born, frozenset(categories), since)
            for resident_id, home_id, township, born, categories, since in connection.execute(queries.people_of_county)
        ]
        offered = [code for (code,) in connection.execute(queries.services_offered)]
        self._centre = Centre(people, offered, start=START, days=DAYS, zone=ZONE, seed=SEED)
        self._visits: dict[int, int] = {}
        self._rounds: dict[tuple[object, str], int] = {}
        self._staff = dict(connection.execute(queries.staff_by_township).fetchall())

    def play(self) -> None:
        """Play it, two hours at a time; hold the warnings against the books every evening."""
        self._look(START)
        for number in range(DAYS):
            morning = START + timedelta(days=number)
            self._centre.day(morning)
            at = morning
            while at < morning + timedelta(days=1):
                at += LOOK_EVERY
                self._do(self._centre.until(at))
                self._look(at)
                if at == morning + EVENING:
                    self._judge(at)
            self._say(f"day {number + 1} of {DAYS}: {self.figures.missed + self.figures.wrong} differences")

    def _do(self, deeds: Iterable[Deed]) -> None:
        with self._connection.transaction():
            for deed in deeds:
                self._do_one(deed)
                self.figures.deeds[deed.what.name.lower().replace("_", " ")] += 1

    def _do_one(self, deed: Deed) -> None:
        connection, now, home_id = self._connection, deed.at, deed.person.home_id
        match deed.what:
            case What.LOOK | What.NOBODY_ANSWERED:
                result = LookResult.WELL if deed.what is What.LOOK else LookResult.NO_ANSWER
                rounds.look(
                    connection, round_id=self._round(deed), home_id=home_id, result=result, note=None, at=None,
                    actor=CENTRE, now=now,
                )  # fmt: skip
            case What.CALL:
                procedure.note_seen(
                    connection, resident_id=deed.person.resident_id, how="telephone", at=now, note=None, actor=CENTRE,
                    now=now,
                )  # fmt: skip
            case What.ASK:
                self._visits[deed.visit] = dispatch.request(
                    connection, home_id=home_id, service=deed.service, due_from=deed.due_from, due_to=deed.due_to,
                    staff_id=self._staff[deed.person.township], note=None, actor=CENTRE, now=now,
                )  # fmt: skip
            case What.ARRIVE:
                dispatch.arrive(connection, visit_id=self._visits[deed.visit], actor=CENTRE, proof=Proof(), now=now)
            case What.COMPLETE:
                dispatch.complete(
                    connection,
                    visit_id=self._visits[deed.visit],
                    actor=CENTRE,
                    proof=Proof(),
                    outcome="helped",
                    now=now,
                )
            case What.FAIL:
                dispatch.fail(connection, visit_id=self._visits[deed.visit], actor=CENTRE, reason=None, now=now)
            case What.CANCEL:
                dispatch.cancel(connection, visit_id=self._visits[deed.visit], actor=CENTRE, reason=None, now=now)
            case What.WORSE:
                connection.execute(queries.grows_worse, {"resident_id": deed.person.resident_id, "at": now})

    def _round(self, deed: Deed) -> int:
        """Return the round of a look: one a home, as the books know of no rounds."""
        return rounds.begin(
            self._connection, area=deed.person.township, name=None, staff_id=None, home_ids=[deed.person.home_id],
            actor=CENTRE, now=deed.at,
        )  # fmt: skip

    def _look(self, now: datetime) -> None:
        manner = warnings.Manner("zh-CN", ZONE)
        looked = 1
        while looked:
            with self._connection.transaction():
                looked = warnings.look_at_homes(self._connection, manner=manner, now=now)

    def _judge(self, now: datetime) -> None:
        warned = {home_id for (home_id,) in self._connection.execute(queries.homes_warned_of_gaps)}
        late = self._centre.late(now)
        self.figures.evenings += 1
        self.figures.late += len(late)
        self.figures.missed += len(late - warned)
        self.figures.wrong += len(warned - late)

    def compare(self) -> None:
        """Hold the reports of the month against the books."""
        end = START + timedelta(days=DAYS)
        about = Scope(DUTY, None, None, "/", None, START, end, end)
        seen = coverage.read(self._connection, about, Manner(ZONE)).total
        served = services.read(self._connection, about, Manner(ZONE))
        books = self._centre.books
        self.figures.compared += [
            ("homes seen", seen.homes_seen, len(books.by_look | books.by_visit | books.by_call)),
            ("homes seen by look", seen.homes_seen_by_look, len(books.by_look)),
            ("homes seen by visit", seen.homes_seen_by_visit, len(books.by_visit)),
            ("homes seen by call", seen.homes_seen_by_call, len(books.by_call)),
            ("visits asked for", served.total.asked, sum(books.asked.values())),
            ("visits done", served.total.done, sum(books.done.values())),
            ("visits done on time", served.total.done_on_time, sum(books.on_time.values())),
            ("visits failed", served.total.failed, books.failed),
            ("visits cancelled", served.total.cancelled, books.cancelled),
        ]
        for each in served.services:
            code = each.service or ""
            self.figures.compared.append((f"{code} asked for", each.asked, books.asked[code]))
            self.figures.compared.append((f"{code} done", each.done, books.done[code]))
