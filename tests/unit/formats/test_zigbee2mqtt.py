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
from devices.model import Alarm, Found, Gone, Press, Source, StatusChange, Telemetry, Unreadable
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely

SOS_DEVICE = {
    "ieee_address": "0xa4c138d2b1a3c0ff", "type": "EndDevice", "network_address": 41567, "supported": True,
    "friendly_name": "bedroom/sos", "disabled": False, "description": None, "power_source": "Battery",
    "software_build_id": None, "date_code": "", "model_id": "TS0215A", "manufacturer": "_TZ3000_4fsgukof",
    "interview_completed": True,
    "definition": {
        "model": "TS0215A_sos", "vendor": "Tuya", "description": "SOS button", "supports_ota": False, "options": [],
        "exposes": [
            {"access": 1, "name": "battery", "property": "battery", "type": "numeric", "unit": "%", "value_max": 100},
            {"access": 1, "name": "action", "property": "action", "type": "enum", "values": ["emergency"]},
            {"access": 1, "name": "linkquality", "property": "linkquality", "type": "numeric", "unit": "lqi"},
        ],
    },
    "endpoints": {"1": {"bindings": [], "clusters": {"input": ["genBasic"], "output": ["ssIasAce"]}}},
}  # fmt: skip
COORDINATOR = {
    "ieee_address": "0x00124b0024c1",
    "type": "Coordinator",
    "friendly_name": "Coordinator",
    "definition": None,
}


def device(name: str, exposes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "type": "EndDevice",
        "friendly_name": name,
        "definition": {"model": "M", "vendor": "V", "exposes": exposes},
    } | more


def action(*values: str) -> dict[str, Any]:
    return {"name": "action", "property": "action", "type": "enum", "values": list(values)}


# maker and model as zigbee-herdsman-converters names them, what it sends when help is called for, and what is read of it
CALLS: list[tuple[str, str, bool]] = [
    ("ADEO LDSENK09", '{"action":"panic","linkquality":110}', True),
    (
        "Centralite 3400-D",
        '{"action":"emergency","action_code":null,"battery":85,"tamper":false,"linkquality":96}',
        True,
    ),
    (
        "Climax KP-23EL-ZBS-ACE",
        '{"action":"emergency","battery_low":false,"tamper":false,"restore_reports":true}',
        True,
    ),
    ("Climax KP-23EL-ZBS-ACE", '{"action":"panic","battery_low":false,"tamper":false,"linkquality":140}', True),
    ("Develco KEYZB-110", '{"action":"emergency","action_transaction":12,"battery_low":false,"voltage":3900}', True),
    ("Feibit NZRC106W-M2", '{"action":"panic","battery":100,"linkquality":78}', True),
    ("Heiman HS1RC-N", '{"action":"emergency","battery":100,"linkquality":60}', True),
    ("Heiman HM1RC-2-E", '{"action":"emergency","action_group":0,"battery":97.5}', True),
    ("Heiman HS1RC-EM", '{"action":"emergency","battery":100,"voltage":3000}', True),
    ("Heiman HS1EB/HS1EB-E", '{"action":"single","battery":98,"linkquality":51}', False),
    ("Heiman HS1EB/HS1EB-E", '{"action":"double","battery":98,"linkquality":51}', False),
    ("Heiman HS1EB/HS1EB-E", '{"action":"hold","battery":98,"linkquality":51}', False),
    ("Hive KEYPAD001", '{"action":"panic","battery":60,"battery_low":false,"occupancy":true,"tamper":false}', True),
    ("Immax 07046L", '{"action":"panic","linkquality":100}', True),
    ("Immax 07505L", '{"action":"sos","battery":100,"tamper":false,"admin_code":"1234"}', True),
    ("Linkind ZS130000078", '{"action":"panic","action_code":"","battery":70,"occupancy":true,"voltage":2700}', True),
    ("Linkind ZS130000178", '{"action":"panic","linkquality":90}', True),
    ("Loginovo ZG-101Z", '{"action":"sos","battery_low":false,"linkquality":105}', True),
    ("Loginovo ZG-101Z", '{"action":"emergency","battery_low":false,"linkquality":105}', True),
    ("MultIR MIR-SO100", '{"action":"single","battery":100,"voltage":3000}', False),
    ("MultIR MIR-SO100", '{"action":"hold","battery":100,"voltage":3000}', False),
    ("ORVIBO SE20-O", '{"action":"single","linkquality":33}', False),
    ("ORVIBO SE21", '{"action":"double","linkquality":33}', False),
    ("Smart9 S9ZGBRC01", '{"action":"emergency","battery":100}', True),
    ("SmartThings IM6001-BTP01", '{"action":"hold","battery":100,"temperature":21.4}', False),
    ("SONOFF SNZB-01-KF", '{"action":"single","battery":100,"voltage":3000}', False),
    ("Swann SWO-KEF1PA", '{"action":"panic","linkquality":66}', True),
    ("Technicolor XHK1-TC", '{"action":"emergency","battery":55,"temperature":19,"voltage":2700,"contact":true}', True),
    ("Tuya TS0215A_remote", '{"action":"emergency","battery":100,"linkquality":120}', True),
    ("Tuya TS0215A_sos", '{"action":"emergency","battery":100,"voltage":3000,"linkquality":134}', True),
    ("Tuya TS0218", '{"action":"emergency","battery":100}', True),
    ("Tuya TS0601_sos", '{"action":"emergency","battery":100,"linkquality":149}', True),
    ("Universal Electronics XHK1-UE", '{"action":"emergency","battery":55}', True),
    ("Universal Electronics UEHK2AZ0", '{"action":"emergency","battery":55}', True),
    ("two of its buttons", '{"action":"emergency_2"}', True),
    ("version 1.17 and before", '{"click":"single","battery":90}', False),
]


@pytest.mark.parametrize(("model", "payload", "certain"), CALLS, ids=[f"{n} {m}" for n, (m, _, _) in enumerate(CALLS)])
def test_a_press_of_each_known_model_is_a_press(model: str, payload: str, certain: bool) -> None:
    first = _said("bedroom/sos", payload)[0]
    said = json.loads(payload)
    assert isinstance(first, Press)
    assert (first.uid, first.action, first.certain) == ("bedroom/sos", said.get("action", said.get("click")), certain)
    assert first.battery == (None if "battery" not in said else round(said["battery"]))


@pytest.mark.parametrize(
    ("model", "payload", "alarm"),
    [
        (
            "Feibit SEB01ZB",
            '{"sos":true,"battery_low":false,"tamper":false,"battery":100}',
            Alarm("n", True, battery=100),
        ),
        ("Feibit SEB01ZB", '{"sos":false,"battery_low":false,"tamper":false}', Alarm("n", False)),
        ("Daewoo WKE502Z", '{"armed":false,"sos_alarm":true,"user_id":"3"}', Alarm("n", True)),
        ("Daewoo WKE502Z", '{"armed":false,"sos_alarm":false}', Alarm("n", False)),
        ("own makes on PTVO", '{"sos_l1":true,"contact_l2":false}', Alarm("n", True)),
        ("own makes on PTVO", '{"sos":"ON"}', Alarm("n", True)),
        ("Heiman radar", '{"occupancy":true,"fall_status":"fall_alarm"}', Alarm("n", True, source=Source.FALL)),
        ("Heiman radar", '{"occupancy":true,"fall_status":"fall_warning"}', Alarm("n", False)),
        ("Heiman radar", '{"occupancy":false,"fall_status":"normal"}', Alarm("n", False)),
        ("Tuya radar", '{"presence":true,"fall_down_status":"fall"}', Alarm("n", True, source=Source.FALL)),
        ("Tuya radar", '{"presence":true,"fall_down_status":"maybe_fall"}', Alarm("n", False)),
    ],
)
def test_a_state_that_calls_for_help_is_an_alarm(model: str, payload: str, alarm: Alarm) -> None:
    assert _said("n", payload)[0] == alarm


@pytest.mark.parametrize(
    "word",
    [
        "off", "disarm", "arm_all_zones", "arm_day_zones", "arm_night_zones", "arm_partial_zones", "arm_stay", "arm_away",
        "arm_home", "arming_away", "exit_delay", "entry_delay", "not_ready", "in_alarm", "release", "released", "hold_release",
        "button_1_release", "release_3_and_4", "brightness_stop", "brightness_stop_1", "color_temperature_move_stop",
        "brightness_move_stop", "stopped", "", " ", "OFF",
    ],
)  # fmt: skip
def test_what_is_no_press_is_none(word: str) -> None:
    for rest, payload in (("n", json.dumps({"action": word, "battery": 50})), ("n/action", word)):
        assert not [each for each in _said(rest, payload) if isinstance(each, Press)]


@pytest.mark.parametrize(
    ("word", "certain"),
    [
        ("single", False), ("double", False), ("triple", False), ("hold", False), ("long", False), ("on", False),
        ("toggle", False), ("press", False), ("click", False), ("1_single", False), ("single_left", False),
        ("button_1_double", False), ("up_hold", False), ("recall_1", False), ("scene_3", False), ("stop", False),
        ("off_1", False), ("off_double", False), ("something_new", False), ("按下", False),
        ("emergency", True), ("panic", True), ("sos", True), ("SOS", True), ("panic_2", True), ("emergency_right", True),
    ],
)  # fmt: skip
def test_every_other_word_is_a_press_and_some_are_help(word: str, certain: bool) -> None:
    assert _said("n/action", word) == [Press("n", word, certain)]


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


@pytest.mark.parametrize(
    ("exposes", "kind"),
    [
        ([action("emergency"), {"name": "battery", "type": "numeric"}], "button"),
        ([{"name": "sos", "type": "binary"}], "button"),
        ([action("single", "double", "hold", "off")], "button"),
        ([action("off", "disarm")], "sensor"),
        ([action("1_single", "2_hold")], "button"),
        ([action("shake", "vibration", "tilt", "fall")], "sensor"),
        ([{"type": "switch", "features": []}, action("single")], None),
        ([{"type": "light"}], None),
        ([{"type": "light"}, action("panic")], "button"),
        ([{"name": "occupancy", "type": "binary"}], "sensor"),
        ([{"name": "fall_status", "type": "enum"}], "sensor"),
        ([], None),
    ],
)
def test_a_found_devices_kind_is_guessed_from_what_it_can_say(exposes: list[dict[str, Any]], kind: str | None) -> None:
    assert _said("bridge/devices", json.dumps([device("n", exposes)])) == [Found("n", "n", kind, "M", "V")]


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
    ("bridge/event", b'{"type":"device_leave","data":{"friendly_name":"lamp"}}'),
]
LEVELS = st.sampled_from(
    ["bridge", "devices", "state", "event", "action", "availability", "sos", "battery", "set", "堂屋", ""]
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
    said = FORMAT.read("n", json.dumps({"action": "emergency"} | beside).encode())
    assert said.is_help if isinstance(said, Unreadable) else said[0].uid == "n" and isinstance(said[0], Press)


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
