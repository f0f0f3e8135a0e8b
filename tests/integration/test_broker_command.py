"""`anju broker`: a process that keeps Mosquitto up with the registry, and what `anju doctor` says of it."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from devices import registry
from gateway import follow
from storage.clock import SystemClock
from tests import needs
from tests.faults.system import ANJU, as_url, environment, run
from tests.integration.brokers import Device, free_port, mosquitto, until, wait_for_port
from tests.integration.test_kept_brokers import MOSQUITTO


def settings(database: str, port: int) -> dict[str, object]:
    url = f"mqtt://gateway:a%20secret@127.0.0.1:{port}"
    return {"database_url": as_url(database), "mqtt_url": url, "secret_key": "k" * 32}


@pytest.fixture
def followed(tmp_path: Path, database: str, pool: ConnectionPool[Any]) -> Iterator[dict[str, object]]:
    """Mosquitto as docs/production.md sets it up, and `anju broker` beside it; yields our commands' settings."""
    port = free_port()
    given = settings(database, port)
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(MOSQUITTO.format(folder=tmp_path, port=port))
    for name in ("passwords", "acl"):
        (tmp_path / name).touch(mode=0o600)
    broker = subprocess.Popen([needs.mosquitto(), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    wait_for_port(port)
    arguments = ["broker", "mosquitto", "--folder", str(tmp_path), "--pid-file", str(tmp_path / "broker.pid")]
    follower = subprocess.Popen([*ANJU, *arguments], env=environment(**given))
    try:
        until(lambda: _beats(pool), 30, "`anju broker` does not say that it follows")
        yield given
    finally:
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(20) == 0
        broker.terminate()
        broker.wait(10)


def _beats(pool: ConnectionPool[Any]) -> bool:
    with pool.connection() as connection:
        return connection.execute("select from role_beats where role = 'broker-mosquitto'").fetchone() is not None


def test_a_device_that_is_registered_is_let_in_and_the_doctor_is_content(
    followed: dict[str, object], pool: ConnectionPool[Any]
) -> None:
    now = SystemClock().now()
    with pool.connection() as connection:
        registry.add_area(connection, code="v", name="凤山村", level="village", parent=None)
        home_id = registry.add_home(connection, area="v", address="3组 12号", now=now)
    made = run("device", "add", "btn-1", "--kind", "button", "--home", str(home_id), **followed)
    port = int(str(followed["mqtt_url"]).rpartition(":")[2])
    Device(port, "btn-1", made.stdout.strip()).ready().close()
    said = run("doctor", **followed).stdout
    assert "ok   broker's users (mosquitto): follow the registry" in said
    assert "without a password" not in said
    with pool.connection() as connection:
        connection.execute("update devices set mosquitto_hash = null")
        connection.execute(
            "update role_beats set beat_at = %s where role = 'broker-mosquitto'", (now - follow.HEARD_WITHIN,)
        )
    said = run("doctor", **followed).stdout
    assert "FAIL passwords: 1 are older" in said


def test_the_doctor_sees_a_broker_that_lets_everybody_in_and_whose_users_nobody_keeps(
    tmp_path: Path, database: str, pool: ConnectionPool[Any]
) -> None:
    with mosquitto(tmp_path) as port:
        said = run("doctor", **settings(database, port)).stdout
        assert "FAIL broker: mqtt://127.0.0.1" in said
        assert "without a password" in said
        assert "ok   broker's users: are written by hand; `anju broker`" in said
        long_ago = SystemClock().now() - 2 * follow.HEARD_WITHIN
        with pool.connection() as connection:
            connection.execute(
                "insert into role_beats (role, up_since, beat_at) values ('broker-nats', %s, %s)", (long_ago, long_ago)
            )
        assert "FAIL broker's users (nats): were last brought up at" in run("doctor", **settings(database, port)).stdout


@pytest.mark.parametrize(
    ("arguments", "url", "status", "why"),
    [
        (["rabbit"], None, 2, "no broker"),
        (["mosquitto"], None, 2, "--folder"),
        (["mosquitto", "--folder", "."], "mqtt://127.0.0.1:1", 1, "names no user"),
        (["emqx"], None, 1, "ANJU_EMQX_API_URL"),
    ],
)
def test_what_is_missing_is_said(database: str, arguments: list[str], url: str | None, status: int, why: str) -> None:
    refused = run("broker", *arguments, **(settings(database, 1) | ({"mqtt_url": url} if url else {})))
    assert refused.returncode == status
    assert why in refused.stderr
