"""How does the engine run? Woken at once by NOTIFY and at least every second by a scheduler; what it does is in the rows."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from psycopg_pool import ConnectionPool, PoolTimeout

from alerts import (
    cover,
    engine,
    follow_up,
    gathering,
    outages,
    outbox,
    planning,
    requests,
    sending,
    shift_test,
    swaps,
    warnings,
)
from alerts.care import keeping
from alerts.channels.base import Channel, TryAgain
from alerts.engine import EngineSettings
from alerts.pace import Pace
from devices import condition, days, fleet, telemetry
from storage import series
from storage.clock import Clock
from storage.notify import Listener

log = structlog.get_logger("alerts.service")

SENDERS = 8
"""Messages on their way to the provider at once."""
MESSAGES_PER_S = 1000.0
"""Faster than any provider takes them: who is refused with "too many" goes slower by himself."""
LOOK_EVERY_S = 1
BEAT_EVERY_S = 5
SWEEP_EVERY_S = 5
CONDITION_EVERY_S = 5
DAYS_EVERY_S = 5
OUTAGES_EVERY_S = 5
WARNINGS_EVERY_S = 5
SWAPS_EVERY_S = 60
TIDY_EVERY_S = 3600
TRY_PHONES_EVERY_S = 30
VISITS_EVERY_S = 5
ROLE = "alerts"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the engine's process works with."""

    database_url: str
    pool: ConnectionPool[Any]
    clock: Clock
    channel: Channel
    settings: EngineSettings
    messages_per_s: float = MESSAGES_PER_S
    plan_ahead: timedelta = planning.AHEAD
    templates: bool = False


class Looker:
    """A thread that looks at the rows when woken, until nothing more is due. Woken while looking, it looks once more."""

    def __init__(self, name: str, look: Callable[[], int]) -> None:
        self._look = look
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a first look."""
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        """Let it look now."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the look in hand and end."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                while not self._stopping.is_set() and self._look():
                    pass
            except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
                log.warning("database out of reach", looker=self._thread.name, error=str(error).splitlines()[0])
            except Exception:
                # the outermost guard of the loop: nothing was committed, so the row is still due and is looked at again
                log.exception("look failed; looking again", looker=self._thread.name)


def run(parts: Parts, stop: threading.Event) -> None:
    """Run the engine, the sender and the sweep until `stop`."""
    deciding = Looker("engine", lambda: _decide(parts))
    with ThreadPoolExecutor(SENDERS, thread_name_prefix="sender") as senders:
        sender = Sender(parts, senders)
        sending = Looker("outbox", sender.send_due)
        sender.when_place_freed(sending.wake)
        lookers = {"anju_due": deciding, "anju_outbox": sending}
        listener = Listener(
            parts.database_url, list(lookers), lambda channel, _: lookers[channel].wake(), name="alerts"
        )
        scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        for looker in lookers.values():
            scheduler.add_job(looker.wake, "interval", seconds=LOOK_EVERY_S)
        scheduler.add_job(_guarded(_beat, parts), "interval", seconds=BEAT_EVERY_S)
        scheduler.add_job(_guarded(_sweep, parts), "interval", seconds=SWEEP_EVERY_S)
        scheduler.add_job(_guarded(_condition, parts), "interval", seconds=CONDITION_EVERY_S)
        scheduler.add_job(_guarded(_days, parts), "interval", seconds=DAYS_EVERY_S)
        scheduler.add_job(_guarded(_outages, parts), "interval", seconds=OUTAGES_EVERY_S)
        scheduler.add_job(_guarded(_warnings, parts), "interval", seconds=WARNINGS_EVERY_S)
        scheduler.add_job(_guarded(_tidy, parts), "interval", seconds=TIDY_EVERY_S)
        scheduler.add_job(_guarded(_swaps, parts), "interval", seconds=SWAPS_EVERY_S)
        # at the start too: who restarts it oftener than hourly would never look
        scheduler.add_job(
            _guarded(_look_ahead, parts), "interval", seconds=TIDY_EVERY_S, next_run_time=parts.clock.now(),
            misfire_grace_time=None,
        )  # fmt: skip
        scheduler.add_job(_guarded(_try_phones, parts), "interval", seconds=TRY_PHONES_EVERY_S)
        scheduler.add_job(_guarded(_festivals, parts), "interval", seconds=TIDY_EVERY_S)
        scheduler.add_job(_guarded(_visits, parts), "interval", seconds=VISITS_EVERY_S)
        _guarded(_beat, parts)()
        for looker in lookers.values():
            looker.start()
        listener.start()
        scheduler.start()
        stop.wait()
        scheduler.shutdown(wait=True)
        listener.stop()
        for looker in lookers.values():
            looker.stop()


def _decide(parts: Parts) -> int:
    with parts.pool.connection() as connection:
        now = parts.clock.now()
        sent = sending.tell(connection, settings=parts.settings, now=now)
        return sent + engine.run_due(connection, settings=parts.settings, now=now)


class Sender:
    """Hands messages to the channel, several at once; a slow one holds its own place only."""

    def __init__(self, parts: Parts, pool: ThreadPoolExecutor) -> None:
        self._parts = parts
        self._pool = pool
        self._free = threading.Semaphore(SENDERS)
        self._pace = Pace.of(parts.messages_per_s, parts.clock.now())
        self._pace_held = threading.Lock()
        self._place_freed: Callable[[], None] = lambda: None

    def when_place_freed(self, wake: Callable[[], None]) -> None:
        """Say whom to wake when a message has gone."""
        self._place_freed = wake

    def send_due(self) -> int:
        """Claim as many messages as there are free places and the pace lets go, and send them; return how many.

        What is claimed leaves at once: whoever had to wait would wait unclaimed, where the most urgent goes first.
        """
        places = 0
        while places < SENDERS and self._free.acquire(blocking=False):
            places += 1
        claimed: list[outbox.Claimed] = []
        granted = 0
        try:
            with self._pace_held:
                granted, self._pace = self._pace.take(places, self._parts.clock.now())
            if granted:
                with self._parts.pool.connection() as connection:
                    claimed = outbox.claim(
                        connection, limit=granted, now=self._parts.clock.now(), words=self._parts.templates
                    )
        finally:
            with self._pace_held:
                self._pace = self._pace.give_back(granted - len(claimed))
            for _ in range(places - len(claimed)):
                self._free.release()
        for message in claimed:
            self._pool.submit(self._send_one, message)
        return len(claimed)

    def _send_one(self, message: outbox.Claimed) -> None:
        parts = self._parts
        try:
            if message.is_stale(parts.clock.now()) and not self._still_ours(message):
                return
            result = outbox.send(parts.channel, message, parts.clock.now())
            if isinstance(result, TryAgain) and result.busy:
                with self._pace_held:
                    self._pace = self._pace.slowed(result.after_s, parts.clock.now())
                log.warning("the provider is busy; going slower", per_s=self._pace.per_s)
            with parts.pool.connection() as connection:
                outbox.store(connection, message, result, parts.clock.now())
        except Exception:
            # the outermost guard of a sender: the claim runs out, and the message is sent again
            log.exception("sending failed; the message is tried again", message=message.id)
        finally:
            self._free.release()
            self._place_freed()

    def _still_ours(self, message: outbox.Claimed) -> bool:
        """Look at a message again that was held up between its claim and its leaving."""
        with self._parts.pool.connection() as connection:
            return outbox.look_again(connection, message, self._parts.clock.now())


def _beat(parts: Parts) -> None:
    with parts.pool.connection() as connection:
        telemetry.beat(connection, ROLE, parts.clock.now())


def _sweep(parts: Parts) -> None:
    judged = telemetry.SWEEP_BATCH
    while judged == telemetry.SWEEP_BATCH:
        with parts.pool.connection() as connection:
            judged = telemetry.sweep(connection, parts.clock.now())


def _condition(parts: Parts) -> None:
    more = True
    while more:
        with parts.pool.connection() as connection:
            more = condition.mark_all(connection, parts.clock.now())
    judged = condition.BATCH
    while judged >= condition.BATCH:
        with parts.pool.connection() as connection:
            judged = condition.judge_changed(connection, parts.clock.now())
    counted = 1
    while counted:
        with parts.pool.connection() as connection:
            counted = fleet.count_stale(connection)


def _days(parts: Parts) -> None:
    # a batch a time: a hundred thousand devices' days end within twenty minutes, and nobody notices
    with parts.pool.connection() as connection:
        days.end_day(connection, parts.settings.timezone, parts.clock.now())


def _outages(parts: Parts) -> None:
    changes = 1
    while changes:
        with parts.pool.connection() as connection:
            changes = outages.look(connection, locale=parts.settings.locale, now=parts.clock.now())


def _warnings(parts: Parts) -> None:
    manner = warnings.Manner(parts.settings.locale, parts.settings.timezone)
    for look in (warnings.look_at_devices, warnings.look_at_homes):
        looked = 1
        while looked:
            with parts.pool.connection() as connection:
                looked = look(connection, manner=manner, now=parts.clock.now())


def _festivals(parts: Parts) -> None:
    settings = parts.settings
    with parts.pool.connection() as connection:
        keeping.keep_festivals(connection, locale=settings.locale, timezone=settings.timezone, now=parts.clock.now())


def _try_phones(parts: Parts) -> None:
    with parts.pool.connection() as connection:
        shift_test.try_phones(connection, locale=parts.settings.locale, now=parts.clock.now())


def _tidy(parts: Parts) -> None:
    with parts.pool.connection() as connection:
        engine.tidy(connection, parts.clock.now())
        gathering.tidy(connection, parts.clock.now())
    with parts.pool.connection() as connection:
        try:
            series.ensure_beside_others(connection, parts.clock.now())
        except series.SeriesBusy:
            log.info("no partition could be made beside whoever reads the series; in an hour")


def _swaps(parts: Parts) -> None:
    manner = swaps.Manner(parts.settings.locale, parts.settings.sms)
    with parts.pool.connection() as connection:
        swaps.run_due(connection, manner=manner, now=parts.clock.now())


def _look_ahead(parts: Parts) -> None:
    with parts.pool.connection() as connection:
        cover.look_ahead(connection, locale=parts.settings.locale, now=parts.clock.now())


def _visits(parts: Parts) -> None:
    """Make the visits of plans, tell homes who comes, and ask how it was."""
    with parts.pool.connection() as connection:
        requests.tell_homes(connection, parts.clock.now())
    looked = planning.BATCH
    while looked == planning.BATCH:
        with parts.pool.connection() as connection:
            looked = planning.make_visits(
                connection, locale=parts.settings.locale, now=parts.clock.now(), ahead=parts.plan_ahead
            )
    manner = follow_up.Manner(parts.settings.locale, parts.settings.timezone, parts.settings.sms)
    for look in (follow_up.begin, follow_up.ask):
        looked = follow_up.BATCH
        while looked == follow_up.BATCH:
            with parts.pool.connection() as connection:
                looked = look(connection, manner=manner, now=parts.clock.now())


def _guarded(job: Callable[[Parts], None], parts: Parts) -> Callable[[], None]:
    """Return the job so that a database that is away for a moment is a line in the log."""

    def run_job() -> None:
        try:
            job(parts)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning("database out of reach", job=job.__name__, error=str(error).splitlines()[0])

    return run_job
