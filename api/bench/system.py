"""What is measured? A system of its own, as `anju up` has it, in a temporary folder and on free ports; gone afterwards."""

import os
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from psycopg import Connection

from api.bench import BenchFailed, usage
from api.bench.usage import Usage
from api.children import Child
from api.settings import PREFIX
from gateway import broker
from gateway.broker import EmbeddedBroker
from gateway.client import BrokerAddress
from storage import sql
from storage.clock import SystemClock
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

queries = sql.load("api")

HOST = "127.0.0.1"
INSIDER, INSIDE_PASSWORD = "anju.insider", "inside-the-benchmark"
ROLES = {
    "gateway-urgent": ["gateway", "--lane", "urgent"],
    "gateway-bulk": ["gateway", "--lane", "bulk"],
    "alerts": ["alerts"],
    "api": ["api"],
}
CONSOLE = "api"
"""The role that does not beat: it is up when it says so over HTTP."""
READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.05

Say = Callable[[str], None]


class RoleEnded(BenchFailed):
    """{role} ended with {status} while it was measured: {last_words}."""

    def __init__(self, role: str, status: int, last_words: str) -> None:
        super().__init__(f"{role} ended with {status} while it was measured: {last_words}")


class RolesNotUp(BenchFailed):
    """{roles} did not get up within {READY_WITHIN_S} s."""

    def __init__(self, roles: list[str]) -> None:
        super().__init__(f"{', '.join(roles)} did not get up within {READY_WITHIN_S:.0f} s")


class System:
    """A database, and on request a broker and roles."""

    def __init__(self, folder: Path, stack: ExitStack, say: Say) -> None:
        self.folder = folder
        self._stack = stack
        self._say = say
        self._children: list[Child] = []
        self._http_port = free_port()
        postgres = EmbeddedPostgres(folder, say=say)
        self.database_url = postgres.url
        # to be ended also when it is interrupted before it is up
        stack.callback(postgres.stop)
        postgres.start()
        say("bringing the schema up")
        migrate(self.database_url, SystemClock().now())
        self.insider = BrokerAddress(HOST, free_port(), False, INSIDER, INSIDE_PASSWORD)

    def start_broker(self) -> None:
        """Start the embedded broker with the insider and the registry's devices."""
        with self.connect() as connection:
            users = [broker.insider(INSIDER, INSIDE_PASSWORD), *broker.users_of_registry(connection)]
        server = EmbeddedBroker(self.folder / "broker", host=HOST, port=self.insider.port, say=self._say)
        self._stack.callback(server.stop)
        server.start(users)

    def start_roles(self, **settings: str) -> None:
        """Start the roles as `anju up` does, each a process, and wait until all are up. Raises RoleEnded, RolesNotUp."""
        self._say(f"starting {', '.join(ROLES)}")
        environment = self._environment(settings)
        since = SystemClock().now()
        self._stack.callback(self._end_children)
        for name, arguments in ROLES.items():
            child = Child(name, arguments, environment, self.folder / "log")
            self._children.append(child)
            child.start()
        began = said = time.monotonic()
        with self.connect() as connection:
            while missing := self._missing(connection, since):
                self.check()
                now = time.monotonic()
                if now - began > READY_WITHIN_S:
                    raise RolesNotUp(missing)
                if now - said > 1:
                    self._say(f"waiting for {', '.join(missing)} ({now - began:.0f} s)")
                    said = now
                time.sleep(LOOK_EVERY_S)

    def check(self) -> None:
        """Raise RoleEnded when a role has ended."""
        for child in self._children:
            ended = child.look()
            if ended is not None:
                raise RoleEnded(ended.name, ended.status, ended.last_words)

    def connect(self) -> Connection[Any]:
        """Open a connection that autocommits."""
        return psycopg.connect(self.database_url, autocommit=True, application_name="anju-bench")

    def usage(self) -> Usage:
        """Return what each part has used of the processors by now, and its memory."""
        return usage.of_system(self.folder)

    def _missing(self, connection: Connection[Any], since: object) -> list[str]:
        up = {role for (role,) in connection.execute(queries.roles_up_since, {"since": since}).fetchall()}
        return [role for role in ROLES if not (self._console_answers() if role == CONSOLE else role in up)]

    def _console_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._http_port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        # nothing of the operator's own settings: a benchmark sends no real SMS
        outside = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
        insider = self.insider
        given = {
            "DATABASE_URL": self.database_url,
            "MQTT_URL": f"mqtt://{insider.username}:{insider.password}@{insider.host}:{insider.port}",
            "DATA_DIR": str(self.folder),
            "HTTP_HOST": HOST,
            "HTTP_PORT": str(self._http_port),
            "SMS": "outbox",
            **settings,
        }
        return {**outside, **{PREFIX + name: value for name, value in given.items()}}

    def _end_children(self) -> None:
        for child in self._children:
            child.ask_to_end()
        for child in self._children:
            child.wait_ended()


@contextmanager
def brought_up(say: Say) -> Iterator[System]:
    """Yield a system with its database; whatever ends us, everything of it is ended and thrown away."""
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="anju-bench-"))
        yield System(Path(folder), stack, say)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does; once we are ending, nothing cuts that short."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def free_port() -> int:
    """Return a TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
