"""A simulated village that speaks as every vendor's devices do, over the embedded broker: all of it is understood, once."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from api import village
from devices.scenario import Said, SimulatedHome
from devices.simulator import Simulator
from devices.voices import MIXED, Speaker
from gateway.client import BrokerAddress
from tests.integration.vendor_homes import CLOCK, INSIDE_PASSWORD, INSIDER, Homes, homes

COUNT = 12
BATTERY_PCT = 83


@pytest.fixture
def living(database: str, tmp_path: Path) -> Iterator[Homes]:
    with homes("nats", database, tmp_path) as made:
        yield made


def told(street: tuple[SimulatedHome, ...], start: datetime) -> Iterator[Said]:
    """Each home announces itself, says how it is, and presses once."""
    at = start
    for home in street:
        dated = at.isoformat()
        for uid in (home.button, home.camera):
            yield Said(at, uid, "status", {"state": "online", "at": dated}, retain=True)
        yield Said(at, home.camera, "patrol", {"id": f"p-{home.number}", "at": dated, "presence": True, "persons": 1})
        yield Said(at, home.button, "telemetry", {"at": dated, "battery": BATTERY_PCT, "rssi": -70})
        yield Said(at, home.button, "help", {"id": f"sim-{home.number}", "at": dated, "source": "button"})
        at += timedelta(milliseconds=20)


def test_every_home_of_a_mixed_village_is_understood_and_each_press_counts_once(living: Homes) -> None:
    with psycopg.connect(living.database) as connection:
        settled = village.seed(
            connection, homes=COUNT, seed=1, now=CLOCK.now(), timezone="Asia/Shanghai", locale="zh-CN", speak=MIXED
        )
    assert len(set(settled.formats.values())) == 5
    address = BrokerAddress("127.0.0.1", living.port, False, INSIDER, INSIDE_PASSWORD)
    simulator = Simulator(
        address, lambda start: told(settled.homes, start), clock=CLOCK, speaker=Speaker(settled.homes, settled.formats)
    )  # fmt: skip
    with living.gateway():
        stop = threading.Event()
        thread = threading.Thread(target=simulator.run, args=(stop,))
        thread.start()
        try:
            living.until("select count(*) from alerts where kind = 'help'", COUNT)
            latest = (
                "select count(*) from device_latest join devices on id = device_id where uid like 'sim-{}-%' and {}"
            )
            living.until(latest.format("btn", f"battery = {BATTERY_PCT} and state = 'online'"), COUNT)
            living.until(latest.format("cam", "presence and state = 'online'"), COUNT)
            hubs = sum(each == "zigbee2mqtt" for each in settled.formats.values())
            living.until(latest.format("hub", "state = 'online'"), hubs)
        finally:
            stop.set()
            thread.join(20)
    # whatever came in two or three messages, or was repeated, is one press
    assert living.value("select sum(count) from alerts") == COUNT
    assert living.value("select count(distinct device_uid) from help_calls where device_uid like 'sim-btn-%'") == COUNT
    assert living.value("select string_agg(reason, '; ') from quarantine") is None
    assert living.value("select count(*) from discovered") == 0
