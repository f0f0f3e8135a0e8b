"""How many devices of an area are how? Figures that are counted where something changed, and read without looking at a device."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from psycopg import Connection

from storage import sql

queries = sql.load("devices")

STALE_ROWS = 2000
"""Marks that one count takes: many are of the same area."""
COUNTED_BY_READERS = 50
"""Areas that whoever reads the figures counts himself where nobody else did: more are the sweep's work."""
STATE = "state:"
WEEK_DAYS = 7


@dataclass(slots=True)
class Standing:
    """How many devices are in which state, have which problem, are of which kind; and for how long they were heard."""

    states: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    online_s: Counter[date] = field(default_factory=Counter)
    offline_s: Counter[date] = field(default_factory=Counter)

    @property
    def devices(self) -> int:
        """How many there are."""
        return self.states.total()

    def availability(self, days: Iterable[date]) -> float | None:
        """Return the share of the time of these days for which the devices were heard; None where nothing was counted."""
        wanted = list(days)
        online_s = sum(self.online_s[day] for day in wanted)
        known_s = online_s + sum(self.offline_s[day] for day in wanted)
        return online_s / known_s if known_s else None

    def count(self, kind: str, what: str, devices: int) -> None:
        """Add a figure."""
        if what.startswith(STATE):
            self.states[what.removeprefix(STATE)] += devices
            self.kinds[kind] += devices
        else:
            self.problems[what] += devices


@dataclass(frozen=True, slots=True)
class Fleet:
    """The devices of an area, and those of each area one level down, by its code."""

    total: Standing
    parts: Mapping[str | None, Standing]


def count_stale(connection: Connection[Any]) -> int:
    """Count the areas anew in which something changed; return how many, 0 where none did or another process is at it."""
    held = connection.execute(queries.hold_figures).fetchone()
    if held is None or not held[0]:
        return 0
    counted = connection.execute(queries.count_fleet, {"limit": STALE_ROWS}).fetchone()
    return int(counted[0]) if counted else 0


def read(
    connection: Connection[Any], *, path: str, code: str | None, below: str, within: str | None, today: date
) -> Fleet:
    """Return how the devices stand below `path` as far as `below`, a pattern of paths, and `within` let one see."""
    stale = connection.execute(queries.stale_areas).fetchone()
    if stale is not None and 0 < stale[0] <= COUNTED_BY_READERS:
        count_stale(connection)
    asked = {"path": path, "code": code, "below": below, "within": within}
    total, parts = Standing(), dict[str | None, Standing]()
    for part, kind, what, devices in connection.execute(queries.fleet_figures, asked).fetchall():
        for standing in (total, parts.setdefault(part, Standing())):
            standing.count(kind, what, devices)
    days = {"first_day": today - timedelta(days=WEEK_DAYS), "today": today}
    for part, day, online_s, offline_s in connection.execute(queries.fleet_availability, {**asked, **days}).fetchall():
        for standing in (total, parts.setdefault(part, Standing())):
            standing.online_s[day] += online_s
            standing.offline_s[day] += offline_s
    return Fleet(total, parts)
