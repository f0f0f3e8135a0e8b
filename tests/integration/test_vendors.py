"""What devices of the market say, over a real broker into a real database: each vendor's own messages, end to end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.vendor_homes import Homes, homes

BASE = "zigbee2mqtt/home1"
ALERTS = "select count(*) from alerts where kind = 'help'"
TUYA_SOS = {"action": "emergency", "battery": 100, "voltage": 3000, "linkquality": 120}
HUB_STATE = "select device_latest.state from device_latest join devices on id = device_id where uid = '{}'"


@pytest.fixture(params=["nats", "mosquitto"])
def village(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Homes]:
    with homes(request.param, database, tmp_path) as made:
        yield made


@pytest.fixture
def nats(database: str, tmp_path: Path) -> Iterator[Homes]:
    with homes("nats", database, tmp_path) as made:
        yield made


def latest(village: Homes, uid: str, column: str) -> Any:
    return village.value(f"select {column} from device_latest join devices on id = device_id where uid = '{uid}'")


def test_an_sos_press_in_three_messages_raises_one_alert_and_counts_once(village: Homes) -> None:
    village.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    village.add("sos-1", "button", format="zigbee2mqtt", hub="hub-1", topic="bedroom/sos")
    with village.gateway():
        hub = village.speaker("hub-1")
        hub.says(f"{BASE}/bedroom/sos", TUYA_SOS)
        hub.says(f"{BASE}/bedroom/sos/action", "emergency")
        hub.says(f"{BASE}/bedroom/sos", TUYA_SOS | {"action": ""})
        hub.says(f"{BASE}/bedroom/sos", TUYA_SOS)
        village.until("select count(*) from events where kind = 2", 3)
        # said after it, heard after it: nothing more comes of the press
        hub.says(f"{BASE}/attic", TUYA_SOS)
        village.until("select count(*) from help_calls where device_uid = 'hub-1'", 1)
    assert village.value("select count || ' ' || device_uid || ' ' || home_id from alerts") == f"2 sos-1 {village.home}"
    call = "select {} from help_calls where device_uid = 'sos-1'"
    assert village.value(call.format("count(*)")) == 1
    assert village.value(call.format("source || ' ' || (extra ->> 'action')")) == "button emergency"
    assert latest(village, "sos-1", "battery") == 100
    assert village.value("select count(*) from quarantine") == 0


def test_a_press_waits_for_no_reading_of_its_device_and_is_in_the_series_after_it(nats: Homes) -> None:
    nats.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    nats.add("sos-1", "button", format="zigbee2mqtt", hub="hub-1", topic="sos")
    with nats.gateway():
        hub = nats.speaker("hub-1")
        # a batch of readings that is being stored
        with psycopg.connect(nats.database) as readings:
            readings.execute("select from device_latest for update")
            hub.says(f"{BASE}/sos/action", "emergency")
            nats.until(ALERTS, 1)
            assert nats.value("select count(*) from events where kind = 4") == 0
        nats.until("select count(*) from events where message_id <> ''", 1)


def test_a_bridge_that_goes_away_makes_the_hub_offline(nats: Homes) -> None:
    nats.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    with nats.gateway():
        hub = nats.speaker("hub-1")
        hub.says(f"{BASE}/bridge/state", {"state": "online"}, retain=True)
        nats.until(HUB_STATE.format("hub-1"), "online")
        hub.says(f"{BASE}/bridge/state", {"state": "offline"}, retain=True)
        nats.until(HUB_STATE.format("hub-1"), "offline")


def test_a_new_hub_is_heard_at_once_and_a_removed_one_no_longer(nats: Homes) -> None:
    nats.add("hub-0", "hub", format="zigbee2mqtt", topic="elsewhere/home0")
    with nats.gateway():
        # more than one session of this broker holds, each with a first level of its own
        for number in range(1, 6):
            nats.add(f"hub-{number}", "hub", format="zigbee2mqtt", topic=f"z{number}/house")
            nats.speaker(f"hub-{number}").says(f"z{number}/house/bridge/state", "online", retain=False)
        for number in range(1, 6):
            nats.until(f"select count(*) from broker_subscriptions where filter = 'z{number}/#'", 2)
            nats.speakers[number - 1].says(f"z{number}/house/bridge/state", "online")
            nats.until(HUB_STATE.format(f"hub-{number}"), "online")
        assert nats.value("select count(distinct session) from broker_subscriptions where lane = 'urgent'") == 2
        nats.connection.execute("update devices set removed_at = now() where uid = 'hub-5'")
        nats.until("select count(*) from broker_subscriptions where filter = 'z5/#'", 0)


def test_what_was_removed_while_nobody_listened_is_let_go_of(nats: Homes) -> None:
    for number in (1, 2):
        nats.add(f"hub-{number}", "hub", format="zigbee2mqtt", topic=f"z{number}/house")
    with nats.gateway():
        speakers = [nats.speaker("hub-1"), nats.speaker("hub-2")]
    nats.connection.execute("update devices set topic = 'z3/house' where uid = 'hub-2'")
    # said while nobody listened: kept for us by the broker
    speakers[0].says("z1/house/bridge/state", "online")
    with nats.gateway():
        nats.until(HUB_STATE.format("hub-1"), "online")
        nats.until("select count(*) from broker_subscriptions where filter = 'z2/#'", 0)
        nats.speaker("hub-2").says("z3/house/bridge/state", "online")
        nats.until(HUB_STATE.format("hub-2"), "online")


def test_an_sos_that_nobody_registered_alarms_at_its_hubs_home(nats: Homes) -> None:
    nats.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    with nats.gateway():
        hub = nats.speaker("hub-1")
        hub.says(f"{BASE}/attic", TUYA_SOS)
        nats.until(ALERTS, 1)
        nats.until("select count(*) from discovered where address = 'attic'", 1)
    assert nats.value("select device_uid || ' ' || home_id from alerts") == f"hub-1 {nats.home}"
    assert nats.value("select detail ->> 'address' from alert_timeline where what = 'raised'") == "attic"


def test_what_waits_to_be_let_in_is_no_rubbish(nats: Homes) -> None:
    nats.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    devices = [
        {
            "ieee_address": "0x1", "type": "EndDevice", "friendly_name": "kitchen", "disabled": False, "supported": True,
            "definition": {"model": "SNZB-01", "vendor": "SONOFF", "exposes": [
                {"name": "action", "property": "action", "type": "enum", "access": 1, "values": ["single", "double"]},
            ]},
        },
    ]  # fmt: skip
    with nats.gateway():
        hub = nats.speaker("hub-1")
        hub.says(f"{BASE}/kitchen", {"battery": 90, "linkquality": 60})
        hub.says(f"{BASE}/bridge/devices", devices, retain=True)
        nats.until("select count(*) from discovered where model = 'SNZB-01'", 1)
        assert nats.value("select hub_uid || ' ' || address || ' ' || name from discovered") == "hub-1 kitchen kitchen"
        nats.until("select (said ->> 'battery')::int from discovered", 90)
        nats.add("btn-1", "button", format="zigbee2mqtt", hub="hub-1", topic="kitchen")
        nats.until("select count(*) from discovered", 0)
        hub.says(f"{BASE}/kitchen", {"action": "single"})
        nats.until("select device_uid from alerts", "btn-1")
    assert nats.value("select count(*) from quarantine") == 0


def test_what_a_button_says_unreadably_is_help_and_what_a_sensor_does_is_kept(nats: Homes) -> None:
    nats.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    nats.add("btn-1", "button", format="zigbee2mqtt", hub="hub-1", topic="button")
    nats.add("sensor-1", "sensor", format="zigbee2mqtt", hub="hub-1", topic="sensor")
    with nats.gateway():
        hub = nats.speaker("hub-1")
        hub.says(f"{BASE}/sensor", "{")
        nats.until("select device_uid from quarantine", "sensor-1")
        hub.says(f"{BASE}/button", "{")
        nats.until("select device_uid from alerts", "btn-1")
        nats.until("select count(*) from quarantine where alert_id is not null", 1)
    assert nats.value(ALERTS) == 1
    assert nats.value("select readable from help_calls") is False


def test_a_press_that_the_broker_kept_is_none(village: Homes) -> None:
    village.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    village.add("btn-1", "button", format="zigbee2mqtt", hub="hub-1", topic="button")
    with village.gateway():
        pass
    hub = village.speaker("hub-1")
    # who subscribes for the first time is given what was kept; as is who does it again
    village.connection.execute("delete from broker_subscriptions")
    hub.says(f"{BASE}/other", "said before")
    with village.gateway():
        # the hub on each lane, and three kinds of discovery
        village.until("select count(*) from broker_subscriptions", 5)
    assert village.value(ALERTS) == 0


def test_a_person_that_frigate_sees_is_a_patrol_and_a_dead_picture_is_known(village: Homes) -> None:
    village.add("frigate-1", "hub", format="frigate", topic="frigate")
    village.add("cam-1", "camera", format="frigate", hub="frigate-1", topic="front_door")
    seen = {
        "id": "1764040000.123456-abc123", "camera": "front_door", "label": "person", "sub_label": None,
        "frame_time": 1764040000.5,
        "false_positive": False, "end_time": None, "stationary": False, "has_snapshot": True, "start_time": 1764040000.1,
    }  # fmt: skip
    with village.gateway():
        hub = village.speaker("frigate-1")
        hub.says("frigate/available", "online", retain=True)
        hub.says("frigate/events", {"type": "new", "before": seen, "after": seen})
        village.until("select presence from events where kind = 1", True)
        cameras = {"front_door": {"camera_fps": 5.0}, "garden": {"camera_fps": 5.0}, "shed": {"camera_fps": 0.0}}
        hub.says("frigate/stats", {"cameras": cameras, "service": {"uptime": 1}})
        village.until("select count(*) from discovered where address in ('garden', 'shed') and kind = 'camera'", 2)
        village.until("select picture from device_latest join devices on id = device_id where uid = 'cam-1'", "shown")
        hub.says("frigate/available", "stopped", retain=True)
        village.until(HUB_STATE.format("frigate-1"), "offline")
        assert latest(village, "frigate-1", "off_on_purpose") is True


def test_a_shellys_press_is_help_where_a_button_stands_and_its_battery_and_temperature_are_one_reading(
    nats: Homes,
) -> None:
    nats.add("shelly-1", "button", format="shelly", topic="shellybutton-3c6105")
    nats.add("shelly-2", "sensor", format="shelly", topic="shellyht-88aa")
    press = {
        "src": "shellybutton-3c6105", "method": "NotifyEvent",
        "params": {"ts": 1764040000.47, "events": [
            {"component": "input:0", "id": 0, "event": "single_push", "ts": 1764040000.47},
        ]},
    }  # fmt: skip
    status = {"method": "NotifyFullStatus", "params": {
        "ts": 1764040000.5, "devicepower:0": {"battery": {"percent": 77}}, "temperature:0": {"tC": 21.5},
    }}  # fmt: skip
    with nats.gateway():
        sensor = nats.speaker("shelly-2")
        sensor.says("shellyht-88aa/events/rpc", press | {"src": "shellyht-88aa"})
        sensor.says("shellyht-88aa/events/rpc", status)
        nats.until("select count(*) from events where battery = 77 and temperature = 21.5", 1)
        button = nats.speaker("shelly-1")
        button.says("shellybutton-3c6105/events/rpc", press)
        button.says("shellybutton-3c6105/events/rpc", press)
        button.says("shellybutton-3c6105/online", "true", retain=True)
        nats.until(HUB_STATE.format("shelly-1"), "online")
        nats.until("select device_uid from alerts", "shelly-1")
    assert nats.value("select count from alerts") == 1


def test_a_packet_that_two_hubs_of_a_home_hear_is_one_press(nats: Homes) -> None:
    for each in ("a", "b"):
        nats.add(f"plug-{each}", "hub", format="shelly", topic=f"shelly/home1/{each}")
    nats.add("blu-1", "pendant", format="shelly", hub="plug-a", topic="38398f74b14f")
    packet = {"encryption": False, "BTHome_version": 2, "pid": 118, "battery": 100, "button": 1, "rssi": -66,
              "address": "38:39:8f:74:b1:4f"}  # fmt: skip
    event = {"component": "script:1", "id": 1, "event": "shelly-blu", "data": packet}
    with nats.gateway():
        for each in ("a", "b"):
            heard = {"method": "NotifyEvent", "params": {"ts": 1764040000.47, "events": [event]}}
            nats.speaker(f"plug-{each}").says(f"shelly/home1/{each}/events/rpc", heard)
            nats.speakers[-1].says(f"shelly/home1/{each}/online", "true")
            nats.until(HUB_STATE.format(f"plug-{each}"), "online")
        nats.until("select device_uid from alerts", "blu-1")
    assert nats.value("select count(*) || ' ' || max(count) from alerts") == "1 1"


def test_a_tasmota_button_is_heard_below_its_prefixes(nats: Homes) -> None:
    nats.add("tas-1", "button", format="tasmota", topic="tasmota_A1B2C3")
    with nats.gateway():
        tasmota = nats.speaker("tas-1")
        tasmota.says("tele/tasmota_A1B2C3/LWT", "Online", retain=True)
        nats.until(HUB_STATE.format("tas-1"), "online")
        tasmota.says("stat/tasmota_A1B2C3/RESULT", {"Button1": {"Action": "SINGLE"}})
        tasmota.says("stat/tasmota_A1B2C3/BUTTON1", {"ACTION": "SINGLE"})
        tasmota.says("tele/tasmota_A1B2C3/LWT", "Offline", retain=True)
        nats.until(HUB_STATE.format("tas-1"), "offline")
        nats.until("select count || ' ' || device_uid from alerts", "1 tas-1")


def test_a_device_of_its_own_speaks_under_its_own_topic_only(nats: Homes) -> None:
    nats.add("shelly-1", "button", format="shelly", topic="shelly/one")
    nats.add("shelly-2", "button", format="shelly", topic="shelly/two")
    with nats.gateway():
        one = nats.speaker("shelly-1")
        one.says("shelly/two/online", "true")
        one.says("shelly/one/online", "true")
        nats.until(HUB_STATE.format("shelly-1"), "online")
    assert latest(nats, "shelly-2", "state") == "never"
