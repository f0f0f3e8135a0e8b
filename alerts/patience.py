"""How long may whoever took an alert be silent, where it is? The area's own times, the nearest up the tree, else the usual."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, TypeAlias

from psycopg import Connection

from alerts.lifecycle import PATIENCE, PATIENCE_OF_KIND, Patience
from alerts.model import Severity
from storage import sql

queries = sql.load("alerts")


Asked: TypeAlias = "tuple[str | None, str, str]"
"""An alert's area, severity and kind."""


def patience(connection: Connection[Any], asked: Collection[Asked]) -> dict[Asked, Patience]:
    """Return the times for each (area, severity, kind)."""
    found = {each: PATIENCE_OF_KIND.get(each[2]) or PATIENCE[Severity(each[1])] for each in asked}
    areas = list({area for area, _, _ in asked if area is not None})
    if areas:
        for area, severity, *seconds in connection.execute(queries.answer_times_up, {"areas": areas}).fetchall():
            own = Patience(*(timedelta(seconds=each) for each in seconds))
            for each in found:
                if each[:2] == (area, severity) and each[2] not in PATIENCE_OF_KIND:
                    found[each] = own
    return found
