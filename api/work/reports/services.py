"""What was asked for, what was done, and was it in time? Visits on demand, and those for alerts under no service.

The share done of what was asked is the figure that Lincang's platform reports: 98.33 %, 75,532 of 76,811.
"""

from typing import Any

from psycopg import Connection
from pydantic import Field

from api.work.reports.scope import Figures, Place, Report, Scope, by_area, count, head, share
from storage import sql

queries = sql.load("api.work")


class ServiceFigures(Figures):
    """Visits that were asked for in the time, as they stand now."""

    asked: int
    done: int
    failed: int
    cancelled: int
    open: int
    done_share: float | None = Field(description="`done` of `asked`")
    done_with_due: int = Field(description="of `done`, those with an agreed time")
    done_on_time: int = Field(description="of these, those that began before the agreed time was over")
    on_time_share: float | None = Field(description="`done_on_time` of `done_with_due`")


class ServiceRow(ServiceFigures, Place):
    """The figures of one area."""


class OneService(ServiceFigures):
    """The figures of one service; null: visits for alerts."""

    service: str | None
    name: str | None


class ServicesReport(Report):
    """The figures of all, of each service, and of each area one level down."""

    total: ServiceFigures
    services: list[OneService]
    areas: list[ServiceRow]


def read(connection: Connection[Any], about: Scope) -> ServicesReport:
    """Count."""
    rows = count(connection, queries.service_report, about)
    names = dict(connection.execute(queries.names_of_services).fetchall())
    total = next(_figures(row) for row in rows if row["level"] == 3)
    services = sorted((row for row in rows if row["level"] == 2), key=lambda row: str(row["service"]))
    found = {row["part"]: _figures(row) for row in rows if row["level"] == 1}
    return ServicesReport.model_validate(
        {
            **head(about),
            "total": total,
            "services": [
                {"service": row["service"] or None, "name": names.get(row["service"]), **_figures(row)}
                for row in services
            ],
            "areas": by_area(connection, about, found, _figures({})),
        }
    )


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without visits."""
    return {
        **{name: row.get(name, 0) for name in ServiceFigures.model_fields},
        "done_share": share(row.get("done", 0), row.get("asked", 0)),
        "on_time_share": share(row.get("done_on_time", 0), row.get("done_with_due", 0)),
    }
