"""Homes with vendors' devices for tests: a registry, a gateway over a real broker, and hubs that speak as theirs do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from devices import registry
from gateway import service
from gateway.broker import EmbeddedBroker, insider
from gateway.client import BrokerAddress
from gateway.follow import CHANNEL, Follower
from gateway.lanes import GatewaySettings
from gateway.service import GatewayPlace
from storage.clock import SystemClock
from tests.integration.brokers import free_port, mosquitto, until

INSIDER, INSIDE_PASSWORD = "anju.insider", "let-me-in"
CLOCK = SystemClock()


@dataclass
class Speaker:
    """A hub, or a device of its own, at the broker."""

    client: paho.Client

    def says(self, topic: str, said: object, *, retain: bool = False) -> "Speaker":
        """Publish as vendors do: JSON for an object, anything else as it is."""
        payload = json.dumps(said) if isinstance(said, dict | list) else said
        message = self.client.publish(topic, payload, qos=1, retain=retain)  # type: ignore[arg-type]
        message.wait_for_publish(10)
        return self

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@dataclass
class Homes:
    """A registry and a broker; passwords are the devices' own."""

    database: str
    connection: psycopg.Connection[Any]
    port: int
    secured: bool
    home: int = 0
    passwords: dict[str, str] = field(default_factory=dict)
    speakers: list[Speaker] = field(default_factory=list)

    def add(self, uid: str, kind: str, **more: Any) -> None:
        """Register a device in the one home, and wait for nothing."""
        with self.connection.transaction():
            self.passwords[uid] = registry.add_device(
                self.connection, uid=uid, kind=kind, home_id=more.pop("home_id", self.home), now=CLOCK.now(), **more
            )

    def speaker(self, uid: str) -> Speaker:
        """Connect as a registered device."""
        connected, refused = threading.Event(), threading.Event()

        def on_connect(client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
            (refused if reason.is_failure else connected).set()

        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"dev-{uid}", protocol=paho.MQTTv311)
        if self.secured:
            client.username_pw_set(uid, self.passwords[uid])
        client.on_connect = on_connect
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        # the broker may not know it yet: it comes again until it does
        assert connected.wait(20), f"{uid} was not let in"
        self.speakers.append(Speaker(client))
        return self.speakers[-1]

    def value(self, query: str) -> Any:
        row = self.connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def until(self, query: str, wanted: object = True) -> None:
        """Wait until a query answers so."""
        until(lambda: self.value(query) == wanted, 20, f"{query} was not {wanted!r}")

    @contextmanager
    def gateway(self) -> Iterator[None]:
        """Run both lanes, until they hear all that is registered."""
        address = BrokerAddress(
            "127.0.0.1", self.port, False, INSIDER if self.secured else None, INSIDE_PASSWORD if self.secured else None
        )
        stop = threading.Event()
        place = GatewayPlace(self.database, address)
        self.connection.execute("delete from role_beats where role like 'gateway%'")
        threads = [
            threading.Thread(target=service.run, args=(lane, place, GatewaySettings("zh-CN"), CLOCK, stop))
            for lane in service.LANES
        ]
        for thread in threads:
            thread.start()
        try:
            self.until("select count(*) from role_beats where role like 'gateway%'", 2)
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()


@contextmanager
def homes(kind: str, database: str, folder: Path) -> Iterator[Homes]:
    """A home of a village on the embedded broker (`nats`), which follows the registry, or on an open Mosquitto."""
    with psycopg.connect(database, autocommit=True) as connection:
        with connection.transaction():
            registry.add_area(connection, code="v", name="凤山村", level="village")
            home = registry.add_home(connection, area="v", address="3组 12号", now=CLOCK.now())
        running = broker(database, folder) if kind == "nats" else mosquitto(folder)
        with running as port:
            made = Homes(database, connection, port, kind == "nats", home)
            try:
                yield made
            finally:
                for each in made.speakers:
                    each.close()


@contextmanager
def broker(database: str, folder: Path) -> Iterator[int]:
    """Run the embedded broker, kept up with the registry."""
    port = free_port()
    insiders = [insider(INSIDER, INSIDE_PASSWORD)]
    stop, up = threading.Event(), threading.Event()
    with EmbeddedBroker(folder, host="127.0.0.1", port=port) as server:
        server.start(insiders)
        follower = Follower(server, insiders)

        def keep_up() -> None:
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute(f"listen {CHANNEL}")
                up.set()
                while not stop.is_set():
                    if list(connection.notifies(timeout=0.05, stop_after=1)):
                        follower.bring_up(connection, CLOCK.now())

        thread = threading.Thread(target=keep_up)
        thread.start()
        assert up.wait(10)
        try:
            yield port
        finally:
            stop.set()
            thread.join()
