"""What goes over the line between a bare MQTT 3.1.1 client and a broker? As little as a measurement needs, at QoS 1.

The load and the bare subscriber speak this instead of paho, which would be the slowest part of what they are to measure.
"""

import socket
import struct
from collections.abc import Iterator

from gateway.client import BrokerAddress

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
PUBACK_HEAD = b"\x40\x02"
"""A PUBACK is this and two bytes of the message's number."""
PUBACK_SIZE = 4
QOS_1 = 0x02
READ_SIZE = 256 * 1024
TIMEOUT_S = 30.0
LARGEST_NUMBER = 65_535
_NUMBER = struct.Struct("!H").pack


class BrokerRefused(Exception):
    """The broker at {address} refused {what}: {code}."""

    def __init__(self, address: BrokerAddress, what: str, code: int) -> None:
        super().__init__(f"the broker at {address!r} refused {what}: {code}")


def text(value: str) -> bytes:
    """Return a text as MQTT writes it: its length before it."""
    encoded = value.encode()
    return struct.pack("!H", len(encoded)) + encoded


def packet(head: int, body: bytes) -> bytes:
    """Return a packet as it goes over the line."""
    length = len(body)
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([head]) + bytes(digits) + body


def publish(topic: bytes, number: int, payload: bytes) -> bytes:
    """Return a PUBLISH at QoS 1; `topic` as `text` writes it, `number` 1 to 65,535."""
    return packet(PUBLISH | QOS_1, topic + _NUMBER(number) + payload)


def connect(address: BrokerAddress, client_id: str) -> socket.socket:
    """Connect with a session that ends with the line, and without keep-alive. Raises OSError, BrokerRefused."""
    line = socket.create_connection((address.host, address.port), TIMEOUT_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    flags, words = 0x02, text(client_id)
    if address.username is not None:
        flags |= 0x80
        words += text(address.username)
    if address.password is not None:
        flags |= 0x40
        words += text(address.password)
    line.sendall(packet(0x10, text("MQTT") + bytes([4, flags, 0, 0]) + words))
    code = _answer(line, CONNACK)[1]
    if code:
        raise BrokerRefused(address, f"the connection of {address.username}", code)
    return line


def subscribe(line: socket.socket, address: BrokerAddress, topic_filter: str) -> None:
    """Subscribe at QoS 1. Raises OSError, BrokerRefused."""
    line.sendall(packet(0x82, struct.pack("!H", 1) + text(topic_filter) + b"\x01"))
    code = _answer(line, SUBACK)[2]
    if code == 0x80:
        raise BrokerRefused(address, f"the subscription to {topic_filter}", code)


def _answer(line: socket.socket, kind: int) -> bytes:
    """Return what the first packet that comes says; it must be of that kind, and what follows it stays on the line."""
    head, length = _exactly(line, 2)
    body = _exactly(line, length)
    if head & 0xF0 != kind:
        raise ConnectionError(f"a packet of type {head:#x} came where {kind:#x} was due")
    return body


def _exactly(line: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        piece = line.recv(size - len(read))
        if not piece:
            raise ConnectionError("the broker closed the connection")
        read += piece
    return read


class Reader:
    """Takes the line's bytes in large pieces and gives the whole packets in them."""

    def __init__(self) -> None:
        self._rest = b""

    def packets(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the packets that are whole by now: the type with its flags, and what follows the length."""
        come = self._rest + piece
        at, end = 0, len(come)
        while at + 2 <= end:
            length, shift, begins = 0, 0, at + 1
            while begins < end:
                digit = come[begins]
                begins += 1
                length |= (digit & 0x7F) << shift
                if digit < 0x80:
                    break
                shift += 7
            else:
                break
            if begins + length > end:
                break
            yield come[at], come[begins : begins + length]
            at = begins + length
        self._rest = come[at:]


def acknowledgement(head: int, body: bytes) -> bytes:
    """Return the PUBACK of a PUBLISH; nothing for one at QoS 0, and for what is none."""
    if head & 0xF0 != PUBLISH or not head & QOS_1:
        return b""
    number_at = 2 + (body[0] << 8 | body[1])
    return PUBACK_HEAD + body[number_at : number_at + 2]
