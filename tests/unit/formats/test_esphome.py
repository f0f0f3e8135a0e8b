"""What a node with ESPHome says is read as it is meant: by the name that its owner gave each thing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.base import Said
from devices.formats.esphome import FORMAT
from devices.model import Alarm, Found, Press, StatusChange, Telemetry, Unreadable
from tests.unit.formats.any_payload import any_json, any_object
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely

DISCOVER = (
    '{"ip":"192.168.0.122","name":"bed-7","friendly_name":"Bed of 7","port":6053,"version":"2024.4.1","mac":"84fce6123456",'
    '"platform":"ESP32","board":"esp32-c3-devkitm-1","network":"wifi","api_encryption":"Noise_NNpsk0_25519_ChaChaPoly_SHA256"}'
)
READ: list[tuple[str, str, list[Said]]] = [
    ("status", "online", [StatusChange("", online=True)]),
    ("status", "offline", [StatusChange("", online=False)]),
    ("status", "", []),
    # named for help: a state, retained as sold
    *(
        (f"binary_sensor/{each}/state", "ON", [Alarm(f"binary_sensor/{each}", on=True)])
        for each in (
            "sos",
            "bedroom_sos_button",
            "panic",
            "emergency_cord",
            "help",
            "nurse_call",
            "求助按钮",
            "bath-SOS",
        )
    ),
    ("binary_sensor/sos/state", "OFF", [Alarm("binary_sensor/sos", on=False)]),
    # named for nothing that is known: a press at each ON, which is help where a button is registered
    ("binary_sensor/bed_button/state", "ON", [Press("binary_sensor/bed_button", "on")]),
    ("binary_sensor/bed_button/state", "OFF", []),
    ("binary_sensor/gpio4/state", "ON", [Press("binary_sensor/gpio4", "on")]),
    # named for something else
    ("binary_sensor/living_room_pir/state", "ON", [Telemetry("", extra={"presence": True})]),
    ("binary_sensor/occupancy/state", "OFF", [Telemetry("", extra={"presence": False})]),
    ("binary_sensor/front_door/state", "ON", [Telemetry("", extra={"front_door": True})]),
    ("binary_sensor/smoke_alarm/state", "ON", [Telemetry("", extra={"smoke_alarm": True})]),
    ("event/bed_button/state", '{"event_type":"single"}', [Press("event/bed_button", "single")]),
    ("event/bed_button/state", '{"event_type":"release"}', []),
    ("event/sos/state", '{"event_type":"press"}', [Press("event/sos", "press", certain=True)]),
    ("sensor/battery_level/state", "87", [Telemetry("", battery=87)]),
    ("sensor/battery_voltage/state", "3.71", []),
    ("sensor/wifi_signal/state", "-67", [Telemetry("", rssi=-67)]),
    ("sensor/wifi_signal_percent/state", "66", []),
    ("sensor/room_temperature/state", "14.0", [Telemetry("", temperature=14.0)]),
    ("sensor/room_temperature/state", "nan", []),
    ("sensor/uptime_sensor/state", "465", [Telemetry("", extra={"uptime_s": 465})]),
    ("sensor/wetness_raw1/state", "-1.29", []),
    ("sensor/next_sunrise/state", "08:01:02", []),
    ("text_sensor/esphome_version/state", "2024.4.1 Apr 20 2024", [Telemetry("", fw="2024.4.1 Apr 20 2024")]),
    ("switch/relay/state", "ON", []),
    ("switch/relay/command", "ON", []),
    ("debug", "[V][mqtt:474]: Publish(topic='bed/sensor/x/state' payload='14.0' retain=1)", []),
    (
        "discover/bed-7",
        DISCOVER,
        [Found("84fce6123456", "Bed of 7", None, "esp32-c3-devkitm-1", None, "2024.4.1", "bed-7")],
    ),
]
SAMPLES = [(rest, payload.encode()) for rest, payload, _ in READ]


@pytest.mark.parametrize(("rest", "payload", "said"), READ)
def test_what_esphome_says_is_read(rest: str, payload: str, said: list[Said]) -> None:
    assert read_safely(FORMAT, rest, payload.encode()) == said


@pytest.mark.parametrize(
    ("rest", "payload", "is_help"),
    [
        ("binary_sensor/sos/state", b"pressed", True),
        ("binary_sensor/gpio4/state", b"\xff", True),
        ("binary_sensor/front_door/state", b"ajar", False),
        ("event/bed_button/state", b"single", True),
        ("event/bed_button/state", b"{}", True),
        ("status", b"asleep", False),
        ("discover/bed-7", b"{}", False),
    ],
)
def test_what_cannot_be_read_may_be_help_where_presses_come(rest: str, payload: bytes, is_help: bool) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert said.is_help is is_help


def test_nodes_below_one_level_are_heard_by_one_filter() -> None:
    assert FORMAT.filters("homes/bed-7") == FORMAT.filters("homes/bed-8") == ("homes/#",)
    assert ("homes/bed-7", "binary_sensor/sos/state") in list(FORMAT.split("homes/bed-7/binary_sensor/sos/state"))


WORDS = ("event_type", "single", "name", "mac", "84fce6123456", "version", "board", "friendly_name")
NAMES = st.sampled_from(["sos", "button", "door", "battery", "wifi_signal", "temperature", "version"]) | st.text(
    max_size=8
)
KINDS = st.sampled_from(["binary_sensor", "sensor", "text_sensor", "event", "switch"]) | st.text(max_size=5)
RESTS = (
    st.sampled_from([rest for rest, _ in SAMPLES])
    | st.text(max_size=30)
    | st.builds("{}/{}/state".format, KINDS, NAMES)
)  # fmt: skip
BARE = st.sampled_from([b"ON", b"OFF", b"on", b"online", b"nan", b"1e400", b"-67", b"87", b"inf", b"None"])


@given(RESTS, BARE | st.binary(max_size=200))
def test_any_topic_and_any_bytes_are_a_message_or_a_reason(rest: str, payload: bytes) -> None:
    read_safely(FORMAT, rest, payload)


@given(RESTS, any_object(*WORDS) | any_json(*WORDS))
def test_any_topic_and_any_json_are_a_message_or_a_reason(rest: str, said: Any) -> None:
    read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_whatever_a_thing_is_called_beside_sos_its_on_calls_for_help(name: str) -> None:
    (said,) = read_safely(FORMAT, f"binary_sensor/{name}_sos/state", b"ON")
    assert said == Alarm(f"binary_sensor/{name}_sos", on=True)


def test_two_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 2000, 20261125):
        read_safely(FORMAT, rest, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 100_000, 4):
        read_safely(FORMAT, rest, payload)
