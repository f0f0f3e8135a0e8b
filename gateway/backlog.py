"""What waits between the network and the database? So many messages and so many bytes at most; then the network waits.

The broker's in-flight window holds the rest back, so that memory stays flat under any backlog.
"""

import threading
import time
from collections import deque
from collections.abc import Sized
from typing import Generic, Protocol, TypeVar

MESSAGES_LIMIT = 20_000
BYTES_LIMIT = 16 * 1024 * 1024
"""Of payload: as much as 20,000 usual messages of 800 bytes, or 16 of the largest that a broker lets through."""
GATHER_STEP_S = 0.01


class Carried(Protocol):
    """Anything with a payload."""

    @property
    def payload(self) -> Sized:
        """What is weighed."""
        ...


CarriedT = TypeVar("CarriedT", bound=Carried)


class Backlog(Generic[CarriedT]):
    """A bounded queue between one thread that hears and one that stores."""

    def __init__(self, messages_limit: int = MESSAGES_LIMIT, bytes_limit: int = BYTES_LIMIT) -> None:
        self._messages_limit = messages_limit
        self._bytes_limit = bytes_limit
        self._messages: deque[CarriedT] = deque()
        self._bytes = 0
        self._closed = False
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._freed = threading.Condition(self._lock)

    def put(self, message: CarriedT) -> bool:
        """Add a message at the end; waits while there is no room. False once it is closed: the message is not kept."""
        with self._lock:
            while self._is_full and not self._closed:
                self._freed.wait()
            if self._closed:
                return False
            self._messages.append(message)
            self._bytes += len(message.payload)
            self._filled.notify()
            return True

    def take(self, limit: int, wait_s: float, gather_s: float = 0.0) -> list[CarriedT]:
        """Return up to `limit` messages from the front: waits up to `wait_s` for the first, not at all once it is closed.

        `gather_s`: once there is one, wait that long for more, unless there are `limit`. One commit then carries all of them.
        """
        with self._lock:
            if not self._messages and not self._closed:
                self._filled.wait(wait_s)
        if gather_s:
            self._gather(limit, gather_s)
        with self._lock:
            if len(self._messages) <= limit:
                taken = list(self._messages)
                self._messages.clear()
                self._bytes = 0
            else:
                taken = [self._messages.popleft() for _ in range(limit)]
                self._bytes -= sum(len(message.payload) for message in taken)
            self._freed.notify()
        return taken

    def close(self) -> None:
        """Let nobody wait any more, now and later; what is in it can still be taken."""
        with self._lock:
            self._closed = True
            self._filled.notify_all()
            self._freed.notify_all()

    @property
    def _is_full(self) -> bool:
        # one more is let in below the limit, however large: a message larger than all the room must not wait for ever
        return len(self._messages) >= self._messages_limit or self._bytes >= self._bytes_limit

    def _gather(self, limit: int, gather_s: float) -> None:
        until = time.monotonic() + gather_s
        while 0 < len(self._messages) < limit and not self._is_full and not self._closed:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(GATHER_STEP_S, left_s))
