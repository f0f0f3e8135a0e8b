"""What tests of devices' health stand on: devices that speak, a lane that listens, a sweep that judges, and days that end."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from devices import condition, days, fleet, telemetry
from devices.model import Message, PatrolPing, StatusChange, Telemetry
from devices.telemetry import Received
from storage import series
from tests.clock import StoryClock

TIMEZONE = "Asia/Shanghai"
_NUMBERS = count(1)


class Street:
    """Homes with devices, in story time."""

    def __init__(self, pool: ConnectionPool[Any], clock: StoryClock) -> None:
        self.pool = pool
        self.clock = clock
        self.run("insert into areas (code, name, level, path) values ('village', '凤山村', 'village', '/village/')")
        self.run("insert into homes (area, address, created_at) values ('village', '3组 1号', %(now)s)")
        self.beat()

    def run(self, query: str, **values: object) -> None:
        """Change something by SQL."""
        with self.pool.connection() as connection:
            connection.execute(query.encode(), {"now": self.clock.now(), **values})

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        """Read something by SQL."""
        with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), {"now": self.clock.now(), **values}).fetchall()

    def device(self, uid: str, kind: str = "camera", area: str = "village", **columns: object) -> str:
        """Register a device in the first home of an area."""
        given = {"patrol_every_s": None, "offline_after_s": None, "hub_uid": None, **columns}
        self.run(
            "with made as (insert into devices (uid, kind, home_id, patrol_every_s, offline_after_s, hub_uid, created_at)"
            " values (%(uid)s, %(kind)s, (select min(id) from homes where area = %(area)s), %(patrol_every_s)s,"
            " %(offline_after_s)s, %(hub_uid)s, %(now)s) returning id)"
            " insert into device_latest (device_id, state_since) select id, %(now)s from made",
            uid=uid, kind=kind, area=area, **given,
        )  # fmt: skip
        return uid

    def says(self, *readings: Message, late: timedelta = timedelta(), retained: bool = False) -> None:
        """Devices say something that comes in now, in one batch. `late`: how old the first of them is already."""
        now = self.clock.now()
        with self.pool.connection() as connection:
            series.ensure(connection, now)
            known = telemetry.known_devices(connection, [each.uid for each in readings])
            batch = [(known[each.uid], Received(each, now, retained)) for each in readings]
            telemetry.store(connection, batch, now)

    def ping(self, uid: str, **more: Any) -> None:
        """A camera looks in on its home now."""
        self.says(PatrolPing(uid, f"p-{next(_NUMBERS)}", **{"at": self.clock.now(), **more}))

    def tells(self, uid: str, **more: Any) -> None:
        """A device tells its condition now."""
        self.says(Telemetry(uid, **{"at": self.clock.now(), **more}))

    def goes(self, uid: str, *, online: bool, **more: Any) -> None:
        """A device's birth message or its Last Will."""
        self.says(StatusChange(uid, online, **more))

    def beat(self) -> None:
        """The readings' lane says that it listens."""
        with self.pool.connection() as connection:
            telemetry.beat(connection, "gateway-bulk", self.clock.now())

    def sweep(self) -> None:
        """Find who went silent, and judge who changed, as the alerts role does."""
        with self.pool.connection() as connection:
            telemetry.sweep(connection, self.clock.now())
        self.judge()

    def judge(self) -> None:
        """Judge who changed."""
        more = True
        while more:
            with self.pool.connection() as connection:
                more = condition.mark_all(connection, self.clock.now())
        while more or self.rows("select from device_latest where to_judge"):
            with self.pool.connection() as connection:
                condition.judge_changed(connection, self.clock.now())
        with self.pool.connection() as connection:
            condition.judge_changed(connection, self.clock.now())
        with self.pool.connection() as connection:
            fleet.count_stale(connection)

    def end_day(self) -> None:
        """End the day of every device, where it is over."""
        ended = 1
        while ended:
            with self.pool.connection() as connection:
                ended = days.end_day(connection, TIMEZONE, self.clock.now())
        self.judge()

    def forward(self, **step: float) -> datetime:
        """Let time pass while our lane listens."""
        return self._pass(timedelta(**step), listening=True)

    def down(self, **step: float) -> datetime:
        """Let time pass in which we do not listen; then our lane is back."""
        return self._pass(timedelta(**step), listening=False)

    def to(self, hour: int, minute: int = 0) -> datetime:
        """Let time pass until the clocks there say so next."""
        local = self.clock.now() + timedelta(hours=8)
        wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return self.forward(seconds=((wanted - local) % timedelta(days=1)).total_seconds() or 86_400)

    def latest(self, uid: str) -> dict[str, Any]:
        """Return what is known of a device now."""
        (row,) = self.rows(
            "select device_latest.* from device_latest join devices on id = device_id where uid = %(uid)s", uid=uid
        )
        return row

    def problems(self, uid: str) -> list[str]:
        """Return what is wrong with a device."""
        self.judge()
        return list(self.latest(uid)["problems"])

    def _pass(self, step: timedelta, *, listening: bool) -> datetime:
        self.clock.forward(step)
        if listening:
            self.run("update role_beats set beat_at = %(now)s where role = 'gateway-bulk'")
        self.beat()
        return self.clock.now()


@pytest.fixture
def street(pool: ConnectionPool[Any], clock: StoryClock) -> Street:
    """A village with a home, an hour after our lane began to listen."""
    made = Street(pool, clock)
    made.forward(hours=1)
    return made
