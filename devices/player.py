"""How is a recorded log played back to a broker? Each message in its time, as it was, over one connection."""

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import paho.mqtt.client as paho
import structlog

from devices import line
from devices.line import KEEPALIVE_S, UNACKNOWLEDGED_LIMIT, Address
from devices.recording import Recorded
from storage.clock import Clock

log = structlog.get_logger("devices.player")

LOOK_EVERY_S = 0.25
"""The longest wait before the clock and `stop` are looked at again."""
ACKNOWLEDGED_WITHIN_S = 30.0


class NotTaken(Exception):
    """The broker did not acknowledge {count} messages; may this user publish there?"""

    def __init__(self, count: int, last_topic: str) -> None:
        super().__init__(
            f"the broker did not acknowledge {count} messages within {ACKNOWLEDGED_WITHIN_S:.0f} s, the last one of them on"
            f" {last_topic!r}; may the user of ANJU_MQTT_URL publish there?"
        )


class Player:
    """Plays a log; connects again by itself for ever."""

    def __init__(self, address: Address, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._connected = threading.Event()
        self._all_taken = threading.Condition()
        self._published = 0
        self._taken = 0
        self._client = line.make_client(address, "anju-replay")
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def play(self, messages: Iterable[Recorded], stop: threading.Event) -> int:
        """Publish each message at its `at`, those whose time has passed at once; return how many were until `stop`.

        Raises NotTaken.
        """
        topic = ""
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()
        try:
            for each in messages:
                if not self._wait(each.at, stop):
                    break
                topic = each.topic
                self._published += 1
                self._client.publish(each.topic, each.payload, qos=each.qos, retain=each.retain)
            if not stop.is_set() and not self._is_taken_within(ACKNOWLEDGED_WITHIN_S):
                raise NotTaken(self._published - self._taken, topic)
            return self._published
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _wait(self, at: datetime, stop: threading.Event) -> bool:
        """Wait until `at`, for the connection, and while too many are under way; False when `stop` came first."""
        while not stop.is_set():
            wait_s = (at - self._clock.now()).total_seconds()
            if not self._connected.wait(LOOK_EVERY_S):
                continue
            if wait_s > 0:
                stop.wait(min(wait_s, LOOK_EVERY_S))
            elif self._published - self._taken < UNACKNOWLEDGED_LIMIT:
                return True
            else:
                self._is_taken_within(LOOK_EVERY_S)
        return False

    def _is_taken_within(self, timeout_s: float) -> bool:
        with self._all_taken:
            return self._all_taken.wait_for(lambda: self._taken >= self._published, timeout_s)

    # The network's thread.

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            log.error("broker refused the replay", broker=line.shown(self._address), reason=str(reason))
            return
        self._connected.set()

    def _on_publish(self, client: paho.Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        with self._all_taken:
            self._taken += 1
            self._all_taken.notify_all()
