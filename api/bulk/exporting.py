"""How does a table go out? As CSV that a spreadsheet opens, and that an import takes as it is."""

from collections.abc import Iterator
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from api import audit
from api.accounts import COMMAND_LINE
from api.audit import Who
from api.bulk import cells, sheet
from api.bulk.found import UnknownTable
from api.bulk.words import TABLES
from storage import sql
from storage.clock import Clock, SystemClock

queries = sql.load("api.bulk")

_QUERIES = {
    "areas": queries.areas_out,
    "homes": queries.homes_out,
    "residents": queries.residents_out,
    "staff": queries.staff_out,
    "devices": queries.devices_out,
}
AT_ONCE = 2000
"""Rows that are in memory at a time."""


def export(
    connection: Connection[Any], table: str, *, who: Who | str = COMMAND_LINE, clock: Clock | None = None
) -> Iterator[str]:
    """Yield a table as lines of CSV, its heading first. That it went out is written in the audit log.

    Raises UnknownTable.
    """
    if table not in TABLES:
        raise UnknownTable(table, list(TABLES))
    return _lines(connection, table, who, clock or SystemClock())


def _lines(connection: Connection[Any], table: str, who: Who | str, clock: Clock) -> Iterator[str]:
    known = TABLES[table]
    with connection.transaction():
        audit.record(connection, who, action="export", object=table, now=clock.now())
        yield sheet.line_of(list(known.columns))
        with connection.cursor(name="export", row_factory=dict_row) as cursor:
            cursor.itersize = AT_ONCE
            for row in cursor.execute(_QUERIES[table]):
                written = {column: cells.written(column, row[column]) for column in known.columns}
                yield sheet.line_of(
                    [cell if column in known.numbers else sheet.guarded(cell) for column, cell in written.items()]
                )
