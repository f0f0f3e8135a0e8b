"""What works beside the system that is measured? A process of its own, ordered by a line of JSON, reporting by lines."""

import os
import queue
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Generic, TypeVar, cast

import msgspec

from api import children
from api.bench import BenchFailed

STOP_TIMEOUT_S = 5.0
STARTS_WITHIN_S = 60.0

ReportT = TypeVar("ReportT", bound=msgspec.Struct)


class AsideFailed(BenchFailed):
    """{module} ended: {why}."""

    def __init__(self, module: str, why: str) -> None:
        super().__init__(f"{module} ended: {why}")


class Aside(Generic[ReportT]):
    """A module of ours run as a process until it is done or we leave; a context manager."""

    def __init__(self, module: str, order: msgspec.Struct, report: type[ReportT]) -> None:
        self._module = module
        self._reports: queue.SimpleQueue[ReportT | None] = queue.SimpleQueue()
        self._decoder = msgspec.json.Decoder(report)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, children.PARENT: str(os.getpid())},
            # Ctrl-C reaches us alone: we end it in our order
            start_new_session=True,
        )
        orders = cast(IO[bytes], self._process.stdin)
        orders.write(msgspec.json.encode(order) + b"\n")
        orders.flush()
        self._reading = threading.Thread(target=self._read, name=module, daemon=True)
        self._reading.start()

    def first(self) -> ReportT:
        """Return its first report: it is at work. Raises AsideFailed."""
        report = self.next(STARTS_WITHIN_S)
        if report is None:
            raise AsideFailed(self._module, f"it said nothing for {STARTS_WITHIN_S:.0f} s")
        return report

    def next(self, timeout_s: float) -> ReportT | None:
        """Return its next report; None when none came in time. Raises AsideFailed when it has ended."""
        try:
            report = self._reports.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if report is None:
            raise AsideFailed(self._module, self._last_words())
        return report

    def _read(self) -> None:
        for line in cast(IO[bytes], self._process.stdout):
            self._reports.put(self._decoder.decode(line))
        self._reports.put(None)

    def _last_words(self) -> str:
        status = self._process.wait(STOP_TIMEOUT_S)
        lines = cast(IO[bytes], self._process.stderr).read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it said nothing, status {status}"

    def __enter__(self) -> "Aside[ReportT]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reading.join(STOP_TIMEOUT_S)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
