"""What does a care centre do in a month? Every look, call and visit, decided ahead by dice, and what follows from them.

It is the truth that the system's figures are held against: it keeps books of its own, and shares no code with what it judges.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

WEEK, MONTH, QUARTER = 7, 30, 90
"""Days within which somebody is to be seen: over 80 and alone; disabled or destitute; others (Inner Mongolia, 2022)."""
OLD = 80
DUE_H = 17
"""The local hour by which somebody is to be seen on his day."""
WORSE_WITHIN = timedelta(hours=24)
SERVED_SHARE = 0.3
"""Homes to which somebody comes once a week: a meal, cleaning."""
WINDOW = timedelta(hours=2)


class What(Enum):
    """What is done, at one instant."""

    LOOK = auto()
    NOBODY_ANSWERED = auto()
    CALL = auto()
    ASK = auto()
    ARRIVE = auto()
    COMPLETE = auto()
    FAIL = auto()
    CANCEL = auto()
    WORSE = auto()


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever lives in a home, and where that is."""

    resident_id: int
    home_id: int
    township: str
    born: date
    categories: frozenset[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done. `visit`: which visit a step is of; `service`, `due_from`, `due_to`: what is asked for."""

    at: datetime
    what: What
    person: Person
    visit: int = 0
    service: str = ""
    due_from: datetime | None = None
    due_to: datetime | None = None


@dataclass(slots=True)
class Books:
    """What the centre knows of its month itself."""

    seen_at: dict[int, datetime] = field(default_factory=dict)
    worse_at: dict[int, datetime] = field(default_factory=dict)
    by_look: set[int] = field(default_factory=set)
    by_visit: set[int] = field(default_factory=set)
    by_call: set[int] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    on_time: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    cancelled: int = 0


class Centre:
    """A centre's month. `run` yields what is done, in the order of time; `late` says who should have been seen by then."""

    def __init__(
        self, people: Sequence[Person], services: Sequence[str], *, start: datetime, days: int, zone: str, seed: int
    ) -> None:
        self.books = Books()
        self._people = people
        self._services = services
        self._start = start
        self._end = start + timedelta(days=days)
        self._zone = ZoneInfo(zone)
        self._dice = Random(seed)  # noqa: S311 - a story, not a secret
        self._ahead: list[tuple[datetime, int, Deed]] = []
        self._planned: set[int] = set()
        self._asked: dict[int, Deed] = {}
        self._in_time: set[int] = set()
        self._visits = count(1)
        self._turns = count()
        self._promise_services()
        self._let_some_grow_worse()

    def day(self, morning: datetime) -> None:
        """Plan a day: whoever is due by its end, and is in nobody's plan yet, is taken into one."""
        evening = morning + timedelta(days=1)
        for person in self._people:
            if person.home_id not in self._planned and self._due(person) <= evening:
                self._planned.add(person.home_id)
                self._plan(person, morning)

    def until(self, end: datetime) -> Iterator[Deed]:
        """Yield what is done before an instant, and write it into the books."""
        while self._ahead and self._ahead[0][0] < end:
            _, _, deed = heapq.heappop(self._ahead)
            self._happens(deed)
            yield deed

    def late(self, now: datetime) -> set[int]:
        """Return the homes where somebody should have been seen by now and was not."""
        return {person.home_id for person in self._people if person.since <= now and self._due(person) <= now}

    def _due(self, person: Person) -> datetime:
        seen = self.books.seen_at.get(person.home_id)
        last = max(person.since, seen or person.since)
        monthly = person.categories & {"disabled", "destitute"}
        dates = [self._evening(last, MONTH if monthly else QUARTER)]
        if "lives_alone" in person.categories:
            eighty = datetime.combine(person.born.replace(year=person.born.year + OLD), time(0), self._zone)
            dates.append(self._evening(max(last, eighty), WEEK))
        worse = self.books.worse_at.get(person.home_id)
        if worse is not None and (seen is None or seen < worse):
            dates.append(worse + WORSE_WITHIN)
        return min(dates)

    def _evening(self, last: datetime, days: int) -> datetime:
        day = last.astimezone(self._zone).date() + timedelta(days=days)
        return datetime.combine(day, time(DUE_H), self._zone).astimezone(UTC)

    # Plans --------------------------------------------------------------------------------------------------------

    def _plan(self, person: Person, morning: datetime) -> None:
        """Have somebody seen: nearly always in time, now and then late, and sometimes he is forgotten for long."""
        dice = self._dice
        chance = dice.random()
        days = 0 if chance < 0.93 else dice.randint(1, 3) if chance < 0.98 else dice.randint(5, 12)
        at = morning + timedelta(days=days, hours=2, seconds=dice.randrange(8 * 3600))
        way = dice.random()
        if way < 0.45:
            if dice.random() < 0.03:
                self._do(at, What.NOBODY_ANSWERED, person)
                at += timedelta(hours=dice.randint(1, 6))
            else:
                self._do(at, What.LOOK, person)
                return
        elif way < 0.65:
            self._do(at, What.CALL, person)
            return
        self._visit(person, "company", at - timedelta(hours=1), at, at + timedelta(minutes=dice.randint(25, 60)))

    def _promise_services(self) -> None:
        """To some homes somebody comes once a week, as a rule in time."""
        dice = self._dice
        for person in self._people:
            if dice.random() >= SERVED_SHARE:
                continue
            # not on the first day: it would have been asked for before the month began
            first = self._start + timedelta(days=dice.randrange(1, 8), hours=dice.randrange(1, 8))
            service = dice.choice(self._services)
            begins = first
            while begins < self._end:
                asked_at, ends = begins - timedelta(hours=12), begins + WINDOW
                chance = dice.random()
                visit = self._ask(person, service, asked_at, begins, ends)
                if chance < 0.02:
                    self._do(begins - timedelta(hours=2), What.CANCEL, person, visit)
                elif chance < 0.04:
                    self._do(begins + timedelta(minutes=20), What.FAIL, person, visit)
                else:
                    late = dice.randint(1, 180) if chance < 0.08 else -dice.randint(1, 119)
                    at = ends + timedelta(minutes=late)
                    self._come(person, visit, at, at + timedelta(minutes=dice.randint(40, 70)))
                begins += timedelta(days=7)

    def _let_some_grow_worse(self) -> None:
        dice = self._dice
        for person in dice.sample(list(self._people), max(1, len(self._people) // 200)):
            at = self._start + timedelta(days=dice.randrange(1, 25), hours=dice.randrange(24))
            self._do(at, What.WORSE, person)

    def _visit(self, person: Person, service: str, asked_at: datetime, begins: datetime, ends: datetime) -> None:
        self._come(person, self._ask(person, service, asked_at, None, None), begins, ends)

    def _ask(
        self, person: Person, service: str, at: datetime, due_from: datetime | None, due_to: datetime | None
    ) -> int:
        visit = next(self._visits)
        self._do(at, What.ASK, person, visit, service, due_from, due_to)
        return visit

    def _come(self, person: Person, visit: int, begins: datetime, ends: datetime) -> None:
        self._do(begins, What.ARRIVE, person, visit)
        self._do(ends, What.COMPLETE, person, visit)

    def _do(
        self,
        at: datetime,
        what: What,
        person: Person,
        visit: int = 0,
        service: str = "",
        due_from: datetime | None = None,
        due_to: datetime | None = None,
    ) -> None:
        deed = Deed(at, what, person, visit, service, due_from, due_to)
        heapq.heappush(self._ahead, (at, next(self._turns), deed))

    # Books --------------------------------------------------------------------------------------------------------

    def _happens(self, deed: Deed) -> None:
        books, home = self.books, deed.person.home_id
        match deed.what:
            case What.LOOK:
                books.by_look.add(home)
                self._is_seen(deed)
            case What.CALL:
                books.by_call.add(home)
                self._is_seen(deed)
            case What.ASK:
                self._asked[deed.visit] = deed
                books.asked[deed.service] += 1
            case What.ARRIVE:
                due_to = self._asked[deed.visit].due_to
                if due_to is not None and deed.at <= due_to:
                    self._in_time.add(deed.visit)
            case What.COMPLETE:
                service = self._asked[deed.visit].service
                books.done[service] += 1
                books.on_time[service] += deed.visit in self._in_time
                books.by_visit.add(home)
                self._is_seen(deed)
            case What.FAIL:
                books.failed += 1
            case What.CANCEL:
                books.cancelled += 1
            case What.WORSE:
                books.worse_at[home] = deed.at
                self._planned.discard(home)
            case What.NOBODY_ANSWERED:
                pass

    def _is_seen(self, deed: Deed) -> None:
        self.books.seen_at[deed.person.home_id] = deed.at
        self._planned.discard(deed.person.home_id)
