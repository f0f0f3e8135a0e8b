"""Do the roles of `anju up` run? Each is a process of its own, started again when it ends, ended with us however we end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger("api.children")

STOP_TIMEOUT_S = 15.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 10.0
"""Before a role that ended is started again; doubling while it keeps ending."""
WELL_AFTER_S = 30.0
"""A role that ran this long was well: the next wait is the first again."""
LOG_LIMIT = 20 * 1024 * 1024
"""Bytes of a role's log at a start, above which it is put aside; one older log is kept."""
NICENESS = {"gateway-bulk": 5, "api": 5, "simulator": 10}
"""Who makes way on a busy machine: a press and the message that it leads to come before pings and pages. They are all woken
by the same commit."""
NICE = "ANJU_INTERNAL_NICE"
PARENT = "ANJU_INTERNAL_PARENT"
"""Environment name by which a child knows whose it is; see `end_with_parent`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A role that ended by itself."""

    name: str
    status: int
    last_words: str


class Child:
    """One role as a process of its own."""

    def __init__(self, name: str, arguments: Sequence[str], environment: dict[str, str], log_folder: Path) -> None:
        """`arguments`: of the command line; `name`: also says how nice it is to the others, see NICENESS."""
        self.name = name
        self._arguments = [sys.executable, "-m", "api.cli", *arguments]
        self._environment = {**environment, PARENT: str(os.getpid()), NICE: str(NICENESS.get(name, 0))}
        self._log = log_folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._wait_s = FIRST_WAIT_S
        self._start_at: float | None = None

    def start(self) -> None:
        """Start it, its log appended to the one before."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".old.log"))
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                # Ctrl-C reaches us alone: we end the roles in their order
                start_new_session=True,
            )
        self._started_at = time.monotonic()
        self._start_at = None

    def look(self) -> Ended | None:
        """Start it again where its time has come; say once when it was found ended."""
        now = time.monotonic()
        if self._start_at is not None:
            if now >= self._start_at:
                self.start()
            return None
        status = self._process.poll() if self._process is not None else None
        if status is None:
            return None
        if now - self._started_at > WELL_AFTER_S:
            self._wait_s = FIRST_WAIT_S
        self._start_at = now + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        return Ended(self.name, status, self.last_words())

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return lines[-1][:500] if lines else "it said nothing"

    def ask_to_end(self) -> None:
        """Let it finish what it has in hand."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_ended(self) -> None:
        """Wait until it has ended; one that takes too long is killed."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            log.warning("a role took too long to end; killed", role=self.name)
            self._process.kill()
            self._process.wait()


def end_with_parent() -> None:
    """Called first thing in a role: let it end when the `anju up` that started it ends, `kill -9` included (Linux)."""
    from storage.embedded import die_with_parent

    parent = os.environ.pop(PARENT, None)
    nice = os.environ.pop(NICE, None)
    if parent is None:
        return
    os.nice(int(nice or 0))
    die_with_parent(signal.SIGTERM)()
    if sys.platform == "linux" and os.getppid() != int(parent):
        # it ended before we asked
        sys.exit(0)
