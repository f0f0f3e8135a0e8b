"""From the hub's word of a device to its press on the board, and from an old hub to a new one, over a real broker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from psycopg_pool import ConnectionPool

from tests.clock import StoryClock
from tests.integration.api_client import Api, calling
from tests.integration.brokers import until
from tests.integration.vendor_homes import CLOCK, Homes, homes

BASE = "zigbee2mqtt/home1"
NAMED = [
    {
        "friendly_name": "bedroom/sos", "ieee_address": "0x00158d0001", "type": "EndDevice",
        "definition": {"model": "TS0215A_sos", "vendor": "Tuya", "exposes": []},
    }
]  # fmt: skip


@pytest.fixture
def village(database: str, tmp_path: Path) -> Iterator[Homes]:
    with homes("nats", database, tmp_path) as made:
        yield made


@pytest.fixture
def admin(village: Homes, pool: ConnectionPool[Any], database: str) -> Iterator[Api]:
    # the gateway's time is the real one: both stand at the same home
    with calling(pool, StoryClock(CLOCK.now()), database) as caller:
        yield caller.being("admin")


def refused(village: Homes, uid: str, password: str) -> bool:
    """Try to get in at the broker; say whether it was refused."""
    answers: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"again-{uid}", protocol=paho.MQTTv311)
    client.username_pw_set(uid, password)
    client.on_connect = lambda *said: answers.append(said[3].is_failure)
    client.connect("127.0.0.1", village.port)
    client.loop_start()
    until(lambda: bool(answers), 10, "the broker did not answer")
    client.disconnect()
    client.loop_stop()
    return answers[0]


def test_what_a_hub_names_is_let_in_and_its_press_rings_in_the_hubs_home(village: Homes, admin: Api) -> None:
    village.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    with village.gateway():
        hub = village.speaker("hub-1")
        hub.says(f"{BASE}/bridge/devices", NAMED, retain=True)
        village.until("select count(*) from discovered where model = 'TS0215A_sos'", 1)
        (waiting,) = admin.get("/discovered").items
        made = admin.post(f"/discovered/{waiting['id']}/approve", {"kind": "button"}).ok(201)
        assert (made["uid"], made["hub"], made["home"]) == ("bedroom-sos", "hub-1", str(village.home))
        hub.says(f"{BASE}/bedroom/sos", {"action": "emergency", "battery": 90})
        village.until("select count(*) from help_calls where device_uid = 'bedroom-sos'", 1)
        hub.says(f"{BASE}/bridge/devices", NAMED, retain=True)
        hub.says(f"{BASE}/bedroom/sos", {"battery": 89})
        village.until("select battery from device_latest join devices on id = device_id where uid = 'bedroom-sos'", 89)
    assert village.value("select home_id from alerts where kind = 'help'") == village.home
    assert admin.get("/discovered").items == []


def test_a_hub_replaced_on_the_spot_speaks_for_the_same_buttons_and_the_old_one_is_refused(
    village: Homes, admin: Api
) -> None:
    village.add("hub-1", "hub", format="zigbee2mqtt", topic=BASE)
    village.add("sos-1", "button", format="zigbee2mqtt", hub="hub-1", topic="bedroom/sos")
    with village.gateway():
        old = village.speaker("hub-1")
        village.passwords["hub-2"] = admin.post("/devices/hub-1/replace", {"uid": "hub-2"}).ok(201)["mqtt_password"]
        until(lambda: not old.client.is_connected(), 10, "the old hub is still at the broker")
        assert refused(village, "hub-1", village.passwords["hub-1"])
        village.speaker("hub-2").says(f"{BASE}/bedroom/sos", {"action": "emergency"})
        village.until("select count(*) from help_calls where device_uid = 'sos-1'", 1)
    assert admin.get("/devices/sos-1").ok()["hub"] == "hub-2"
