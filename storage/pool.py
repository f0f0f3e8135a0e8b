"""How does a process reach the database? Through one pool, in UTC, with its name in pg_stat_activity."""

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from psycopg import Connection, sql
from psycopg.errors import DeadlockDetected
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

T = TypeVar("T")
log = structlog.get_logger("storage.pool")

STATEMENT_TIMEOUT_S = 30
"""No statement of the serving roles may hold a row longer; migrations and reports set their own."""

RING_TRIES = 3
"""How often a transaction is begun that others held up in a ring."""


def _prepare(connection: Connection[Any]) -> None:
    """Give a fresh connection what every session of ours relies on."""
    with connection.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        cursor.execute(sql.SQL("set statement_timeout = {}").format(sql.Literal(f"{STATEMENT_TIMEOUT_S}s")))
    connection.commit()


def open_pool(
    url: str, *, name: str, min_size: int = 1, max_size: int = 8, checked: bool = True
) -> ConnectionPool[Connection[TupleRow]]:
    """Open a pool on `url`; `name` shows in pg_stat_activity.

    `checked`: a connection is tried before it is lent, which costs a question; without it whoever borrows tries again.
    """
    pool: ConnectionPool[Connection[TupleRow]] = ConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        kwargs={"application_name": f"anju-{name}"},
        configure=_prepare,
        check=ConnectionPool.check_connection if checked else None,
        open=False,
        name=name,
    )
    pool.open(wait=True, timeout=30)
    return pool


def in_transaction(pool: ConnectionPool[Any], deed: Callable[[Connection[Any]], T]) -> T:
    """Do something in one transaction, and again where the database broke it off to end a ring of waiting ones.

    For those whom nobody asks twice: a provider's callback is not sent again because of an error of ours.
    """
    for _ in range(RING_TRIES - 1):
        try:
            with pool.connection() as connection:
                return deed(connection)
        except DeadlockDetected:
            log.warning("a transaction was broken off to end a ring; tried again")
    with pool.connection() as connection:
        return deed(connection)
