"""What a device with Tasmota says is read as it is meant, whatever the order of its topics."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.base import Said
from devices.formats.tasmota import FORMAT
from devices.model import Alarm, Found, Gone, Press, StatusChange, Telemetry, Unreadable
from tests.unit.formats.any_payload import any_json, any_object
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely

STATE = (
    '{"Time":"2019-09-18T12:15:09","Uptime":"1T23:46:58","UptimeSec":172018,"Vcc":3.504,"Heap":25,"SleepMode":"Dynamic","Sleep":50,'
    '"LoadAvg":19,"MqttCount":1,"BatteryPercentage":64,"POWER":"OFF","Wifi":{"AP":1,"SSId":"home","BSSId":"34:31:C4:00:00:00",'
    '"Channel":6,"Mode":"11n","RSSI":100,"Signal":-47,"LinkCount":1,"Downtime":"0T00:00:07"}}'
)
STATE_READ = Telemetry("", battery=64, rssi=-47, extra={"uptime_s": 172018})
INFO1 = '{"Info1":{"Module":"Generic","Version":"13.2.0(tasmota)","FallbackTopic":"cmnd/DVES_3D5E26_fb/"}}'
DISCOVERED: dict[str, Any] = {
    "ip": "192.168.10.103", "dn": "床头按钮", "fn": ["Bed button", None, None, None], "hn": "tasmota-3D5E26-1574",
    "mac": "84F3EB3D5E26", "md": "Generic", "ty": 0, "if": 0, "ofln": "Offline", "onln": "Online",
    "state": ["OFF", "ON", "TOGGLE", "HOLD"], "sw": "13.2.0", "t": "tasmota_3D5E26", "ft": "%prefix%/%topic%/",
    "tp": ["cmnd", "stat", "tele"], "rl": [0, 0, 0, 0], "swc": [-1, -1, -1, -1], "swn": [None, None, None, None],
    "btn": [1, 0, 0, 0], "so": {"4": 0, "11": 0, "13": 0, "17": 1, "20": 0, "30": 0, "68": 0, "73": 1, "82": 0, "114": 0},
    "lk": 1, "lt_st": 0, "ver": 1,
}  # fmt: skip
FOUND = Found("84f3eb3d5e26", "床头按钮", "button", "Generic", None, "13.2.0", "tasmota_3D5E26")
READ: list[tuple[str, str, list[Said]]] = [
    ("tele/LWT", "Online", [StatusChange("", online=True)]),
    ("tele/LWT", "Offline", [StatusChange("", online=False)]),
    ("tele/LWT", "", []),
    *(
        ("stat/RESULT", json.dumps({"Button1": {"Action": each}}), [Press("Button1", each)])
        for each in ("SINGLE", "DOUBLE", "TRIPLE", "QUAD", "PENTA", "HOLD")
    ),
    ("stat/RESULT", '{"Button2":{"Action":"CLEAR"}}', []),
    ("stat/RESULT", '{"Switch1":{"Action":"ON"}}', [Press("Switch1", "ON")]),
    ("stat/RESULT", '{"Switch1":{"Action":"TOGGLE"}}', [Press("Switch1", "TOGGLE")]),
    *(
        ("stat/RESULT", json.dumps({"Switch1": {"Action": each}}), [])
        for each in ("OFF", "INC_DEC", "INV", "CLEAR", "POWER_DELAYED")
    ),
    # with SetOption4, and of a rule of the owner's
    ("stat/BUTTON1", '{"Button1":{"Action":"SINGLE"}}', [Press("Button1", "SINGLE")]),
    ("stat/BUTTON1", '{"ACTION":"SINGLE"}', [Press("Button1", "SINGLE")]),
    ("stat/BUTTON1", "10", [Press("Button1", "10")]),
    ("stat/BUTTON", "HOLD", [Press("Button", "HOLD")]),
    ("stat/BUTTON1", "15", []),
    ("stat/BUTTON1", "OFF", []),
    ("stat/RESULT", '{"POWER":"ON"}', []),
    ("stat/POWER", "ON", []),
    ("stat/RESULT", '{"SetOption73":"ON"}', []),
    ("cmnd/POWER", "TOGGLE", []),
    ("tele/STATE", STATE, [STATE_READ]),
    ("stat/STATUS11", f'{{"StatusSTS":{STATE}}}', [STATE_READ]),
    (
        "tele/STATE",
        '{"Time":"2026-11-24T08:30:00+08:00","UptimeSec":5}',
        [Telemetry("", datetime(2026, 11, 24, 0, 30, tzinfo=UTC), extra={"uptime_s": 5})],
    ),
    ("tele/SENSOR", '{"Time":"2017-02-16T10:13:52","DS18B20":{"Temperature":20.6}}', [Telemetry("", temperature=20.6)]),
    (
        "tele/SENSOR",
        '{"Time":"2017-02-16T10:13:52","AM2301":{"Temperature":68.0,"Humidity":58.0},"TempUnit":"F"}',
        [Telemetry("", temperature=20.0)],
    ),
    ("tele/SENSOR", '{"Time":"2021-01-01T00:00:00","Switch1":"ON"}', []),
    ("tele/SENSOR", '{"Time":"2021-01-01T00:00:00","Bed_SOS":"ON"}', [Alarm("Bed_SOS", on=True)]),
    ("tele/SENSOR", '{"Time":"2021-01-01T00:00:00","求助":"OFF"}', [Alarm("求助", on=False)]),
    ("tele/INFO1", INFO1, [Telemetry("", fw="13.2.0(tasmota)", extra={"model": "Generic"})]),
    (
        "tele/INFO3",
        '{"Info3":{"RestartReason":"Power On","BootCount":32}}',
        [Telemetry("", extra={"boots": 32, "restart_reason": "Power On"})],
    ),
    ("stat/STATUS2", '{"StatusFWR":{"Version":"13.2.0(tasmota)","Boot":31}}', [Telemetry("", fw="13.2.0(tasmota)")]),
    ("discovery/84F3EB3D5E26/config", json.dumps(DISCOVERED), [FOUND]),
    ("discovery/84F3EB3D5E26/config", "", [Gone("84f3eb3d5e26")]),
    ("discovery/84F3EB3D5E26/sensors", '{"sn":{"Time":"2021-01-01T00:00:00"},"ver":1}', []),
]
SAMPLES = [(rest, payload.encode()) for rest, payload, _ in READ]


@pytest.mark.parametrize(("rest", "payload", "said"), READ)
def test_what_tasmota_says_is_read(rest: str, payload: str, said: list[Said]) -> None:
    assert read_safely(FORMAT, rest, payload.encode()) == said


@pytest.mark.parametrize(
    ("rest", "payload"),
    [
        ("stat/RESULT", b'{"Button1":{"Act'),
        ("stat/BUTTON1", b'{"Button1":{"Action":null}}'),
        ("stat/BUTTON1", b"\xff"),
        ("stat/RESULT", b'{"Button1":{"Action":true}}'),
    ],
)
def test_what_cannot_be_read_where_presses_come_may_be_help(rest: str, payload: bytes) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert said.is_help


@pytest.mark.parametrize(
    ("rest", "payload"), [("tele/LWT", b"away"), ("tele/STATE", b"{"), ("discovery/84F3EB3D5E26/config", b"[]")]
)
def test_what_cannot_be_read_elsewhere_is_none(rest: str, payload: bytes) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert not said.is_help


@pytest.mark.parametrize(
    ("topic", "base", "rest"),
    [
        ("tele/bed/STATE", "bed", "tele/STATE"),
        ("bed/tele/STATE", "bed", "tele/STATE"),
        ("homes/bed/stat/RESULT", "homes/bed", "stat/RESULT"),
        ("homes/stat/bed/RESULT", "homes/bed", "stat/RESULT"),
        ("stat/home/cellar/bed/RESULT", "home/cellar/bed", "stat/RESULT"),
        ("tasmota/discovery/84F3EB3D5E26/config", "tasmota", "discovery/84F3EB3D5E26/config"),
    ],
)
def test_the_base_is_the_full_topic_without_its_prefix(topic: str, base: str, rest: str) -> None:
    assert (base, rest) in list(FORMAT.split(topic))


@pytest.mark.parametrize("topic", ["tele/STATE", "bed/STATE", "stat", "", "/", "zigbee2mqtt/bed"])
def test_a_topic_without_a_prefix_or_a_base_is_not_ours(topic: str) -> None:
    assert list(FORMAT.split(topic)) == []


@pytest.mark.parametrize("order", ["tele/homes/bed", "homes/tele/bed", "homes/bed/tele"])
def test_a_base_is_heard_and_granted_wherever_its_prefix_stands(order: str) -> None:
    topic = f"{order}/STATE"
    assert any(fits(each, topic) for each in FORMAT.filters("homes/bed"))
    assert any(fits(each, topic) for each in FORMAT.grants("homes/bed"))
    assert not any(fits(each, topic.replace("bed", "chair")) for each in FORMAT.grants("homes/bed"))
    assert FORMAT.filters("homes/bed") == FORMAT.filters("homes/chair")


@pytest.mark.parametrize(
    ("said", "topic", "kind"),
    [
        ({"ft": "homes/%topic%/%prefix%/"}, "homes/tasmota_3D5E26", "button"),
        ({"ft": "%prefix%/%id%/"}, "3D5E26", "button"),
        ({"ft": "one/%topic%/"}, None, "button"),
        ({"tp": ["cmnd", "status", "tele"]}, None, "button"),
        ({"t": "#"}, None, "button"),
        ({"so": {"73": 0}}, "tasmota_3D5E26", None),
        ({"btn": [0, 0], "swc": [0, -1], "so": {"114": 1}}, "tasmota_3D5E26", "button"),
    ],
)
def test_who_is_found_is_heard_where_it_says(said: dict[str, Any], topic: str | None, kind: str | None) -> None:
    (found,) = read_safely(FORMAT, "discovery/84F3EB3D5E26/config", json.dumps(DISCOVERED | said).encode())
    assert isinstance(found, Found)
    assert (found.topic, found.kind) == (topic, kind)


def fits(mqtt_filter: str, topic: str) -> bool:
    """Say whether a broker would deliver the topic by that filter."""
    wanted, levels = mqtt_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(each in ("+", level) for each, level in zip(wanted, levels, strict=True))


WORDS = (
    "Button1", "Switch1", "Action", "ACTION", "SINGLE", "CLEAR", "Wifi", "Signal", "RSSI", "BatteryPercentage", "Temperature",
    "TempUnit", "F", "K", "StatusSTS", "Info1", "Version", "SOS", "ON", "OFF", "Time", "dn", "fn", "ft", "tp", "t", "mac", "so",
    "btn", "swc", "%prefix%/%topic%/", "UptimeSec",
)  # fmt: skip
RESTS = (
    st.sampled_from([rest for rest, _ in SAMPLES]) | st.text(max_size=30) | st.text(max_size=8).map("stat/{}".format)
)


@given(RESTS, st.binary(max_size=200))
def test_any_topic_and_any_bytes_are_a_message_or_a_reason(rest: str, payload: bytes) -> None:
    read_safely(FORMAT, rest, payload)


@given(RESTS, any_object(*WORDS) | any_json(*WORDS))
def test_any_topic_and_any_json_are_a_message_or_a_reason(rest: str, said: Any) -> None:
    read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(
    st.lists(
        st.sampled_from(["tele", "stat", "cmnd", "a", "", "tasmota", "discovery"]) | st.text(max_size=5), max_size=9
    )
)
def test_parting_a_topic_never_fails_and_never_yields_an_empty_base(levels: list[str]) -> None:
    assert all(base and rest for base, rest in FORMAT.split("/".join(levels)) if base != "tasmota")


@given(any_object(*set(WORDS) - {"Button1"}))
def test_whatever_else_a_result_says_a_press_is_not_lost(beside: dict[str, Any]) -> None:
    said = FORMAT.read("stat/RESULT", json.dumps(beside | {"Button1": {"Action": "SINGLE"}}).encode())
    assert said.is_help if isinstance(said, Unreadable) else Press("Button1", "SINGLE") in said


def test_two_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 2000, 20261125):
        read_safely(FORMAT, rest, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 100_000, 3):
        read_safely(FORMAT, rest, payload)
