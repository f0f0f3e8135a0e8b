"""Whose data folder is this, and what runs on it? One `anju up` a folder; commands beside it find the database through it."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from api import settings as settings_module
from api.settings import Settings
from storage.clock import SystemClock
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

_OURS = frozenset({"postgres", "sockets", "broker", "log", "lock", "running.json", "secret_key"})


class FolderRefused(Exception):
    """The data folder {folder} cannot be used: {why}; choose another with --data or ANJU_DATA_DIR."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"the data folder {folder} cannot be used: {why}; choose another with --data or ANJU_DATA_DIR")


class FolderInUse(Exception):
    """The data folder {folder} is in use by another Anju (process {pid}); stop that one first, or choose another."""

    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(
            f"the data folder {folder} is in use by another Anju (process {pid}); stop that one first,"
            " or choose another with --data or ANJU_DATA_DIR"
        )


@dataclass(frozen=True, slots=True)
class Running:
    """Where the parts of a running system are reached; kept in its folder, readable by its owner only."""

    database_url: str
    mqtt_url: str
    console: str
    simulator_url: str | None = None


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold a data folder, made if it is not there; yields its absolute path. Raises FolderRefused, FolderInUse."""
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderRefused(folder, (error.strerror or str(error)).lower()) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderInUse(folder, os.read(lock, 20).decode() or "unknown") from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        yield folder
    finally:
        os.close(lock)


def empty(folder: Path) -> None:
    """Throw everything in a held folder away. Raises FolderRefused where something in it is not ours."""
    strange = sorted(each.name for each in folder.iterdir() if each.name not in _OURS and not _is_secret(each))
    if strange:
        raise FolderRefused(folder, f"it holds what is not Anju's ({', '.join(strange[:3])}), so it is not emptied")
    for each in folder.iterdir():
        if each.name == "lock":
            continue
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def _is_secret(path: Path) -> bool:
    return path.is_file() and path.name.endswith("_password")


def say_running(folder: Path, running: Running) -> None:
    """Write down where everything is reached."""
    path = folder / "running.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(running), file)


def running(folder: Path) -> Running | None:
    """Return where the system that runs on a folder is reached; None where none does."""
    try:
        with held(folder):
            return None
    except FolderRefused:
        return None
    except FolderInUse:
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
            return Running(**json.loads((folder.absolute() / "running.json").read_text()))
        return None


def placed(*, speaks: bool = False) -> Settings:
    """Return the settings of a role; what is not set is where the `anju up` of the data folder has it.

    `speaks`: at the broker it is one who speaks for homes, as the simulator does.
    """
    given = settings_module.read()
    if given.database_url is not None and given.mqtt_url is not None:
        return given
    at_work = running(given.data_dir)
    if at_work is None:
        return given
    found = {"database_url": given.database_url or at_work.database_url}
    broker = (at_work.simulator_url if speaks else None) or at_work.mqtt_url
    return given.model_copy(update={**found, "mqtt_url": given.mqtt_url or broker})


@contextmanager
def database(settings: Settings, say: Callable[[str], None]) -> Iterator[str]:
    """Yield the address of a migrated database: the one that is set, else the folder's, started for as long as needed."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    at_work = running(settings.data_dir)
    if at_work is not None:
        yield at_work.database_url
        return
    with held(settings.data_dir) as folder, EmbeddedPostgres(folder, say=say) as server:
        migrate(server.url, SystemClock().now())
        yield server.url
