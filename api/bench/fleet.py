"""Does Anju know of each of so many devices how it stands? Held against the simulator's own truth, device by device.

What `anju simulate` has homes do is done to a system of its own, in real time: they begin to speak, drop off the line with a
word and without, and come back. Once a minute every device's state is read and judged (`devices.truth`).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts.service import SWEEP_EVERY_S
from api import village
from api.bench import BenchFailed, system
from api.bench.figures import table
from api.bench.system import Say, System
from devices import scenario
from devices.scenario import HOMES_BEGIN_PER_S, Said
from devices.simulator import Simulator, Taken
from devices.truth import STATES, Truth, Verdict
from storage import sql
from storage.clock import SystemClock

queries = sql.load("api.bench")

SEED = 1
TOLERANCE_S = SWEEP_EVERY_S + 5.0
"""Silence is looked for every SWEEP_EVERY_S, and a word takes its time to us: what would be otherwise this long ago is not
judged."""
LOOK_EVERY_S = 60.0
CHECK_EVERY_S = 1.0


class SimulatorEnded(BenchFailed):
    """The simulator ended before its time."""

    def __init__(self) -> None:
        super().__init__("the simulator ended before its time; its last words are above")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How many homes, for how long once all of them speak, and how many times oftener than in life they drop out."""

    homes: int
    minutes: float
    troubles: float


@dataclass(slots=True)
class FleetFigures:
    """What was found: all looks together, and the last one alone.

    At the most: `behind_s`, how late the simulator was, and `slowest_s`, how long the broker took to take a message.
    """

    wishes: Wishes
    devices: int
    looks: int = 0
    all: Verdict = field(default_factory=Verdict)
    last: Verdict = field(default_factory=Verdict)
    changed: int = 0
    published: int = 0
    left_out: int = 0
    behind_s: float = 0.0
    slowest_s: float = 0.0
    used: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def wrong(self) -> int:
        """Devices that stood otherwise than they must, over all looks."""
        return self.all.wrong.total()

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        judged = self.all.right.total() + self.wrong
        parts = ", ".join(f"{name} {spent / self.seconds:.2f}" for name, spent in sorted(self.used.items()))
        return [
            *table(
                ["state it must have", "right", "wrong", "right, last look", "wrong, last look"],
                [
                    [
                        state,
                        *(
                            f"{each[state]:,}"
                            for each in (self.all.right, self.all.wrong, self.last.right, self.last.wrong)
                        ),
                    ]
                    for state in STATES
                ],
            ),
            "",
            f"{self.wishes.homes:,} homes, {self.devices:,} devices, looked at {self.looks} times in"
            f" {self.seconds / 60:.1f} minutes; {self.changed:,} changes of state",
            f"{self.published:,} messages ({self.published / self.seconds:,.0f} a second), {self.left_out:,} left out"
            f" because the simulator was behind, by {self.behind_s:.1f} s at the most; the broker took"
            f" {self.slowest_s:.1f} s at the most to take one",
            f"processors kept busy: {parts}",
            f"not judged, because it was only just so (within {TOLERANCE_S:.0f} s): {self.all.unjudged:,}",
            *(f"wrong: {each}" for each in self.all.examples),
            f"judged {judged:,} states, wrong {self.wrong:,}",
        ]


def measure(wishes: Wishes, say: Say) -> FleetFigures:
    """Let so many homes live for so long, and hold what Anju says of their devices against what they did."""
    clock = SystemClock()
    with system.brought_up(say) as measured:
        with measured.connect() as connection, connection.transaction():
            say(f"registering {wishes.homes:,} homes")
            homes = village.seed(
                connection, homes=wishes.homes, seed=SEED, now=clock.now(), timezone="Asia/Shanghai", locale="zh-CN"
            ).homes
        with measured.connect() as connection:
            connection.execute(queries.refresh_statistics)
        measured.start_broker()
        measured.start_roles()
        known = Truth([each.camera for each in homes], [each.button for each in homes], tolerance_s=TOLERANCE_S)
        figures = FleetFigures(wishes, 2 * len(homes))

        def published(said: Said, at: datetime) -> Taken:
            goes = said.leaf == "status" and said.payload["state"] == "offline"
            word = known.note(said.uid, at.timestamp(), goes=goes)
            if said.leaf == "patrol":
                figures.behind_s = max(figures.behind_s, (at - said.at).total_seconds())

            def taken(at: datetime) -> None:
                word.taken_at_s = at.timestamp()
                figures.slowest_s = max(figures.slowest_s, word.taken_at_s - word.said_at_s)

            return taken

        def life(start: datetime) -> Iterator[Said]:
            return scenario.life(homes, seed=SEED, start=start, troubles=wishes.troubles)

        simulator = Simulator(measured.insider, life, clock=clock, published=published)
        before = measured.usage()
        with _playing(simulator) as thread:
            _look_for_a_while(measured, thread, known, figures, say)
        figures.published, figures.left_out = simulator.stats.published, simulator.stats.left_out
        figures.used = measured.usage().since(before)
    return figures


def _look_for_a_while(
    measured: System, thread: threading.Thread, known: Truth, figures: FleetFigures, say: Say
) -> None:
    """Look once a minute until the time is over: first all homes begin to speak, a few hundred a second."""
    lasts_s = figures.wishes.homes / HOMES_BEGIN_PER_S + figures.wishes.minutes * 60
    began = time.monotonic()
    with measured.connect() as connection:
        while (gone_s := time.monotonic() - began) < lasts_s:
            next_look_s = min(lasts_s, LOOK_EVERY_S * (gone_s // LOOK_EVERY_S + 1))
            _wait_until(began + next_look_s, measured, thread)
            verdict = _look(connection, known)
            figures.looks += 1
            figures.last = verdict
            figures.all.add(verdict)
            say(
                f"{next_look_s / 60:.1f} of {lasts_s / 60:.1f} minutes:"
                f" {verdict.right.total():,} right, {verdict.wrong.total():,} wrong, {verdict.unjudged:,} not judged"
            )
        figures.seconds = time.monotonic() - began
        row = connection.execute(queries.changes_of_state).fetchone()
        figures.changed = row[0] if row else 0


def _wait_until(at: float, measured: System, thread: threading.Thread) -> None:
    while (left_s := at - time.monotonic()) > 0:
        measured.check()
        thread.join(min(left_s, CHECK_EVERY_S))
        if not thread.is_alive():
            raise SimulatorEnded


def _look(connection: Connection[Any], known: Truth) -> Verdict:
    clock = SystemClock()
    since = clock.now()
    found = dict(connection.execute(queries.states_of_all).fetchall())
    return known.judge(found, since.timestamp(), clock.now().timestamp())


@contextmanager
def _playing(simulator: Simulator) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=simulator.run, args=(stop,), name="simulator")
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()
