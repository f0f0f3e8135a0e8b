"""How many cameras speak at once? A process of its own that publishes patrol pings and counts what the broker took.

Its order comes as a line of JSON on its standard input, and it reports by lines of JSON on its standard output.
"""

import select
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, cycle

import msgspec

from api import children
from api.bench import wire
from devices.formats import anju
from gateway.client import BrokerAddress

WINDOW = 2_000
"""Pings of one connection that the broker has not acknowledged yet: enough to keep it busy, few enough to be memory."""
TICK_S = 0.002
BURST = 200
"""Pings written in one piece."""
REPORT_EVERY_S = 0.5
ANSWER_WITHIN_S = 60.0


class BrokerTooSlow(Exception):
    """The broker acknowledged nothing for {ANSWER_WITHIN_S} s; {under_way} pings are under way."""

    def __init__(self, under_way: int) -> None:
        super().__init__(
            f"the broker acknowledged nothing for {ANSWER_WITHIN_S:.0f} s; {under_way} pings are under way"
        )


class Order(msgspec.Struct, frozen=True):
    """What is to be published: by which cameras, how many a second (`rate` 0: as fast as it goes), for how long.

    `name` begins each ping's id: no two loads of a run may have the same.
    """

    address: BrokerAddress
    uids: list[str]
    rate: float
    seconds: float
    connections: int
    name: str


class Report(msgspec.Struct, frozen=True):
    """How far it is: `acked` is what the broker has taken; `began` and `ended` are of the machine's monotonic clock."""

    sent: int
    acked: int
    began: float
    ended: float
    done: bool = False


class _Line:
    """One connection, and what is under way on it."""

    def __init__(self, address: BrokerAddress, client_id: str) -> None:
        self.socket = wire.connect(address, client_id)
        self.socket.setblocking(False)
        self.sent = 0
        self.acked = 0
        self._waiting = b""
        self._half = b""

    @property
    def room(self) -> int:
        """How many more pings may be under way; none while the line is full."""
        return 0 if self._waiting else WINDOW - (self.sent - self.acked)

    @property
    def is_full(self) -> bool:
        """Whether the line did not take all that was written."""
        return bool(self._waiting)

    def next_number(self) -> int:
        """Return the number of the message that is sent next."""
        self.sent += 1
        return (self.sent - 1) % wire.LARGEST_NUMBER + 1

    def write(self, piece: bytes = b"") -> None:
        """Write what the line takes; the rest waits."""
        piece = self._waiting + piece
        try:
            written = self.socket.send(piece)
        except BlockingIOError:
            written = 0
        self._waiting = piece[written:]

    def read(self) -> None:
        """Count what the broker acknowledged: nothing but PUBACKs comes on this line."""
        piece = self.socket.recv(wire.READ_SIZE)
        if not piece:
            raise ConnectionError("the broker closed the connection of the load")
        piece = self._half + piece
        whole = len(piece) // wire.PUBACK_SIZE
        self._half = piece[whole * wire.PUBACK_SIZE :]
        if piece[: whole * wire.PUBACK_SIZE : wire.PUBACK_SIZE] != wire.PUBACK_HEAD[:1] * whole:
            raise ConnectionError("the broker sent the load something else than acknowledgements")
        self.acked += whole


class _Cameras:
    """What the cameras say, one after the other."""

    def __init__(self, uids: list[str], name: str) -> None:
        self._topics = cycle([wire.text(anju.topic_of(uid, "patrol")) for uid in uids])
        self._numbers = count(1)
        self._name = name.encode()

    def ping(self, at: bytes) -> tuple[bytes, bytes]:
        """Return a ping's topic and payload; one in ten carries what has no column of its own."""
        number = next(self._numbers)
        more = b"" if number % 10 else b',"fw":"1.4.2"'
        return next(self._topics), (
            b'{"id":"%s-%d","at":"%s","presence":true,"persons":1,"battery":%d,"rssi":-%d%s}'
            % (self._name, number, at, 20 + number % 80, 40 + number % 50, more)
        )


def publish(order: Order) -> Iterator[Report]:
    """Publish as ordered, reporting now and then; the last report is `done`, when the broker has all of it.

    Raises OSError, wire.BrokerRefused, BrokerTooSlow.
    """
    cameras = _Cameras(order.uids, order.name)
    lines = [_Line(order.address, f"anju-bench-{order.name}-{each}") for each in range(order.connections)]
    by_socket = {each.socket: each for each in lines}
    began = ended = reported = time.monotonic()
    acked = 0
    while True:
        now = time.monotonic()
        sent = sum(each.sent for each in lines)
        speaking = now - began < order.seconds
        if speaking:
            due = int((now - began) * order.rate) - sent if order.rate else WINDOW * len(lines)
            _write(lines, cameras, due)
        full = [each.socket for each in lines if each.is_full]
        readable, writable, _ = select.select(by_socket, full, [], TICK_S)
        for each in readable:
            by_socket[each].read()
        for each in writable:
            by_socket[each].write()
        if order.rate and readable:
            # in steps: an acknowledgement is no reason to look at the clock again before the next step
            time.sleep(TICK_S / 2)
        before, acked = acked, sum(each.acked for each in lines)
        if acked != before:
            ended = time.monotonic()
        if not speaking and acked == sent:
            break
        if now - ended > ANSWER_WITHIN_S:
            raise BrokerTooSlow(sent - acked)
        if now - reported > REPORT_EVERY_S:
            reported = now
            yield Report(sent, acked, began, ended)
    for line in lines:
        line.socket.close()
    yield Report(sent, acked, began, ended, done=True)


def _write(lines: list[_Line], cameras: _Cameras, due: int) -> None:
    """Write up to `due` pings, in turns of a burst a connection, as far as there is room."""
    at = datetime.now(UTC).isoformat().encode()
    while due > 0:
        wrote = 0
        for line in sorted(lines, key=lambda each: each.room, reverse=True):
            number = min(due - wrote, line.room, BURST)
            if number > 0:
                pings = (cameras.ping(at) for _ in range(number))
                line.write(b"".join(wire.publish(topic, line.next_number(), payload) for topic, payload in pings))
                wrote += number
        if not wrote:
            return
        due -= wrote


def main() -> None:
    """Publish what the order on standard input asks for."""
    children.end_with_parent()
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    try:
        for report in publish(order):
            sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
            sys.stdout.flush()
    except (OSError, wire.BrokerRefused, BrokerTooSlow) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
