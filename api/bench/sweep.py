"""What does it cost to find the homes that went silent? It follows how many did, not how many there are."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from api.bench import homes, system
from api.bench.figures import milliseconds, ratio, table
from api.bench.system import Say
from devices import health, telemetry
from storage import sql
from storage.clock import SystemClock

queries = sql.load("api.bench")

SMALL_SHARE = 100
"""The fleet is compared with one of a hundredth of it."""
SHARES = (1000, 100, 10)
"""One device in so many goes silent."""
REPEATS = 5
SILENT_FOR = timedelta(seconds=health.PATROL_EVERY_S * health.MISSED_PATROLS + 1)
EXPECTED_WITHIN = timedelta(seconds=health.PATROL_EVERY_S * 1.5)
INGEST = "gateway-bulk"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took among so many devices of which so many went silent: the middle of REPEATS, in milliseconds."""

    devices: int
    silent: int
    judged: int
    ms: float

    @property
    def us_a_device(self) -> float:
        """Microseconds for each device that was judged."""
        return 1000 * ratio(self.ms, self.judged)


@dataclass(frozen=True, slots=True)
class SweepFigures:
    """What was measured, the smaller fleet first."""

    swept: tuple[Swept, ...]

    @property
    def larger_by_smaller(self) -> float:
        """The claim: the same number of silent devices, among all and among a hundredth of them, as a ratio of times."""
        smaller = self.swept[0]
        return ratio(next(each.ms for each in self.swept[1:] if each.silent == smaller.silent), smaller.ms)

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        smaller, larger = self.swept[0], self.swept[-1]
        return [
            *table(
                ["devices", "went silent", "judged", "a sweep", "a judged device"],
                [
                    [f"{each.devices:,}", f"{each.silent:,}", f"{each.judged:,}", milliseconds(each.ms),
                     f"{each.us_a_device:.0f} us"]
                    for each in self.swept
                ],
            ),
            "",
            f"the middle of {REPEATS} sweeps each, in transactions of {telemetry.SWEEP_BATCH} devices",
            f"{smaller.silent:,} silent among {larger.devices:,} / among {smaller.devices:,}: {self.larger_by_smaller:.2f}",
        ]  # fmt: skip


def measure(*, devices: int, say: Say) -> SweepFigures:
    """Sweep a small fleet and one of `devices`, of which more and more went silent."""
    small = max(1, devices // SMALL_SHARE)
    counts = sorted({max(1, devices // share) for share in SHARES})
    with system.brought_up(say) as measured, measured.connect() as connection:
        homes.make_village(connection)
        homes.make_cameras(connection, small, SystemClock().now(), say)
        swept = [_sweep(connection, small, min(small, counts[0]), say)]
        homes.make_cameras(connection, devices, SystemClock().now(), say, first=small + 1)
        swept += [_sweep(connection, devices, count, say) for count in counts]
    return SweepFigures(tuple(swept))


def _sweep(connection: Connection[Any], devices: int, silent: int, say: Say) -> Swept:
    took, judged = [], 0
    for repeat in range(REPEATS):
        say(f"sweeping {devices:,} devices of which {silent:,} went silent ({repeat + 1} of {REPEATS})")
        now = SystemClock().now()
        _let_fall_silent(connection, silent, now)
        began = time.perf_counter()
        judged = _sweep_all(connection, now)
        took.append(1000 * (time.perf_counter() - began))
    return Swept(devices, silent, judged, statistics.median(took))


def _let_fall_silent(connection: Connection[Any], silent: int, now: datetime) -> None:
    """Let everybody speak but so many; the bulk lane has been listening all the time."""
    connection.execute(queries.let_all_speak, {"now": now, "expected_by": now + EXPECTED_WITHIN})
    connection.execute(
        queries.let_some_fall_silent,
        {"count": silent, "last_seen": now - SILENT_FOR, "expected_by": now - SILENT_FOR + EXPECTED_WITHIN},
    )
    for at in _beats(now):
        telemetry.beat(connection, INGEST, at)
    connection.execute(queries.tidy_latest)


def _beats(now: datetime) -> Sequence[datetime]:
    """Return when the lane said that it is up, without a gap since before the silence."""
    every = telemetry.BEAT_GAP / 2
    return [now - every * number for number in reversed(range(int(2 * SILENT_FOR / every)))]


def _sweep_all(connection: Connection[Any], now: datetime) -> int:
    """Sweep as the alerts role does; return how many devices were judged."""
    total, judged = 0, telemetry.SWEEP_BATCH
    while judged == telemetry.SWEEP_BATCH:
        with connection.transaction():
            judged = telemetry.sweep(connection, now)
        total += judged
    return total
