"""Who makes himself known by Home Assistant's discovery is found once, with the format and the base he speaks by."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import formats
from devices.formats.base import Said
from devices.formats.homeassistant import FORMAT
from devices.model import Found, Gone, Unreadable
from tests.unit.formats.any_payload import any_json, any_object
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely

ESPHOME = (
    '{"name":"Bed SOS","stat_t":"homes/bed-7/binary_sensor/bed_sos/state","avty_t":"homes/bed-7/status","uniq_id":'
    '"78e36d645710-binary_sensor-ba0e8e32","dev":{"ids":"78e36d645710","name":"Bed 7","sw":"esphome v2023.10.4 Nov  1 2023, '
    '09:27:02",'
    '"mdl":"esp32dev","mf":"espressif"}}'
)
ZIGBEE2MQTT = json.dumps(
    {
        "availability": [{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}],
        "device": {
            "hw_version": 1, "identifiers": ["zigbee2mqtt_0xa4c138d2b1a3c0ff"], "manufacturer": "Tuya", "model": "SOS button",
            "model_id": "TS0215A_sos", "name": "bedroom/sos", "via_device": "zigbee2mqtt_bridge_0x00124b0024c1",
        },
        "device_class": "battery", "object_id": "bedroom_sos_battery", "origin": {"name": "Zigbee2MQTT", "sw": "2.1.3"},
        "state_topic": "zigbee2mqtt/bedroom/sos", "unique_id": "0xa4c138d2b1a3c0ff_battery_zigbee2mqtt",
        "unit_of_measurement": "%", "value_template": "{{ value_json.battery }}",
    }
)  # fmt: skip
ZIGBEE2MQTT_ACTION = json.dumps(
    {
        "automation_type": "trigger", "type": "action", "subtype": "emergency", "payload": "emergency",
        "topic": "zigbee2mqtt/bedroom/sos/action", "origin": {"name": "Zigbee2MQTT", "sw": "2.1.3"},
        "device": {"identifiers": ["zigbee2mqtt_0xa4c138d2b1a3c0ff"], "name": "bedroom/sos", "manufacturer": "Tuya"},
    }
)  # fmt: skip
BRIDGE = json.dumps(
    {
        "name": "Connection state", "state_topic": "zigbee2mqtt/home1/bridge/state", "device_class": "connectivity",
        "device": {"identifiers": ["zigbee2mqtt_bridge_0x00124b0024c1"], "name": "Zigbee2MQTT Bridge", "model": "Bridge",
                   "manufacturer": "Zigbee2MQTT", "sw_version": "2.1.3"},
    }
)  # fmt: skip
TASMOTA = (
    '{"name":"3DPrinter","stat_t":"tele/EZPlug_35EBF6/STATE","avty_t":"tele/EZPlug_35EBF6/LWT","pl_avail":"Online","pl_not_avail":'
    '"Offline","cmd_t":"cmnd/EZPlug_35EBF6/POWER1","pl_off":"OFF","pl_on":"ON","val_tpl":"{{value_json.POWER1}}","uniq_id":'
    '"35EBF6_RL_1","dev":{"ids":["35EBF6"]}}'
)
SHELLY = (
    '{"name":"Input 0","stat_t":"homes/shellyplusi4-a8032ab1fe78/events/rpc","avty_t":"homes/shellyplusi4-a8032ab1fe78/online",'
    '"uniq_id":"a8032ab1fe78-input-0","dev":{"ids":["a8032ab1fe78"],"name":"Bath","mf":"Allterco Robotics",'
    '"mdl":"Shelly Plus i4","sw":"1.4.4"}}'
)
DEVICE = json.dumps(
    {
        "dev": {"ids": "ea334450945afc", "name": "Kitchen", "mf": "Bla electronics", "mdl": "xya", "sw": "1.0", "sn": "1"},
        "o": {"name": "bla2mqtt", "sw": "2.1", "url": "https://bla2mqtt.example.com/support"},
        "cmps": {
            "id1": {"p": "sensor", "device_class": "temperature", "unit_of_measurement": "°C", "unique_id": "temp01ae_t"},
            "id2": {"p": "binary_sensor", "name": "SOS", "unique_id": "temp01ae_h"},
        },
        "state_topic": "sensorBedroom/state", "qos": 2,
    }
)  # fmt: skip
SHORT = (
    '{"~":"ems-esp","uniq_id":"boiler","name":"Outside","stat_t":"~/boiler_data","avty":[{"t":"~/boiler_data"},{"t":"~/status"}],'
    '"o":{"name":"EMS-ESP","sw":"v3.8.4"},"dev":{"ids":["ems-esp-boiler"]}}'
)
NODE = {"~": "bed-7", "avty_t": "~/status", "dev": {"name": "Bed 7", "sw": "esphome v2024.1"}}
READ: list[tuple[str, str, list[Said]]] = [
    (
        "binary_sensor/bed-7/bed_sos/config",
        ESPHOME,
        [
            Found(
                "bed-7",
                "Bed 7",
                "button",
                "esp32dev",
                "espressif",
                "esphome v2023.10.4 Nov  1 2023, 09:27:02",
                "homes/bed-7",
                "esphome",
            )
        ],
    ),
    (
        "sensor/0xa4c138d2b1a3c0ff/battery/config",
        ZIGBEE2MQTT,
        [
            Found(
                "0xa4c138d2b1a3c0ff",
                "bedroom/sos",
                "sensor",
                "SOS button",
                "Tuya",
                None,
                "zigbee2mqtt/bedroom/sos",
                "zigbee2mqtt",
            )
        ],
    ),
    (
        "device_automation/0xa4c138d2b1a3c0ff/action_emergency/config",
        ZIGBEE2MQTT_ACTION,
        [
            Found(
                "0xa4c138d2b1a3c0ff",
                "bedroom/sos",
                "button",
                None,
                "Tuya",
                None,
                "zigbee2mqtt/bedroom/sos",
                "zigbee2mqtt",
            )
        ],
    ),
    (
        "binary_sensor/1221051039810110150109113116116_0x00124b0024c1/connection_state/config",
        BRIDGE,
        [
            Found(
                "1221051039810110150109113116116_0x00124b0024c1",
                "Zigbee2MQTT Bridge",
                "hub",
                "Bridge",
                "Zigbee2MQTT",
                "2.1.3",
                "zigbee2mqtt/home1",
                "zigbee2mqtt",
            )
        ],
    ),
    (
        "switch/35EBF6_RL_1/config",
        TASMOTA,
        [Found("35EBF6_RL_1", "3DPrinter", topic="EZPlug_35EBF6", format="tasmota")],
    ),
    (
        "event/a8032ab1fe78/input0/config",
        SHELLY,
        [
            Found(
                "a8032ab1fe78",
                "Bath",
                "button",
                "Shelly Plus i4",
                "Allterco Robotics",
                "1.4.4",
                "homes/shellyplusi4-a8032ab1fe78",
                "shelly",
            )
        ],
    ),
    (
        "device/ea334450945afc/config",
        DEVICE,
        [Found("ea334450945afc", "Kitchen", "button", "xya", "Bla electronics", "1.0")],
    ),
    ("sensor/boiler/config", SHORT, [Found("boiler", "Outside", "sensor")]),
    (
        "light/bed-7/lamp/config",
        json.dumps(NODE),
        [Found("bed-7", "Bed 7", None, None, None, "esphome v2024.1", "bed-7", "esphome")],
    ),
    ("homeassistant/camera/door/config", "{}", [Found("door", "door", "camera")]),
    ("binary_sensor/bed-7/bed_sos/config", "", [Gone("bed-7")]),
    ("device/ea334450945afc/config", "", [Gone("ea334450945afc")]),
    ("status", "online", []),
    ("binary_sensor/garden/state", "ON", []),
    ("config", "{}", []),
]
SAMPLES = [(rest, payload.encode()) for rest, payload, _ in READ]


@pytest.mark.parametrize(("rest", "payload", "said"), READ)
def test_who_makes_himself_known_is_found(rest: str, payload: str, said: list[Said]) -> None:
    assert read_safely(FORMAT, rest, payload.encode()) == said


@pytest.mark.parametrize("payload", [b"{", b"5", b"[]", b"\xff"])
def test_a_configuration_that_cannot_be_read_is_no_call_for_help(payload: bytes) -> None:
    said = FORMAT.read("sensor/bed-7/x/config", payload)
    assert isinstance(said, Unreadable)
    assert not said.is_help
    assert said.uid == "bed-7"


@pytest.mark.parametrize(
    ("topic", "where"),
    [
        ("homeassistant/sensor/x/config", ("homeassistant", "homeassistant", "sensor/x/config")),
        ("homes/7/homeassistant/sensor/n/x/config", ("homeassistant", "homes/7/homeassistant", "sensor/n/x/config")),
        ("tasmota/discovery/84F3EB3D5E26/config", ("tasmota", "tasmota", "discovery/84F3EB3D5E26/config")),
        ("esphome/discover/bed-7", ("esphome", "esphome", "discover/bed-7")),
        ("esphome/bed-7/status", None),
        ("homeassistant", None),
        ("zigbee2mqtt/homeassistant", None),
        ("", None),
    ],
)
def test_topics_of_discovery_are_known_wherever_they_stand(topic: str, where: tuple[str, str, str] | None) -> None:
    assert formats.discovery(topic) == where


WORDS = (
    "~", "stat_t", "state_topic", "avty_t", "avty", "availability", "t", "topic", "dev", "device", "ids", "identifiers", "name",
    "sw", "mf", "mdl", "o", "origin", "cmps", "components", "p", "platform", "sensor", "esphome v2024", "Zigbee2MQTT", "Shelly",
    "tasmota", "zigbee2mqtt/a/b", "homes/bed-7/status", "~/status", "tele/a/LWT", "zigbee2mqtt_1", "SOS",
)  # fmt: skip
RESTS = (
    st.sampled_from([rest for rest, _ in SAMPLES])
    | st.text(max_size=30)
    | st.lists(st.text(max_size=5), min_size=1, max_size=4).map(lambda levels: "/".join((*levels, "config")))
)


@given(RESTS, st.binary(max_size=200))
def test_any_topic_and_any_bytes_are_a_message_or_a_reason(rest: str, payload: bytes) -> None:
    read_safely(FORMAT, rest, payload)


@given(RESTS, any_object(*WORDS) | any_json(*WORDS))
def test_any_topic_and_any_json_are_a_message_or_a_reason(rest: str, said: Any) -> None:
    read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(RESTS, any_object(*WORDS))
def test_who_was_found_is_taken_back_by_an_empty_payload_on_the_same_topic(rest: str, said: dict[str, Any]) -> None:
    found = read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode())
    gone = read_safely(FORMAT, rest, b"")
    assert [each.uid for each in found] in ([each.uid for each in gone], [])


def test_two_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 2000, 20261125):
        read_safely(FORMAT, rest, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 100_000, 5):
        read_safely(FORMAT, rest, payload)
