"""Who carries messages from the broker to the database? Two lanes, so that a press never queues behind patrol pings.

Each lane has its own MQTT session, its own database connection and its own thread: take a batch, one transaction, commit,
acknowledge. What the database refuses is tried again message by message; what it refuses then goes to the quarantine, and
a press raises its alert all the same.
"""

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from alerts import raising
from devices import telemetry
from devices.formats import anju
from devices.formats.base import Format
from devices.telemetry import KnownDevice, Received
from gateway import inbox, replies, requests, vendors
from gateway.client import Heard
from gateway.keeper import Keeper
from gateway.line import Line
from storage import series
from storage.clock import Clock

log = structlog.get_logger("gateway.lanes")

URGENT_FILTERS = (f"{anju.PREFIX}+/help", f"{anju.PREFIX}+/cancel")
BULK_FILTERS = (f"{anju.PREFIX}#",)
"""All of it, so that a mistyped topic is seen in the quarantine; what the urgent lane takes is passed over."""
URGENT_BATCH = 50
BULK_BATCH = 2_000
BULK_GATHER_S = 0.05
"""So long the bulk lane lets a batch grow: a commit costs as much for one ping as for a hundred, and what it costs is taken
from the presses beside it. A press itself comes by this lane too, for its series: by then its home has been told."""
WAIT_S = 1.0
"""How long a lane waits for a message before it looks at the clock again."""
FIRST_WAIT_S = 0.05
"""The same before our first beat: it says that we are ready, and somebody waits for it."""
BEAT_EVERY_S = 5.0
BEAT_WAIT_S = 0.5
"""Whoever holds the row of a role's sign of life does not hold up its presses."""
FRESH_WITHIN_S = 10.0
"""A lane that has not come to the end of what waits for so long is behind: what it stores is no longer what homes say now."""
RETRY_S = 1.0
PARTITIONS_EVERY_S = 3600.0
PARTITIONS_AGAIN_S = 60.0

READINGS_EVERY_S = 1.0
READINGS_WAIT_S = 0.1
"""So long the urgent lane waits for whoever stores readings of the same devices; then it tries again."""
READINGS_LIMIT = 10_000

_OURS = f"{anju.PREFIX.partition('/')[0]}/"

_OUT_OF_REACH = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
_OF_THE_MESSAGE = (
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    psycopg.errors.TooManyArguments,
)
"""Class 54 is an OperationalError to psycopg, but what is too large for a key today is so at every try: it must not hold
up the presses behind it for ever."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What the words to a home depend on."""

    locale: str


class Stored(NamedTuple):
    """What became of a batch: what homes are to hear, and whether there is anything that a person must answer."""

    answers: Sequence[tuple[str, bytes]] = ()
    is_raised: bool = False
    readings: Sequence[tuple[KnownDevice, Received]] = ()
    """What goes into the series afterwards."""


class Lane(threading.Thread):
    """Takes batches from a client and stores them until stopped; nothing is acknowledged before its commit."""

    def __init__(
        self,
        role: str,
        client: Line,
        pool: ConnectionPool[Any],
        clock: Clock,
        batch_size: int,
        gather_s: float,
        store: Callable[[Connection[Any], Sequence[Heard]], Stored],
        put_aside: Callable[[Connection[Any], Heard, str], None],
        *,
        beats_behind: bool = True,
    ) -> None:
        """`beats_behind`: whether it is up also while it is behind; not where silence is judged by what it stores."""
        super().__init__(name=role, daemon=True)
        self._role = role
        self._client = client
        self._pool = pool
        self._clock = clock
        self._batch_size = batch_size
        self._gather_s = gather_s
        self._store = store
        self._keep_aside = put_aside
        self._stopping = threading.Event()
        self._counters = {"stored": 0, "failures": 0}
        self._beats_behind = beats_behind
        self._readings: deque[tuple[KnownDevice, Received]] = deque(maxlen=READINGS_LIMIT)
        self._last_readings = 0.0
        self._last_beat = 0.0
        self._is_behind = False
        self._last_fresh = clock.now().timestamp()
        self._last_partitions = 0.0

    def run(self) -> None:
        """Carry messages until `stop`."""
        while not self._stopping.is_set():
            try:
                self._keep_house_or_go_on()
                wait_s = WAIT_S if self._last_beat else FIRST_WAIT_S
                batch = self._client.take(self._batch_size, wait_s, self._gather_s)
                taken_at = self._clock.now().timestamp()
                if batch:
                    self._carry(batch)
                if len(batch) < self._batch_size:
                    self._last_fresh = taken_at
                self._store_readings()
            except _OUT_OF_REACH as error:
                log.warning("database out of reach", lane=self._role, error=str(error).splitlines()[0])
                self._stopping.wait(RETRY_S)
            except Exception:
                # the outermost guard of the loop; a batch in hand has a guard of its own
                log.exception("lane failed; going on", lane=self._role)
                self._counters["failures"] += 1
                self._stopping.wait(RETRY_S)
        self._last_readings = 0.0
        self._store_readings()

    def stop(self) -> None:
        """Finish the batch in hand and end."""
        self._stopping.set()
        self._client.wake()
        self.join(timeout=10)

    def _keep_house_or_go_on(self) -> None:
        """Keep house; whatever stands in its way, presses do not wait for it."""
        try:
            self._keep_house()
        except _OUT_OF_REACH as error:
            log.warning("no sign of life could be given", lane=self._role, error=type(error).__name__)
            # the next try is due in a moment, and not before the messages in between
            self._last_beat = self._clock.now().timestamp() - BEAT_EVERY_S + RETRY_S

    def _keep_house(self) -> None:
        """Say that we are up, and make sure that the coming days have room."""
        now = self._clock.now()
        stamp = now.timestamp()
        if self._client.connected and abs(stamp - self._last_beat) >= BEAT_EVERY_S and self._keeps_up(stamp):
            with self._pool.connection() as connection:
                connection.execute(f"set local lock_timeout = '{BEAT_WAIT_S:g}s'".encode())
                telemetry.beat(connection, self._role, now, self._counters)
            self._last_beat = stamp
        if abs(stamp - self._last_partitions) >= PARTITIONS_EVERY_S:
            self._last_partitions = stamp
            try:
                with self._pool.connection() as connection:
                    series.ensure_beside_others(connection, now)
            except series.SeriesBusy:
                log.info("no partition could be made beside whoever reads the series; later", lane=self._role)
                self._last_partitions += PARTITIONS_AGAIN_S - PARTITIONS_EVERY_S

    def _keeps_up(self, stamp: float) -> bool:
        """Say whether what is stored is fresh. While it is not, pings wait here or in the broker, and their devices' silence
        is ours: a lane that is behind is to them as one that is down."""
        is_behind = abs(stamp - self._last_fresh) >= FRESH_WITHIN_S
        if is_behind != self._is_behind:
            log.warning("more comes than is stored" if is_behind else "all that waited is stored", lane=self._role)
            self._is_behind = is_behind
        return self._beats_behind or not is_behind

    def _carry(self, batch: Sequence[Heard]) -> None:
        """Store a batch and acknowledge it; it stays in hand until it is stored, however long that takes."""
        wait_s = 0.0
        while not self._stopping.is_set():
            try:
                stored = self._store_or_split(batch)
            except _OUT_OF_REACH as error:
                log.warning("database out of reach; the broker keeps the batch", lane=self._role,
                            messages=len(batch), error=str(error).splitlines()[0])  # fmt: skip
                # at once the first time: perhaps only the connection was old
                self._stopping.wait(wait_s)
                wait_s = RETRY_S
                continue
            except Exception:
                # the guard of what must not be lost: not even the putting aside worked, so it is tried until it does
                log.exception("a batch could not be stored; tried again", lane=self._role, messages=len(batch))
                self._counters["failures"] += 1
                self._stopping.wait(RETRY_S)
                continue
            # the homes first: they wait, the broker does not
            for topic, payload in stored.answers:
                self._client.publish(topic, payload)
            self._client.acknowledge(batch)
            self._counters["stored"] += len(batch)
            if stored.is_raised:
                self._wake_others()
            self._readings += stored.readings
            return

    def _store_readings(self) -> None:
        """Put presses into the series, from time to time and beside whoever stores readings of the same devices: a press
        that waited for those would wait for patrol pings, or in a ring with them."""
        if not self._readings or time.monotonic() - self._last_readings < READINGS_EVERY_S:
            return
        self._last_readings = time.monotonic()
        readings = list(self._readings)
        try:
            with self._pool.connection() as connection:
                connection.execute(f"set local lock_timeout = '{READINGS_WAIT_S:g}s'".encode())
                telemetry.store(connection, readings, self._clock.now())
        except _OUT_OF_REACH as error:
            log.info("presses are not in the series yet", lane=self._role, error=type(error).__name__)
            return
        except psycopg.Error as error:
            # the calls themselves are kept; a series that refuses one must not hold up the others for ever
            log.error(
                "presses could not go into the series",
                lane=self._role,
                presses=len(readings),
                error=type(error).__name__,
            )
            self._counters["failures"] += 1
        self._readings.clear()

    def _wake_others(self) -> None:
        """Let engine and pages look at what was raised; should that fail they look by themselves, within seconds."""
        try:
            with self._pool.connection() as connection:
                raising.wake(connection)
        except _OUT_OF_REACH as error:
            log.warning("nobody could be woken", lane=self._role, error=str(error).splitlines()[0])

    def _store_or_split(self, batch: Sequence[Heard]) -> Stored:
        """Store a batch in one transaction; where that fails, halve it until the one message is left that it fails for."""
        try:
            # sent without waiting for each answer: a press waits for the database twice instead of sixteen times
            with self._pool.connection() as connection, connection.pipeline():
                stored = self._store(connection, batch)
                connection.commit()
            return stored
        except Exception as error:
            if isinstance(error, _OUT_OF_REACH) and not isinstance(error, _OF_THE_MESSAGE):
                raise
            # whatever is wrong with one message, a mistake of ours included, must not hold up or lose the others
            if len(batch) == 1:
                return self._put_aside(batch[0], error)
        middle = len(batch) // 2
        first, second = self._store_or_split(batch[:middle]), self._store_or_split(batch[middle:])
        return Stored(
            [*first.answers, *second.answers],
            first.is_raised or second.is_raised,
            [*first.readings, *second.readings],
        )

    def _put_aside(self, message: Heard, error: Exception) -> Stored:
        """Quarantine what cannot be stored; on a help topic it raises its alert as unreadable."""
        # where it went wrong, not with which words: those of the database have the row in them
        where = traceback.format_tb(error.__traceback__)[-1]
        log.error(
            "a message could not be stored",
            lane=self._role,
            topic=message.topic,
            error=type(error).__name__,
            where=where,
        )
        self._counters["failures"] += 1
        with self._pool.connection() as connection:
            self._keep_aside(connection, message, f"it could not be stored: {type(error).__name__}")
        # in doubt it was a press
        return Stored(is_raised=True)


def urgent_lane(
    client: Line,
    pool: ConnectionPool[Any],
    clock: Clock,
    settings: GatewaySettings,
    keeper: Keeper,
    formats: Mapping[str, Format],
) -> Lane:
    """Return the lane for help calls and their cancelling; its homes hear `received` after the commit."""

    def store(connection: Connection[Any], batch: Sequence[Heard]) -> Stored:
        own, of_vendors = _by_whose(batch)
        told = inbox.take_urgent(connection, own, clock.now()) if own else []
        answers = replies.received(told, settings.locale)
        if not of_vendors:
            return Stored(answers, is_raised=bool(own))
        taken = vendors.take_urgent(connection, of_vendors, keeper.book, formats, clock.now())
        return Stored(answers, bool(own or taken.calls), taken.readings)

    def put_aside(connection: Connection[Any], message: Heard, reason: str) -> None:
        uid, leaf = anju.split(message.topic)
        if leaf == "help":
            inbox.take_refused_help(connection, message, reason, clock.now())
        elif message.topic.startswith(_OURS):
            inbox.quarantine(connection, message, reason, uid, None)
        else:
            vendors.take_refused(connection, message, keeper.book, formats, reason, clock.now())

    return Lane("gateway-urgent", client, pool, clock, URGENT_BATCH, 0.0, store, put_aside)


def bulk_lane(
    client: Line,
    pool: ConnectionPool[Any],
    clock: Clock,
    settings: GatewaySettings,
    keeper: Keeper,
    formats: Mapping[str, Format],
) -> Lane:
    """Return the lane for everything else that homes say; who wishes for a visit hears `received` after the commit."""
    registry = inbox.Registry()
    lately = vendors.Lately()

    def store(connection: Connection[Any], batch: Sequence[Heard]) -> Stored:
        own, of_vendors = _by_whose(batch)
        wishes = [each for each in own if requests.is_one(each)]
        told = requests.take(connection, wishes, clock.now()) if wishes else []
        inbox.take_bulk(connection, own, registry, clock.now())
        if of_vendors:
            vendors.take_bulk(connection, of_vendors, keeper.book, formats, lately, clock.now())
        return Stored(requests.received(told, settings.locale), is_raised=bool(told))

    def put_aside(connection: Connection[Any], message: Heard, reason: str) -> None:
        if requests.is_one(message):
            requests.take_refused(connection, message, reason, clock.now())
            return
        inbox.quarantine(connection, message, reason, anju.split(message.topic)[0], None)

    return Lane("gateway-bulk", client, pool, clock, BULK_BATCH, BULK_GATHER_S, store, put_aside, beats_behind=False)


def _by_whose(batch: Sequence[Heard]) -> tuple[Sequence[Heard], Sequence[Heard]]:
    """Part the contract's own messages from vendors'."""
    of_vendors = [each for each in batch if not each.topic.startswith(_OURS)]
    if not of_vendors:
        return batch, of_vendors
    return [each for each in batch if each.topic.startswith(_OURS)], of_vendors
