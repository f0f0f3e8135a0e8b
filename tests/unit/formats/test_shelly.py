"""What a Shelly says is read as it is meant: a press as a press, whatever its generation and whoever heard it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.base import Said
from devices.formats.shelly import FORMAT
from devices.model import Press, StatusChange, Telemetry, Unreadable
from tests.unit.formats.any_payload import any_json, any_object
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely

AT = datetime(2022, 3, 10, 20, 58, 2, 470000, tzinfo=UTC)
TS = 1646945882.47
BLU = "38398f74b14f"
PRESSES = ("single_push", "double_push", "triple_push", "long_push")
NO_PRESSES = ("btn_down", "btn_up", "config_changed", "ota_progress", "scheduled_restart")


def event(**said: Any) -> str:
    frame = {"src": "shellyplus1-a8032abc7158", "dst": "shellyplus1-a8032abc7158/events", "method": "NotifyEvent"}
    return json.dumps(frame | {"params": {"ts": TS, "events": [{"component": "input:0", "id": 0, "ts": TS} | said]}})


def packet(**said: Any) -> dict[str, Any]:
    """Return what Shelly's script `ble-shelly-blu` says of a packet of a BLU button."""
    return {
        "encryption": False, "BTHome_version": 2, "pid": 118, "battery": 100, "button": 1, "rssi": -76,
        "address": "38:39:8f:74:b1:4f",
    } | said  # fmt: skip


FULL_STATUS = (
    '{"src":"shellyplusht-b8d61a8b17cc","dst":"shellyplusht-b8d61a8b17cc/events","method":"NotifyFullStatus","params":{'
    '"ts":1680962879.62,"ble":{},"cloud":{"connected":false},"devicepower:0":{"id":0,"battery":{"V":5.43,"percent":71},'
    '"external":{"present":false}},"ht_ui":{},"humidity:0":{"id":0,"rh":42.2},"mqtt":{"connected":true},"sys":{"mac":'
    '"B8D61A8B17CC","restart_required":false,"time":null,"unixtime":null,"uptime":3,"ram_size":235300,"cfg_rev":10,'
    '"available_updates":{"stable":{"version":"1.4.4"}},"wakeup_period":600},"temperature:0":{"id":0,"tC":19.8,"tF":67.6},'
    '"wifi":{"sta_ip":"192.168.3.183","status":"got ip","ssid":"winos","rssi":-61}}}'
)
UNSET_CLOCK = event(event="single_push", ts=3.62).replace(f'"ts": {TS}, "events"', '"ts": 3.62, "events"')
GEN1_INFO = (
    '{"wifi_sta":{"connected":true,"ssid":"home","ip":"192.168.0.101","rssi":-37},"cloud":{"enabled":false},"mqtt":{"connected":'
    'true},"time":"22:00","unixtime":1646945882,"serial":1,"has_update":true,"mac":"C45BBE78A8A4","inputs":[{"input":0,"event":"S",'
    '"event_cnt":2}],"bat":{"value":79,"voltage":2.85},"tmp":{"value":21.5,"units":"C","tC":21.5,"is_valid":true},"update":{"status":'
    '"pending","new_version":"20220209-092750/v1.11.8","old_version":"20210115-103659/v1.9.4"},"uptime":2268}'
)
READ: list[tuple[str, str, list[Said]]] = [
    ("online", "true", [StatusChange("", online=True)]),
    ("online", "false", [StatusChange("", online=False)]),
    *(("events/rpc", event(event=each), [Press("input:0", each, key=f"input:0@{TS}", at=AT)]) for each in PRESSES),
    (
        "events/rpc",
        event(event="single_push", component="input:3", id=3),
        [Press("input:3", "single_push", key=f"input:3@{TS}", at=AT)],
    ),
    *(("events/rpc", event(event=each), []) for each in NO_PRESSES),
    ("events/rpc", event(component="sys", event="brief_btn_down", name="pair"), []),
    # before it has the network's time, a Shelly counts from its start: no time and no key
    ("events/rpc", UNSET_CLOCK, [Press("input:0", "single_push")]),
    # a BLU button that the hub itself was told of, of one button and of four
    (
        "events/rpc",
        event(component="bthomedevice:200", id=200, event="single_push"),
        [Press("bthomedevice:200", "single_push", key=f"bthomedevice:200@{TS}", at=AT)],
    ),
    (
        "events/rpc",
        event(component="bthomedevice:201", id=201, event="long_push", idx=2),
        [Press("bthomedevice:201", "long_push", key=f"bthomedevice:201.2@{TS}", at=AT, extra={"button": 2})],
    ),
    (
        "events/rpc",
        event(component="bthomedevice:200", event="single_push", data={"addr": "F8:44:77:06:50:84"}),
        [Press("f84477065084", "single_push", at=AT)],
    ),
    ("events/rpc", event(component="bthomedevice:200", event="ota_progress", msg="Updating", progress_percent=100), []),
    # a BLU button through the hub's script: radio address and packet number, the same through every hub
    (
        "events/rpc",
        event(component="script:1", event="shelly-blu", data=packet()),
        [Press(BLU, "single_push", key="118", at=AT, battery=100), Telemetry(BLU, AT, 100, -76)],
    ),
    (
        "events/rpc",
        event(component="script:1", event="shelly-blu", data=packet(button=0)),
        [Telemetry(BLU, AT, 100, -76)],
    ),
    (
        "events/rpc",
        event(component="script:1", event="shelly-blu", data=packet(button=[0, 0, 4, 0], model="SBBT-004CUS")),
        [
            Press(BLU, "long_push", key="118", at=AT, battery=100, extra={"button": 2}),
            Telemetry(BLU, AT, 100, -76, extra={"model": "SBBT-004CUS"}),
        ],
    ),
    (
        "events/38:39:8f:74:b1:4f",
        json.dumps(packet(button=0xFE)),
        [Press(BLU, "hold", key="118", battery=100), Telemetry(BLU, None, 100, -76)],
    ),
    (
        "38:39:8F:74:B1:4F",
        json.dumps(
            {
                "addr": "38:39:8f:74:b1:4f",
                "rssi": -51,
                "local_name": "SBBT-002C",
                "service_data": {"pid": 7, "button": 2},
            }
        ),
        [Press(BLU, "double_push", key="7"), Telemetry(BLU, rssi=-51, extra={"model": "SBBT-002C"})],
    ),
    (
        "events/bc:02:6e:c3:93:c3",
        '{"encryption":false,"BTHome_version":2,"pid":182,"battery":100,"illuminance":232,"motion":1,"rssi":-66,"address":"bc:02:6e:c3:93:c3"}',
        [Telemetry("bc026ec393c3", None, 100, -66, extra={"presence": True, "illuminance": 232})],
    ),
    (
        "status/bthomedevice:200",
        '{"id":200,"rssi":-63,"battery":98,"packet_id":209,"last_updated_ts":1726738130,"fw_ver":"v1.1.9"}',
        [Telemetry("bthomedevice:200", None, 98, -63, "v1.1.9")],
    ),
    (
        "events/rpc",
        FULL_STATUS,
        [
            Telemetry(
                "",
                datetime(2023, 4, 8, 14, 7, 59, 620000, tzinfo=UTC),
                71,
                -61,
                temperature=19.8,
                extra={"mains": False, "humidity": 42.2, "uptime_s": 3, "update": "1.4.4"},
            )
        ],
    ),
    ("status/wifi", '{"sta_ip":null,"status":"disconnected","ssid":null,"rssi":0}', []),
    ("status/input:0", '{"id":0,"state":false}', [Telemetry("", extra={"input:0": False})]),
    (
        "status/devicepower:0",
        '{"id":0,"battery":{"V":2.9,"percent":12},"external":{"present":true}}',
        [Telemetry("", battery=12, extra={"mains": True})],
    ),
    ("events/rpc", '{"id":1,"src":"x","dst":"y","result":{"was_on":false}}', []),
    ("status/switch:0", '{"id":0, "source":"MQTT", "output":true, "temperature":{"tC":42.0, "tF":107.6}}', []),
    ("rpc", '{"id":1,"method":"Switch.Set"}', []),
    ("command/switch:0", "toggle", []),
    # the first generation
    ("input_event/0", '{"event":"S","event_cnt":2}', [Press("input:0", "S", key="input:0#2")]),
    ("input_event/2", '{"event":"L","event_cnt":57}', [Press("input:2", "L", key="input:2#57")]),
    ("input_event/0", '{"event":"","event_cnt":0}', []),
    ("sensor/battery", "89", [Telemetry("", battery=89)]),
    ("sensor/temperature", "21.50", [Telemetry("", temperature=21.5)]),
    (
        "status",
        '{"motion":true,"timestamp":1646945882,"active":true,"vibration":false,"lux":24,"bat":62}',
        [Telemetry("", battery=62, extra={"presence": True})],
    ),
    (
        "announce",
        '{"id":"shellybutton1-A4CF12F45301","model":"SHBTN-1","mac":"A4CF12F45301","ip":"192.168.1.9","new_fw":false,"fw_ver":"20210115-103659/v1.9.4@e2732e05"}',
        [StatusChange("", online=True, model="SHBTN-1", fw="20210115-103659/v1.9.4@e2732e05")],
    ),
    ("info", GEN1_INFO, [Telemetry("", None, 79, -37, "20210115-103659/v1.9.4", 21.5, {"uptime_s": 2268})]),
    ("relay/0", "off", []),
    ("input/0", "1", []),
    ("relay/0/power", "8.25", []),
]
SAMPLES = [(rest, payload.encode()) for rest, payload, _ in READ]


@pytest.mark.parametrize(("rest", "payload", "said"), READ)
def test_what_a_shelly_says_is_read(rest: str, payload: str, said: list[Said]) -> None:
    assert read_safely(FORMAT, rest, payload.encode()) == said


@pytest.mark.parametrize(
    ("rest", "payload", "address"),
    [
        ("events/rpc", b'{"method":"NotifyEvent","params":{"events":[{"component":"inp', None),
        ("input_event/0", b"S", None),
        ("input_event/0", b'{"event":5}', None),
        ("events/38:39:8f:74:b1:4f", b"{", BLU),
        # encrypted: a button hardly sends but when it is pressed
        ("events/38:39:8f:74:b1:4f", b'{"encryption":true,"BTHome_version":2,"rssi":-76}', BLU),
    ],
)
def test_what_cannot_be_read_where_presses_come_may_be_help(rest: str, payload: bytes, address: str | None) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert said.is_help
    assert said.uid == address


@pytest.mark.parametrize(
    ("rest", "payload"), [("online", b"perhaps"), ("status/wifi", b"{"), ("sensor/battery", b"full")]
)
def test_what_cannot_be_read_elsewhere_is_none(rest: str, payload: bytes) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert not said.is_help


def test_one_packet_through_two_hubs_is_one_press_by_address_and_key() -> None:
    heard = [
        FORMAT.read("events/rpc", event(component=script, event="shelly-blu", data=packet(rssi=rssi), ts=ts).encode())
        for script, rssi, ts in (("script:1", -76, TS), ("script:4", -50, TS + 0.31))
    ]
    pressed = {
        (each.uid, each.key)
        for said in heard
        if not isinstance(said, Unreadable)
        for each in said
        if isinstance(each, Press)
    }
    assert pressed == {(BLU, "118")}


def test_several_events_of_one_report_are_each_read() -> None:
    frame = json.loads(event(event="btn_down"))
    frame["params"]["events"] += [{"component": "input:1", "event": "single_push", "ts": TS}, None, 5, {}]
    assert [each.uid for each in read_safely(FORMAT, "events/rpc", json.dumps(frame).encode())] == ["input:1"]


def test_topics_are_parted_at_every_level_the_longest_base_first() -> None:
    assert list(FORMAT.split("homes/7/btn/events/rpc"))[1:4] == [
        ("homes/7/btn/events", "rpc"),
        ("homes/7/btn", "events/rpc"),
        ("homes/7", "btn/events/rpc"),
    ]
    assert FORMAT.filters("shellies/shellybutton1-A4CF12F45301") == ("shellies/#",)


RESTS = (
    st.sampled_from([rest for rest, _ in SAMPLES]) | st.text(max_size=30) | st.text(max_size=8).map("status/{}".format)
)
WORDS = (
    "method", "params", "events", "event", "component", "ts", "data", "address", "addr", "button", "pid", "idx", "battery",
    "percent", "wifi", "rssi", "sys", "uptime", "devicepower:0", "temperature:0", "tC", "bthomedevice:200", "service_data",
    "encryption", "input:0", "state", "motion", "event_cnt", "tmp", "bat", "NotifyEvent", "NotifyStatus", "single_push",
    "38:39:8f:74:b1:4f",
)  # fmt: skip


@given(RESTS, st.binary(max_size=200))
def test_any_topic_and_any_bytes_are_a_message_or_a_reason(rest: str, payload: bytes) -> None:
    read_safely(FORMAT, rest, payload)


@given(RESTS, any_object(*WORDS) | any_json(*WORDS))
def test_any_topic_and_any_json_are_a_message_or_a_reason(rest: str, said: Any) -> None:
    read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(any_object(*set(WORDS) - {"event", "component", "data"}))
def test_whatever_else_an_event_says_a_press_is_not_lost(beside: dict[str, Any]) -> None:
    said = FORMAT.read("events/rpc", event(**beside, event="single_push").encode())
    assert said.is_help if isinstance(said, Unreadable) else isinstance(said[0], Press)


def test_two_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 2000, 20261125):
        read_safely(FORMAT, rest, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 100_000, 2):
        read_safely(FORMAT, rest, payload)
