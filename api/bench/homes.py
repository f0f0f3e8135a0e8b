"""Who is in the registry of a measured system? A village with cameras, a button, and a responder who is told of its presses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import staffing
from alerts.policy import Step
from devices import registry
from storage import sql

queries = sql.load("api.bench")

AREA = "bench"
CAMERA_PREFIX = "bench-cam-"
BUTTON = "bench-btn"
AT_ONCE = 5_000
"""Cameras of one statement."""


@dataclass(frozen=True, slots=True)
class Button:
    """A registered button and its MQTT password."""

    uid: str
    password: str


def make_village(connection: Connection[Any]) -> None:
    """Register the area that everything stands in."""
    registry.add_area(connection, code=AREA, name="凤山村", level="village")


def make_cameras(
    connection: Connection[Any], count: int, now: datetime, say: Callable[[str], None], *, first: int = 1
) -> list[str]:
    """Register homes with a camera each, numbered from `first` to `count`; return the uids of all up to `count`."""
    for number in range(first, count + 1, AT_ONCE):
        last = min(number + AT_ONCE - 1, count)
        connection.execute(
            queries.make_cameras, {"area": AREA, "prefix": CAMERA_PREFIX, "first": number, "last": last, "now": now}
        )
        if count > AT_ONCE:
            say(f"registering cameras: {last:,} of {count:,}")
    connection.execute(queries.refresh_statistics)
    return [f"{CAMERA_PREFIX}{number:06d}" for number in range(1, count + 1)]


def make_button(connection: Connection[Any], now: datetime) -> Button:
    """Register a home with a resident and a button, and a responder who is told of its presses at once by SMS."""
    home_id = registry.add_home(connection, area=AREA, address="3组 12号", now=now)
    registry.add_resident(connection, home_id=home_id, name="王桂英", now=now)
    password = registry.add_device(connection, uid=BUTTON, kind="button", home_id=home_id, now=now)
    staff_id = staffing.add_staff(connection, name="李兰", phone="+8613800000001", area=AREA, now=now)
    staffing.add_policy(connection, area=AREA, steps=[Step(0, ("sms",), staff_id=staff_id)])
    return Button(BUTTON, password)
