"""How fast was help? From the press to when somebody was told, accepted, stood at the door and closed the alert.

All times run from `raised_at`: the press, by the home's own clock where that can be true (a home whose clock is ahead
counts as 0 s). Test presses are counted, and left out of every other figure.
"""

from typing import Any

from psycopg import Connection
from pydantic import Field

from api.work.reports.scope import Figures, Place, Report, Scope, by_area, count, head, share
from storage import sql

queries = sql.load("api.work")


class ResponseFigures(Figures):
    """What is held against the telecare standards: UK TSA's call handling (97.5 % of calls answered within 60 s, 99 %
    within 180 s; a visit within 45 min for 90 % and within 60 min for all), and Appello's first-time call failure."""

    alerts: int = Field(description="help alerts raised in the time, without tests")
    tests: int = Field(description="test alerts raised in the time")
    open: int = Field(description="of `alerts`, those that are not closed now")
    told: int = Field(description="of `alerts`, those of which somebody was told")
    told_p50_s: float | None
    told_p90_s: float | None
    accepted: int = Field(description="of `alerts`, those that somebody has, or had when they were closed")
    accepted_within_60_s_share: float | None = Field(description="of `alerts`: who was never accepted counts as late")
    accepted_within_180_s_share: float | None
    accepted_p50_s: float | None
    accepted_p90_s: float | None
    arrived: int = Field(description="of `alerts`, those where somebody stood at the door")
    arrived_within_45_min_share: float | None = Field(description="of `arrived`, from the press")
    arrived_within_60_min_share: float | None
    arrived_p50_s: float | None
    arrived_p90_s: float | None
    closed: int
    closed_p50_s: float | None
    closed_p90_s: float | None
    first_messages: int = Field(description="of `alerts`, those of which anybody was to be told by a message")
    first_message_failed_share: float | None = Field(
        description="of `first_messages`, those whose first message reached nobody. A press that its home had to send"
        " again counts once and leaves no trace: so this is the first-time failure that can be seen here."
    )


class ResponseRow(ResponseFigures, Place):
    """The figures of one area."""


class ResponseReport(Report):
    """The figures of all, and of each area one level down."""

    total: ResponseFigures
    areas: list[ResponseRow]


def read(connection: Connection[Any], about: Scope) -> ResponseReport:
    """Count."""
    rows = count(connection, queries.response, about)
    total = next(_figures(row) for row in rows if row["is_total"])
    found = {row["part"]: _figures(row) for row in rows if not row["is_total"]}
    areas = by_area(connection, about, found, _figures({}))
    return ResponseReport.model_validate({**head(about), "total": total, "areas": areas})


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without calls."""
    counted = {name: row.get(name, 0) for name in ("alerts", "arrived", "first_messages")}
    return {
        **{name: row.get(name, None if name.endswith("_s") else 0) for name in ResponseFigures.model_fields},
        "accepted_within_60_s_share": share(row.get("accepted_within_60_s", 0), counted["alerts"]),
        "accepted_within_180_s_share": share(row.get("accepted_within_180_s", 0), counted["alerts"]),
        "arrived_within_45_min_share": share(row.get("arrived_within_45_min", 0), counted["arrived"]),
        "arrived_within_60_min_share": share(row.get("arrived_within_60_min", 0), counted["arrived"]),
        "first_message_failed_share": share(row.get("first_messages_failed", 0), counted["first_messages"]),
    }
