"""What tests of the API stand on: a city with two counties, and whoever looks after them."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Api, calling

RESIDENT = {
    "name": "张桂英",
    "birth_date": "1941-03-02",
    "phone": "0883-4210001",
    "sex": "female",
    "category": ["lives_alone", "disabled"],
    "notes": "听力不好，敲门要重",
    "contacts": [{"name": "张伟", "phone": "+86 138 0000 0009", "relation": "儿子"}],
}


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    """A caller without a session, at an empty installation."""
    with calling(pool, clock, database) as caller:
        yield caller


@pytest.fixture
def admin(api: Api) -> Api:
    """An administrator over everything, with the tree of two counties."""
    admin = api.being("admin")
    for code, level, parent in (
        ("lincang", "city", None),
        ("凤庆", "county", "lincang"),
        ("yun", "county", "lincang"),
        ("luodang", "township", "凤庆"),
        ("anshi", "village", "luodang"),
        ("manwan", "village", "yun"),
    ):
        admin.post("/areas", {"code": code, "name": code, "level": level, "parent": parent}).ok(201)
    return admin


def home(caller: Api, area: str = "anshi", **more: object) -> str:
    """Add a home; returns its id."""
    return str(caller.post("/homes", {"address": "3组 12号", "area": area, **more}).ok(201)["id"])


def device(caller: Api, uid: str, home_id: str, kind: str = "button", **more: object) -> str:
    """Add a device; returns its MQTT password."""
    body = {"uid": uid, "kind": kind, "home": home_id, **more}
    return str(caller.post("/devices", body).ok(201)["mqtt_password"])


def staff(caller: Api, name: str = "李兰", area: str = "anshi", phone: str = "+8613800000001") -> str:
    """Add a responder; returns his id."""
    return str(caller.post("/staff", {"name": name, "phone": phone, "area": area}).ok(201)["id"])


def say(admin: Api, uid: str, minutes_ago: float, kind: int = 2, **values: object) -> None:
    """Put an event into the time series as the gateway does."""
    with admin.pool.connection() as connection:
        series.ensure(connection, admin.clock.now())
    said = {"battery": None, "rssi": None, "persons": None, "presence": None, "temperature": None, "extra": None}
    admin.run(
        "insert into events (time, device_id, kind, battery, rssi, persons, presence, temperature, extra, message_id,"
        " received_at) select %(now)s::timestamptz - make_interval(secs => %(ago)s), id, %(kind)s, %(battery)s, %(rssi)s,"
        " %(persons)s, %(presence)s, %(temperature)s, %(extra)s, %(id)s,"
        " %(now)s::timestamptz - make_interval(secs => %(ago)s) from devices where uid = %(uid)s",
        uid=uid, ago=minutes_ago * 60, kind=kind, id=str(minutes_ago), **(said | values),
    )  # fmt: skip
