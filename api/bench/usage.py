"""What does each part of a system cost? Processor time and memory of its processes, as Linux counts them."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARTS = {
    "--lane\0urgent": "gateway-urgent",
    "--lane\0bulk": "gateway-bulk",
    "api.cli\0alerts": "alerts",
    "api.cli\0api": "api",
    "nats-server": "broker",
}
"""What is in the command line of each part."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds since each part began, and the most memory in MB that it has held; empty where not known."""

    cpu_s: dict[str, float]
    peak_mb: dict[str, float]

    def since(self, before: "Usage") -> dict[str, float]:
        """Return the processor seconds that each part has used since `before`."""
        return {part: cpu_s - before.cpu_s.get(part, 0.0) for part, cpu_s in self.cpu_s.items()}


def of_system(folder: Path) -> Usage:
    """Return what the processes below this one have used, PostgreSQL's as one; nothing where this is not Linux."""
    if sys.platform != "linux":
        return Usage({}, {})
    parents = _parents()
    cpu_s: dict[str, float] = {}
    peak_mb: dict[str, float] = {}
    for pid in _below(os.getpid(), parents):
        try:
            part = _part(Path(f"/proc/{pid}/cmdline").read_text(), folder)
            if part is None:
                continue
            cpu_s[part] = cpu_s.get(part, 0.0) + _cpu_s(pid)
            peak_mb[part] = max(peak_mb.get(part, 0.0), _peak_mb(pid))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Usage(cpu_s, peak_mb)


def _part(command: str, folder: Path) -> str | None:
    for mark, part in _PARTS.items():
        if mark in command:
            return part
    return "database" if command.startswith("postgres:") or str(folder / "postgres") in command else None


def _parents() -> dict[int, int]:
    """Return the parent of each process."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return parents


def _below(pid: int, parents: dict[int, int]) -> list[int]:
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [each for child in found for each in _below(child, parents)]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on: a name in the second may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_s(pid: int) -> float:
    """Return the seconds of a process and of those of its children that it has seen end."""
    return sum(int(each) for each in _stat(pid)[11:15]) / _TICKS_PER_S


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
