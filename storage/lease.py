"""Which of several processes may do what only one may? The one whose connection holds the advisory lock of that name.

The others stand by, and take over within about a second when the holder ends, however it ends.
"""

import threading
from types import TracebackType

import psycopg
import structlog

log = structlog.get_logger("storage.lease")

TRY_EVERY_S = 1.0


class Lease:
    """One name that one process holds at a time."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def wait(self, stop: threading.Event) -> bool:
        """Wait until this process holds the name; False when `stop` was set first."""
        said = False
        while not stop.is_set():
            try:
                if self._try():
                    return True
                if not said:
                    log.info("another process has it; standing by", lease=self._name)
                    said = True
            except psycopg.Error as error:
                log.warning("database out of reach", lease=self._name, error=_first_line(error))
                self.release()
            stop.wait(TRY_EVERY_S)
        return False

    def _try(self) -> bool:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, application_name=f"anju-lease-{self._name}")
        row = self._connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (self._name,)).fetchone()
        return bool(row and row[0])

    def still_held(self) -> bool:
        """Ask the database whether the connection that holds the name lives."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("select 1")
        except psycopg.Error as error:
            log.warning("lease lost", lease=self._name, error=_first_line(error))
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let the next one have it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> "Lease":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
