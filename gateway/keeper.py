"""Who is registered with a vendor's topic, and is he heard? Reads the registry anew after each change, and subscribes."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from devices import addresses, vendor_rows
from devices.addresses import AddressBook
from devices.formats.base import Format
from gateway.line import Line
from storage.notify import Listener

log = structlog.get_logger("gateway.keeper")

CHANNEL = "anju_addresses"
AGAIN_S = 60.0
"""However quiet it is, the registry is read so often: nothing depends on a notification alone."""
AGAIN_AFTER_CHANGE_S = 5.0
"""After a change it is looked once more whether the broker has let go of what was left."""
RESTING = 4
"""After a reading that took long it rests so many times as long: of many changes in a row, only the last one matters."""


class Keeper(threading.Thread):
    """Keeps a lane's address book and its subscriptions up with the registry."""

    def __init__(
        self,
        database_url: str,
        pool: ConnectionPool[Any],
        line: Line,
        formats: Mapping[str, Format],
        *,
        besides: frozenset[str] = frozenset(),
        after: Callable[[Connection[Any]], None] = lambda connection: None,
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._pool = pool
        self._line = line
        self._formats = formats
        self._besides = besides
        self._after = after
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._listener = Listener(database_url, [CHANNEL], self._heard, name="addresses")
        self.book = AddressBook(())

    def start(self) -> None:
        """Follow the registry in the background."""
        self._listener.start()
        super().start()

    def stop(self) -> None:
        """End; the sessions stay subscribed."""
        self._stopping.set()
        self._wake.set()
        self._listener.stop()
        self.join(timeout=10)

    def _heard(self, channel: str, payload: str) -> None:
        self._wake.set()

    def run(self) -> None:
        """Read and subscribe until `stop`."""
        wait_s = 0.0
        while not self._stopping.is_set():
            changed = self._wake.wait(wait_s)
            self._wake.clear()
            began = time.monotonic()
            try:
                self._bring_up()
                wait_s = AGAIN_AFTER_CHANGE_S if changed else AGAIN_S
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("the registry cannot be read", error=str(error).splitlines()[0])
                wait_s = 1.0
            except Exception:
                # the outermost guard of the loop: what was heard until now is heard on
                log.exception("the registry could not be followed; going on")
                wait_s = 1.0
            self._stopping.wait((time.monotonic() - began) * RESTING)

    def _bring_up(self) -> None:
        with self._pool.connection() as connection:
            connection.autocommit = True
            try:
                # first the book: what the new filters let through is then known
                self.book = vendor_rows.read_book(connection)
                wanted = addresses.filters(self.book, self._formats) | self._besides
                self._line.listen(connection, {each for each in wanted if not _no_broker_takes(each)})
                self._after(connection)
            finally:
                connection.autocommit = False


def _no_broker_takes(filter_: str) -> bool:
    """Say whether a filter would end the session at the NATS server, and with it whoever is heard beside it."""
    refused = " " in filter_ or not filter_.isprintable()
    if refused:
        log.error("a base topic with a space cannot be heard on every broker; rename it at the device", filter=filter_)
    return refused
