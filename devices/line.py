"""How does one of our own processes that plays homes reach a broker? A paho client, set up once for all who need one."""

import socket
import ssl
from typing import Any, Protocol
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

QOS = 1
KEEPALIVE_S = 30
CONNECT_TIMEOUT_S = 5.0
RECONNECT_FIRST_S, RECONNECT_LONGEST_S = 1, 10
UNACKNOWLEDGED_LIMIT = 2_000
"""Messages that the broker has not acknowledged yet; with more whoever publishes waits, so that memory stays flat."""


class Address(Protocol):
    """Where the broker is and who we are there; the gateway's BrokerAddress is one."""

    @property
    def host(self) -> str:
        """The broker's name or number."""
        ...

    @property
    def port(self) -> int:
        """Its TCP port."""
        ...

    @property
    def tls(self) -> bool:
        """Whether it is reached by TLS."""
        ...

    @property
    def username(self) -> str | None:
        """A user who may publish for every simulated home and read every reply; None where the broker asks for none."""
        ...

    @property
    def password(self) -> str | None:
        """His password."""
        ...


def make_client(address: Address, name: str) -> paho.Client:
    """Return a client that is not connected yet and will connect again by itself for ever."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        # of its own: two of the same name would throw each other out for ever
        client_id=f"{name}-{uuid4().hex[:8]}",
        protocol=paho.MQTTv311,
    )
    client.username_pw_set(address.username, address.password)
    if address.tls:
        client.tls_set_context(ssl.create_default_context())
    client.connect_timeout = CONNECT_TIMEOUT_S
    client.reconnect_delay_set(RECONNECT_FIRST_S, RECONNECT_LONGEST_S)
    # no window of paho's: with one it looks through all waiting messages at each acknowledgement
    client.max_inflight_messages_set(0)
    client.on_socket_open = _without_delay
    return client


def shown(address: Address) -> str:
    """Return where the broker is, for a log."""
    return f"{address.host}:{address.port}"


def _without_delay(client: paho.Client, userdata: Any, sock: Any) -> None:
    """Send small packets at once: with Nagle's algorithm a press takes 68 ms instead of 2."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
