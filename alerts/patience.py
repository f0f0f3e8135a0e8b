"""How long may whoever took an alert be silent, where it is? The area's own times, the nearest up the tree, else the usual."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from psycopg import Connection

from alerts.lifecycle import PATIENCE, Patience
from alerts.model import Severity
from storage import sql

queries = sql.load("alerts")


def patience(
    connection: Connection[Any], asked: Collection[tuple[str | None, str]]
) -> dict[tuple[str | None, str], Patience]:
    """Return the times for each (area, severity)."""
    found = {each: PATIENCE[Severity(each[1])] for each in asked}
    areas = list({area for area, _ in asked if area is not None})
    if areas:
        for area, severity, *seconds in connection.execute(queries.answer_times_up, {"areas": areas}).fetchall():
            if (area, severity) in found:
                found[area, severity] = Patience(*(timedelta(seconds=each) for each in seconds))
    return found
