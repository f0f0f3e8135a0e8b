"""Who was seen, and who was not? A home counts as seen by its camera, by a look of the staff, by a completed visit, or by a
call or meeting that was noted; a resident by whatever saw his home, and by what was noted of himself.

Looking in on old people at least monthly, at the door, by telephone or by video, is what Chinese regions ask (Qinghai,
2022), and a monthly visit rate of 100 % the ten ministries' guidance of 2022.
"""

from typing import Any

from psycopg import Connection
from pydantic import BaseModel, Field

from api.work.reports import counting
from api.work.reports.counting import Manner, Table
from api.work.reports.scope import Category, Counted, Figures, Period, Place, Report, Scope, by_area, head, share
from storage import sql

queries = sql.load("api.work")

TABLE = Table(
    queries.coverage_rows,
    {
        "home": (
            "homes", "homes_seen", "homes_not_seen", "homes_seen_by_camera", "homes_seen_by_look", "homes_seen_by_visit",
            "homes_seen_by_call",
        ),
        "resident": ("residents", "residents_seen", "residents_not_seen"),
    },
)  # fmt: skip


class ResidentFigures(BaseModel):
    """Residents of the registry at the end of the time; who left before is none of them."""

    residents: int
    residents_seen: int
    residents_not_seen: int
    residents_seen_share: float | None


class CoverageFigures(ResidentFigures, Figures):
    """Homes and residents of the registry at the end of the time."""

    homes: int
    homes_seen: int
    homes_not_seen: int
    homes_seen_share: float | None
    homes_seen_by_camera: int = Field(description="a patrol ping showed somebody: presence, or at least a person")
    homes_seen_by_look: int = Field(description="a look on a patrol round found them well")
    homes_seen_by_visit: int = Field(description="a visit was completed")
    homes_seen_by_call: int = Field(description="somebody noted that he spoke with a resident there, or saw him")


class CoverageRow(CoverageFigures, Place):
    """The figures of one area."""


class CoverageCategory(ResidentFigures, Category):
    """The figures of one category of residents."""


class CoveragePeriod(CoverageFigures, Period):
    """Who was seen in one period, of those who were there at its end."""


class CoverageReport(Report):
    """The figures of all, of each area one level down, of each category and of each period."""

    total: CoverageFigures
    areas: list[CoverageRow]
    categories: list[CoverageCategory]
    periods: list[CoveragePeriod]


def read(connection: Connection[Any], about: Scope, manner: Manner) -> CoverageReport:
    """Count; each period on its own: who was seen in a month was not seen in each of its weeks."""
    whole = Manner(manner.timezone)
    counts = counting.count(connection, about, TABLE, whole)
    found = {part: _figures(row) for part, row in counts.areas.items()}
    spans = counting.spans(about, manner.by, manner.timezone) if manner.by else []
    return CoverageReport.model_validate(
        {
            **head(about),
            "total": _figures(counts.total),
            "areas": by_area(connection, about, found, _figures({})),
            "categories": [{"category": name, **_figures(row)} for name, row in counts.categories.items()],
            "periods": [
                {"period": first, **_figures(counting.count(connection, span, TABLE, whole, categories=False).total)}
                for first, span in spans
            ],
        }
    )


def _figures(row: Counted) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without homes."""
    return {
        **{name: row.get(name, 0) for name in TABLE.figures},
        "homes_seen_share": share(row.get("homes_seen", 0), row.get("homes", 0)),
        "residents_seen_share": share(row.get("residents_seen", 0), row.get("residents", 0)),
    }
