"""Who writes down what is heard on a broker? Every message of some topics, a line each, as `recording` reads them again."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
import structlog

from devices import line, recording
from devices.line import KEEPALIVE_S, QOS, Address
from devices.recording import Recorded
from storage.clock import Clock

log = structlog.get_logger("devices.recorder")


class NotHeard(Exception):
    """The broker does not let this user hear {topics}."""

    def __init__(self, topics: Sequence[str]) -> None:
        super().__init__(
            f"the broker does not let the user of ANJU_MQTT_URL hear {', '.join(topics)}; give him leave, or name others"
        )


class Recorder:
    """Hears topics and hands a line to `write` for each message; `listening` is set as soon as nothing is missed."""

    def __init__(self, address: Address, topics: Sequence[str], write: Callable[[str], None], clock: Clock) -> None:
        self.listening = threading.Event()
        self.recorded = 0
        self._address = address
        self._topics = list(topics)
        self._write = write
        self._clock = clock
        self._refused = threading.Event()
        self._client = line.make_client(address, "anju-record")
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def run(self, stop: threading.Event) -> int:
        """Record until `stop`; return how many messages were written. Raises NotHeard."""
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()
        try:
            while not stop.wait(0.1):
                if self._refused.is_set():
                    raise NotHeard(self._topics)
        finally:
            self._client.disconnect()
            self._client.loop_stop()
        return self.recorded

    # The network's thread.

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            log.error("broker refused the recorder", broker=line.shown(self._address), reason=str(reason))
            return
        client.subscribe([(topic, QOS) for topic in self._topics])

    def _on_subscribe(self, client: paho.Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refused.set()
        else:
            self.listening.set()

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        heard = Recorded(self._clock.now(), message.topic, bytes(message.payload), message.retain, message.qos)
        self._write(recording.write(heard))
        self.recorded += 1
