"""How does a broker of the operator's own come to know the registry? We write its files, it reads them, and we see that it has.

Mosquitto and the NATS server read their users anew on SIGHUP and cut off who is no longer one, with all other connections
kept. That it has done so is seen from outside: a user of ours, whose password is another each time, is let in.
"""

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from psycopg import Connection

from devices import passwords
from gateway import accounts, broker, mosquitto
from gateway.broker import BrokerRefusedUsers
from gateway.client import CONNECT_TIMEOUT_S, BrokerAddress, secured

log = structlog.get_logger("gateway.kept")

TAKEN_WITHIN_S = 30.0
WITNESS = "anju.witness"
"""Sees whether the broker has read what we wrote; may nothing. No device has a dot."""
_ASK_EVERY_S = 0.02
_COMMANDS = {"mosquitto": b"mosquitto", "nats": b"nats-server"}
"""What a process has to be called before we send it a signal: a pid file may be older than the last start."""
OWN_PASSWORDS, OWN_ACL = "own.passwords", "own.acl"
"""Files beside ours with users of the operator's own, who are let in as well."""


class NotOurUser(Exception):
    """ANJU_MQTT_URL {why}; the gateway's user is written into the broker's files from it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"ANJU_MQTT_URL {why}; the gateway's user is written into the broker's files from it")


@dataclass
class Kept:
    """Where a broker reads its users, and how it is told to: `pid_file` None where somebody else tells it."""

    folder: Path
    address: BrokerAddress
    pid_file: Path | None = None
    _witness: str = field(default_factory=passwords.random_password, repr=False)

    @property
    def insider(self) -> tuple[str, str]:
        """The gateway's own user and password. Raises NotOurUser."""
        name, password = self.address.username, self.address.password
        if not name or not password:
            raise NotOurUser("names no user and password")
        if any(character in ":#+/$" or not character.isprintable() or character.isspace() for character in name):
            raise NotOurUser("has a user name with one of : # + / $ or a space in it")
        return name, password

    def _told(self, kind: str) -> None:
        """Let the broker read its files, and wait until it has. Raises BrokerRefusedUsers."""
        if self.pid_file is not None:
            _hang_up(self.pid_file, _COMMANDS[kind])
        waited_until = time.monotonic() + TAKEN_WITHIN_S
        while not lets_in(self.address, WITNESS, self._witness):
            if time.monotonic() > waited_until:
                raise BrokerRefusedUsers(
                    f"{self.address!r} has not read {self.folder} within {TAKEN_WITHIN_S:.0f} s; is it told to, and may it?"
                )
            time.sleep(_ASK_EVERY_S)


@dataclass
class KeptMosquitto(Kept):
    """Mosquitto with `password_file FOLDER/passwords` and `acl_file FOLDER/acl`."""

    role = "broker-mosquitto"

    def bring_up(self, connection: Connection[Any]) -> None:
        """Let it take the registry as it is now. Raises BrokerRefusedUsers, NotOurUser."""
        name, password = self.insider
        devices = accounts.all_accounts(connection)
        self._witness = passwords.random_password()
        ours = [(name, password), (WITNESS, self._witness)]
        _write(
            self.folder / "acl",
            [*_of_operator(self.folder / OWN_ACL), *mosquitto.acl_lines([name], devices)],
        )
        # last: whoever tells the broker by himself looks at this one
        _write(
            self.folder / "passwords",
            [
                *_of_operator(self.folder / OWN_PASSWORDS),
                *(f"{each}:{passwords.mosquitto_hash_of(secret)}\n" for each, secret in ours),
                *mosquitto.password_lines(devices),
            ],
        )
        self._told("mosquitto")


@dataclass
class KeptNats(Kept):
    """A NATS server whose configuration has `include "users.conf"` of FOLDER."""

    role = "broker-nats"

    def bring_up(self, connection: Connection[Any]) -> None:
        """Let it take the registry as it is now. Raises BrokerRefusedUsers, NotOurUser."""
        name, password = self.insider
        devices = broker.users_of_registry(connection)
        self._witness = passwords.random_password()
        witness = broker.BrokerUser(WITNESS, passwords.hash_of(self._witness), (), ())
        _write(self.folder / "users.conf", broker.user_lines([broker.insider(name, password), witness, *devices]))
        self._told("nats")


def lets_in(address: BrokerAddress, name: str | None, password: str | None) -> bool:
    """Say whether a broker lets somebody in; False too where it does not answer."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"anju-{secrets.token_hex(8)}", protocol=paho.MQTTv311)
    client.username_pw_set(name, password)
    secured(client, address)
    client.connect_timeout = CONNECT_TIMEOUT_S
    answered, let_in = threading.Event(), False

    def heard(client: paho.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        nonlocal let_in
        let_in = not reason.is_failure
        answered.set()

    client.on_connect = heard
    try:
        client.connect(address.host, address.port)
    except OSError:
        return False
    client.loop_start()
    answered.wait(CONNECT_TIMEOUT_S)
    client.disconnect()
    client.loop_stop()
    return let_in


def _of_operator(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True) if path.exists() else []


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write a file whole, and put it there at once: the broker may read it at any moment."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(lines)
    fresh.replace(path)


def _hang_up(pid_file: Path, command: bytes) -> None:
    """Send SIGHUP to the broker; nothing where it does not run: it reads its files when it starts."""
    try:
        pid = int(pid_file.read_text())
        running = Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]
    except (FileNotFoundError, ValueError):
        log.warning("the broker does not run", pid_file=str(pid_file))
        return
    if running.rpartition(b"/")[2] != command:
        log.warning("the pid file is not the broker's", pid_file=str(pid_file), pid=pid)
        return
    try:
        os.kill(pid, signal.SIGHUP)
    except PermissionError:
        raise BrokerRefusedUsers(
            f"we may not send process {pid} a signal; run as its user, or let a unit reload it"
        ) from None
