"""Real brokers for tests: Mosquitto on a free port, without passwords."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests import needs


def free_port() -> int:
    """Return a TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mosquitto(folder: Path, port: int | None = None) -> Iterator[int]:
    """Run Mosquitto with its messages kept in `folder`; yields its port."""
    port = port or free_port()
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "max_inflight_messages 2000\nmax_queued_messages 0\nuser root\n"
    )
    process = subprocess.Popen([needs.mosquitto(), "-c", str(configuration)], stderr=subprocess.PIPE)
    try:
        wait_for_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int, timeout_s: float = 10) -> None:
    """Wait until somebody listens."""
    until(lambda: _listens(port), timeout_s, f"nobody listens on {port}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(met: Callable[[], Any], timeout_s: float = 10, why: str = "it did not happen") -> Any:
    """Ask again and again until the answer is true, and return it; fails after `timeout_s`."""
    import time

    end = time.monotonic() + timeout_s
    while True:
        found = met()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{why} within {timeout_s:g} s")
        Event().wait(0.01)


class Device:
    """A plain MQTT 3.1.1 client at QoS 1, as a home's button is."""

    def __init__(
        self,
        port: int,
        uid: str,
        password: str | None = None,
        *,
        will: bytes | None = None,
        keep_trying: bool = False,
    ) -> None:
        self.uid = uid
        self.heard: list[tuple[str, bytes]] = []
        self.connections = 0
        self._subscribed = Event()
        self.refused: str | None = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"dev-{uid}", protocol=paho.MQTTv311)
        if password is not None:
            self._client.username_pw_set(uid, password)
        if will is not None:
            self._client.will_set(f"anju/v1/{uid}/status", will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda client, userdata, message: self.heard.append((message.topic, message.payload))
        if keep_trying:
            self._client.reconnect_delay_set(1, 1)
            self._client.connect_async("127.0.0.1", port)
        else:
            self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self.connections += 1
        client.subscribe(f"anju/v1/{self.uid}/reply", qos=1)

    def ready(self) -> "Device":
        """Wait until it hears its replies."""
        assert self._subscribed.wait(10), self.refused or "not subscribed"
        return self

    def is_connected(self) -> bool:
        """Say whether the broker has it right now."""
        return bool(self._client.is_connected())

    def publish(self, leaf: str, payload: bytes | str, *, retain: bool = False, uid: str | None = None) -> None:
        """Publish at QoS 1 and wait for the broker's acknowledgement."""
        self._client.publish(f"anju/v1/{uid or self.uid}/{leaf}", payload, qos=1, retain=retain).wait_for_publish(10)

    def publish_if_possible(self, leaf: str, payload: bytes | str) -> None:
        """Publish where there is a line, and wait for nothing: a home that sends again until it is heard."""
        if self._client.is_connected():
            self._client.publish(f"anju/v1/{self.uid}/{leaf}", payload, qos=1)

    def replies(self) -> list[dict[str, Any]]:
        """Return what it heard on its reply topic."""
        import json

        return [json.loads(payload) for _, payload in self.heard]

    def states(self, call: str) -> list[str]:
        """Return the steps it heard for one call."""
        return [str(each["state"]) for each in self.replies() if each["call"] == call]

    def close(self) -> None:
        """Leave as a device that is switched off cleanly."""
        self._client.disconnect()
        self._client.loop_stop()

    def vanish(self) -> None:
        """Lose the line without a word."""
        sock = self._client.socket()
        self._client.loop_stop()
        if sock is not None:
            sock.close()
