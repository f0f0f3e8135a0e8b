"""A village behind the served API, for the tests of what people do with alerts, visits and reports."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Answer, Api, calling
from tests.stories.village import Home, Village, step


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    """A caller without a session."""
    with calling(pool, clock, database) as caller:
        yield caller


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    """A village whose time is the story's."""
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    return Village(pool, clock)


def pressed(village: Village, area: str = "凤山村") -> tuple[Home, str]:
    """Return a home whose press was told to lan and, half an hour later, is told to mei; and the path of its alert."""
    home = village.home(area, policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    return home, f"/alerts/{home.alert().id}"


def staff(api: Api, village: Village, name: str, area: str | None = None) -> Api:
    """Return a responder's caller, with that phone."""
    return api.being("responder", area=area, staff=village.phone(name).staff_id)


Row = dict[str, Any]
"""Something that was read from the API."""


def rows_of(report: Answer) -> dict[str | None, Row]:
    """Return a report's figures by area."""
    return {row["area"]: row for row in report["areas"]}


def the_same(reported: Row, counted: Row) -> None:
    """What is reported is what was counted."""
    for name, value in counted.items():
        assert reported[name] == (value if value is None else pytest.approx(value)), name
