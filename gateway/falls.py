"""Which readings say that somebody fell? Read from what vendors and our own format leave in `extra`, told at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import falls
from devices.model import PatrolPing, Telemetry, time_that_counts
from devices.telemetry import KnownDevice, Received

_KEY = "fall"
_NO = (False, 0, "false", "no", "none", "", None)


def take(connection: Connection[Any], batch: Sequence[tuple[KnownDevice, Received]], now: datetime) -> list[int]:
    """Raise or join the alert of each fall that a batch tells of; returns those alerts. What a broker kept says nothing of
    now; a word that is neither yes nor no is taken for a yes: in doubt somebody lies there."""
    said = [
        falls.Said(
            device.id,
            received.reading.uid,
            received.reading.extra[_KEY] not in _NO,
            time_that_counts(received.reading.at, received.received_at),
        )
        for device, received in batch
        # a help call for a fall is help already
        if not received.retained
        and isinstance(received.reading, PatrolPing | Telemetry)
        and _KEY in received.reading.extra
    ]
    return falls.take(connection, said, now) if said else []
