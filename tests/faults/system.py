"""The whole system as its user starts it: `anju up` in a process of its own, spoken to by plain MQTT and plain HTTP."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
from psycopg.conninfo import conninfo_to_dict

from tests.integration.brokers import Device, free_port, until

READY_WITHIN_S = 120
ANJU = [sys.executable, "-m", "api.cli"]


def environment(**settings: object) -> dict[str, str]:
    """Return an environment with these settings and no other of ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANJU_")}
    return {**inherited, **{f"ANJU_{name.upper()}": str(value) for name, value in settings.items()}}


def as_url(conninfo: str) -> str:
    """Return libpq's `name=value` words as the address that a setting takes."""
    fields = conninfo_to_dict(conninfo)
    host = quote(str(fields.get("host", "")), safe="")
    return (
        f"postgresql://{fields.get('user', 'postgres')}@/{fields['dbname']}?host={host}&port={fields.get('port', 5432)}"
    )


def run(*arguments: str, **settings: object) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours to its end."""
    return subprocess.run(
        [*ANJU, *arguments], env=environment(**settings), capture_output=True, text=True, timeout=120, check=False
    )


@dataclass
class System:
    """A running `anju up`."""

    folder: Path
    settings: dict[str, object] = field(default_factory=dict)
    options: tuple[str, ...] = ("--no-simulator",)
    http_port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    password: str | None = None
    told: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[str] | None" = None
    _token: str | None = None

    @property
    def url(self) -> str:
        """Where the console is."""
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> "System":
        """Start it and wait until it is ready; after an end or a kill, on the same folder and ports."""
        self.told, self.said = [], []
        ports = ["--http-port", str(self.http_port), "--mqtt-port", str(self.mqtt_port)]
        self._process = subprocess.Popen(
            [*ANJU, "up", "--data", str(self.folder), *ports, *self.options],
            env=environment(**self.settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        for stream, lines in ((self._process.stdout, self.told), (self._process.stderr, self.said)):
            threading.Thread(target=lambda s=stream, kept=lines: kept.extend(_lines(s, kept)), daemon=True).start()
        until(lambda: "ready" in self.told or self._process_ended(), READY_WITHIN_S, "it did not get ready")
        assert "ready" in self.told, "\n".join(self.said)
        for line in self.told:
            found = re.fullmatch(r"admin password: (\S+)", line)
            if found:
                self.password = found[1]
        return self

    def _process_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it as its user does, and return the exit status."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(60)

    def kill_everything(self) -> None:
        """Kill every process of it at the same moment, as a power cut would."""
        found = self.processes()
        for each in found:
            each.suspend()
        for each in found:
            each.kill()
        psutil.wait_procs(found, timeout=10)
        until(lambda: not self.processes(), 20, "some of it still runs")

    def processes(self) -> list[psutil.Process]:
        """Return all that runs of it."""
        found = []
        for each in psutil.process_iter():
            try:
                if each.status() == psutil.STATUS_ZOMBIE:
                    continue
                if str(self.folder) in " ".join(each.cmdline()) or each.environ().get("ANJU_DATA_DIR") == str(
                    self.folder
                ):
                    found.append(each)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def role(self, *words: str) -> psutil.Process:
        """Return the process of a role, found by words of its command line."""
        found = [each for each in self.processes() if all(word in " ".join(each.cmdline()) for word in words)]
        assert found, f"no process with {words}"
        return found[0]

    def call(self, method: str, path: str, body: object = None, *, status: int | None = None) -> Any:
        """Call the API as the administrator; returns the answer's JSON."""
        if self._token is None and path != "/session":
            self._token = self.call("POST", "/session", {"username": "admin", "password": self.password})["token"]
        answer = httpx.request(
            method, f"{self.url}/api/v1{path}", json=body, timeout=30, trust_env=False,
            headers={"Authorization": f"Bearer {self._token}"} if self._token else {},
        )  # fmt: skip
        wanted = status or (201 if method == "POST" and answer.status_code == 201 else 200)
        assert answer.status_code == wanted, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        """GET."""
        return self.call("GET", path)

    def post(self, path: str, body: object = None, *, status: int | None = None) -> Any:
        """POST."""
        return self.call("POST", path, body, status=status)

    def button(self, uid: str, password: str | None) -> Device:
        """Connect a button that hears its replies."""
        return Device(self.mqtt_port, uid, password).ready()

    def alert_of(self, home: str) -> Any:
        """Return the one alert of a home, once it is there."""
        found = until(lambda: [each for each in self.get("/alerts?limit=500")["items"] if each["home"] == home])
        assert len(found) == 1, found
        return found[0]

    def messages(self, alert: str) -> list[Any]:
        """Return the messages about an alert."""
        return list(self.get(f"/messages?alert={alert}")["items"])


def _lines(stream: Any, kept: list[str]) -> list[str]:
    for line in stream:
        kept.append(line.rstrip("\n"))
    return []


@contextmanager
def system(folder: Path, *options: str, **settings: object) -> Iterator[System]:
    """A system of this test's own, ended with it."""
    given = dict(settings)
    ports = {"http_port": int(str(given.pop("http_port")))} if "http_port" in given else {}
    started = System(folder, given, ("--no-simulator", *options), **ports)
    try:
        yield started.start()
    finally:
        if started.processes():
            started.kill_everything()
