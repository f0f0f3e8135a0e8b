"""Does anybody fall through in a month of a county? Time is injected; a count of its own from raw rows says who was missed."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import staffing, warnings
from alerts.warnings import Manner
from api.bench import system
from api.bench.figures import table
from api.bench.system import Say
from devices import registry
from storage import sql

queries = sql.load("api.bench")

COUNTY = "county"
HOMES_OF_A_VILLAGE = 200
BEGIN = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
"""Eight in the morning there; a month without a festival."""
DAYS = 31
FORGOTTEN = 0.2
"""This share of those who are to be seen is forgotten that day."""
LOOKS_AT = (timedelta(hours=8), timedelta(hours=9), timedelta(hours=13))
"""Of a day: before the hour by which people are to be seen, at it, and in the evening."""
MANNER = Manner("zh-CN", "Asia/Shanghai")


@dataclass(slots=True)
class _Page:
    """A home in the simulator's own book: how often somebody goes there, and when he last did."""

    every_days: int
    seen_on: date
    gone_to: bool = False


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What came of it. `missed`: days of homes at which somebody was missed by the count; `unwarned`: of those without an open
    warning; `in_vain`: warnings where nobody was missed; `seen`: homes somebody went to by the simulator's book;
    `seen_otherwise`: homes of which book and what is kept disagree."""

    homes: int
    residents: int
    took_s: float
    most_open: int
    missed: int
    unwarned: int
    in_vain: int
    warned: int
    ended: int
    seen_otherwise: int
    seen: int

    @property
    def wrong(self) -> int:
        """How often the two disagree."""
        return self.unwarned + self.in_vain + self.seen_otherwise

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        return [
            *table(
                ["homes", "residents", "days", "took", "warnings", "ended", "open at most"],
                [[
                    f"{self.homes:,}", f"{self.residents:,}", str(DAYS), f"{self.took_s:.0f} s", f"{self.warned:,}",
                    f"{self.ended:,}", f"{self.most_open:,}",
                ]],
            ),
            "",
            f"homes seen by the simulator's book: {self.seen:,}; where what is kept says otherwise: {self.seen_otherwise:,}",
            f"missed by the count, each evening: {self.missed:,} home days; without an open warning: {self.unwarned:,};"
            f" warnings where nobody was missed: {self.in_vain:,}",
        ]  # fmt: skip


def measure(*, homes: int, say: Say) -> MonthFigures:
    """Let a month pass in a county of so many homes."""
    with system.brought_up(say) as measured, measured.connect() as connection:
        staff_id, book = _settle(connection, homes)
        chance = random.Random(7)  # noqa: S311 - the same month each time
        began = time.perf_counter()
        missed = unwarned = in_vain = most = 0
        _look(connection, BEGIN)
        for number in range(DAYS):
            midnight = BEGIN + timedelta(days=number)
            _go(connection, midnight, staff_id, book, chance)
            for after in LOOKS_AT:
                _look(connection, midnight + after)
            counted = {row[0] for row in _rows(connection, queries.month_missed, now=midnight + LOOKS_AT[-1])}
            warned = {row[0] for row in _rows(connection, queries.month_warned)}
            missed, most = missed + len(counted), max(most, len(warned))
            unwarned, in_vain = unwarned + len(counted - warned), in_vain + len(warned - counted)
            say(f"day {number + 1} of {DAYS}: {len(counted):,} missed by the count, {len(warned):,} warnings open")
        took_s = time.perf_counter() - began
        kept = {row[0] for row in _rows(connection, queries.month_covered, begin=BEGIN)}
        gone_to = {home_id for home_id, page in book.items() if page.gone_to}
        ((raised, ended),) = _rows(connection, queries.month_told)
        residents = _rows(connection, queries.month_residents)[0][0]
    return MonthFigures(
        homes, residents, took_s, most, missed, unwarned, in_vain, raised, ended, len(gone_to ^ kept), len(gone_to)
    )  # fmt: skip


def _settle(connection: Connection[Any], homes: int) -> tuple[int, dict[int, _Page]]:
    """Register the county, its villages and homes; return who goes there, and the simulator's book."""
    book: dict[int, _Page] = {}
    with connection.transaction():
        registry.add_area(connection, code=COUNTY, name="凤庆县", level="county")
        staff_id = staffing.add_staff(connection, name="李兰", phone="+8613800000001", area=COUNTY, now=BEGIN)
        for number, first in enumerate(range(0, homes, HOMES_OF_A_VILLAGE), 1):
            code = f"village-{number}"
            registry.add_area(connection, code=code, name=f"村{number}", level="village", parent=COUNTY)
            count = min(HOMES_OF_A_VILLAGE, homes - first)
            made = connection.execute(queries.month_homes, {"area": code, "count": count, "begin": BEGIN}).fetchall()
            book |= {home_id: _Page(every_days, seen_on) for home_id, every_days, seen_on in made}
    connection.execute(queries.refresh_month)
    return staff_id, book


def _go(
    connection: Connection[Any], midnight: datetime, staff_id: int, book: dict[int, _Page], chance: random.Random
) -> None:
    """Somebody goes to whoever is due by tomorrow, or telephones; some are forgotten."""
    day, home_ids = midnight.date(), []
    for home_id, page in book.items():
        is_due = page.seen_on + timedelta(days=page.every_days - 1) <= day
        if is_due and chance.random() >= FORGOTTEN:
            page.seen_on, page.gone_to = day, True
            home_ids.append(home_id)
    done = {"home_ids": home_ids, "at": midnight + timedelta(hours=3), "staff_id": staff_id}
    with connection.transaction():
        connection.execute(queries.month_visits, done)
        connection.execute(queries.month_calls, done)


def _look(connection: Connection[Any], now: datetime) -> None:
    """Look as the alerts role does, until nothing is due."""
    looked = 1
    while looked:
        with connection.transaction():
            looked = warnings.look_at_homes(connection, manner=MANNER, now=now)


def _rows(connection: Connection[Any], query: bytes, **values: object) -> list[Any]:
    return connection.execute(query, values).fetchall()
