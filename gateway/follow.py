"""Does every broker know the devices of the registry? Whoever keeps one up reads the registry anew after each change, and
says so."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import ConnectionPool

from devices import telemetry
from gateway import broker
from gateway.broker import BrokerRefusedUsers, BrokerUser, EmbeddedBroker
from storage import sql
from storage.clock import Clock

queries = sql.load("gateway")
log = structlog.get_logger("gateway.follow")

ROLE = "broker"
"""Who keeps the embedded broker up; those of others are `broker-...`."""
CHANNEL = "anju_devices"
HEARD_WITHIN = timedelta(seconds=20)
"""A broker of ours that was not heard for this long is none, or is down: nobody waits for it."""
KNOWN_WITHIN_S = 5.0
"""100,000 users are read in 1.6 s."""
BEAT_EVERY_S = 5.0
RETRY_S = 2.0
_ASK_EVERY_S = 0.01


class Keeper(Protocol):
    """Whatever lets a broker take the registry."""

    @property
    def role(self) -> str:
        """Under which name it says that it does."""
        ...

    def bring_up(self, connection: Connection[Any]) -> None:
        """Let the broker take the registry as it is now, and return once it has. Raises BrokerRefusedUsers."""
        ...


@dataclass(frozen=True, slots=True)
class KeptEmbedded:
    """The broker that is our own child, and the users of ours that it has besides."""

    server: EmbeddedBroker
    insiders: list[BrokerUser]
    role: str = ROLE

    def bring_up(self, connection: Connection[Any]) -> None:
        """Let it take the registry as it is now. Raises BrokerRefusedUsers."""
        self.server.reload([*self.insiders, *broker.users_of_registry(connection)])


class Follower:
    """Keeps a broker up with the registry. The connections it is given autocommit."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._applied = 0

    def bring_up(self, connection: Connection[Any], now: datetime) -> None:
        """Let the broker take the registry's devices, and write down up to which change it has.

        Raises BrokerRefusedUsers.
        """
        # the number first: what was committed before it was taken is seen by the read that follows
        row = connection.execute(queries.newest_broker_change).fetchone()
        self._keeper.bring_up(connection)
        self._applied = int(row[0]) if row else 0
        self.beat(connection, now)

    def beat(self, connection: Connection[Any], now: datetime) -> None:
        """Say that the broker is being kept up."""
        telemetry.beat(connection, self._keeper.role, now, {"applied": self._applied})


def keep_up(keeper: Keeper, database_url: str, clock: Clock, stop: threading.Event) -> None:
    """Keep a broker up with the registry until `stop`, through outages of the database and of the broker.

    While the broker refuses, nothing is said of it, so that nobody waits for it and `anju doctor` sees it.
    """
    follower = Follower(keeper)
    while not stop.is_set():
        try:
            with psycopg.connect(database_url, autocommit=True, application_name=f"anju-{keeper.role}") as connection:
                _follow(follower, connection, clock, stop)
        except BrokerRefusedUsers as error:
            log.error("the broker does not follow the registry", error=str(error))
        except psycopg.Error as error:
            log.warning("database out of reach", error=(str(error).splitlines() or [""])[0])
        stop.wait(RETRY_S)


def _follow(follower: Follower, connection: Connection[Any], clock: Clock, stop: threading.Event) -> None:
    connection.execute(f"listen {CHANNEL}")
    # what changed before we listened
    heard, beat_at = True, 0.0
    while not stop.is_set():
        if heard:
            follower.bring_up(connection, clock.now())
            beat_at = time.monotonic()
        elif time.monotonic() - beat_at > BEAT_EVERY_S:
            follower.beat(connection, clock.now())
            beat_at = time.monotonic()
        heard = bool(list(connection.notifies(timeout=0.25, stop_after=1)))


def wait_known(pool: ConnectionPool[Any], now: datetime) -> bool:
    """Wait until every broker that somebody keeps up knows what was committed before; True at once where nobody does.

    False when it took too long: it goes on trying, and the device is let in once it has.
    """
    with pool.connection() as connection:
        row = connection.execute(
            queries.ask_brokers, {"channel": CHANNEL, "role": ROLE, "since": now - HEARD_WITHIN}
        ).fetchone()
    change, roles, _ = row if row else (0, [], None)
    if not roles:
        return True
    waited_until = time.monotonic() + KNOWN_WITHIN_S
    while time.monotonic() < waited_until:
        with pool.connection() as connection:
            applied = connection.execute(queries.brokers_applied, {"roles": roles}).fetchone()
        if applied is not None and applied[0] >= change:
            return True
        time.sleep(_ASK_EVERY_S)
    return False
