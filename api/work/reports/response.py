"""How fast was help? From the press to when somebody was told, accepted, stood at the door and closed the alert.

All times run from `raised_at`: the press, by the home's own clock where that can be true (a home whose clock is ahead
counts as 0 s). Test presses are counted, and left out of every other figure.
"""

from datetime import timedelta
from typing import Any

from psycopg import Connection
from pydantic import BaseModel, Field

from api.work.reports import counting
from api.work.reports.counting import Manner, Table
from api.work.reports.scope import Category, Counted, Figures, Period, Place, Report, Scope, by_area, count, head, share
from devices.model import CLOCK_BEHIND_LIMIT
from storage import sql

queries = sql.load("api.work")

TEN_MINUTES = timedelta(minutes=10)
FLOOD = 10
"""ISA-18.2 and EEMUA 191: a flood of alarms begins above ten in ten minutes."""
WATCH_BEAT = timedelta(seconds=15)
"""A page that was there counts as there for so long: it is written down this often (api/stream.py, HEARTBEAT_S)."""


TABLE = Table(
    queries.response_rows,
    {
        "alert": (
            "alerts", "tests", "open", "told", "accepted", "accepted_within_60_s", "accepted_within_180_s", "arrived",
            "arrived_within_45_min", "arrived_within_60_min", "closed", "first_messages", "first_messages_failed", "resent",
            "first_time_failures",
        )
    },
    spans=("told", "accepted", "arrived", "closed"),
)  # fmt: skip


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
        description="of `first_messages`, those whose first message reached nobody"
    )
    resent: int = Field(description="of `alerts`, those with a press that its home had to send again")
    first_time_failure_share: float | None = Field(
        description="of `alerts`, those that did not get through at the first try: sent again, or the first message failed"
    )


class ResponseRow(ResponseFigures, Place):
    """The figures of one area."""


class ResponseCategory(ResponseFigures, Category):
    """The figures of one category of residents."""


class ResponsePeriod(ResponseFigures, Period):
    """The figures of the help calls that were raised in one period."""


class AlarmRate(BaseModel):
    """How many alerts one responder was told of, in periods of ten minutes by the clock: what an alarm system asks of a
    person (ISA-18.2: one or two in ten minutes is steady, above ten is a flood)."""

    staff: str
    name: str
    alarms: int = Field(
        description="alerts he was told of; one counts again in each ten minutes in which he was told again"
    )
    alarms_per_10_min: float = Field(description="over the whole time of the report")
    busiest_10_min: int
    periods: int = Field(description="ten minutes in which he was told of anything")
    floods: int = Field(description="of `periods`, those with more than ten")


class WatchedAlarmRate(BaseModel):
    """How many alerts were raised before the eyes of one operator, while he had the board open; else as AlarmRate."""

    username: str
    watched_s: float = Field(description="how long he had the board open, in however many windows")
    alarms: int = Field(description="alerts raised or reopened meanwhile, where he sees them")
    alarms_per_10_min: float = Field(description="over the time that he watched")
    busiest_10_min: int
    periods: int = Field(description="ten minutes in which anything was raised before him")
    floods: int = Field(description="of `periods`, those with more than ten")


class ResponseReport(Report):
    """The figures of all, of each area one level down, of each category and period, of each responder, and of each operator."""

    total: ResponseFigures
    areas: list[ResponseRow]
    responders: list[AlarmRate]
    operators: list[WatchedAlarmRate]
    categories: list[ResponseCategory]
    periods: list[ResponsePeriod]


def read(connection: Connection[Any], about: Scope, manner: Manner) -> ResponseReport:
    """Count."""
    counts = counting.count(connection, about, TABLE, manner)
    found = {part: _figures(row) for part, row in counts.areas.items()}
    end = about.end or about.now
    spans = max(1.0, (end - about.start) / TEN_MINUTES)
    told = count(connection, queries.alarm_rates, about, flood=FLOOD)
    watched = count(
        connection, queries.watched_alarm_rates, about, flood=FLOOD, end=end, slack=CLOCK_BEHIND_LIMIT, beat=WATCH_BEAT
    )
    return ResponseReport.model_validate(
        {
            **head(about),
            "total": _figures(counts.total),
            "areas": by_area(connection, about, found, _figures({})),
            "responders": [{**row, "alarms_per_10_min": row["alarms"] / spans} for row in told],
            "operators": [
                {**row, "alarms_per_10_min": row["alarms"] / max(1.0, row["watched_s"] / TEN_MINUTES.total_seconds())}
                for row in watched
            ],
            "categories": [{"category": name, **_figures(row)} for name, row in counts.categories.items()],
            "periods": [{"period": first, **_figures(row)} for first, row in sorted(counts.periods.items())],
        }
    )


def _figures(row: Counted) -> dict[str, Any]:
    """Return the figures of a row; an empty one is an area without calls."""
    counted = {name: row.get(name, 0) for name in ("alerts", "arrived", "first_messages")}
    return {
        **{name: row.get(name, None if name.endswith("_s") else 0) for name in ResponseFigures.model_fields},
        "accepted_within_60_s_share": share(row.get("accepted_within_60_s", 0), counted["alerts"]),
        "accepted_within_180_s_share": share(row.get("accepted_within_180_s", 0), counted["alerts"]),
        "arrived_within_45_min_share": share(row.get("arrived_within_45_min", 0), counted["arrived"]),
        "arrived_within_60_min_share": share(row.get("arrived_within_60_min", 0), counted["arrived"]),
        "first_time_failure_share": share(row.get("first_time_failures", 0), counted["alerts"]),
        "first_message_failed_share": share(row.get("first_messages_failed", 0), counted["first_messages"]),
    }
