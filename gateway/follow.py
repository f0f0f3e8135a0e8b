"""Does the embedded broker know every device of the registry? It reads the registry anew after each change, and says so."""

import time
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from devices import telemetry
from gateway import broker
from gateway.broker import BrokerUser, EmbeddedBroker
from storage import sql

queries = sql.load("gateway")

ROLE = "broker"
CHANNEL = "anju_devices"
HEARD_WITHIN = timedelta(seconds=20)
"""A broker of ours that was not heard for this long is none, or is down: nobody waits for it."""
KNOWN_WITHIN_S = 5.0
"""100,000 users are read in 1.6 s."""
_ASK_EVERY_S = 0.01


class Follower:
    """Keeps an embedded broker up with the registry. The connections it is given autocommit."""

    def __init__(self, server: EmbeddedBroker, insiders: list[BrokerUser]) -> None:
        self._server = server
        self._insiders = insiders
        self._applied = 0

    def bring_up(self, connection: Connection[Any], now: datetime) -> None:
        """Let the broker take the registry's devices, and write down up to which change it has.

        Raises BrokerRefusedUsers.
        """
        # the number first: what was committed before it was taken is seen by the read that follows
        row = connection.execute(queries.newest_broker_change).fetchone()
        self._server.reload([*self._insiders, *broker.users_of_registry(connection)])
        self._applied = int(row[0]) if row else 0
        self.beat(connection, now)

    def beat(self, connection: Connection[Any], now: datetime) -> None:
        """Say that the broker is being kept up."""
        telemetry.beat(connection, ROLE, now, {"applied": self._applied})


def wait_known(pool: ConnectionPool[Any], now: datetime) -> bool:
    """Wait until the embedded broker knows what was committed before; True at once where the broker is another.

    False when it took too long: it goes on trying, and the device is let in once it has.
    """
    with pool.connection() as connection:
        row = connection.execute(
            queries.ask_broker, {"channel": CHANNEL, "role": ROLE, "since": now - HEARD_WITHIN}
        ).fetchone()
    change, is_heard, _ = row if row else (0, False, None)
    if not is_heard:
        return True
    waited_until = time.monotonic() + KNOWN_WITHIN_S
    while time.monotonic() < waited_until:
        with pool.connection() as connection:
            applied = connection.execute(queries.broker_applied, {"role": ROLE}).fetchone()
        if applied is not None and applied[0] >= change:
            return True
        time.sleep(_ASK_EVERY_S)
    return False
