"""How long does a press take, at rest and beside a flood of patrol pings: until `received`, and until the SMS has left?

Each press is an alert of its own: once its SMS has left, the benchmark closes it, as an operator would.
"""

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from alerts import desk
from alerts.model import Actor
from api.bench import BenchFailed, flood, homes, system
from api.bench.button import PressedButton
from api.bench.figures import Latencies, milliseconds, ratio, table
from api.bench.provider import Provider
from api.bench.system import Say, System
from storage import sql
from storage.clock import SystemClock

queries = sql.load("api.bench")

GIVE_UP_AFTER_S = 30.0
LOOK_AGAIN_AFTER_S = 0.05
"""A notice says that something changed; without one we look again after this."""
REST_WITHIN_S = 120.0
REST_LOOK_EVERY_S = 1.0
PAUSE_S = (0.02, 0.08)
"""Between two presses at rest: uneven, so that they fall in step with nothing."""
RAMP_S = 0.5
"""The last press falls that long before the flood's end."""
WARM_UP = 5
OPERATOR = Actor("anju bench", "console", username="bench")


class PressLost(BenchFailed):
    """Press {call_id}: {what} did not come within {GIVE_UP_AFTER_S} s."""

    def __init__(self, call_id: str, what: str) -> None:
        super().__init__(f"press {call_id}: {what} did not come within {GIVE_UP_AFTER_S:.0f} s")


@dataclass(frozen=True, slots=True)
class Times:
    """Of the presses of one phase: until the home heard `received`, and until the SMS had left."""

    received: Latencies
    sms: Latencies


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is measured: so many presses a phase, beside `rate` pings a second of `devices` cameras for `seconds`."""

    presses: int
    rate: float
    seconds: float
    devices: int
    twilio: bool


@dataclass(frozen=True, slots=True)
class FloodFigures:
    """What became of the pings. `behind_s`: from the broker's last acknowledgement to the last row."""

    rate: float
    accepted: int
    stored: int
    behind_s: float
    delay_p99_s: float
    cpu_us: dict[str, float]
    gateway_peak_mb: float

    @property
    def lost(self) -> int:
        """Pings that the broker had taken and the database does not have."""
        return self.accepted - self.stored

    def lines(self) -> list[str]:
        """Return the figures in words."""
        costs = ", ".join(f"{part} {us:.1f}" for part, us in self.cpu_us.items())
        return [
            f"pings accepted by the broker {self.accepted:,} ({self.rate:,.0f}/s), stored {self.stored:,}, lost {self.lost:,}",
            f"camera -> gateway, p99: {self.delay_p99_s * 1000:,.0f} ms; broker's last ping -> stored: {self.behind_s:.1f} s",
            f"processor, us a ping: {costs or 'not known here'}; most memory of the bulk lane: {self.gateway_peak_mb:.0f} MB",
        ]


@dataclass(frozen=True, slots=True)
class UrgentFigures:
    """What was measured. `first`: the very first press after the start, ms until `received` and until the SMS."""

    first: tuple[float, float]
    idle: Times
    flooded: Times
    pings: FloodFigures
    by: str

    @property
    def beside_idle(self) -> float:
        """The claim: the middle time until the SMS, beside the flood by at rest."""
        return ratio(self.flooded.sms.p50, self.idle.sms.p50)

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        beside = f"beside {self.pings.rate:,.0f} pings/s"
        rows = [
            ("press -> received, idle", self.idle.received),
            (f"press -> received, {beside}", self.flooded.received),
            (f"press -> {self.by}, idle", self.idle.sms),
            (f"press -> {self.by}, {beside}", self.flooded.sms),
        ]
        return [
            *table(
                ["", "presses", "p50", "p99", "max"],
                [
                    [name, str(len(each.ms)), *(milliseconds(ms) for ms in (each.p50, each.p99, each.longest))]
                    for name, each in rows
                ],
            ),
            "",
            f"the first press after the start: received {milliseconds(self.first[0])}, {self.by} {milliseconds(self.first[1])}",
            *self.pings.lines(),
            f"press -> {self.by}, flooded / idle, p50: {self.beside_idle:.2f}",
        ]


class _Presser:
    """Presses, and waits for what comes of it."""

    def __init__(self, button: PressedButton, connection: Connection[Any], provider: Provider | None) -> None:
        self._button = button
        self._connection = connection
        self._provider = provider
        self._number = 0
        connection.execute("listen anju_stream")

    def press(self) -> tuple[float, float]:
        """Press once; return the milliseconds until `received` and until the SMS. Raises PressLost."""
        self._number += 1
        call_id = f"press-{self._number}"
        taken = self._provider.taken if self._provider is not None else 0
        pressed_at = self._button.press(call_id)
        if self._provider is not None:
            left_at = self._provider.came_after(taken, GIVE_UP_AFTER_S)
            alert_id, _ = self._wait_left(call_id)
        else:
            alert_id, left_at = self._wait_left(call_id)
        heard_at = self._button.heard_received(call_id, GIVE_UP_AFTER_S)
        if heard_at is None or left_at is None:
            raise PressLost(call_id, "`received`" if heard_at is None else "the SMS")
        with self._connection.transaction():
            desk.close(
                self._connection, alert_id=alert_id, actor=OPERATOR, outcome="test", spoke_with="bench",
                now=SystemClock().now(),
            )  # fmt: skip
        return 1000 * (heard_at - pressed_at), 1000 * (left_at - pressed_at)

    def _wait_left(self, call_id: str) -> tuple[int, float]:
        """Return the alert of a call, and when it was seen in the database that its SMS has left."""
        until = time.perf_counter() + GIVE_UP_AFTER_S
        while time.perf_counter() < until:
            row = self._connection.execute(queries.sms_of_call, {"uid": homes.BUTTON, "call_id": call_id}).fetchone()
            if row is not None and row[1]:
                return int(row[0]), time.perf_counter()
            for _ in self._connection.notifies(timeout=LOOK_AGAIN_AFTER_S, stop_after=1):
                pass
        raise PressLost(call_id, "the SMS")


def measure(wishes: Wishes, say: Say) -> UrgentFigures:
    """Press at rest, then beside the flood."""
    with ExitStack() as stack:
        measured = stack.enter_context(system.brought_up(say))
        provider = stack.enter_context(Provider()) if wishes.twilio else None
        now = SystemClock().now()
        connection = stack.enter_context(measured.connect())
        homes.make_village(connection)
        uids = homes.make_cameras(connection, wishes.devices, now, say)
        registered = homes.make_button(connection, now)
        measured.start_broker()
        measured.start_roles(**(provider.settings if provider is not None else {}))
        button = PressedButton(measured.insider, registered)
        stack.callback(button.close)
        presser = _Presser(button, connection, provider)
        first = presser.press()
        _press(presser, WARM_UP, say, "warming up")
        _wait_at_rest(connection, say)
        idle = _press(presser, wishes.presses, say, "pressing at rest")
        flooded, pings = _flooded(measured, presser, uids, wishes, say)
    return UrgentFigures(first, idle, flooded, pings, "Twilio has the SMS" if wishes.twilio else "SMS has left")


def _wait_at_rest(connection: Connection[Any], say: Say) -> None:
    """Wait until the early warnings have looked at every device that was registered just now: that is no rest."""
    until = time.perf_counter() + REST_WITHIN_S
    while time.perf_counter() < until:
        row = connection.execute(queries.looks_due, {"now": SystemClock().now()}).fetchone()
        if row is not None and not row[0]:
            return
        say("waiting for the first look at every device")
        for _ in connection.notifies(timeout=REST_LOOK_EVERY_S):
            pass


def _flooded(
    measured: System, presser: _Presser, uids: list[str], wishes: Wishes, say: Say
) -> tuple[Times, FloodFigures]:
    before = measured.usage()
    with (
        flood.start(measured, uids, rate=wishes.rate, seconds=wishes.seconds, name="flood") as pings,
        measured.connect() as looking,
    ):
        flood.wait_begun(pings, measured)
        ends_at = time.monotonic() + wishes.seconds - RAMP_S
        times = _press(presser, wishes.presses, say, "pressing beside the flood", ends_at)
        report = flood.wait_published(pings, measured, say, "the flood")
        drained = flood.wait_stored(looking, measured, say, report.acked)
        p99_s = flood.delay_p99_s(looking)
    after = measured.usage()
    return times, FloodFigures(
        rate=ratio(report.acked, report.ended - report.began),
        accepted=report.acked,
        stored=drained.stored,
        behind_s=max(0.0, drained.until - report.ended),
        delay_p99_s=p99_s,
        cpu_us={part: 1e6 * ratio(spent, drained.stored) for part, spent in after.since(before).items()},
        gateway_peak_mb=after.peak_mb.get("gateway-bulk", 0.0),
    )


def _press(presser: _Presser, presses: int, say: Say, what: str, ends_at: float | None = None) -> Times:
    """Press so many times: one after the other at rest, or spread over the time until `ends_at`, and not after it."""
    began = said = time.monotonic()
    found: list[tuple[float, float]] = []
    for number in range(presses):
        if ends_at is None:
            time.sleep(random.uniform(*PAUSE_S))  # noqa: S311 - no secret
        else:
            time.sleep(max(0.0, began + (ends_at - began) * number / presses - time.monotonic()))
            if time.monotonic() > ends_at:
                break
        found.append(presser.press())
        if time.monotonic() - said > 1:
            said = time.monotonic()
            say(f"{what}: {number + 1} of {presses}")
    return Times(Latencies(tuple(heard for heard, _ in found)), Latencies(tuple(left for _, left in found)))
