"""What the benchmarks are made of: percentiles, tables, and the little of MQTT that the load speaks."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bench import wire
from api.bench.figures import Latencies, ratio, table
from api.bench.urgent import FloodFigures


def test_percentiles_are_by_the_nearest_rank() -> None:
    latencies = Latencies(tuple(float(each) for each in range(200, 0, -1)))
    assert (latencies.p50, latencies.p99, latencies.longest) == (100, 198, 200)
    assert Latencies((7.0,)).p99 == 7
    assert math.isnan(Latencies(()).p50)
    assert math.isnan(ratio(1, 0))


def test_a_table_stands_in_columns() -> None:
    assert table(["", "p50"], [["idle", "2.3 ms"], ["beside", "10.0 ms"]]) == [
        "            p50",
        "idle     2.3 ms",
        "beside  10.0 ms",
    ]


def test_what_was_accepted_and_not_stored_is_lost() -> None:
    figures = FloodFigures(5_000, accepted=300, stored=297, behind_s=0, delay_p99_s=0, cpu_us={}, gateway_peak_mb=0)
    assert figures.lost == 3
    assert "lost 3" in figures.lines()[0]


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(1, 400))
def test_packets_are_read_whole_however_the_line_cuts_them(payloads: list[bytes], piece: int) -> None:
    topic = wire.text("anju/v1/cam-1/patrol")
    line = b"".join(wire.publish(topic, number + 1, each) for number, each in enumerate(payloads))
    reader = wire.Reader()
    packets = [
        packet for start in range(0, len(line), piece) for packet in list(reader.packets(line[start : start + piece]))
    ]
    assert [body for _, body in packets] == [
        topic + struct.pack("!H", number + 1) + each for number, each in enumerate(payloads)
    ]
    acknowledgements = b"".join(wire.acknowledgement(head, body) for head, body in packets)
    assert acknowledgements == b"".join(b"\x40\x02" + struct.pack("!H", number + 1) for number in range(len(payloads)))


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 300_000])
def test_a_packet_of_any_length_is_read_back(length: int) -> None:
    assert list(wire.Reader().packets(wire.packet(0x32, b"x" * length))) == [(0x32, b"x" * length)]


def test_what_is_no_message_at_qos_1_is_not_acknowledged() -> None:
    assert wire.acknowledgement(0x30, b"\x00\x01ahello") == b""
    assert wire.acknowledgement(0xD0, b"") == b""
    assert wire.acknowledgement(0x32, b"\x00\x01a\x12\x34hello") == b"\x40\x02\x12\x34"
