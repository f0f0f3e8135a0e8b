"""The whole system in one command: it starts, goes on where it was, says what is wrong, and loses no press when killed."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.system import System, run, system
from tests.faults.village import register
from tests.integration.brokers import Device, free_port, mosquitto, until

pytestmark = [pytest.mark.faults, pytest.mark.slow]


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system on the embedded broker, and one on Mosquitto."""
    folder = tmp_path_factory.mktemp(f"up-{request.param}")
    if request.param == "embedded":
        with system(folder / "data") as started:
            yield started
        return
    with mosquitto(folder) as port, system(folder / "data", mqtt_url=f"mqtt://127.0.0.1:{port}") as started:
        started.mqtt_port = port
        yield started


def test_the_whole_thread_from_the_press_to_the_closed_alert(running: System) -> None:
    village = register(running, "1")
    button = running.button(village.button, village.button_password)
    for _ in range(2):
        button.publish("help", json.dumps({"id": "press-1", "source": "button", "battery": 87}))
    until(lambda: button.states("press-1") == ["received", "received"])
    alert = running.alert_of(village.home)
    assert (alert["kind"], alert["severity"], alert["count"]) == ("help", "critical", 1)
    (message,) = until(lambda: running.messages(alert["id"]))
    assert (message["staff"], message["channel"]) == (village.lan, "sms")
    assert "张桂英" in message["text"]
    assert "3组 1号" in message["text"]

    taken = running.post(f"/alerts/{alert['id']}/accept", {"staff": village.lan}, status=200)
    assert taken["accepted_by"] == village.lan
    again = running.post(f"/alerts/{alert['id']}/accept", {"staff": village.mei}, status=409)
    assert "兰晓" in again["detail"]
    visit = running.get(f"/alerts/{alert['id']}")["visit"]
    assert running.post(f"/visits/{visit}/complete", {"outcome": "helped"}, status=409)["detail"]
    running.post(f"/alerts/{alert['id']}/close", {"outcome": "helped"}, status=422)
    running.post(f"/visits/{visit}/depart", status=200)
    running.post(f"/visits/{visit}/arrive", {"lat": 24.58, "lon": 99.92}, status=200)
    running.post(f"/visits/{visit}/complete", {"outcome": "helped"}, status=200)
    closed = running.post(f"/alerts/{alert['id']}/close", {"outcome": "helped"}, status=200)
    assert closed["state"] == "closed"
    until(lambda: button.states("press-1")[2:] == ["accepted", "en_route", "arrived", "closed"])
    assert all(each["say"] and each["at"] for each in button.replies())
    what = [row["what"] for row in running.get(f"/alerts/{alert['id']}")["timeline"]]
    assert what == [
        "raised", "told", "delivered", "accepted", "en_route", "arrived", "visit_completed", "closed",
    ]  # fmt: skip
    button.close()


def test_a_camera_reports_and_is_online(running: System) -> None:
    village = register(running, "2")
    camera = Device(running.mqtt_port, village.camera, village.camera_password).ready()
    camera.publish("status", '{"state":"online","model":"C6","fw":"1.4"}', retain=True)
    camera.publish("patrol", '{"id":"p1","presence":true,"battery":91,"rssi":-61}')
    health = until(lambda: (found := running.get(f"/devices/{village.camera}")["health"])["battery"] == 91 and found)
    assert (health["state"], health["rssi"], health["fw"]) == ("online", -61, "1.4")
    assert [each["kind"] for each in running.get(f"/devices/{village.camera}/events?kind=patrol")["items"]] == [
        "patrol"
    ]
    camera.close()


def test_bad_input_is_kept_and_a_bad_press_is_help(running: System) -> None:
    village = register(running, "3")
    button = running.button(village.button, village.button_password)
    before = len(running.get("/quarantine?limit=500")["items"])
    bad = [
        b"x" * (16 * 1024 + 1),
        b"not json",
        b"[1]",
        b'{"id":5}',
        b'{"id":"n","x":"\\u0000"}',
        b'{"id":"s","x":"\\ud800"}',
    ]
    for payload in bad:
        button.publish("help", payload)
        button.publish("patrol", payload)
    until(lambda: len(running.get("/quarantine?limit=500")["items"]) == before + 2 * len(bad))
    until(lambda: running.alert_of(village.home)["count"] == len(bad))
    button.close()


def test_a_second_start_goes_on_where_it_was(tmp_path: Path) -> None:
    with system(tmp_path / "data") as started:
        village = register(started, "1")
        button = started.button(village.button, village.button_password)
        button.publish("help", '{"id":"a"}')
        until(lambda: button.states("a"))
        button.close()
        assert started.end() == 0
        assert not started.processes()
        started.start()
        assert [line.partition(":")[0] for line in started.told] == ["console", "mqtt", "ready"]
        assert started.alert_of(village.home)["count"] == 1
        assert started.end(signal.SIGTERM) == 0
        assert not started.processes()


def test_after_a_kill_of_everything_no_press_that_was_received_is_lost_and_none_is_there_twice(tmp_path: Path) -> None:
    with system(tmp_path / "data") as started:
        villages = [register(started, str(number)) for number in range(1, 6)]
        buttons = [started.button(village.button, village.button_password) for village in villages]
        for button in buttons:
            button.publish("help", '{"id":"the-press"}')
        for button in buttons:
            until(lambda button=button: button.states("the-press"))
        started.kill_everything()
        for button in buttons:
            button.vanish()
        started.start()
        for village in villages:
            alert = started.alert_of(village.home)
            assert alert["count"] == 1
            until(lambda alert=alert: {each["state"] for each in started.messages(alert["id"])} == {"delivered"}, 30)
            assert [each["staff"] for each in started.messages(alert["id"])] == [village.lan]
            button = started.button(village.button, village.button_password)
            button.publish("help", '{"id":"the-press"}')
            until(lambda button=button: button.states("the-press") == ["received"])
            assert started.alert_of(village.home)["count"] == 1
            button.close()
        alert = started.alert_of(villages[0].home)
        started.post(f"/alerts/{alert['id']}/accept", {"staff": villages[0].mei}, status=200)


@pytest.mark.parametrize(
    "words", [("gateway", "urgent"), ("gateway", "bulk"), ("alerts",), ("nats-server",), ("postgres", "config_file")]
)
def test_a_part_that_is_killed_comes_back_and_the_next_press_is_answered(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with system(tmp_path / "data") as started:
        village = register(started, "1")
        started.role(*words).kill()
        button = Device(started.mqtt_port, village.button, village.button_password, keep_trying=True)

        def pressed() -> bool:
            button.publish_if_possible("help", '{"id":"after"}')
            return bool(button.states("after"))

        until(pressed, 60, "nothing was heard after the kill")

        def told() -> bool:
            try:
                return bool(started.messages(started.alert_of(village.home)["id"]))
            except AssertionError:
                # the console says 503 while its database is away
                return False

        until(told, 60, "nobody was told after the kill")
        button.close()


def test_a_second_instance_on_the_same_folder_is_told_so(tmp_path: Path) -> None:
    with system(tmp_path / "data") as started:
        refused = run(
            "up", "--data", str(started.folder), "--http-port", str(free_port()), "--mqtt-port", str(free_port())
        )
        assert (refused.returncode, refused.stdout) == (1, "")
        (line,) = refused.stderr.splitlines()
        assert str(started.folder) in line
        assert "in use by another Anju" in line
        for option in ("--http-port", "--mqtt-port"):
            taken = started.http_port if option == "--http-port" else started.mqtt_port
            other = "--mqtt-port" if option == "--http-port" else "--http-port"
            refused = run("up", "--data", str(tmp_path / "other"), option, str(taken), other, str(free_port()))
            assert refused.returncode == 1
            assert f"port {taken} of 127.0.0.1 is in use" in refused.stderr.splitlines()[-1]
            assert option in refused.stderr.splitlines()[-1]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file" / "data", Path("/proc/anju")):
        refused = run("up", "--data", str(folder))
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert str(folder) in line
        assert "--data" in line


def test_reset_empties_a_folder_of_ours_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "letters.txt").write_text("dear")
    refused = run("up", "--data", str(tmp_path / "theirs"), "--reset", "--no-simulator")
    assert refused.returncode == 1
    assert "letters.txt" in refused.stderr
    assert (tmp_path / "theirs" / "letters.txt").read_text() == "dear"
    with system(tmp_path / "data") as started:
        register(started, "1")
        assert started.end() == 0
        first = started.password
        started.options = ("--no-simulator", "--reset")
        started.start()
        assert started.password not in (None, first)


def test_secrets_are_readable_by_their_owner_only_and_no_log_has_any(tmp_path: Path) -> None:
    with system(tmp_path / "data") as started:
        village = register(started, "1")
        button = started.button(village.button, village.button_password)
        button.publish("help", '{"id":"a"}')
        until(lambda: button.states("a"))
        button.close()
        for name in ("secret_key", "broker_password", "running.json", "broker/users.conf"):
            assert (started.folder / name).stat().st_mode & 0o077 == 0, name
        inside = (started.folder / "broker_password").read_text()
        logs = "".join(path.read_text(errors="replace") for path in started.folder.rglob("*.log"))
        assert logs
        for secret in (inside, started.password, village.button_password, "张桂英", "13800000002"):
            assert secret is not None
            assert secret not in logs
