"""What is typed after `anju`: done is 0, failed is 1 with the value and the mend, wrong usage is 2."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.faults.system import as_url, run


@pytest.fixture
def settings(database: str, tmp_path: Path) -> dict[str, Any]:
    """An installation on this test's own database."""
    return {"database_url": as_url(database), "data_dir": tmp_path / "data"}


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as opened:
        opened.execute("insert into areas (code, name, level, path) values ('v', '凤山村', 'village', '/v/')")
        opened.execute("insert into homes (area, address, created_at) values ('v', '3组 12号', now())")
        yield opened


def test_wrong_usage_is_2_and_says_what_there_is(settings: dict[str, Any]) -> None:
    for arguments in (["nonsense"], ["up", "--homes", "many"], ["device", "add"], ["gateway", "--lane", "slow"]):
        refused = run(*arguments, **settings)
        assert (refused.returncode, refused.stdout) == (2, ""), refused
        assert "Traceback" not in refused.stderr
    assert "slow" in refused.stderr
    assert "urgent" in refused.stderr


def test_a_setting_that_is_wrong_stops_every_command_with_a_line(settings: dict[str, Any]) -> None:
    for command in (["up"], ["gateway"], ["migrate"], ["user", "add", "x", "--role", "admin"]):
        refused = run(*command, **settings, http_prot=8080)
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert "ANJU_HTTP_PROT" in line
        assert "did you mean ANJU_HTTP_PORT?" in line


def test_a_role_without_its_broker_says_what_to_set(settings: dict[str, Any]) -> None:
    refused = run("gateway", **settings)
    assert refused.returncode == 1
    assert "ANJU_MQTT_URL is not set" in refused.stderr.splitlines()[-1]


def test_a_database_out_of_reach_is_a_line(tmp_path: Path) -> None:
    for command in (["api"], ["migrate"], ["alerts"]):
        refused = run(*command, database_url="postgresql://x@127.0.0.1:1/x", data_dir=tmp_path)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert "ANJU_DATABASE_URL" in refused.stderr.splitlines()[-1]


def test_an_old_schema_is_not_worked_on_until_it_is_brought_up(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("drop database if exists anju_empty with (force)")
        connection.execute("create database anju_empty")
    address = as_url(make_conninfo(postgres, dbname="anju_empty"))
    settings = {"database_url": address, "data_dir": tmp_path}
    refused = run("user", "add", "x", "--role", "admin", **settings)
    assert refused.returncode == 1
    assert "run `anju migrate`" in refused.stderr
    first, second = run("migrate", **settings), run("migrate", **settings)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "ran 0001_main_thread.sql" in first.stdout
    assert "ran" not in second.stdout


def test_a_user_is_made_with_a_one_time_password(settings: dict[str, Any], connection: psycopg.Connection[Any]) -> None:
    made = run("user", "add", "chenyu", "--role", "operator", "--area", "v", **settings)
    assert made.returncode == 0, made.stderr
    password = made.stdout.strip()
    assert len(password) >= 20
    row = connection.execute("select role, area, password_hash from users where username = 'chenyu'").fetchone()
    assert row is not None
    assert row[:2] == ("operator", "v")
    assert password not in row[2]
    for arguments, words in (
        (["chenyu", "--role", "viewer"], "chenyu"),
        (["li", "--role", "king"], "king"),
        (["li", "--role", "viewer", "--area", "nowhere"], "nowhere"),
        (["l i", "--role", "viewer"], "l i"),
    ):
        refused = run("user", "add", *arguments, **settings)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_device_is_added_with_its_password(settings: dict[str, Any], connection: psycopg.Connection[Any]) -> None:
    made = run("device", "add", "btn-1", "--kind", "button", "--home", "1", **settings)
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.strip()) >= 27
    kept = connection.execute("select password_hash from devices where uid = 'btn-1'").fetchone()
    assert kept is not None
    assert kept[0].startswith("$2")
    assert connection.execute("select action, object from audit").fetchall() == [("add", "device btn-1")]
    for arguments, words in (
        (["btn-1", "--kind", "button", "--home", "1"], "btn-1"),
        (["b", "--kind", "button", "--home", "1"], "3 to 64"),
        (["btn-2", "--kind", "toaster", "--home", "1"], "toaster"),
        (["btn-2", "--kind", "button", "--home", "99"], "99"),
    ):
        refused = run("device", "add", *arguments, **settings)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert words in refused.stderr


def test_a_vendors_hub_is_added_and_a_button_behind_it(
    settings: dict[str, Any], connection: psycopg.Connection[Any]
) -> None:
    zigbee = ("--home", "1", "--format", "zigbee2mqtt")
    for arguments in (
        ("hub-1", "--kind", "hub", "--topic", "zigbee2mqtt/home1", *zigbee),
        ("sos-1", "--kind", "button", "--hub", "hub-1", "--topic", "bedroom/sos", *zigbee),
    ):
        made = run("device", "add", *arguments, **settings)
        assert made.returncode == 0, made.stderr
    kept = connection.execute("select uid, format, topic, hub_uid from devices order by id").fetchall()
    assert kept == [
        ("hub-1", "zigbee2mqtt", "zigbee2mqtt/home1", None),
        ("sos-1", "zigbee2mqtt", "bedroom/sos", "hub-1"),
    ]
    for arguments, words in (
        (("sos-2", "--kind", "button", "--home", "1", "--format", "morse"), "morse"),
        (("sos-2", "--kind", "button", "--hub", "hub-9", *zigbee), "hub-9"),
        (("hub-2", "--kind", "hub", "--topic", "zigbee2mqtt/#", *zigbee), "topic"),
    ):
        refused = run("device", "add", *arguments, **settings)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert words in refused.stderr


def test_what_is_exported_can_be_imported_and_a_bad_file_leaves_nothing(
    settings: dict[str, Any], connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("name,phone,area\n兰晓,+8613800000001,v\n梅芳,+8613800000002,v\n", encoding="utf-8-sig")
    brought = run("import", str(file), **settings)
    assert brought.returncode == 0, brought.stderr
    exported = run("export", "staff", **settings)
    assert [row["name"] for row in csv.DictReader(io.StringIO(exported.stdout.lstrip("\ufeff")))] == ["兰晓", "梅芳"]
    file.write_text("name,phone,area\n王燕,+8613800000003,v\n赵学,12,v\n李四,+8613800000004,nowhere\n")
    refused = run("import", str(file), **settings)
    assert refused.returncode == 1
    for words in ("line 3", "phone", "line 4", "area", "nowhere"):
        assert words in refused.stderr, refused.stderr
    assert connection.execute("select count(*) from staff").fetchone() == (2,)


def test_the_doctor_finds_what_is_wrong_and_says_the_mend(settings: dict[str, Any]) -> None:
    found = run("doctor", **settings, mqtt_url="mqtt://127.0.0.1:1", secret_key="k" * 32)
    assert found.returncode == 1
    lines = found.stdout.splitlines()
    assert any(line.startswith("ok") and "PostgreSQL" in line for line in lines)
    assert any(line.startswith("FAIL broker") and "ANJU_MQTT_URL" in line for line in lines)
    assert any(line.startswith("FAIL gateway-urgent") and "anju gateway" in line for line in lines)
    assert "k" * 32 not in found.stdout


def test_a_village_is_not_simulated_where_real_phones_would_ring(settings: dict[str, Any]) -> None:
    refused = run(
        "simulate", "--homes", "1", **settings, mqtt_url="mqtt://127.0.0.1:1", sms="twilio", twilio_account_sid="AC1",
        twilio_auth_token="t", twilio_from="+4930100000",
    )  # fmt: skip
    assert refused.returncode == 1
    assert "outbox" in refused.stderr.splitlines()[-1]
