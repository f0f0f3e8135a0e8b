"""Who is woken when a row changes? One LISTEN connection a process, that comes back by itself for ever."""

import contextlib
import threading
import uuid
from collections.abc import Callable, Sequence

import psycopg
import structlog
from psycopg import sql

log = structlog.get_logger("storage.notify")

POLL_S = 1.0
"""How long one wait for notifications lasts: the bound on how late a stop is noticed when the database is out of reach."""
RECONNECT_S = 1.0


class Listener(threading.Thread):
    """Calls `heard(channel, payload)` for each NOTIFY on `channels`, and once with an empty payload for each
    channel after every (re)connect: what was missed while away must be looked for in the rows."""

    def __init__(self, url: str, channels: Sequence[str], heard: Callable[[str, str], None], *, name: str) -> None:
        super().__init__(name=f"listen-{name}", daemon=True)
        self._url = url
        self._channels = tuple(channels)
        self._heard = heard
        self._stop_asked = threading.Event()
        self._stop_channel = f"anju_stop_{uuid.uuid4().hex}"

    def run(self) -> None:
        """Listen until `stop`; a lost connection is opened again."""
        while not self._stop_asked.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("listen connection lost", error=str(error).splitlines()[0] if str(error) else "")
                self._stop_asked.wait(RECONNECT_S)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True, application_name=f"anju-{self.name}") as connection:
            for channel in (*self._channels, self._stop_channel):
                connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            for channel in self._channels:
                self._heard(channel, "")
            while not self._stop_asked.is_set():
                for notice in connection.notifies(timeout=POLL_S):
                    if self._stop_asked.is_set():
                        return
                    self._heard(notice.channel, notice.payload)

    def stop(self) -> None:
        """Ask the thread to end and wait for it."""
        self._stop_asked.set()
        if self.is_alive():
            with contextlib.suppress(psycopg.Error), psycopg.connect(self._url, connect_timeout=2) as connection:
                connection.execute("select pg_notify(%s, '')", (self._stop_channel,))
            self.join(timeout=POLL_S + 2)
