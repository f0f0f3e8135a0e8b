"""How does a scenario reach a broker? Played over one MQTT connection for all homes, in time with the clock.

A press is sent again until its home hears `received`, as a real home does; a vendor's device hears no reply and speaks
once. Behind time, what is stale is left out and never piled up: a ping of over a minute ago says nothing, a press always
does.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import paho.mqtt.client as paho
import structlog

from devices import line
from devices.formats import anju
from devices.line import KEEPALIVE_S, QOS, UNACKNOWLEDGED_LIMIT, Address
from devices.scenario import Said
from devices.voices import OWN_VOICE, Speaker
from storage.clock import Clock

log = structlog.get_logger("devices.simulator")

STALE_AFTER = timedelta(minutes=1)
"""A ping older than this is left out; the next one says more."""
RESEND_AFTER_S = 5.0
"""A home that has not heard `received` sends its press again after this, then after twice as long each time."""
RESEND_LONGEST_S = 60.0
LOOK_EVERY_S = 0.25
"""The longest wait before the clock is looked at again: a story's clock moves without a word."""
TOGETHER_S = 0.01
"""What is due within this is said in one go: a county's pings are not 1,700 wake-ups a second."""
KEPT_TIMES = 100_000


@dataclass(frozen=True, slots=True)
class Stats:
    """What was said so far. `unheard`: presses whose home still waits for its `received`; `received_after_s`: from a
    press's first publishing to its `received`, the newest ones."""

    published: int
    left_out: int
    presses: int
    received: int
    resent: int
    unheard: int
    received_after_s: tuple[float, ...]


class _Reply(msgspec.Struct):
    """What of a reply matters here."""

    call: str
    state: str


@dataclass(slots=True)
class _Unheard:
    """A press whose home has not heard `received` yet."""

    said: Said
    first_said_at: datetime
    wait_s: float


_Key = tuple[str, str]
Tell = Callable[[datetime], Iterator[Said]]
"""What homes say from an instant on: `scenario.life`, or a story that ends."""
Taken = Callable[[datetime], None]
Published = Callable[[Said, datetime], Taken]
"""Is told each message and when it was handed to the broker's line; what it returns, when the broker had taken it."""


class Simulator:
    """Plays what simulated homes say; connects again by itself for ever.

    `speaker`: how each of them speaks. `published`: somebody who wants to know of every message.
    """

    def __init__(
        self,
        address: Address,
        tell: Tell,
        *,
        clock: Clock,
        speaker: Speaker = OWN_VOICE,
        resend_after_s: float = RESEND_AFTER_S,
        published: Published | None = None,
    ) -> None:
        self._address = address
        self._tell = tell
        self._speaker = speaker
        self._tell_published = published
        self._clock = clock
        self._resend_after_s = resend_after_s
        self._connected = threading.Event()
        self._came_back = threading.Event()
        self._stopping = threading.Event()
        # the network's thread takes out of these what was heard, the stream's thread puts in
        self._lock = threading.Lock()
        self._unheard: dict[_Key, _Unheard] = {}
        self._times: deque[float] = deque(maxlen=KEPT_TIMES)
        self._received = 0
        # of the stream's thread alone: when to send a press again, and what waits for the connection
        self._again: list[tuple[datetime, _Key]] = []
        self._kept: dict[tuple[str, str, str], Said] = {}
        self._last_call: dict[str, str] = {}
        self._published = self._left_out = self._presses = self._resent = 0
        # who is to be told when a message is taken, by its number on the line; none where it was so before we knew it
        self._under_way: dict[int, Taken | None] = {}
        # of the network's thread alone
        self._acknowledged = 0
        self._client = self._make_client()

    def _make_client(self) -> paho.Client:
        client = line.make_client(self._address, "anju-sim")
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    @property
    def connected(self) -> bool:
        """Say whether homes can speak and hear right now."""
        return self._connected.is_set()

    @property
    def stats(self) -> Stats:
        """What was said so far."""
        with self._lock:
            return Stats(
                self._published, self._left_out, self._presses, self._received, self._resent, len(self._unheard),
                tuple(self._times),
            )  # fmt: skip

    def run(self, stop: threading.Event) -> None:
        """Play from now on until `stop`, or until what is told has ended and every press was heard.

        The stream begins with the first connection.
        """
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()
        try:
            while not self._connected.wait(LOOK_EVERY_S):
                if stop.is_set():
                    return
            for said in self._tell(self._clock.now()):
                if not self._wait_until(said.at, stop):
                    return
                self._say(said, stop)
            while not self._is_all_heard() and not stop.wait(TOGETHER_S):
                self._say_again(self._clock.now())
        finally:
            self._stopping.set()
            self._client.disconnect()
            self._client.loop_stop()

    def _is_all_heard(self) -> bool:
        with self._lock:
            return not self._unheard and not self._kept and self._acknowledged >= self._published

    def _wait_until(self, at: datetime, stop: threading.Event) -> bool:
        """Wait until `at`, sending presses again meanwhile; False when `stop` came first."""
        while not stop.is_set():
            now = self._clock.now()
            self._say_again(now)
            wait_s = (at - now).total_seconds()
            if wait_s <= 0:
                return True
            if self._again:
                wait_s = min(wait_s, (self._again[0][0] - now).total_seconds())
            stop.wait(min(max(wait_s, TOGETHER_S), LOOK_EVERY_S))
        return False

    def _say(self, said: Said, stop: threading.Event) -> None:
        now = self._clock.now()
        match said.leaf:
            case "help" if self._speaker.hears_replies(said.uid):
                self._press(said, now)
            case "help" | "status" | "cancel":
                if said.leaf == "help":
                    self._presses += 1
                # of several states of a device the last one holds
                key = (said.uid, said.leaf, str(said.payload.get("id", "")))
                self._kept.pop(key, None)
                if self._connected.is_set():
                    self._publish(said)
                else:
                    self._kept[key] = said
            case _:
                if now - said.at > STALE_AFTER or not self._has_room(stop):
                    self._left_out += 1
                else:
                    self._publish(said)

    def _press(self, said: Said, now: datetime) -> None:
        key = (said.uid, str(said.payload["id"]))
        if self._last_call.get(said.uid) == key[1]:
            # the scenario's own sending again, heard or not
            self._resent += 1
        else:
            self._last_call[said.uid] = key[1]
            self._presses += 1
            with self._lock:
                self._unheard[key] = _Unheard(said, now, self._resend_after_s)
            self._due_again(key, now, self._resend_after_s)
        if self._connected.is_set():
            self._publish(said)

    def _has_room(self, stop: threading.Event) -> bool:
        """Wait while the broker has too many of our messages; False without a connection, or when `stop` came."""
        while self._connected.is_set() and not stop.is_set():
            if self._published - self._acknowledged < UNACKNOWLEDGED_LIMIT:
                return True
            stop.wait(TOGETHER_S)
        return False

    def _say_again(self, now: datetime) -> None:
        """Send what is due again; after a broken connection, all that nobody is known to have heard."""
        if self._came_back.is_set():
            self._came_back.clear()
            for said in self._kept.values():
                self._publish(said)
            self._kept.clear()
            with self._lock:
                self._again = [(now, key) for key in self._unheard]
        while self._again and self._again[0][0] <= now:
            _, key = heapq.heappop(self._again)
            with self._lock:
                waiting = self._unheard.get(key)
            if waiting is None:
                continue
            if self._connected.is_set():
                self._resent += 1
                self._publish(waiting.said)
                waiting.wait_s = min(waiting.wait_s * 2, RESEND_LONGEST_S)
            self._due_again(key, now, waiting.wait_s)

    def _due_again(self, key: _Key, now: datetime, wait_s: float) -> None:
        heapq.heappush(self._again, (now + timedelta(seconds=wait_s), key))

    def _publish(self, said: Said) -> None:
        taken = None if self._tell_published is None else self._tell_published(said, self._clock.now())
        for wire in self._speaker.speak(said):
            self._published += 1
            sent = self._client.publish(wire.topic, wire.payload, qos=QOS, retain=wire.retain)
            if taken is not None:
                self._wait_taken(sent.mid, taken)

    def _wait_taken(self, mid: int, taken: Taken) -> None:
        with self._lock:
            is_taken = self._under_way.pop(mid, taken) is None
            if not is_taken:
                self._under_way[mid] = taken
        if is_taken:
            taken(self._clock.now())

    # From here on: the network's thread.

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            log.error("broker refused the simulator", broker=line.shown(self._address), reason=str(reason))
            return
        client.subscribe(anju.topic_of("+", anju.REPLY_LEAF), qos=QOS)

    def _on_subscribe(self, client: paho.Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("broker refuses the homes' replies; give the simulator's user leave to read anju/v1/+/reply")
            return
        log.info("simulator connected", broker=line.shown(self._address))
        self._connected.set()
        self._came_back.set()

    def _on_disconnect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._connected.clear()
        if not self._stopping.is_set():
            log.warning("simulator lost the broker", broker=line.shown(self._address), reason=str(reason))

    def _on_publish(self, client: paho.Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self._acknowledged += 1
        if self._tell_published is None:
            return
        with self._lock:
            taken = self._under_way.pop(mid, None)
            if taken is None:
                self._under_way[mid] = None
        if taken is not None:
            taken(self._clock.now())

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        uid, _ = anju.split(message.topic)
        try:
            reply = msgspec.json.decode(message.payload, type=_Reply)
        except msgspec.MsgspecError as error:
            log.warning("a reply cannot be read", topic=message.topic, error=str(error))
            return
        if uid is None or reply.state != "received":
            return
        with self._lock:
            heard = self._unheard.pop((uid, reply.call), None)
            if heard is not None:
                self._received += 1
                self._times.append((self._clock.now() - heard.first_said_at).total_seconds())
