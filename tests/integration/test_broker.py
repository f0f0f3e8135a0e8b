"""The embedded broker: who may say and hear what, and what it keeps whatever happens to it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import bcrypt
import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from psycopg_pool import ConnectionPool

from devices import registry
from devices.formats.base import own_branch
from gateway import follow
from gateway.broker import (
    CONFIGURATION,
    BrokerRefusedUsers,
    BrokerUser,
    EmbeddedBroker,
    device_user,
    gateway_user,
    insider,
    simulator_user,
    subject,
)
from gateway.client import BrokerAddress, BrokerClient
from gateway.follow import Follower, KeptEmbedded
from storage.clock import SystemClock
from tests.integration.brokers import Device, free_port, until

INSIDER, INSIDE_PASSWORD = "anju.insider", "let-me-in"


def user(uid: str, base_topic: str | None = None) -> BrokerUser:
    """A device whose password is its uid."""
    granted = own_branch(base_topic) if base_topic else ()
    return device_user(uid, bcrypt.hashpw(uid.encode(), bcrypt.gensalt(4)).decode(), granted)


class Running:
    """A broker of this test's own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.insiders = [insider(INSIDER, INSIDE_PASSWORD)]
        self.server = EmbeddedBroker(folder, host="127.0.0.1", port=self.port)

    def start(self, *users: BrokerUser) -> "Running":
        self.server.start([*self.insiders, *users])
        return self

    def gateway(self, client_id: str = "test-gateway", filters: tuple[str, ...] = ("anju/v1/#",)) -> BrokerClient:
        address = BrokerAddress("127.0.0.1", self.port, False, INSIDER, INSIDE_PASSWORD)
        client = BrokerClient(address, client_id, filters, SystemClock())
        client.start()
        assert client.wait_connected(10)
        return client


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.server.stop()


def heard_by(client: BrokerClient, count: int) -> list[tuple[str, bytes]]:
    """Take messages until there are that many, acknowledged."""
    taken: list[tuple[str, bytes]] = []

    def enough() -> bool:
        batch = client.take(100, 0.05)
        client.acknowledge(batch)
        taken.extend((each.topic, each.payload) for each in batch)
        return len(taken) >= count

    until(enough, why=f"{count} messages did not come")
    return taken


def subscribe(port: int, uid: str, topics: list[str]) -> list[bool]:
    """Try to subscribe as a device; return for each topic whether it was granted."""
    granted: list[bool] = []
    answered = Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"listen-{uid}", protocol=paho.MQTTv311)
    client.username_pw_set(uid, uid)

    def on_subscribe(client: Any, userdata: Any, mid: Any, reasons: Any, properties: Any) -> None:
        granted.extend(not reason.is_failure for reason in reasons)
        answered.set()

    client.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in topics])
    client.on_subscribe = on_subscribe
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert answered.wait(10)
    client.disconnect()
    client.loop_stop()
    return granted


def test_a_device_speaks_under_its_own_uid_only(broker: Running) -> None:
    broker.start(user("btn-1"), user("btn-2"))
    gateway = broker.gateway()
    button = Device(broker.port, "btn-1", "btn-1").ready()
    button.publish("help", b"mine")
    button.publish("help", b"another's", uid="btn-2")
    button.publish("reply", b"my own reply")
    button.publish("status", b"last")
    assert heard_by(gateway, 2) == [("anju/v1/btn-1/help", b"mine"), ("anju/v1/btn-1/status", b"last")]
    button.close()
    gateway.stop()


def test_the_gateway_speaks_to_homes_only_and_the_simulator_for_them_and_hears_nothing_else(broker: Running) -> None:
    broker.insiders = [gateway_user(INSIDER, INSIDE_PASSWORD), simulator_user("simulator", "simulator")]
    broker.start(user("btn-1"))
    button = Device(broker.port, "btn-1", "btn-1").ready()
    gateway = broker.gateway(filters=("anju/v1/+/help", "z2m/#"))
    for topic in ("anju/v1/btn-1/help", "z2m/one/bed", "anju/v1/btn-1/reply"):
        gateway.publish(topic, b"by the gateway").wait_for_publish(5)
    simulator = Device(broker.port, "simulator", "simulator").ready()
    simulator.publish("help", b"by the simulator", uid="btn-1")
    assert heard_by(gateway, 1) == [("anju/v1/btn-1/help", b"by the simulator")]
    until(lambda: button.heard, why="no reply came")
    assert subscribe(broker.port, "simulator", ["anju/v1/+/reply", "anju/v1/+/help", "anju/v1/#", "#", "z2m/#"]) == [
        True,
        False,
        False,
        False,
        False,
    ]
    button.close()
    simulator.close()
    gateway.stop()


def test_a_device_hears_its_own_replies_only(broker: Running) -> None:
    broker.start(user("btn-1"), user("btn-2"))
    topics = ["anju/v1/btn-1/reply", "anju/v1/btn-2/reply", "anju/v1/+/reply", "anju/v1/btn-1/help", "#", "$MQTT/sub/#"]
    assert subscribe(broker.port, "btn-1", topics) == [True, False, False, False, False, False]


def test_a_hub_speaks_and_hears_under_its_base_topic_too(broker: Running) -> None:
    broker.start(user("hub-1", "zigbee2mqtt/house.3"))
    gateway = broker.gateway("hub-listener", ("anju/v1/#",))
    assert subscribe(broker.port, "hub-1", ["zigbee2mqtt/house.3/#", "zigbee2mqtt/#"]) == [True, False]
    gateway.stop()


@pytest.mark.parametrize("password", ["wrong", "", None])
def test_a_wrong_or_missing_password_is_refused(broker: Running, password: str | None) -> None:
    broker.start(user("btn-1"))
    device = Device(broker.port, "btn-1", password)
    until(lambda: device.refused)
    device.close()


def test_a_device_that_comes_is_let_in_and_one_that_goes_is_cut_off_while_the_others_stay(broker: Running) -> None:
    broker.start(user("stays"), user("goes"))
    gateway = broker.gateway()
    stays, goes = (Device(broker.port, uid, uid).ready() for uid in ("stays", "goes"))
    broker.server.reload([*broker.insiders, user("stays"), user("comes")])
    until(lambda: not goes.is_connected(), why="the device that went is still connected")
    comes = Device(broker.port, "comes", "comes").ready()
    for device in (stays, comes):
        device.publish("help", device.uid.encode())
    assert [payload for _, payload in heard_by(gateway, 2)] == [b"stays", b"comes"]
    assert (stays.connections, gateway.connected) == (1, True)
    for device in (stays, goes, comes):
        device.close()
    gateway.stop()


def test_users_that_make_no_sense_are_refused_and_those_before_hold(broker: Running) -> None:
    broker.start(user("btn-1"))
    with pytest.raises(BrokerRefusedUsers, match="btn-2"):
        broker.server.reload([*broker.insiders, user("btn-2"), user("btn-2")])
    Device(broker.port, "btn-1", "btn-1").ready().close()


def test_what_was_acknowledged_to_a_home_outlives_a_kill(broker: Running) -> None:
    broker.start(user("btn-1"))
    broker.gateway().stop()
    button = Device(broker.port, "btn-1", "btn-1").ready()
    for number in range(200):
        button.publish("help", str(number).encode())
    button.close()
    assert broker.server.pid is not None
    os.kill(broker.server.pid, signal.SIGKILL)
    until(lambda: not broker.server.alive())
    broker.server.start()
    gateway = broker.gateway()
    assert [int(payload) for _, payload in heard_by(gateway, 200)] == list(range(200))
    gateway.stop()


def test_what_was_not_acknowledged_comes_again_and_is_known_by_its_number(
    broker: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the server gives it again after a minute, whoever came meanwhile: here after a second
    monkeypatch.setattr("gateway.broker.CONFIGURATION", CONFIGURATION.replace('ack_wait: "20s"', 'ack_wait: "1s"'))
    broker.start(user("btn-1"))
    first = broker.gateway()
    Device(broker.port, "btn-1", "btn-1").ready().publish("help", b"press")
    [before] = until(lambda: first.take(10, 0.05))
    first.stop()
    second = broker.gateway()
    [again] = until(lambda: second.take(10, 0.05))
    assert (before.again, again.again) == (False, True)
    assert (again.mid, again.payload) == (before.mid, before.payload)
    second.acknowledge([again])
    second.stop()


def test_topics_as_subjects() -> None:
    topics = {"anju/v1/btn-1/help": "anju.v1.btn-1.help", "a.b/c": "a//b.c", "hub/": "hub"}
    assert {topic: subject(topic) for topic in topics} == topics


def test_the_broker_follows_the_registry_and_whoever_waits_learns_of_it(
    broker: Running, database: str, pool: ConnectionPool[Any]
) -> None:
    now = SystemClock().now()
    broker.start()
    follower = Follower(KeptEmbedded(broker.server, broker.insiders))
    stop = Event()

    def keep_up() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(f"listen {follow.CHANNEL}")
            follower.bring_up(connection, now)
            while not stop.is_set():
                if list(connection.notifies(timeout=0.1, stop_after=1)):
                    follower.bring_up(connection, now)

    import threading

    thread = threading.Thread(target=keep_up)
    thread.start()
    try:
        until(lambda: _beats(pool), why="the follower does not beat")
        with pool.connection() as connection:
            registry.add_area(connection, code="v", name="凤山村", level="village", parent=None)
            home_id = registry.add_home(connection, area="v", address="3组 12号", now=now)
            password = registry.add_device(connection, uid="btn-9", kind="button", home_id=home_id, now=now)
        assert follow.wait_known(pool, now)
        Device(broker.port, "btn-9", password).ready().close()
        with pool.connection() as connection:
            changed = registry.new_password(connection, "btn-9", now)
        assert follow.wait_known(pool, now)
        refused = Device(broker.port, "btn-9", password)
        until(lambda: refused.refused)
        refused.close()
        revoked = Device(broker.port, "btn-9", changed).ready()
        with pool.connection() as connection:
            assert registry.revoke_password(connection, "btn-9")
        assert follow.wait_known(pool, now)
        until(lambda: not revoked.is_connected(), why="a device whose password was revoked is still connected")
        revoked.close()
        refused = Device(broker.port, "btn-9", changed)
        until(lambda: refused.refused)
        refused.close()
    finally:
        stop.set()
        thread.join()


def _beats(pool: ConnectionPool[Any]) -> bool:
    with pool.connection() as connection:
        return connection.execute("select from role_beats where role = 'broker'").fetchone() is not None


def test_nobody_waits_for_a_broker_that_is_not_ours(pool: ConnectionPool[Any]) -> None:
    assert follow.wait_known(pool, SystemClock().now())
