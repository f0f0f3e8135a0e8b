"""Who has the board open, and since when? Written while the line to the page is there, for the alarm rates of operators."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from storage import sql

queries = sql.load("api")


def begin(connection: Connection[Any], user_id: int, now: datetime) -> int:
    """Write down that a user has opened the board; returns what `go_on` is told."""
    row = connection.execute(queries.watch_begins, {"user_id": user_id, "now": now}).fetchone()
    assert row is not None  # noqa: S101 - a row was inserted
    return int(row[0])


def go_on(connection: Connection[Any], watch_id: int, now: datetime) -> None:
    """Write down that he still has it open."""
    connection.execute(queries.watch_goes_on, {"watch_id": watch_id, "now": now})
