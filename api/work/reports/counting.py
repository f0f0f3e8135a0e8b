"""How is a report counted? Each of its rows has a flag for every figure: a figure is how many rows have its flag.

So each number can open the rows behind it, and no two ways of counting can part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from api.work.reports.scope import Counted, Scope
from storage import sql

queries = sql.load("api.work")

Key = str | None


class Unit(StrEnum):
    """What a period is: by the installation's clock, weeks from Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Manner:
    """By whose clock days go, and by which periods it is told, None for the time as a whole."""

    timezone: str
    by: Unit | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What a report counts. `rows`: their SQL, with `home_id`, `resident_id`, `part`, `at`, and the `keys`.

    `things`: what a row is of, and its figures: a column `THING_id`, and a boolean column for each. `spans`: columns in
    seconds, whose middle and ninetieth percentile are told.
    """

    rows: bytes
    things: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """All figures that have rows."""
        return tuple(figure for figures in self.things.values() for figure in figures)

    def thing_of(self, figure: str) -> str:
        """Return what the rows of a figure are of."""
        return next(thing for thing, figures in self.things.items() if figure in figures)


@dataclass(slots=True)
class Counts:
    """The figures of all, and of the parts: by area, by each key, by category, by the first day of each period."""

    total: Counted
    areas: dict[Key, Counted] = field(default_factory=dict)
    keys: dict[str, dict[Key, Counted]] = field(default_factory=dict)
    periods: dict[date, Counted] = field(default_factory=dict)
    categories: dict[str, Counted] = field(default_factory=dict)

    def part(self, dim: str) -> dict[Any, Counted]:
        """Return where the figures of one kind of part are kept."""
        if dim == "part":
            return self.areas
        return self.periods if dim == "period" else self.keys[dim]


def count(
    connection: Connection[Any], about: Scope, table: Table, manner: Manner, *, categories: bool = True, **more: object
) -> Counts:
    """Count a table: all, each area one level down, each key, each period where one is asked for, and each category."""
    dims = ["part", *table.keys, *(["period"] if manner.by else [])]
    asked = {**about.parameters, "unit": manner.by, "timezone": manner.timezone, **more}
    _take_time(connection)
    whole = Counts({}, keys={key: {} for key in table.keys})
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_by_dims(table, dims), asked):
            level = row.pop("level")
            values = [row.pop(dim) for dim in dims]
            grouped = [nth for nth in range(len(dims)) if not level >> (len(dims) - 1 - nth) & 1]
            if not grouped:
                whole.total = row
                continue
            (nth,) = grouped
            whole.part(dims[nth])[values[nth]] = row
        for row in cursor.execute(_by_category(table), asked) if categories else ():
            whole.categories[row.pop("category")] = row
    return whole


def rows(
    connection: Connection[Any], about: Scope, table: Table, figure: str, only: "Only", *, after: int, limit: int,
    timezone: str, **more: object,
) -> list[int]:  # fmt: skip
    """Return the ids behind a figure of all or of a part, in order, those after `after`."""
    thing = Identifier(f"{table.thing_of(figure)}_id")
    parts: list[Composed | SQL] = [SQL("rows.{}").format(Identifier(figure)), SQL("rows.{} > %(after)s").format(thing)]
    if only.area is not None:
        parts.append(SQL("rows.part is not distinct from %(only_area)s"))
    for key, _ in only.keys:
        parts.append(SQL("rows.{} = %({})s").format(Identifier(key), SQL(f"only_{key}")))
    if only.category is not None:
        parts.append(SQL("%(category)s in (select category from (") + _THEIRS + SQL(") as theirs)"))
    if only.period is not None:
        parts.append(SQL("date_trunc(%(unit)s, rows.at at time zone %(timezone)s)::date = %(period)s"))
    query = SQL("with rows as materialized (") + _base(table) + SQL(") select rows.{} from rows where ").format(
        thing
    ) + SQL(" and ").join(parts) + SQL(" order by 1 limit %(limit)s")  # fmt: skip
    asked = {
        **about.parameters, **more, "after": after, "limit": limit, "timezone": timezone, "category": only.category,
        "only_area": only.area or None, "period": only.period, "unit": only.unit,
        **{f"only_{key}": value for key, value in only.keys},
    }  # fmt: skip
    _take_time(connection)
    return [row[0] for row in connection.execute(query, asked).fetchall()]


@dataclass(frozen=True, slots=True)
class Only:
    """Which part of a report is meant: of an area row ('' for what has no place), of a key, a category, a period."""

    area: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    category: str | None = None
    period: date | None = None
    unit: Unit | None = None


_THEIRS = SQL(
    "select distinct unnest(residents.category) as category from residents where residents.home_id = rows.home_id"
    " and case when rows.resident_id is null then residents.removed_at is null and residents.left_at is null"
    " else residents.id = rows.resident_id end"
)
"""What whoever lives there is: a row of several counts in each of them."""


def _by_dims(table: Table, dims: list[str]) -> Composed:
    names = SQL(", ").join(map(Identifier, dims))
    sets = SQL(", ").join([SQL("()"), *(SQL("({})").format(Identifier(dim)) for dim in dims)])
    dated = (
        SQL("select rows.*, date_trunc(%(unit)s, rows.at at time zone %(timezone)s)::date as period from rows")
        if "period" in dims
        else SQL("select * from rows")
    )
    return SQL(
        "with rows as materialized ({}), dated as ({}) select grouping({}) as level, {}, {} from dated"
        " group by grouping sets ({})"
    ).format(_base(table), dated, names, names, _figures(table), sets)


def _by_category(table: Table) -> Composed:
    return SQL(
        "with rows as materialized ({}) select theirs.category, {} from rows cross join lateral ({}) as theirs"
        " group by theirs.category order by theirs.category"
    ).format(_base(table), _figures(table), _THEIRS)


def _base(table: Table) -> Composed:
    # the text goes in as it is: it has places of its own
    return Composed([SQL(table.rows.decode())])


def _figures(table: Table) -> Composed:
    counted = [SQL("count(*) filter (where {0}) as {0}").format(Identifier(figure)) for figure in table.figures]
    for span in table.spans:
        for name, part in (("p50", "0.5"), ("p90", "0.9")):
            counted.append(
                SQL("percentile_cont({}) within group (order by {}) as {}").format(
                    SQL(part), Identifier(f"{span}_s"), Identifier(f"{span}_{name}_s")
                )
            )
    return SQL(", ").join(counted)


def _take_time(connection: Connection[Any]) -> None:
    connection.execute(queries.take_time)


def periods(about: Scope, by: Unit) -> int:
    """Return about how many periods a time has."""
    days = ((about.end or about.now) - about.start).days + 1
    return days // {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28}[by]


def spans(about: Scope, by: Unit, timezone: str) -> list[tuple[date, Scope]]:
    """Return the first day of each period that begins in the time or runs into it, and the scope of what of it lies there."""
    zone = ZoneInfo(timezone)
    end = about.end or about.now
    first = beginning(about.start, by, timezone)
    found: list[tuple[date, Scope]] = []
    while (starts := datetime.combine(first, time(0), zone)) < end:
        following = _following(first, by)
        ends = datetime.combine(following, time(0), zone)
        of_it = replace(about, start=max(about.start, starts), end=ends if ends <= end else about.end)
        found.append((first, of_it))
        first = following
    return found


def beginning(at: datetime, by: Unit, timezone: str) -> date:
    """Return the first day of the period that an instant lies in."""
    day = at.astimezone(ZoneInfo(timezone)).date()
    if by is Unit.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by is Unit.MONTH else day


def _following(first: date, by: Unit) -> date:
    if by is Unit.MONTH:
        # the longest month has 31 days
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if by is Unit.WEEK else 1)
