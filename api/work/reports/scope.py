"""Which area is reported on, which areas lie one level down, and of which time?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, ConfigDict, Field

from api.context import Principal
from api.problems import invalid
from api.reading import sight
from api.work import seen
from api.work.asked import Span
from storage import sql

queries = sql.load("api.work")

USUAL_SPAN = timedelta(days=30)
"""What is reported on where nobody says from when: a month, in which everybody should have been seen once."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about. `path`: that of the area whose parts are told apart; `end`: None for until now."""

    caller: Principal
    code: str | None
    name: str | None
    path: str
    within: str | None
    start: datetime
    end: datetime | None
    now: datetime

    @property
    def parameters(self) -> dict[str, Any]:
        """What every query of a report takes."""
        return {
            **sight(self.caller),
            "within": self.within,
            "path": self.path,
            "code": self.code,
            "from": self.start,
            "to": self.end,
        }


def scope(connection: Connection[Any], caller: Principal, area: str | None, span: Span, now: datetime) -> Scope:
    """Return what is reported on: an area, else the caller's own; everything where that has no end.

    Raises Problem 422 for an area that is not his, or a time that has not begun.
    """
    start = span.start or (span.end or now) - USUAL_SPAN
    if start > now:
        raise invalid("from", start.isoformat(), "lies in the future; a report is of what was")
    end = span.end if span.end is not None and span.end <= now else None
    code = area or caller.area
    if code is not None:
        found = seen.area(connection, caller, code)
        # whoever sees the top sees what has no place too, unless he asks for one place
        within = found.path if area is not None else None
        return Scope(caller, found.code, found.name, found.path, within, start, end, now)
    roots = connection.execute(queries.roots).fetchall()
    if len(roots) == 1:
        code, name, path = roots[0]
        return Scope(caller, code, name, path, None, start, end, now)
    return Scope(caller, None, None, "/", None, start, end, now)


class Place(BaseModel):
    """An area one level down; the area itself: what stands in it directly; null: what has no place."""

    area: str | None
    name: str | None


class Figures(BaseModel):
    """What is counted for all, for an area, or for another part."""


class Category(BaseModel):
    """A category of residents; whoever is in two counts in both, so that categories do not add up to all."""

    category: str


class Period(BaseModel):
    """A period of those asked for, in the installation's time zone; the first and the last as far as they lie in the time."""

    period: date = Field(description="its first day; a week begins on Monday")


class Report(BaseModel):
    """What is reported on, and the figures of all of it; each report adds lists of its parts."""

    model_config = ConfigDict(populate_by_name=True)

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    area: str | None
    name: str | None
    total: Figures


def head(about: Scope) -> dict[str, Any]:
    """Return what every report begins with."""
    return {"from": about.start, "to": about.end or about.now, "area": about.code, "name": about.name}


Counted = Mapping[str, Any]
"""The figures of a row, by name."""


def count(connection: Connection[Any], query: bytes, about: Scope, **more: object) -> list[dict[str, Any]]:
    """Return the rows of a report's query."""
    connection.execute(queries.take_time)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, {**about.parameters, **more}).fetchall()


def by_area(
    connection: Connection[Any], about: Scope, found: Mapping[str | None, Counted], none: Counted
) -> list[Counted]:
    """Return the figures of each area one level down, and of what stands in none of them.

    `found`: by the area's code; `none`: the figures of an area in which there is nothing.
    """
    below = connection.execute(queries.areas_right_below, {"code": about.code}).fetchall()
    rows = [{"area": code, "name": name, **found.get(code, none)} for code, name in below]
    codes = {code for code, _ in below}
    names = {about.code: about.name, None: None}
    return rows + [
        {"area": code, "name": names.get(code), **figures} for code, figures in found.items() if code not in codes
    ]


def share(part: int, whole: int) -> float | None:
    """Return a share, None of nothing."""
    return part / whole if whole else None
