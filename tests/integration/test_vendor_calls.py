"""What vendors' messages do to the database, message by message: what counts, what waits, what is kept as it came."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from devices import formats, registry, vendor_rows
from devices.vendor_rows import Sighting
from gateway import vendors
from gateway.client import Heard
from gateway.vendors import Lately

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
BASE = "zigbee2mqtt/home1"
SOS = {"action": "emergency", "battery": 100}


class House:
    """A home with a Zigbee hub and a button, and time that the test moves."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.now = NOON
        self.packets = 0
        self.lately = Lately()
        with connection.transaction():
            registry.add_area(connection, code="v", name="凤山村", level="village")
            self.home = registry.add_home(connection, area="v", address="3组 12号", now=NOON)
        self.add("hub-1", "hub", topic=BASE)
        self.add("btn-1", "button", hub="hub-1", topic="sos")

    def add(self, uid: str, kind: str, spoken: str = "zigbee2mqtt", **more: Any) -> None:
        with self.connection.transaction():
            registry.add_device(
                self.connection, uid=uid, kind=kind, home_id=self.home, format=spoken, now=self.now, **more
            )
        self.book = vendor_rows.read_book(self.connection)

    def hears(self, topic: str, said: object, **how: Any) -> Heard:
        """Let both lanes hear a message."""
        payload = said if isinstance(said, bytes) else json.dumps(said).encode()
        if not how.get("again"):
            self.packets += 1
        message = Heard(
            topic, payload, how.get("retained", False), self.now, self.packets, 1, 1, again=how.get("again", False)
        )
        with self.connection.transaction():
            vendors.take_urgent(self.connection, [message], self.book, formats.installed(), self.now)
        with self.connection.transaction():
            vendors.take_bulk(
                self.connection, [message], self.book, formats.installed(), self.lately, self.now
            )  # fmt: skip
        return message

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def house(database: str) -> Iterator[House]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield House(connection)


def close_all(house: House) -> None:
    house.connection.execute(
        "update alerts set state = 'closed', next_step_at = null, closed_at = now(), outcome = 'test'"
    )


def test_what_the_broker_gives_us_again_opens_no_second_alert(house: House) -> None:
    house.hears(f"{BASE}/sos", SOS)
    close_all(house)
    house.later(minutes=10)
    house.hears(f"{BASE}/sos", SOS, again=True)
    assert house.rows("select count from alerts") == [(1,)]
    # somebody presses again: the same words, another message
    house.hears(f"{BASE}/sos", SOS)
    assert house.rows("select count from alerts order by id") == [(1,), (1,)]


def test_a_press_is_none_when_it_was_kept_and_a_press_a_minute_later_counts(house: House) -> None:
    house.hears(f"{BASE}/sos", SOS, retained=True)
    assert house.rows("select count(*) from alerts") == [(0,)]
    house.hears(f"{BASE}/sos", SOS)
    house.later(minutes=1)
    house.hears(f"{BASE}/sos", SOS)
    assert house.rows("select count from alerts") == [(2,)]


def test_an_sos_told_as_a_state_counts_at_its_change(house: House) -> None:
    for minute, on in enumerate([False, True, True, False, True]):
        house.now = NOON + timedelta(minutes=minute)
        house.hears(f"{BASE}/sos", {"sos": on, "battery": 80})
    assert house.rows("select count from alerts") == [(2,)]


def test_any_press_of_a_switch_is_a_sign_of_life_and_only_its_emergency_is_help(house: House) -> None:
    house.add("switch-1", "sensor", hub="hub-1", topic="switch")
    house.hears(f"{BASE}/switch", {"action": "single"})
    assert house.rows("select count(*) from alerts") == [(0,)]
    assert house.rows("select extra ->> 'action' from events") == [("single",)]
    house.later(minutes=1)
    house.hears(f"{BASE}/switch", {"action": "emergency"})
    assert house.rows("select device_uid from alerts") == [("switch-1",)]


def test_a_button_registered_a_moment_ago_is_known_though_the_book_is_older(house: House) -> None:
    before = house.book
    house.add("btn-2", "button", hub="hub-1", topic="kitchen")
    house.book = before
    house.hears(f"{BASE}/kitchen", {"action": "single"})
    assert house.rows("select device_uid from alerts") == [("btn-2",)]


def test_an_sos_below_no_registered_base_alarms_the_top_area_and_its_chatter_is_kept_once_a_minute(
    house: House,
) -> None:
    for _ in range(3):
        house.hears("zigbee2mqtt/home9/living room", {"battery": 4})
    house.hears("zigbee2mqtt/home9/living room", SOS)
    assert house.rows("select area, home_id, device_uid from alerts") == [
        ("v", None, "zigbee2mqtt_home9_living_room"),
    ]
    assert house.rows("select detail ->> 'address' from alert_timeline") == [("zigbee2mqtt/home9/living room",)]
    assert house.rows("select count(*) from quarantine") == [(1,)]
    house.later(minutes=1)
    house.hears("zigbee2mqtt/home9/living room", {"battery": 4})
    assert house.rows("select count(*) from quarantine") == [(2,)]


def replace_hub(house: House) -> None:
    """A new hub speaks under the old one's topic, and nobody has read the registry since."""
    stale = house.book
    house.connection.execute("update devices set removed_at = now() where uid in ('hub-1', 'btn-1')")
    house.add("hub-2", "hub", topic=BASE)
    house.add("btn-2", "button", hub="hub-2", topic="new")
    house.add("btn-3", "button", hub="hub-2", topic="sos")
    house.book = stale


@pytest.mark.parametrize(
    ("address", "said", "device"),
    [
        ("new", {"action": "single"}, "btn-2"),
        ("new", SOS, "btn-2"),
        ("sos", {"action": "single"}, "btn-3"),
        ("nobody", SOS, "hub-2"),
    ],
)
def test_a_press_through_a_hub_that_was_replaced_a_moment_ago_is_help(
    house: House, address: str, said: dict[str, object], device: str
) -> None:
    replace_hub(house)
    house.hears(f"{BASE}/{address}", said)
    assert house.rows("select device_uid, home_id from alerts") == [(device, house.home)]


def test_a_certain_press_through_a_hub_that_was_removed_a_moment_ago_is_help(house: House) -> None:
    house.connection.execute("update devices set removed_at = now()")
    house.hears(f"{BASE}/nobody", SOS)
    assert house.rows("select home_id, device_uid from alerts") == [(None, "zigbee2mqtt_home1_nobody")]


def test_a_press_that_another_hub_of_the_home_hands_on_is_its_buttons(house: House) -> None:
    house.add("hub-3", "hub", topic="zigbee2mqtt/home1b")
    house.add("btn-4", "button", hub="hub-1", topic="0x00158d0001a2b3c4")
    house.hears("zigbee2mqtt/home1b/0x00158d0001a2b3c4", {"action": "single"})
    assert house.rows("select device_uid, home_id from alerts") == [("btn-4", house.home)]


def test_a_strangers_press_under_a_topic_longer_than_any_key_is_help(house: House) -> None:
    base = "/".join(sha256(b"%d" % number).hexdigest() for number in range(60))
    for end in "aab":
        house.later(seconds=5)
        house.hears(f"{base}/{end}", SOS)
    assert sum(row[0] for row in house.rows("select count from alerts")) == 3
    assert house.rows("select count(*) from vendor_presses") == [(2,)]


def test_what_is_refused_by_the_database_is_help_where_it_called_for_help(house: House) -> None:
    message = house.hears(f"{BASE}/other", SOS)
    close_all(house)
    urgent = Heard(f"{BASE}/sos", message.payload, False, house.now, 9, 1, 1)
    chatter = Heard(f"{BASE}/sos", b'{"battery":90}', False, house.now, 10, 1, 1)
    for each in (urgent, chatter):
        vendors.take_refused(
            house.connection, each, house.book, formats.installed(), "it could not be stored", house.now
        )
    assert house.rows("select device_uid from alerts where state <> 'closed'") == [("btn-1",)]
    assert house.rows("select alert_id is not null from quarantine order by id") == [(True,), (False,)]


def test_a_discovery_names_what_waits_and_takes_it_back(house: House) -> None:
    node = {
        "name": "Motion",
        "stat_t": "node-1/binary_sensor/motion/state",
        "dev": {"ids": ["aabbcc"], "name": "Hall", "mf": "Espressif"},
    }
    house.hears("homeassistant/binary_sensor/hall/motion/config", node, retained=True)
    [(hub, address, name, maker)] = house.rows("select hub_uid, address, name, maker from discovered")
    assert (hub, address, name, maker) == (None, "hall", "Hall", "Espressif")
    house.hears("homeassistant/binary_sensor/hall/motion/config", b"", retained=True)
    assert house.rows("select count(*) from discovered") == [(0,)]
    assert house.rows("select count(*) from quarantine") == [(0,)]


def test_what_a_discovery_names_behind_a_hub_that_we_know_waits_there_unless_it_is_registered(house: House) -> None:
    def config(name: str) -> dict[str, object]:
        return {
            "state_topic": f"{BASE}/{name}",
            "name": "Battery",
            "device_class": "battery",
            "device": {"identifiers": [f"zigbee2mqtt_0x{name}"], "name": name, "manufacturer": "Tuya"},
            "origin": {"name": "Zigbee2MQTT", "sw": "2.6.0"},
        }

    house.hears("homeassistant/sensor/0xattic/battery/config", config("attic"), retained=True)
    house.hears("homeassistant/sensor/0xsos/battery/config", config("sos"), retained=True)
    assert house.rows("select format, hub_uid, address, maker from discovered") == [
        ("zigbee2mqtt", "hub-1", "attic", "Tuya"),
    ]


def test_what_waits_is_bounded_and_the_newest_stay(house: House) -> None:
    for start in range(0, vendor_rows.OF_ONE_HUB + 200, 100):
        house.later(seconds=1)
        named = [Sighting("zigbee2mqtt", "hub-1", f"name-{number:04d}") for number in range(start, start + 100)]
        vendor_rows.note_discovered(house.connection, named, house.now)
    assert house.rows("select count(*), min(address) from discovered") == [(vendor_rows.OF_ONE_HUB, "name-0200")]


def test_two_components_of_one_device_at_one_time_are_one_row(house: House) -> None:
    house.add("tas-1", "sensor", "tasmota", topic="tas1")
    report = {"Time": "2026-11-24T04:00:00", "UptimeSec": 90, "Wifi": {"Signal": -60}, "AM2301": {"Temperature": 21.0}}
    house.hears("tele/tas1/STATE", report)
    assert house.rows("select rssi, temperature from events") == [(-60, 21.0)]


def test_who_is_heard_through_a_hub_hears_for_the_hub(house: House) -> None:
    house.add("door-1", "sensor", hub="hub-1", topic="door")
    hub = "select state, last_seen from device_latest join devices on id = device_id where uid = 'hub-1'"
    house.hears(f"{BASE}/bridge/state", {"state": "online"})
    house.later(hours=24)
    house.hears(f"{BASE}/door", {"contact": True}, retained=True)
    assert house.rows(hub) == [("online", NOON)]
    # also what nobody has registered yet: it came through all the same
    for name in ("door", "attic"):
        house.hears(f"{BASE}/{name}", {"contact": True})
        assert house.rows(hub) == [("online", house.now)]
        house.later(hours=24)
    house.hears(f"{BASE}/bridge/state", {"state": "offline"})
    assert house.rows(hub) == [("offline", house.now - timedelta(hours=24))]
    house.hears(f"{BASE}/door", {"contact": False})
    assert house.rows(hub) == [("online", house.now)]
    # it is no reading of the hub's own
    readings = "select uid, count(*) from events join devices on id = device_id where events.kind = 2 group by uid"
    assert house.rows(readings) == [("door-1", 2)]
