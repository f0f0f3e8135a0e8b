"""Is there room for the events of the coming days? The time series behind one name, with TimescaleDB or without.

On a hypertable chunks make themselves. On plain PostgreSQL the daily partitions are made ahead: a row that finds none
would be refused, and with it the batch it came in.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg

DAYS_BACK = 8
"""A device's own time may lie 7 days back (CONTRACT section 3); one more for the zone."""
DAYS_AHEAD = 14
"""Two weeks without any process of ours to make partitions, and the first row after them still fits."""


WAIT_S = 0.2
"""So long a serving role waits for the series' lock: whoever writes events meanwhile stands behind it, a press too."""


class SeriesBusy(Exception):
    """Somebody reads the series (a backup, say): no partition can be made now, and none is needed for days."""


def ensure_beside_others(connection: psycopg.Connection[Any], now: datetime) -> int:
    """Do what `ensure` does, in a transaction of its own that is in nobody's way. Raises SeriesBusy."""
    try:
        with connection.transaction():
            connection.execute(f"set local lock_timeout = '{WAIT_S:g}s'".encode())
            return ensure(connection, now)
    except psycopg.errors.LockNotAvailable:
        raise SeriesBusy from None


def ensure(connection: psycopg.Connection[Any], now: datetime) -> int:
    """Make the partitions around `now` that are missing; return how many were made (0 on a hypertable)."""
    row = connection.execute(
        "select ensure_event_partitions(%s::date, %s::date)",
        (now - timedelta(days=DAYS_BACK), now + timedelta(days=DAYS_AHEAD)),
    ).fetchone()
    return int(row[0]) if row else 0
