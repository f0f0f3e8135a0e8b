"""A month of some hundred homes: whoever should have been seen was seen, or has an open warning, by a count of its own."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import warnings
from alerts.care import keeping
from alerts.care.standards import Occasion
from alerts.warnings import Manner
from storage import series
from tests import care_count
from tests.clock import StoryClock

HOMES = 240
DAYS = 31
BEGIN = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
MANNER = Manner("zh-CN", "Asia/Shanghai")
KINDS: list[dict[str, Any]] = [
    {}, {"risk": "high"}, {"risk": "low"}, {"risk": "medium"}, {"category": ["disabled"]}, {"category": ["destitute"]},
    {"category": ["lives_alone"], "birth_date": date(1938, 4, 1)}, {"category": ["dementia"], "risk": "low"},
    {"category": ["lives_alone"], "birth_date": date(1946, 11, 12)}, {"category": ["lives_alone", "empty_nest"]},
]  # fmt: skip


class County:
    """Homes, their residents, and a month in which things happen by chance."""

    def __init__(self, pool: ConnectionPool[Any], seed: int) -> None:
        self.pool, self.clock, self.chance = pool, StoryClock(BEGIN), random.Random(seed)
        self.occasions: list[tuple[str | None, datetime, datetime, int]] = []
        self.cameras: dict[int, int] = {}
        self.homes: list[int] = []
        with pool.connection() as connection:
            series.ensure(connection, BEGIN)
            connection.execute("select ensure_event_partitions('2026-10-30', '2026-12-05')")
            for code, level, parent in (("c", "county", None), ("v1", "village", "c"), ("v2", "village", "c")):
                connection.execute(
                    "insert into areas (code, name, level, parent, path) values (%(code)s, %(code)s, %(level)s,"
                    " %(parent)s, case when %(code)s = 'c' then '/c/' else '/c/' || %(code)s || '/' end)",
                    {"code": code, "level": level, "parent": parent},
                )
            connection.execute(
                "insert into staff (name, phone, area, created_at) values ('lan', '+8613800000001', 'c', %s)", (BEGIN,)
            )
            connection.execute(
                "insert into patrol_rounds (area, name, started_at, started_by) values ('c', 'r', %s, 'x')", (BEGIN,)
            )
        for _ in range(HOMES):
            self.home()

    def home(self) -> None:
        """A home with one or two residents who came to us at some time of the last months."""
        with self.pool.connection() as connection:
            village = self.chance.choice(["v1", "v2"])
            row = connection.execute(
                "insert into homes (area, address, created_at) values (%s, '3组', %s) returning id", (village, BEGIN)
            ).fetchone()
            assert row is not None
            self.homes.append(row[0])
            for _ in range(self.chance.choice([1, 1, 2])):
                kind = self.chance.choice(KINDS)
                connection.execute(
                    "insert into residents (home_id, name, created_at, birth_date, category, risk)"
                    " values (%s, '张', %s, %s, %s, %s)",
                    (
                        row[0], BEGIN - timedelta(hours=self.chance.randrange(85 * 24)), kind.get("birth_date"),
                        kind.get("category", []), kind.get("risk"),
                    ),
                )  # fmt: skip
            if self.chance.random() < 0.3:
                device = connection.execute(
                    "insert into devices (uid, kind, home_id, created_at) values (%s, 'camera', %s, %s) returning id",
                    (f"cam-{row[0]:04}", row[0], BEGIN - timedelta(days=100)),
                ).fetchone()
                assert device is not None
                connection.execute(
                    "insert into device_latest (device_id, state, state_since, last_seen)"
                    " values (%s, 'online', %s, %s)", (device[0], BEGIN, BEGIN),
                )  # fmt: skip
                self.cameras[row[0]] = device[0]

    def happens(self) -> None:
        """Something happens at some homes; some of it is told late."""
        now = self.clock.now()
        with self.pool.connection() as connection:
            for home_id in self.chance.sample(self.homes, 14):
                at = now - timedelta(minutes=self.chance.choice([0, 0, 5, 600]))
                what = self.chance.choice(
                    ["visit", "locked", "well", "concern", "call", "picture", "worse", "leaves", "other"]
                )
                if what in ("visit", "locked"):
                    outcome = "helped" if what == "visit" else "no_access"
                    connection.execute(
                        "insert into visits (home_id, area, staff_id, state, requested_at, arrived_at, completed_at, ended_at,"
                        " outcome) values (%(home)s, 'c', 1, 'completed', %(at)s, %(at)s, %(at)s, %(now)s, %(outcome)s)",
                        {"home": home_id, "at": at, "now": now, "outcome": outcome},
                    )
                elif what in ("well", "concern"):
                    connection.execute(
                        "insert into looks (round_id, home_id, result, at, who) values (1, %s, %s, %s, 'x')",
                        (home_id, what, at),
                    )
                elif what == "call":
                    connection.execute(
                        "insert into care_contacts (resident_id, home_id, how, at, recorded_at, who)"
                        " select id, home_id, 'telephone', %s, %s, 'x' from residents where home_id = %s order by id limit 1",
                        (at, now, home_id),
                    )
                elif what == "picture" and home_id in self.cameras:
                    connection.execute(
                        "insert into events (time, device_id, kind, presence, received_at) values (%s, %s, 1, true, %s)",
                        (now, self.cameras[home_id], now),
                    )
                    connection.execute(
                        "update device_latest set last_presence_at = %s, presence = false, last_seen = %s"
                        " where device_id = %s", (now, now, self.cameras[home_id]),
                    )  # fmt: skip
                else:
                    self._changes(connection, home_id, what, now)

    def _changes(self, connection: Any, home_id: int, what: str, now: datetime) -> None:
        """The register changes: he is worse, he left, he is something else."""
        one = "where id = (select min(id) from residents where home_id = %(home)s)"
        if what == "worse":
            connection.execute(
                f"update residents set worse_since = %(now)s {one}".encode(), {"home": home_id, "now": now}
            )
        elif what == "leaves" and self.chance.random() < 0.2:
            connection.execute(
                f"update residents set left_at = %(now)s, left_why = 'died' {one}".encode(),
                {"home": home_id, "now": now},
            )
        elif what == "other":
            kind = self.chance.choice(KINDS)
            connection.execute(
                f"update residents set risk = %(risk)s, category = %(category)s {one}".encode(),
                {"home": home_id, "risk": kind.get("risk"), "category": kind.get("category", [])},
            )

    def cold_wave(self, path: str | None, days: int, every_days: int) -> None:
        """An operator sets a warning of the weather."""
        now = self.clock.now()
        until = now + timedelta(days=days)
        with self.pool.connection() as connection:
            occasion = Occasion("寒潮", now, until, every_days=every_days, path=path)
            area = None if path is None else path.strip("/").rsplit("/", 1)[-1]
            keeping.begin_occasion(connection, occasion, kind="weather", area=area, by="x", now=now)
        self.occasions.append((path, now, until, every_days))

    def look(self) -> None:
        """Let the alerts role look at what is due."""
        looked = 1
        while looked:
            with self.pool.connection() as connection:
                looked = warnings.look_at_homes(connection, manner=MANNER, now=self.clock.now())

    def warned(self) -> set[int]:
        """Return the homes with an open warning of a gap."""
        with self.pool.connection() as connection:
            rows = connection.execute(
                "select home_id from alerts where kind = 'care_gap' and state <> 'closed'"
            ).fetchall()
        return {row[0] for row in rows}

    def counted(self) -> set[int]:
        """Return the homes where somebody should have been seen and was not, by the plain count."""
        with self.pool.connection() as connection:
            everybody = care_count.people(connection)
        return {each.home_id for each in everybody if care_count.missed(each, self.clock.now(), self.occasions)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_month_of_some_hundred_homes_by_a_count_of_its_own(pool: ConnectionPool[Any], seed: int) -> None:
    county = County(pool, seed)
    county.look()
    most = 0
    for step in range(DAYS * 3):
        county.clock.forward(timedelta(hours=8))
        if step == 30:
            county.cold_wave("/c/v1/", 6, 2)
        if step == 60:
            county.cold_wave(None, 3, 3)
        county.happens()
        county.look()
        counted = county.counted()
        most = max(most, len(counted))
        assert county.warned() == counted, f"step {step}"
    # the month was no easy one
    assert 20 < most < HOMES
    with pool.connection() as connection:
        closed = connection.execute(
            "select count(*) from alerts where kind = 'care_gap' and state = 'closed'"
        ).fetchone()
        cases = connection.execute(
            "select count(*), count(made_good_at) from care_cases join alerts on alerts.id = alert_id"
        ).fetchone()
    assert closed is not None
    assert cases is not None
    assert closed[0] > 20
    assert cases == (closed[0] + len(county.warned()), closed[0])
