"""How long does a press take until its home hears `received`? A plain MQTT client with the button's own password."""

import json
import threading
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from api.bench import BenchFailed
from api.bench.homes import Button
from devices.formats import anju
from gateway.client import BrokerAddress, without_delay

CONNECTS_WITHIN_S = 10.0
KEEPALIVE_S = 30


class ButtonNotLetIn(BenchFailed):
    """The broker did not let the button {uid} in within {CONNECTS_WITHIN_S} s."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"the broker did not let the button {uid} in within {CONNECTS_WITHIN_S:.0f} s")


class PressedButton:
    """One button on its own connection; times are of this process's performance counter."""

    def __init__(self, address: BrokerAddress, button: Button) -> None:
        self._uid = button.uid
        self._heard: dict[str, float] = {}
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"home-{button.uid}", protocol=paho.MQTTv311)
        self._client.username_pw_set(button.uid, button.password)
        self._client.on_socket_open = without_delay
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect(address.host, address.port, KEEPALIVE_S)
        self._client.loop_start()
        if not self._subscribed.wait(CONNECTS_WITHIN_S):
            self.close()
            raise ButtonNotLetIn(button.uid)

    def press(self, call_id: str) -> float:
        """Press once; return when."""
        payload = json.dumps({"id": call_id, "source": "button"})
        pressed_at = time.perf_counter()
        self._client.publish(anju.topic_of(self._uid, "help"), payload, qos=1)
        return pressed_at

    def heard_received(self, call_id: str, timeout_s: float) -> float | None:
        """Return when `received` was heard for a call; None when it was not in that time."""
        with self._changed:
            self._changed.wait_for(lambda: call_id in self._heard, timeout_s)
            return self._heard.get(call_id)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(anju.topic_of(self._uid, anju.REPLY_LEAF), qos=1)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        heard_at = time.perf_counter()
        reply = json.loads(message.payload)
        if reply["state"] == "received":
            with self._changed:
                self._heard.setdefault(reply["call"], heard_at)
                self._changed.notify_all()
