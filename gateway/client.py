"""How do we hear the broker? One persistent MQTT session a lane; a message is acknowledged only when told so.

The database is never touched here: the network thread puts what it hears into a bounded backlog. When that is full it
waits, and the broker's in-flight window holds the rest back: memory stays flat under any load.
"""

import itertools
import socket
import ssl
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from gateway.backlog import Backlog
from storage.clock import Clock

log = structlog.get_logger("gateway.client")

KEEPALIVE_S = 30
CONNECT_TIMEOUT_S = 5.0
RECONNECT_FIRST_S, RECONNECT_LONGEST_S = 1, 10
QOS = 1
_PACKET = 100
"""Filters of one SUBSCRIBE."""
# of all clients of the process: an acknowledgement must not reach a session that has numbered its messages anew, or another
_sessions = itertools.count(1)


class BadBrokerUrl(Exception):
    """MQTT_URL {url}: use mqtt://user:password@host:port or mqtts://..."""

    def __init__(self, why: str) -> None:
        super().__init__(f"ANJU_MQTT_URL {why}; use mqtt://user:password@host:port or mqtts://...")


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are there."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None

    def __repr__(self) -> str:
        """Show where, never the password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parse_url(url: str) -> BrokerAddress:
    """Read `mqtt://` or `mqtts://user:password@host:port`. Raises BadBrokerUrl."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadBrokerUrl(f"is not a URL ({error})") from None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise BadBrokerUrl(f"has the scheme {parts.scheme!r} and the host {parts.hostname!r}")
    tls = parts.scheme == "mqtts"
    return BrokerAddress(
        parts.hostname,
        port or (8883 if tls else 1883),
        tls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


class Heard(msgspec.Struct, frozen=True, gc=False):
    """A message as it came, and what is needed to acknowledge it."""

    topic: str
    payload: bytes
    retained: bool
    received_at: datetime
    mid: int
    qos: int
    session: int
    again: bool = False
    """The broker says that it gave it to us before."""


class BrokerClient:
    """A persistent session under a fixed client id that reconnects for ever and never acknowledges by itself.

    `backlog`: where what it hears goes, where it shares that with others. `tolerant`: a filter that the broker refuses is
    logged, and the others are heard.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        filters: Sequence[str],
        clock: Clock,
        *,
        backlog: Backlog[Heard] | None = None,
        tolerant: bool = False,
    ) -> None:
        self._address = address
        self._filters = dict.fromkeys(filters)
        self._leaving: set[str] = set()
        self._left: set[str] = set()
        self._asked_in: dict[int, list[str]] = {}
        self._asked_out: dict[int, list[str]] = {}
        self._of_filters = threading.RLock()
        self._tolerant = tolerant
        self._clock = clock
        self._backlog: Backlog[Heard] = Backlog() if backlog is None else backlog
        self._session = 0
        self._subscribed = threading.Event()
        self._stopping = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        self._client.username_pw_set(address.username, address.password)
        secured(self._client, address)
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.reconnect_delay_set(RECONNECT_FIRST_S, RECONNECT_LONGEST_S)
        self._client.on_socket_open = without_delay
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_unsubscribe = self._on_unsubscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    @property
    def connected(self) -> bool:
        """Say whether we are subscribed right now."""
        return self._subscribed.is_set()

    def start(self) -> None:
        """Connect in the background, and again whenever the line breaks."""
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session and what was not acknowledged."""
        self._stopping.set()
        self._backlog.close()
        self._client.disconnect()
        self._client.loop_stop()
        self._subscribed.clear()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until we are subscribed; False when that took longer."""
        return self._subscribed.wait(timeout_s)

    def take(self, limit: int, wait_s: float, gather_s: float = 0.0) -> list[Heard]:
        """Return up to `limit` messages: waits up to `wait_s` for the first, and gathers more for up to `gather_s`."""
        return self._backlog.take(limit, wait_s, gather_s)

    def wake(self) -> None:
        """Let nobody wait in `take` any more: who takes is about to end. What comes from now on the broker keeps."""
        self._backlog.close()

    @property
    def filters(self) -> frozenset[str]:
        """What we are subscribed to, or are about to be."""
        with self._of_filters:
            return frozenset(self._filters)

    def change_filters(self, come: Collection[str], go: Collection[str]) -> None:
        """Subscribe to some and no longer to others, now and after every reconnect; the session stays."""
        with self._of_filters:
            self._filters |= dict.fromkeys(come)
            self._leaving = (self._leaving | set(go)) - set(come)
            self._left -= set(come)
            for each in go:
                self._filters.pop(each, None)
            if (come or go) and self._client.is_connected():
                self._subscribe(list(come))
                self._unsubscribe(sorted(go))

    def left(self) -> set[str]:
        """Return the filters that the broker has forgotten, until `forget`."""
        with self._of_filters:
            return set(self._left)

    def forget(self, filters: Collection[str]) -> None:
        """Let filters that the broker has forgotten be: it is written down."""
        with self._of_filters:
            self._left -= set(filters)

    def acknowledge(self, messages: Iterable[Heard]) -> None:
        """Tell the broker that these are stored. Those of an earlier connection come again and are known by their ids."""
        for message in messages:
            if message.qos and message.session == self._session:
                self._client.ack(message.mid, message.qos)

    def publish(self, topic: str, payload: bytes) -> paho.MQTTMessageInfo:
        """Send at QoS 1, not retained."""
        return self._client.publish(topic, payload, qos=QOS)

    def _on_connect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            log.error("broker refused us", broker=repr(self._address), reason=str(reason))
            return
        self._session = next(_sessions)
        with self._of_filters:
            self._asked_in.clear()
            self._asked_out.clear()
            if self._filters:
                self._subscribe(list(self._filters))
            else:
                self._subscribed.set()
            self._unsubscribe(sorted(self._leaving))
        log.info("connected", broker=repr(self._address), session_kept=flags.session_present)

    def _subscribe(self, filters: Sequence[str]) -> None:
        for start in range(0, len(filters), _PACKET):
            some = list(filters[start : start + _PACKET])
            _, mid = self._client.subscribe([(each, QOS) for each in some])
            if mid is not None:
                self._asked_in[mid] = some

    def _unsubscribe(self, filters: Sequence[str]) -> None:
        for start in range(0, len(filters), _PACKET):
            some = list(filters[start : start + _PACKET])
            _, mid = self._client.unsubscribe(some)
            if mid is not None:
                self._asked_out[mid] = some

    def _on_subscribe(self, client: paho.Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        with self._of_filters:
            asked = self._asked_in.pop(mid, [])
            refused = [each for each, reason in zip(asked, reasons, strict=False) if reason.is_failure]
            waiting = bool(self._asked_in)
        if refused:
            log.error("broker refused a subscription; mend its permissions", filters=refused)
            if not self._tolerant:
                return
        if not waiting:
            self._subscribed.set()

    def _on_unsubscribe(self, client: paho.Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        with self._of_filters:
            gone = self._leaving.intersection(self._asked_out.pop(mid, []))
            self._leaving -= gone
            self._left |= gone

    def _on_disconnect(self, client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._session = next(_sessions)
        self._subscribed.clear()
        if not self._stopping.is_set():
            log.warning("broker connection lost", broker=repr(self._address), reason=str(reason))

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        self._backlog.put(
            Heard(
                topic=_text_of(message),
                payload=bytes(message.payload),
                retained=message.retain,
                received_at=self._clock.now(),
                mid=message.mid,
                qos=message.qos,
                session=self._session,
                again=message.dup,
            )
        )


def _text_of(message: paho.MQTTMessage) -> str:
    """Return the topic; what is not UTF-8 in it is replaced, so that it can be shown in the quarantine."""
    try:
        return message.topic
    except UnicodeDecodeError:
        return message._topic.decode("utf-8", "replace")  # noqa: SLF001 - paho offers no raw topic


def secured(client: paho.Client, address: BrokerAddress) -> None:
    """Let a client speak TLS where the address says so."""
    if address.tls:
        client.tls_set_context(ssl.create_default_context())


def without_delay(client: paho.Client, userdata: Any, sock: Any) -> None:
    """Send small packets at once: with Nagle's algorithm a press takes 68 ms instead of 2."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
