"""How does a gateway run? One process at a time holds each lane's session; others stand by and take over.

A lane's MQTT session has a fixed name, so that whoever takes over gets what the one before had not acknowledged.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import structlog
from psycopg_pool import ConnectionPool, PoolTimeout

from devices import formats, vendor_rows
from gateway import replies
from gateway.client import BrokerAddress
from gateway.keeper import Keeper
from gateway.lanes import BULK_FILTERS, URGENT_FILTERS, GatewaySettings, Lane, bulk_lane, urgent_lane
from gateway.line import Line
from storage.clock import Clock
from storage.lease import Lease
from storage.notify import Listener
from storage.pool import open_pool

log = structlog.get_logger("gateway.service")

LANES = ("urgent", "bulk")
LEASE_CHECK_S = 2.0
REPLY_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class GatewayPlace:
    """Where a gateway finds its database and its broker."""

    database_url: str
    broker: BrokerAddress


def run(lane: str, place: GatewayPlace, settings: GatewaySettings, clock: Clock, stop: threading.Event) -> None:
    """Carry one lane until `stop`: wait for its lease, carry, and begin again should the lease be lost."""
    with Lease(place.database_url, f"gateway-{lane}") as lease:
        while lease.wait(stop):
            with open_pool(place.database_url, name=f"gateway-{lane}", max_size=4, checked=False) as pool:
                _carry(lane, lease, pool, place, settings, clock, stop)
            lease.release()


def _carry(
    lane: str,
    lease: Lease,
    pool: ConnectionPool[Any],
    place: GatewayPlace,
    settings: GatewaySettings,
    clock: Clock,
    stop: threading.Event,
) -> None:
    urgent = lane == "urgent"
    client = Line(lane, place.broker, URGENT_FILTERS if urgent else BULK_FILTERS, clock)
    spoken = formats.installed()
    keeper: Keeper
    carrier: Lane
    if urgent:
        calling = {name: each for name, each in spoken.items() if each.calls}
        keeper = Keeper(place.database_url, pool, client, calling)
        carrier = urgent_lane(client, pool, clock, settings, keeper, spoken)
    else:
        keeper = Keeper(
            place.database_url, pool, client, spoken, besides=frozenset(formats.DISCOVERY),
            after=lambda connection: vendor_rows.tidy(connection, clock.now()),
        )  # fmt: skip
        carrier = bulk_lane(client, pool, clock, settings, keeper, spoken)
    publisher = ReplyPublisher(place.database_url, client, pool, clock, settings) if urgent else None
    client.start()
    carrier.start()
    keeper.start()
    if publisher is not None:
        publisher.start()
    while not stop.wait(LEASE_CHECK_S) and lease.still_held():
        if not carrier.is_alive():
            raise RuntimeError(f"the {lane} lane ended by itself")
    keeper.stop()
    carrier.stop()
    if publisher is not None:
        publisher.stop()
    client.stop()


class ReplyPublisher:
    """Publishes the steps that homes are to hear, as soon as the desk has written them."""

    def __init__(
        self,
        database_url: str,
        client: Line,
        pool: ConnectionPool[Any],
        clock: Clock,
        settings: GatewaySettings,
    ) -> None:
        self._client = client
        self._pool = pool
        self._clock = clock
        self._locale = settings.locale
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._listener = Listener(database_url, ["anju_home"], self._heard, name="home-replies")
        self._thread = threading.Thread(target=self._run, name="home-replies", daemon=True)

    def start(self) -> None:
        """Listen and publish in the background."""
        self._listener.start()
        self._thread.start()

    def stop(self) -> None:
        """End; what was not published stays in its row."""
        self._stopping.set()
        self._wake.set()
        self._listener.stop()
        self._thread.join(timeout=10)

    def _heard(self, channel: str, payload: str) -> None:
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(REPLY_POLL_S)
            self._wake.clear()
            try:
                self._publish_all(self._clock.now())
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("replies wait for the database", error=str(error).splitlines()[0])
                self._stopping.wait(REPLY_POLL_S)

    def _publish_all(self, now: datetime) -> None:
        while self._client.connected and not self._stopping.is_set():
            with self._pool.connection() as connection:
                published = replies.publish_waiting(connection, self._client, locale=self._locale, now=now)
            if published < replies.BATCH:
                return
