"""Who was seen, and who was not? A home counts as seen by its camera, by a look of the staff, or by a completed visit.

Looking in on old people at least monthly, at the door, by telephone or by video, is what Chinese regions ask (Qinghai,
2022), and a monthly visit rate of 100 % the ten ministries' guidance of 2022. Telephone calls are not written down here.
"""

from typing import Any

from psycopg import Connection
from pydantic import Field

from api.work.reports.scope import Figures, Place, Report, Scope, by_area, count, head, share
from storage import sql

queries = sql.load("api.work")


class CoverageFigures(Figures):
    """Homes and residents of the registry at the end of the time; who lives in a home that was seen counts as seen."""

    homes: int
    homes_seen: int
    homes_not_seen: int
    homes_seen_share: float | None
    homes_seen_by_camera: int = Field(description="a patrol ping showed somebody: presence, or at least a person")
    homes_seen_by_look: int = Field(description="a look on a patrol round found them well")
    homes_seen_by_visit: int = Field(description="a visit was completed")
    residents: int
    residents_seen: int
    residents_not_seen: int
    residents_seen_share: float | None


class CoverageRow(CoverageFigures, Place):
    """The figures of one area."""


class CoverageReport(Report):
    """The figures of all, and of each area one level down."""

    total: CoverageFigures
    areas: list[CoverageRow]


def read(connection: Connection[Any], about: Scope) -> CoverageReport:
    """Count."""
    rows = count(connection, queries.coverage, about)
    total = next(_figures(row) for row in rows if row["is_total"])
    found = {row["part"]: _figures(row) for row in rows if not row["is_total"]}
    areas = by_area(connection, about, found, _figures({}))
    return CoverageReport.model_validate({**head(about), "total": total, "areas": areas})


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without homes."""
    return {
        **{name: row.get(name, 0) for name in CoverageFigures.model_fields},
        "homes_seen_share": share(row.get("homes_seen", 0), row.get("homes", 0)),
        "residents_seen_share": share(row.get("residents_seen", 0), row.get("residents", 0)),
    }
