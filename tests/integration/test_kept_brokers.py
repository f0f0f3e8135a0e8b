"""Brokers of the operator's own follow the registry: Mosquitto and the NATS server, real ones, by their files and SIGHUP."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from devices import registry, upkeep
from devices.wiring import NewDevice
from gateway import broker, follow, kept
from gateway.broker import BrokerRefusedUsers
from gateway.client import BrokerAddress
from gateway.kept import KeptMosquitto, KeptNats, NotOurUser, lets_in
from storage.clock import SystemClock
from tests import needs
from tests.integration.brokers import Device, free_port, until, wait_for_port

GATEWAY, SECRET = "gateway", "a secret of ours"
MOSQUITTO = """\
pid_file {folder}/broker.pid
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
user root
"""
NATS = """\
server_name: test
host: "127.0.0.1"
port: -1
pid_file: "{folder}/broker.pid"
jetstream {{ store_dir: "{folder}/store" }}
# what was on its way to a session that was just leaving is sent again after ack_wait
mqtt {{ host: "127.0.0.1", port: {port}, ack_wait: "2s" }}
include "users.conf"
"""


@dataclass
class Operator:
    """A broker that somebody runs himself, and us beside it."""

    folder: Path
    port: int
    pool: ConnectionPool[Any]
    database: str
    kind: str
    home_id: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> BrokerAddress:
        return BrokerAddress("127.0.0.1", self.port, False, GATEWAY, SECRET)

    def keeper(self, **other: Any) -> KeptMosquitto | KeptNats:
        kind = KeptMosquitto if self.kind == "mosquitto" else KeptNats
        return kind(
            **({"folder": self.folder, "address": self.address, "pid_file": self.folder / "broker.pid"} | other)
        )

    def change(self, do: Callable[[psycopg.Connection[Any]], Any]) -> Any:
        """Change the registry, and wait until the broker knows."""
        with self.pool.connection() as connection:
            done = do(connection)
        assert follow.wait_known(self.pool, SystemClock().now())
        return done

    def add(self, uid: str, kind: str = "button", topic: str | None = None) -> str:
        now = SystemClock().now()
        made: str = self.change(
            lambda connection: registry.add_device(
                connection, uid=uid, kind=kind, home_id=self.home_id, topic=topic, now=now
            )
        )
        return made

    def hear(self, topic: str = "#") -> Device:
        """Listen as the gateway does."""
        heard = Device(self.port, GATEWAY, SECRET).ready()
        heard._client.subscribe(topic, qos=1)
        return heard


@contextmanager
def running(operator: Operator) -> Iterator[Operator]:
    """Run the broker, and keep it up with the registry."""
    command, text = (
        ([needs.mosquitto(), "-c"], MOSQUITTO) if operator.kind == "mosquitto" else ([str(broker.binary()), "-c"], NATS)
    )
    configuration = operator.folder / "broker.conf"
    configuration.write_text(text.format(folder=operator.folder, port=operator.port))
    with psycopg.connect(operator.database, autocommit=True) as connection, pytest.raises(BrokerRefusedUsers):
        # files first: it would not start without them, and it is not there to say that it has read them
        operator.keeper().bring_up(connection, within_s=0)
    process = subprocess.Popen([*command, str(configuration)], stderr=subprocess.DEVNULL)
    thread = threading.Thread(
        target=follow.keep_up, args=(operator.keeper(), operator.database, SystemClock(), operator.stop)
    )
    try:
        wait_for_port(operator.port)
        thread.start()
        until(lambda: _beats(operator.pool, f"broker-{operator.kind}"), why="the follower does not beat")
        yield operator
    finally:
        operator.stop.set()
        if thread.ident is not None:
            thread.join()
        process.terminate()
        process.wait(10)


def _beats(pool: ConnectionPool[Any], role: str) -> bool:
    with pool.connection() as connection:
        return connection.execute("select from role_beats where role = %s", (role,)).fetchone() is not None


@pytest.fixture(params=["mosquitto", "nats"])
def operator(
    request: pytest.FixtureRequest, tmp_path: Path, pool: ConnectionPool[Any], database: str
) -> Iterator[Operator]:  # fmt: skip
    with pool.connection() as connection:
        registry.add_area(connection, code="v", name="凤山村", level="village", parent=None)
        home_id = registry.add_home(connection, area="v", address="3组 12号", now=SystemClock().now())
    made = Operator(tmp_path, free_port(), pool, database, request.param, home_id)
    with running(made) as up:
        yield up


def test_a_device_is_let_in_as_soon_as_it_is_registered_and_its_press_is_heard(operator: Operator) -> None:
    gateway = operator.hear("anju/v1/#")
    button = Device(operator.port, "btn-1", operator.add("btn-1")).ready()
    button.publish("help", "1")
    assert until(lambda: gateway.heard) == [("anju/v1/btn-1/help", b"1")]
    gateway._client.publish("anju/v1/btn-1/reply", "{}", qos=1)
    assert until(lambda: button.heard) == [("anju/v1/btn-1/reply", b"{}")]
    for device in (button, gateway):
        device.close()


def test_nobody_speaks_for_another_or_tells_himself_that_help_comes(operator: Operator) -> None:
    gateway = operator.hear("anju/v1/#")
    first, second = (Device(operator.port, uid, operator.add(uid)).ready() for uid in ("btn-1", "btn-2"))
    second._client.subscribe([("anju/v1/btn-1/reply", 1), ("anju/v1/#", 1)])
    second.publish_if_possible("help", "mine")
    for leaf, uid in (("help", "btn-1"), ("reply", "btn-2"), ("reply", "btn-1")):
        second._client.publish(f"anju/v1/{uid}/{leaf}", "forged", qos=1)
    gateway._client.publish("anju/v1/btn-1/reply", "{}", qos=1)
    until(lambda: first.heard)
    first.publish("help", "last")
    until(lambda: ("anju/v1/btn-1/help", b"last") in gateway.heard)
    assert {payload for _, payload in gateway.heard} == {b"mine", b"{}", b"last"}
    assert second.heard == []
    for device in (first, second, gateway):
        device.close()


def test_a_password_that_is_changed_ends_the_connection_of_the_old_one(operator: Operator) -> None:
    old, stays = operator.add("btn-1"), Device(operator.port, "btn-2", operator.add("btn-2")).ready()
    button = Device(operator.port, "btn-1", old).ready()
    now = SystemClock().now()
    new = operator.change(lambda connection: registry.new_password(connection, "btn-1", now))
    until(lambda: not button.is_connected(), why="the old password's connection lasts")
    button.close()
    refused = Device(operator.port, "btn-1", old)
    until(lambda: refused.refused)
    refused.close()
    Device(operator.port, "btn-1", new).ready().close()
    assert (stays.is_connected(), stays.connections) == (True, 1)
    stays.close()


def test_a_device_that_is_removed_or_loses_its_password_is_cut_off(operator: Operator) -> None:
    devices = [Device(operator.port, uid, operator.add(uid)).ready() for uid in ("btn-1", "btn-2")]
    now = SystemClock().now()
    operator.change(lambda connection: upkeep.remove_device(connection, "btn-1", now))
    until(lambda: not devices[0].is_connected(), why="a removed device stays")
    operator.change(
        lambda connection: connection.execute("update devices set password_hash = null where uid = 'btn-2'")
    )
    until(lambda: not devices[1].is_connected(), why="a device without a password stays")
    for device in devices:
        device.close()


def test_a_hub_speaks_and_hears_under_its_base_topic_and_under_the_new_one_when_that_changes(
    operator: Operator,
) -> None:
    password = operator.add("hub-1", "hub", "zigbee2mqtt/house")
    tried = ("zigbee2mqtt/house/sos", "zigbee2mqtt/other/sos")

    def what_it_may() -> list[str]:
        hub = Device(operator.port, "hub-1", password).ready()
        for topic in tried:
            hub._client.subscribe(topic.replace("sos", "#"), qos=1)
        for topic in (*tried, *tried):
            hub._client.publish(topic, topic, qos=1)
        until(lambda: hub.heard)
        hub.close()
        return sorted({topic for topic, _ in hub.heard})

    assert what_it_may() == ["zigbee2mqtt/house/sos"]
    now = SystemClock().now()
    elsewhere = NewDevice("hub-1", "hub", operator.home_id, topic="zigbee2mqtt/other")
    operator.change(lambda connection: upkeep.change_device(connection, elsewhere, now))
    assert what_it_may() == ["zigbee2mqtt/other/sos"]


def test_what_waits_for_a_gateway_that_is_away_outlives_the_reading_of_the_users(operator: Operator) -> None:
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    def session() -> tuple[paho.Client, list[bytes]]:
        heard: list[bytes] = []
        client = paho.Client(CallbackAPIVersion.VERSION2, "anju-urgent", clean_session=False, protocol=paho.MQTTv311)
        client.username_pw_set(GATEWAY, SECRET)
        client.on_message = lambda client, userdata, message: heard.append(message.payload)
        subscribed = threading.Event()
        client.on_connect = lambda client, *_: client.subscribe("anju/v1/+/help", qos=1)
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect("127.0.0.1", operator.port)
        client.loop_start()
        assert subscribed.wait(10)
        return client, heard

    button = Device(operator.port, "btn-1", operator.add("btn-1")).ready()
    away, _ = session()
    away.disconnect()
    away.loop_stop()
    button.publish("help", "before")
    operator.add("btn-2")
    button.publish("help", "after")
    back, heard = session()
    until(lambda: {b"before", b"after"} == set(heard))
    back.disconnect()
    back.loop_stop()
    button.close()


def test_a_device_that_bears_the_gateways_name_is_not_let_in(operator: Operator) -> None:
    password = operator.add(GATEWAY)
    assert not lets_in(operator.address, GATEWAY, password)
    assert lets_in(operator.address, GATEWAY, SECRET)


def test_users_of_the_operators_own_are_kept(tmp_path: Path, pool: ConnectionPool[Any], database: str) -> None:
    from devices import passwords

    (tmp_path / kept.OWN_PASSWORDS).write_text(f"monitor:{passwords.mosquitto_hash_of('m')}\n")
    (tmp_path / kept.OWN_ACL).write_text("user monitor\ntopic read $SYS/#\n")
    operator = Operator(tmp_path, free_port(), pool, database, "mosquitto")
    with running(operator):
        assert lets_in(operator.address, "monitor", "m")
        assert not lets_in(operator.address, "monitor", "x")
        assert not lets_in(operator.address, None, None)


def test_a_stale_pid_file_sends_nobody_a_signal(tmp_path: Path) -> None:
    sent: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, frame: sent.append(number))
    try:
        pid_file = tmp_path / "broker.pid"
        for text in (str(os.getpid()), "no number", ""):
            pid_file.write_text(text)
            keeper = KeptMosquitto(tmp_path, BrokerAddress("127.0.0.1", free_port(), False, GATEWAY, SECRET), pid_file)
            with pytest.raises(BrokerRefusedUsers, match="has not read"):
                keeper._told("mosquitto", 0)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert sent == []


@pytest.mark.parametrize(
    ("name", "password"), [(None, None), ("gateway", None), ("a:b", "x"), ("a b", "x"), ("#", "x")]
)
def test_a_gateway_without_a_user_of_its_own_is_refused(tmp_path: Path, name: str | None, password: str | None) -> None:
    with pytest.raises(NotOurUser, match="ANJU_MQTT_URL"):
        _ = KeptMosquitto(tmp_path, BrokerAddress("127.0.0.1", 1883, False, name, password)).insider
