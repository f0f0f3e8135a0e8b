"""How long until a broker knows that a device got another password, among a hundred thousand? And what do the others notice?"""

import getpass
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from psycopg import Connection

from api.bench import homes, system
from api.bench.figures import milliseconds, ratio, table
from api.bench.system import Say
from devices import passwords, registry
from gateway import broker, kept
from gateway.broker import BrokerRefusedUsers
from gateway.client import BrokerAddress, without_delay
from gateway.kept import KeptMosquitto, KeptNats
from storage import sql
from storage.clock import SystemClock

queries = sql.load("api.bench")

SMALL_SHARE = 100
REPEATS = 5
MOSQUITTO = """\
pid_file {folder}/broker.pid
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
# not another one, to whom the files are closed
user {user}
"""
NATS = """\
server_name: bench
host: "127.0.0.1"
port: -1
pid_file: "{folder}/broker.pid"
jetstream {{ store_dir: "{folder}/store" }}
mqtt {{ host: "127.0.0.1", port: {port} }}
include "users.conf"
"""


@dataclass(frozen=True, slots=True)
class Known:
    """Among so many devices: milliseconds until the broker knew a new password, and the longest wait of somebody else."""

    name: str
    devices: int
    start_ms: float
    ms: float
    waited_ms: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """What was measured, for each broker the smaller fleet first."""

    known: tuple[Known, ...]

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        smaller, larger = self.known[-2:]
        return [
            *table(
                ["broker", "devices", "starts", "knows a new password", "others wait at most", "memory"],
                [
                    [each.name, f"{each.devices:,}", milliseconds(each.start_ms), milliseconds(each.ms),
                     milliseconds(each.waited_ms), f"{each.memory_mb:,.0f} MB"]
                    for each in self.known
                ],
            ),
            "",
            f"the middle of {REPEATS}: the registry is read, files are written, the broker reads them, and lets in by them",
            f"{larger.name}: {larger.devices:,} / {smaller.devices:,} devices: {ratio(larger.ms, smaller.ms):.1f}",
        ]  # fmt: skip


def measure(*, devices: int, say: Say) -> AccountFigures:
    """Measure a small fleet and one of `devices`, with each broker that is installed here."""
    found: list[Known] = []
    with system.brought_up(say) as measured, measured.connect() as connection:
        homes.make_village(connection)
        counts = (max(10, devices // SMALL_SHARE), devices)
        for number, count in enumerate(counts):
            homes.make_cameras(connection, count, SystemClock().now(), say, first=1 if number == 0 else counts[0] + 1)
            secret = passwords.random_password()
            hashes = {"password_hash": passwords.hash_of(secret), "mosquitto_hash": passwords.mosquitto_hash_of(secret)}
            connection.execute(queries.give_passwords, hashes)
            for name, kind, command, text in _brokers():
                say(f"{name} with {count:,} devices")
                folder = measured.folder / f"{name}-{count}"
                folder.mkdir()
                address = BrokerAddress("127.0.0.1", system.free_port(), False, system.INSIDER, system.INSIDE_PASSWORD)
                keeper = kind(folder, address, folder / "broker.pid")
                found.append(_measure(connection, name, count, keeper, [*command, text]))
    return AccountFigures(tuple(sorted(found, key=lambda each: (each.name == "Mosquitto", each.name))))


def _brokers() -> Iterator[tuple[str, type[KeptMosquitto] | type[KeptNats], list[str], str]]:
    yield "NATS server", KeptNats, [str(broker.binary()), "-c"], NATS
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is not None:
        yield "Mosquitto", KeptMosquitto, [found, "-c"], MOSQUITTO


def _measure(
    connection: Connection[Any], name: str, count: int, keeper: KeptMosquitto | KeptNats, command: list[str]
) -> Known:
    *command, text = command
    configuration = keeper.folder / "broker.conf"
    configuration.write_text(text.format(folder=keeper.folder, port=keeper.address.port, user=getpass.getuser()))
    _write_files(keeper, connection)
    with _running([*command, str(configuration)]) as process:
        began = time.perf_counter()
        while not kept.lets_in(keeper.address, keeper.address.username, keeper.address.password):
            time.sleep(0.01)
        start_ms = 1000 * (time.perf_counter() - began)
        with _asking(keeper.address) as waits:
            took = []
            for _ in range(REPEATS):
                registry.new_password(connection, f"{homes.CAMERA_PREFIX}000001", SystemClock().now())
                began = time.perf_counter()
                keeper.bring_up(connection)
                took.append(1000 * (time.perf_counter() - began))
        memory = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 1e6
    return Known(name, count, start_ms, statistics.median(took), 1000 * max(waits), memory)


def _write_files(keeper: KeptMosquitto | KeptNats, connection: Connection[Any]) -> None:
    """Write what the broker starts with; it is not there yet to say that it has read it."""
    try:
        keeper.bring_up(connection, within_s=0)
    except BrokerRefusedUsers:
        return


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _asking(address: BrokerAddress) -> Iterator[list[float]]:
    """Publish without a pause from elsewhere; yields how long each acknowledgement took, in seconds."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-asking", protocol=paho.MQTTv311)
    client.username_pw_set(address.username, address.password)
    client.on_socket_open = without_delay
    client.connect(address.host, address.port)
    client.loop_start()
    waits: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.002):
            began = time.perf_counter()
            client.publish("anju/v1/nobody/reply", b"{}", qos=1).wait_for_publish(60)
            waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()
        client.disconnect()
        client.loop_stop()
