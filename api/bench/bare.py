"""How fast does the broker hand over? A process of its own that acknowledges what it hears at once and stores nothing.

Its order comes as a line of JSON on its standard input, and it reports by lines of JSON on its standard output.
"""

import sys
import time
from collections.abc import Iterator

import msgspec

from api import children
from api.bench import wire
from gateway.client import BrokerAddress

REPORT_EVERY_S = 0.05


class Order(msgspec.Struct, frozen=True):
    """What is to be heard."""

    address: BrokerAddress
    topic_filter: str


class Report(msgspec.Struct, frozen=True):
    """How much it has heard by when, of the machine's monotonic clock. The first report says that it listens."""

    heard: int
    until: float


def listen(order: Order) -> Iterator[Report]:
    """Hear and acknowledge for ever. Raises OSError, wire.BrokerRefused."""
    line = wire.connect(order.address, "anju-bench-bare")
    wire.subscribe(line, order.address, order.topic_filter)
    line.settimeout(REPORT_EVERY_S)
    reader = wire.Reader()
    heard = told = 0
    until = told_at = time.monotonic()
    yield Report(heard, until)
    while True:
        try:
            piece = line.recv(wire.READ_SIZE)
        except TimeoutError:
            piece = None
        if piece == b"":
            raise ConnectionError("the broker closed the connection of the bare subscriber")
        now = time.monotonic()
        if piece:
            acknowledgements = [wire.acknowledgement(head, body) for head, body in reader.packets(piece)]
            line.sendall(b"".join(acknowledgements))
            heard += len(acknowledgements)
            until = now
        if heard != told and now - told_at >= REPORT_EVERY_S:
            told, told_at = heard, now
            yield Report(heard, until)


def main() -> None:
    """Listen as the order on standard input asks for, until ended."""
    children.end_with_parent()
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    try:
        for report in listen(order):
            sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
            sys.stdout.flush()
    except (OSError, wire.BrokerRefused) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
