"""What was asked for, done, and in time? Visits on demand and planned ones, and those for alerts under no service.

The share done of what was asked is the figure that Lincang's platform reports: 98.33 %, 75,532 of 76,811.
"""

from typing import Any

from psycopg import Connection
from pydantic import Field

from api.work.reports import counting
from api.work.reports.counting import Manner, Table
from api.work.reports.scope import Category, Counted, Figures, Period, Place, Report, Scope, by_area, head, share
from storage import sql

queries = sql.load("api.work")

TABLE = Table(
    queries.service_rows,
    {
        "visit": (
            "asked", "done", "failed", "failed_nobody_home", "failed_refused", "failed_no_access", "failed_other",
            "cancelled", "open", "declined", "put_off", "done_with_due", "done_on_time",
        )
    },
    keys=("service", "staff"),
)  # fmt: skip


class ServiceFigures(Figures):
    """Visits that were asked for in the time, as they stand now."""

    asked: int
    done: int
    failed: int
    failed_nobody_home: int
    failed_refused: int
    failed_no_access: int
    failed_other: int
    cancelled: int
    open: int
    declined: int = Field(
        description="of `open`, those that whoever was to go has declined: somebody else is to be sent"
    )
    put_off: int = Field(description="of `open`, those that were put off")
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


class OneGoer(ServiceFigures):
    """The figures of one responder; null: visits that nobody was given."""

    staff: str | None
    name: str | None


class ServiceCategory(ServiceFigures, Category):
    """The figures of one category of residents."""


class ServicePeriod(ServiceFigures, Period):
    """The figures of what was asked for in one period."""


class ServicesReport(Report):
    """The figures of all, of each service, responder, area one level down, category and period."""

    total: ServiceFigures
    services: list[OneService]
    areas: list[ServiceRow]
    people: list[OneGoer]
    categories: list[ServiceCategory]
    periods: list[ServicePeriod]


def read(connection: Connection[Any], about: Scope, manner: Manner) -> ServicesReport:
    """Count."""
    counts = counting.count(connection, about, TABLE, manner)
    names = dict(connection.execute(queries.names_of_services).fetchall())
    people = counts.keys["staff"]
    called = dict(connection.execute(queries.names_of_staff, {"ids": [each for each in people if each]}).fetchall())
    found = {part: _figures(row) for part, row in counts.areas.items()}
    return ServicesReport.model_validate(
        {
            **head(about),
            "total": _figures(counts.total),
            "services": [
                {"service": code or None, "name": names.get(code), **_figures(row)}
                for code, row in sorted(counts.keys["service"].items(), key=lambda each: each[0] or "")
            ],
            "areas": by_area(connection, about, found, _figures({})),
            "people": [
                {"staff": staff or None, "name": called.get(staff), **_figures(row)}
                for staff, row in sorted(people.items(), key=lambda each: (-each[1]["asked"], each[0] or ""))
            ],
            "categories": [{"category": name, **_figures(row)} for name, row in counts.categories.items()],
            "periods": [{"period": first, **_figures(row)} for first, row in sorted(counts.periods.items())],
        }
    )


def _figures(row: Counted) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without visits."""
    return {
        **{name: row.get(name, 0) for name in TABLE.figures},
        "done_share": share(row.get("done", 0), row.get("asked", 0)),
        "on_time_share": share(row.get("done_on_time", 0), row.get("done_with_due", 0)),
    }
