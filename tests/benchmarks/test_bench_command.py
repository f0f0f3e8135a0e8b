"""`anju bench` as it is typed: a table on standard output, and nothing left behind, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the command puts its system; a short path, since sockets take no long one."""
    with tempfile.TemporaryDirectory(prefix="anju-") as folder:
        yield Path(folder)


def bench(temporary: Path, *arguments: str) -> "subprocess.Popen[str]":
    # an operator's own settings, which a benchmark must not follow: no database of his, no real SMS
    settings = {"ANJU_SMS": "twilio", "ANJU_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "bench", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings, "TMPDIR": str(temporary)},
    )


def test_it_prints_the_machine_and_the_figures_and_leaves_nothing_behind(temporary: Path) -> None:
    running = bench(temporary, "sweep", "--devices", "100")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert "processors" in out.splitlines()[0]
    assert "1 silent among 100 / among 1: " in out
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_all_that_it_started_and_leaves_nothing_behind(temporary: Path, number: int) -> None:
    running = bench(temporary, "ingest", "--seconds", "600", "--devices", "30")
    assert running.stderr is not None
    for line in running.stderr:
        if "taken by the broker" in line:
            break
    running.send_signal(number)
    running.communicate(timeout=120)
    assert running.returncode == 130
    assert list(temporary.iterdir()) == []
    assert [each for each in commands() if str(temporary) in each] == []


def commands() -> list[str]:
    """Return the command lines of all processes, where the system shows them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text())
        except OSError:
            continue
    return found


def test_a_wrong_number_is_wrong_usage(temporary: Path) -> None:
    running = bench(temporary, "urgent", "--presses", "0")
    _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "--presses" in err
