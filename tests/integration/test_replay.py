"""A log that was recorded is played back over a real broker: the same messages, in their time, under other topics if asked."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices import passwords, recording
from devices.player import Player
from devices.recorder import NotHeard, Recorder
from devices.recording import Recorded
from gateway.broker import EmbeddedBroker, device_user
from gateway.client import BrokerAddress
from storage.clock import SystemClock
from tests.clock import StoryClock
from tests.faults.system import run
from tests.integration.brokers import free_port, mosquitto, until

AT = datetime(2026, 11, 24, 2, 13, 58, tzinfo=UTC)
LOG = [
    Recorded(AT, "zigbee2mqtt/big room/sos", b'{"action":"emergency"}'),
    Recorded(AT + timedelta(seconds=1), "zigbee2mqtt/bridge/state", b"online", retain=True),
    Recorded(AT + timedelta(seconds=1), "frigate/room/snapshot", b"\xff\xd8\0", qos=0),
    Recorded(AT + timedelta(minutes=3), "anju/v1/btn-1/telemetry", b'{"at":"2026-11-24T10:16:28+08:00","battery":80}', qos=2),
]  # fmt: skip


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with mosquitto(folder) as port:
        yield port


class Recording:
    """Somebody who writes down what is heard."""

    def __init__(self, port: int, clock: StoryClock, *topics: str) -> None:
        self.lines: list[str] = []
        self._stop = threading.Event()
        recorder = Recorder(address(port), topics or ["#"], self.lines.append, clock)
        self._thread = threading.Thread(target=recorder.run, args=(self._stop,))
        self._thread.start()
        assert recorder.listening.wait(10)

    def messages(self) -> list[Recorded]:
        return list(recording.read(list(self.lines)))

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)


def address(port: int) -> BrokerAddress:
    return BrokerAddress("127.0.0.1", port, False, None, None)


def play(port: int, clock: StoryClock, messages: list[Recorded]) -> tuple[threading.Thread, threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=Player(address(port), clock).play, args=(messages, stop))
    thread.start()
    return thread, stop


def told(messages: list[Recorded]) -> list[tuple[str, bytes]]:
    return [(each.topic, each.payload) for each in messages]


def test_each_message_comes_in_its_time_and_as_it_was(broker: int, clock: StoryClock) -> None:
    shifted = list(recording.shifted(LOG, clock.now(), 1.0, texts=False))
    with Recording(broker, clock) as ear:
        thread, _ = play(broker, clock, shifted)
        until(lambda: len(ear.lines) == 1)
        clock.forward(timedelta(seconds=2))
        until(lambda: len(ear.lines) == 3)
        clock.forward(timedelta(minutes=2))
        assert thread.is_alive()
        clock.forward(timedelta(minutes=1))
        thread.join(10)
        until(lambda: len(ear.lines) == 4)
        assert told(ear.messages()) == told(LOG)
        assert [each.qos for each in ear.messages()] == [1, 1, 0, 1]
    with Recording(broker, clock) as late:
        until(lambda: late.lines)
        # what is retained is there for those who come later, and is known for it
        assert [(each.topic, each.retain) for each in late.messages()] == [("zigbee2mqtt/bridge/state", True)]


def test_a_replay_can_be_stopped_in_the_middle_and_while_no_broker_answers(broker: int, clock: StoryClock) -> None:
    for port in (broker, free_port()):
        thread, stop = play(port, clock, list(recording.shifted(LOG, clock.now(), 1.0, texts=False)))
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_whoever_may_not_hear_is_told_so(tmp_path: Path, clock: StoryClock) -> None:
    port = free_port()
    server = EmbeddedBroker(tmp_path, host="127.0.0.1", port=port, say=lambda line: None)
    try:
        server.start([device_user("somebody", passwords.hash_of("secret"))])
        where = BrokerAddress("127.0.0.1", port, False, "somebody", "secret")
        with pytest.raises(NotHeard, match="elsewhere/#"):
            Recorder(where, ["elsewhere/#"], lambda line: None, clock).run(threading.Event())
    finally:
        server.stop()


# The commands ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(broker: int, tmp_path: Path) -> dict[str, Any]:
    return {"mqtt_url": f"mqtt://127.0.0.1:{broker}", "data_dir": tmp_path / "data"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "heard.jsonl"
    written.write_text("".join(recording.write(each) for each in LOG))
    return written


def test_a_part_of_a_log_is_replayed_under_other_topics_and_as_if_now(
    broker: int, clock: StoryClock, settings: dict[str, Any], file: Path
) -> None:
    with Recording(broker, clock) as ear:
        done = run(
            "replay", str(file), "--speed", "1000", "--now", "--from", "2026-11-24T10:13:59+08:00",
            "--topic-prefix", "anju/v1/btn-1=anju/v1/btn-2", "--topic-prefix", "zigbee2mqtt=z2m", **settings,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, ""), done
        assert "3 of 3 messages were played" in done.stderr
        until(lambda: len(ear.lines) == 3)
        first, *_, last = ear.messages()
    assert first.topic == "z2m/bridge/state"
    assert last.topic == "anju/v1/btn-2/telemetry"
    dated = datetime.fromisoformat(last.payload.split(b'"')[3].decode())
    assert timedelta() <= SystemClock().now() - dated < timedelta(minutes=2)


def test_of_a_log_with_a_bad_line_nothing_is_played(
    broker: int, clock: StoryClock, settings: dict[str, Any], file: Path
) -> None:
    with file.open("a") as more:
        more.write("zigbee2mqtt/sos emergency\n")
    with Recording(broker, clock) as ear:
        refused = run("replay", str(file), **settings)
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert "line 5: " in line
        assert "mosquitto_sub" in line
        assert not ear.lines


def test_what_cannot_be_replayed_is_a_line(settings: dict[str, Any], file: Path) -> None:
    for arguments, status, words in (
        (["missing.jsonl"], 1, "No such file"),
        ([str(file), "--from", "2027-01-01T00:00:00Z"], 1, "4 in all"),
        ([str(file), "--from", "2027-01-01"], 2, "offset"),
        ([str(file), "--speed", "0"], 2, "over 0"),
        ([str(file), "--topic-prefix", "x"], 2, "OLD=NEW"),
    ):
        refused = run("replay", *arguments, **settings)
        assert refused.returncode == status, refused
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr


def test_record_writes_a_file_for_its_owner_s_eyes_and_over_no_other(
    broker: int, clock: StoryClock, settings: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "new.jsonl"
    environment = {**os.environ, "ANJU_MQTT_URL": settings["mqtt_url"], "ANJU_DATA_DIR": str(settings["data_dir"])}
    child = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "record", "-o", str(output), "--topic", "zigbee2mqtt/#"],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until(output.exists)
        said = Recorded(clock.now(), "zigbee2mqtt/sos", b"retained", retain=True)
        thread, _ = play(broker, clock, [said])
        thread.join(10)
        # it hears at last what is retained, however late it came
        until(lambda: output.read_text().count("\n") >= 1)
    finally:
        child.send_signal(signal.SIGINT)
        _, words = child.communicate(timeout=10)
    assert child.returncode == 0
    assert "1 messages were recorded" in words
    assert output.stat().st_mode & 0o077 == 0
    (heard,) = recording.read(output.read_text().splitlines())
    assert (heard.topic, heard.payload) == ("zigbee2mqtt/sos", b"retained")
    refused = run("record", "-o", str(output), **settings)
    assert refused.returncode == 1
    assert "File exists" in refused.stderr
