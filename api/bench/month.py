"""Does anybody fall through in a month of a county? Time is injected; a count of its own from raw rows says who was missed."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
FORGOTTEN = 200
"""Of 1,024 who are to be seen so many are forgotten that day."""
LOOKS_AT = (timedelta(hours=8), timedelta(hours=9), timedelta(hours=13))
"""Of a day: before the hour by which people are to be seen, at it, and in the evening."""
MANNER = Manner("zh-CN", "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What came of it. `missed`: days of homes at which somebody was missed by the count; `unwarned`: of those without an open
    warning; `in_vain`: warnings where nobody was missed; `seen`: homes seen, by the simulator and by what is kept."""

    homes: int
    residents: int
    took_s: float
    most_open: int
    missed: int
    unwarned: int
    in_vain: int
    warned: int
    ended: int
    seen: tuple[int, int]

    @property
    def wrong(self) -> int:
        """How often the two disagree."""
        return self.unwarned + self.in_vain + abs(self.seen[0] - self.seen[1])

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
            f"homes seen: {self.seen[0]:,} by the simulator's book, {self.seen[1]:,} by what is kept",
            f"missed by the count, each evening: {self.missed:,} home days; without an open warning: {self.unwarned:,};"
            f" warnings where nobody was missed: {self.in_vain:,}",
        ]  # fmt: skip


def measure(*, homes: int, say: Say) -> MonthFigures:
    """Let a month pass in a county of so many homes."""
    with system.brought_up(say) as measured, measured.connect() as connection:
        staff_id = _settle(connection, homes)
        began = time.perf_counter()
        missed = unwarned = in_vain = most = 0
        _look(connection, BEGIN)
        for number in range(DAYS):
            midnight = BEGIN + timedelta(days=number)
            _go(connection, midnight, staff_id)
            for after in LOOKS_AT:
                _look(connection, midnight + after)
            counted = {row[0] for row in _rows(connection, queries.month_missed, now=midnight + LOOKS_AT[-1])}
            warned = {row[0] for row in _rows(connection, queries.month_warned)}
            missed, most = missed + len(counted), max(most, len(warned))
            unwarned, in_vain = unwarned + len(counted - warned), in_vain + len(warned - counted)
            say(f"day {number + 1} of {DAYS}: {len(counted):,} missed by the count, {len(warned):,} warnings open")
        took_s = time.perf_counter() - began
        (seen,) = _rows(connection, queries.month_covered, begin=BEGIN)
        ((raised, ended),) = _rows(connection, queries.month_told)
        residents = _rows(connection, queries.month_residents)[0][0]
    return MonthFigures(
        homes, residents, took_s, most, missed, unwarned, in_vain, raised, ended, (seen[0], seen[1])
    )  # fmt: skip


def _settle(connection: Connection[Any], homes: int) -> int:
    """Register the county, its villages and homes; return who goes there."""
    with connection.transaction():
        registry.add_area(connection, code=COUNTY, name="凤庆县", level="county")
        staff_id = staffing.add_staff(connection, name="李兰", phone="+8613800000001", area=COUNTY, now=BEGIN)
        connection.execute(queries.month_book)
        for number, first in enumerate(range(0, homes, HOMES_OF_A_VILLAGE), 1):
            code = f"village-{number}"
            registry.add_area(connection, code=code, name=f"村{number}", level="village", parent=COUNTY)
            count = min(HOMES_OF_A_VILLAGE, homes - first)
            connection.execute(queries.month_homes, {"area": code, "count": count, "begin": BEGIN})
    connection.execute(queries.refresh_month)
    return staff_id


def _go(connection: Connection[Any], midnight: datetime, staff_id: int) -> None:
    """Somebody goes to whoever is due by tomorrow, or telephones; some are forgotten."""
    with connection.transaction():
        asked = {"day": midnight.date(), "seed": 7, "forgotten": FORGOTTEN}
        home_ids = [row[0] for row in connection.execute(queries.month_goes, asked).fetchall()]
        done = {"home_ids": home_ids, "at": midnight + timedelta(hours=3), "staff_id": staff_id}
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
