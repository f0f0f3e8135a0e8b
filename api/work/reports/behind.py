"""Which rows stand behind a figure? As many as the figure says: both are counted by the same flag of the same rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from api.problems import invalid
from api.work.reports import counting, coverage, fleet, response, services
from api.work.reports.counting import Manner, Only, Table
from api.work.reports.scope import Scope
from devices.problems import BATTERY_LOW_PCT
from storage import sql

queries = sql.load("api.work")

TABLES: Mapping[str, Table] = {
    "response": response.TABLE,
    "coverage": coverage.TABLE,
    "devices": fleet.TABLE,
    "services": services.TABLE,
}
"""What each report counts."""
_BEHIND = {
    "alert": queries.alerts_behind,
    "visit": queries.visits_behind,
    "home": queries.homes_behind,
    "resident": queries.residents_behind,
    "device": queries.devices_behind,
}


class Behind(BaseModel):
    """One row behind a figure."""

    id: str
    thing: str = Field(description="what it is: an alert, a visit, a home, a resident, a device")
    name: str = Field(
        description="an alert's kind, a visit's service, a home's address, a resident's name, a device's uid"
    )
    address: str | None
    area: str | None
    area_name: str | None
    at: datetime | None = Field(description="when it was raised or asked for; when a device was last heard")


def known(report: str, figure: str) -> Table:
    """Return the table that counts a figure. Raises Problem 422 for one that has no rows."""
    table = TABLES[report]
    if figure not in table.figures:
        raise invalid("figure", figure, f"has no rows in this report; use one of {', '.join(table.figures)}")
    return table


def read(
    connection: Connection[Any],
    about: Scope,
    manner: Manner,
    report: str,
    figure: str,
    only: Only,
    *,
    after: int,
    limit: int,
) -> list[Behind]:
    """Return rows behind a figure, those after the id `after`. Raises Problem 422 for a figure that has none."""
    table = known(report, figure)
    if report == "coverage" and only.period is not None and only.unit is not None:
        # a home is seen in a period: there is no instant by which its row could be told apart
        spans = dict(counting.spans(about, only.unit, manner.timezone))
        if only.period not in spans:
            raise invalid("period", only.period.isoformat(), "is no first day of a period of that time")
        about = spans[only.period]
        only = Only(only.area, only.keys, only.category)
    ids = counting.rows(
        connection, about, table, figure, only, after=after, limit=limit, timezone=manner.timezone,
        battery_low_pct=BATTERY_LOW_PCT,
    )  # fmt: skip
    thing = table.thing_of(figure)
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_BEHIND[thing], {"ids": ids}).fetchall()
    return [Behind(thing=thing, **{**row, "id": str(row["id"])}) for row in found]
