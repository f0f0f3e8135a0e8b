"""What Zigbee2MQTT says is read as it is meant: a press as a press, a state as a state, and nothing brings the reader down."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.base import Said
from devices.formats.zigbee2mqtt import FORMAT
from devices.formats.zigbee2mqtt_hub import DEVICES_LIMIT
from devices.model import Alarm, Found, Gone, Press, StatusChange, Telemetry, Unreadable
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely
from tests.unit.formats.zigbee_samples import CALLS, COORDINATOR, SOS_DEVICE, device


@pytest.mark.parametrize(
    ("rest", "payload", "said"),
    [
        # one press as older set-ups tell it: as state, as plain text, then as state without it
        (
            "home1/sos", b'{"action":"emergency","battery":100,"voltage":3000,"linkquality":120}',
            [
                Press("home1/sos", "emergency", True, battery=100, extra={"linkquality": 120}),
                Telemetry("home1/sos", battery=100, extra={"voltage": 3000, "linkquality": 120}),
            ],
        ),
        ("home1/sos/action", b"emergency", [Press("home1/sos", "emergency", True)]),
        ("home1/sos", b'{"action":"","battery":100}', [Telemetry("home1/sos", battery=100)]),
        ("home1/sos", b'{"action":null,"battery":null}', []),
        # a device that was registered without its hub
        ("", b'{"action":"single"}', [Press("", "single")]),
        ("action", b"single", [Press("", "single")]),
        ("availability", b"offline", [StatusChange("", online=False)]),
        # a keypad: its codes are not kept, and a press that is a state as well is both
        (
            "door", b'{"action":"sos","action_code":"4711","admin_code":"1","sos_alarm":true,"user_id":"3"}',
            [Press("door", "sos", True), Alarm("door", True)],
        ),
        (
            "room",
            b'{"battery":87.5,"humidity":40.2,"temperature":-3.25,"linkquality":255,"last_seen":"2026-11-24T00:30:00.000Z"}',
            [
                Telemetry(
                    "room", datetime(2026, 11, 24, 0, 30, tzinfo=UTC), 88, temperature=-3.25,
                    extra={"humidity": 40.2, "linkquality": 255},
                )
            ],
        ),
        (
            "room", b'{"last_seen":1795480200000,"battery":101,"temperature":"warm"}',
            [Telemetry("room", datetime(2026, 11, 24, 0, 30, tzinfo=UTC), extra={"battery": 101, "temperature": "warm"})],
        ),
        ("valve", b'{"local_temperature":12.5}', [Telemetry("valve", temperature=12.5)]),
        (
            "room", b'{"temperature":71.2,"temperature_unit":"fahrenheit"}',
            [Telemetry("room", extra={"temperature": 71.2, "temperature_unit": "fahrenheit"})],
        ),
        ("hall", b'{"occupancy":true,"battery_low":false}', [
            Telemetry("hall", extra={"occupancy": True, "battery_low": False, "presence": True})]),
        ("hall", b'{"presence":false}', [Telemetry("hall", extra={"presence": False})]),
        ("sink", b'{"water_leak":true,"tamper":true}', [Telemetry("sink", extra={"water_leak": True, "tamper": True})]),
        (
            "plug", b'{"state":"ON","device":{"softwareBuildID":"1.2","manufacturerName":"x"},"update":{"state":"idle"}}',
            [Telemetry("plug", fw="1.2", extra={"state": "ON"})],
        ),
        # what a radar does not know, and another device's word of the same name
        ("radar", b'{"fall_status":"unknown"}', [Telemetry("radar", extra={"fall_status": "unknown"})]),
        ("washer", b'{"status":"running"}', [Telemetry("washer", extra={"status": "running"})]),
        # a hub set to say each value on a topic of its own
        ("bed/sos", b"true", [Alarm("bed", True)]),
        ("bed/click", b"single", [Press("bed", "single")]),
        ("bed/battery", b"42", [Telemetry("bed", battery=42)]),
        ("bed/occupancy", b"true", [Telemetry("bed", extra={"occupancy": True, "presence": True})]),
        ("bed/battery", b"", []),
        # whether it is there, in both spellings; nothing at all when it was renamed or removed
        ("bed/sos/availability", b'{"state":"online"}', [StatusChange("bed/sos", online=True)]),
        ("bed/sos/availability", b"offline", [StatusChange("bed/sos", online=False)]),
        ("bed/sos/availability", b"", []),
        ("bed/sos", b"", []),
        ("bridge/state", b'{"state":"offline"}', [StatusChange("", online=False)]),
        ("bridge/state", b"online", [StatusChange("", online=True)]),
        # what the hub knows
        (
            "bridge/devices", json.dumps([COORDINATOR, SOS_DEVICE]).encode(),
            [Found("bedroom/sos", "bedroom/sos", "button", "TS0215A_sos", "Tuya")],
        ),
        (
            "bridge/event", b'{"type":"device_joined","data":{"friendly_name":"0x00158d","ieee_address":"0x00158d"}}',
            [Found("0x00158d", "0x00158d")],
        ),
        (
            "bridge/event", json.dumps({"type": "device_interview", "data": SOS_DEVICE | {"status": "successful"}}).encode(),
            [Found("bedroom/sos", "bedroom/sos", "button", "TS0215A_sos", "Tuya")],
        ),
    ("bridge/event", b'{"type":"device_leave","data":{"friendly_name":"lamp","ieee_address":"0x01"}}', [Gone("lamp")]),
        ("bridge/event", b'{"type":"device_announce","data":{"friendly_name":"lamp"}}', []),
        (
            "bridge/health", b'{"response_time":1795480200000,"process":{"uptime_sec":612},"devices":{"0x01":{"messages":3}}}',
            [Telemetry("", datetime(2026, 11, 24, 0, 30, tzinfo=UTC), extra={"uptime": 612})],
        ),
        ("bridge/health", b"{}", [Telemetry("")]),
        # of no interest
        ("bridge/logging", b'{"level":"info","message":"MQTT publish: ... emergency"}', []),
        ("bridge/info", b"{}", []),
        ("bridge/request/permit_join", b'{"time":254}', []),
        ("lamp/set", b'{"state":"ON"}', []),
        ("lamp/set/state", b"ON", []),
        ("lamp/get", b'{"state":""}', []),
    ],
)  # fmt: skip
def test_what_zigbee2mqtt_says_is_read(rest: str, payload: bytes, said: list[Said]) -> None:
    assert read_safely(FORMAT, rest, payload) == said
    assert not isinstance(FORMAT.read(rest, payload), Unreadable)


def test_a_hub_with_many_devices_is_read_and_one_beyond_all_reason_is_not() -> None:
    many = [SOS_DEVICE | {"friendly_name": f"room {n}"} for n in range(600)]
    assert len(_said("bridge/devices", json.dumps(many))) == 500
    said = FORMAT.read("bridge/devices", b"[" + b" " * DEVICES_LIMIT + b"]")
    assert isinstance(said, Unreadable)
    assert str(DEVICES_LIMIT) in said.reason


def test_a_disabled_device_and_one_without_a_name_are_not_found() -> None:
    assert _said("bridge/devices", json.dumps([device("n", [], disabled=True), device("", []), 5, None])) == []


@pytest.mark.parametrize(
    ("rest", "payload", "address", "is_help"),
    [
        ("bed/sos", b'{"action":"emer', "bed/sos", True),
        ("bed/sos", b"\xff\xfe", "bed/sos", True),
        ("bed/sos", b'{"action":["emergency"]}', "bed/sos", True),
        ("bed/sos", b'{"action":5}', "bed/sos", True),
        ("bed/sos", b'{"sos":"perhaps"}', "bed/sos", True),
        ("bed/sos", b'{"action":"' + b"x" * 200 + b'"}', "bed/sos", True),
        ("bed/sos", b'{"action":"a\\u0000b"}', "bed/sos", True),
        ("bed/sos", b"[1]", "bed/sos", True),
        ("bed/sos", b'{"pad":"' + b"x" * 17000 + b'"}', "bed/sos", True),
        ("bed/sos/action", b"\xff", "bed/sos", True),
        ("bed/sos/action", b'{"action":"single"}', "bed/sos", True),
        ("", b"hello", "", True),
        ("x" * 201, b"{}", None, True),
        ("bed/sos/availability", b"perhaps", "bed/sos", False),
        ("bridge/state", b'{"state":"tired"}', "", False),
        ("bridge/devices", b"{}", "", False),
    ],
)
def test_what_cannot_be_read_is_help_where_presses_come(
    rest: str, payload: bytes, address: str | None, is_help: bool
) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert (said.uid, said.is_help) == (address, is_help)


def test_a_base_is_heard_by_one_subscription_for_all_homes() -> None:
    assert FORMAT.filters("zigbee2mqtt/home1") == FORMAT.filters("zigbee2mqtt/home2") == ("zigbee2mqtt/#",)
    assert FORMAT.grants("zigbee2mqtt/home1") == ("zigbee2mqtt/home1", "zigbee2mqtt/home1/#")
    assert list(FORMAT.split("zigbee2mqtt/home1/bed/sos")) == [
        ("zigbee2mqtt/home1/bed/sos", ""),
        ("zigbee2mqtt/home1/bed", "sos"),
        ("zigbee2mqtt/home1", "bed/sos"),
        ("zigbee2mqtt", "home1/bed/sos"),
    ]


SAMPLES = [
    *(("bedroom/sos", payload.encode()) for _, payload, _ in CALLS),
    ("bedroom/sos/action", b"emergency"),
    ("bedroom/sos", b'{"sos":true,"battery_low":false,"tamper":false,"battery":100,"linkquality":20}'),
    ("radar", b'{"presence":true,"fall_down_status":"fall","last_seen":1795480200000}'),
    (
        "room",
        b'{"battery":87.5,"temperature":21.3,"device":{"softwareBuildID":"1"},"last_seen":"2026-11-24T00:30:00Z"}',
    ),
    ("bed/battery", b"42"),
    ("bed/sos/availability", b'{"state":"online"}'),
    ("bridge/state", b"offline"),
    ("bridge/devices", json.dumps([COORDINATOR, SOS_DEVICE, device("lamp", [{"type": "light"}])]).encode()),
    ("bridge/event", json.dumps({"type": "device_interview", "data": SOS_DEVICE}).encode()),
    ("bridge/health", b'{"response_time":1795480200000,"process":{"uptime_sec":612}}'),
    ("bridge/event", b'{"type":"device_leave","data":{"friendly_name":"lamp"}}'),
]
LEVELS = st.sampled_from(
    ["bridge", "devices", "state", "event", "health", "action", "availability", "sos", "battery", "set", "堂屋", ""]
)
TOPICS = st.text(max_size=30) | st.lists(LEVELS | st.text(max_size=5), max_size=5).map("/".join)
KEYS = st.sampled_from(
    [
        "action", "click", "sos", "sos_alarm", "battery", "temperature", "last_seen", "device", "occupancy", "presence",
        "fall_status", "fall", "type", "data", "friendly_name", "definition", "exposes", "state", "action_code", "linkquality",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["sos", "emergency", "off", "fall", "fall_alarm", "device_joined", "online", "2026-11-24T00:30:00Z"]
    ),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inside, max_size=5),
    max_leaves=20,
)


@given(TOPICS, st.binary(max_size=200))
def test_any_topic_and_any_bytes_are_a_message_or_a_reason(rest: str, payload: bytes) -> None:
    read_safely(FORMAT, rest, payload)


@given(TOPICS, VALUES | st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_topic_and_any_json_are_a_message_or_a_reason(rest: str, said: Any) -> None:
    read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.lists(st.dictionaries(st.sampled_from(["name", "type", "values"]), VALUES), max_size=4), VALUES)
def test_whatever_a_hub_says_that_a_device_can_do_is_read(exposes: list[dict[str, Any]], other: Any) -> None:
    said = [device("n", exposes), SOS_DEVICE | {"definition": other}]
    found = read_safely(FORMAT, "bridge/devices", json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert [each.uid for each in found] in (["n", "bedroom/sos"], [])


@given(st.dictionaries(KEYS.filter(lambda key: key not in ("action", "click")), VALUES, max_size=8))
def test_whatever_else_a_message_says_a_press_is_not_lost(beside: dict[str, Any]) -> None:
    for call, kind in (({"action": "emergency"}, Press), ({"sos": True}, Alarm)):
        said = FORMAT.read("n", json.dumps(beside | call).encode())
        if isinstance(said, Unreadable):
            assert said.reason.startswith("payload")  # no JSON that can be kept
            assert said.is_help
        else:
            assert [each for each in said if isinstance(each, kind)]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ('{"action":"emergency","sos":"perhaps"}', [Press("n", "emergency", True)]),
        ('{"action":["emergency"],"sos":true}', [Alarm("n", True)]),
    ],
)
def test_what_cannot_be_read_does_not_hide_what_calls_for_help(payload: str, said: list[Said]) -> None:
    assert _said("n", payload) == said


def test_two_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 2000, 20261125):
        read_safely(FORMAT, rest, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 100_000, 1):
        read_safely(FORMAT, rest, payload)


def _said(rest: str, payload: str) -> list[Said]:
    said = FORMAT.read(rest, payload.encode())
    assert not isinstance(said, Unreadable), said
    return list(said)
