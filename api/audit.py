"""Who saw or changed what? A row for every change of the registry and every look at a person's data, never changed."""

from datetime import datetime
from typing import Any, Protocol

from psycopg import Connection
from psycopg.types.json import Jsonb

from storage import sql

queries = sql.load("api")


class Who(Protocol):
    """Somebody who is logged in."""

    @property
    def username(self) -> str:
        """His log-in name."""
        ...

    @property
    def role(self) -> str:
        """What he may do."""
        ...


def record(
    connection: Connection[Any],
    who: Who | str,
    *,
    action: str,
    object: str,  # noqa: A002 - the audit's own word
    area: str | None = None,
    detail: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write a row in the caller's transaction: what was not written down did not happen, and the other way round.

    `who`: the caller, or the name of a command that runs without one. `object`: kind and id, as `resident 12`.
    """
    connection.execute(
        queries.write_audit,
        {
            "at": now,
            "who": who if isinstance(who, str) else who.username,
            "role": None if isinstance(who, str) else who.role,
            "action": action,
            "object": object,
            "area": area,
            "detail": None if detail is None else Jsonb(detail),
        },
    )
