"""The environment: what is set holds, what is unknown or makes no sense stops the start with a line that says so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api import roles, settings
from api.settings import BadSetting, is_public


def test_nothing_set_is_the_embedded_default() -> None:
    read = settings.read({"PATH": "/bin"})
    assert (read.database_url, read.mqtt_url, read.sms, read.locale) == (None, None, "outbox", "zh-CN")
    assert (read.http_host, read.http_port, read.timezone) == ("127.0.0.1", 8080, "Asia/Shanghai")


def test_the_command_line_wins_over_the_environment() -> None:
    read = settings.read({"ANJU_HTTP_PORT": "9000", "ANJU_DATA_DIR": "a"}, http_port=9001, data_dir=None)
    assert (read.http_port, read.data_dir) == (9001, Path("a"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ANJU_DATABSE_URL", "x", ["ANJU_DATABSE_URL", "did you mean ANJU_DATABASE_URL?"]),
        ("ANJU_WHATEVER", "x", ["ANJU_WHATEVER is no setting", "ANJU_LOCALE"]),
        ("ANJU_HTTP_PORT", "99999", ["ANJU_HTTP_PORT='99999'", "65535"]),
        ("ANJU_HTTP_PORT", "http", ["ANJU_HTTP_PORT='http'", "integer"]),
        ("ANJU_LOCALE", "de", ["ANJU_LOCALE='de'", "'zh-CN' or 'en'"]),
        ("ANJU_TIMEZONE", "Mars/Base", ["ANJU_TIMEZONE='Mars/Base'", "Asia/Shanghai"]),
        ("ANJU_MQTT_URL", "http://broker", ["ANJU_MQTT_URL", "mqtt://user:password@host:port"]),
        ("ANJU_DATABASE_URL", "mysql://db", ["ANJU_DATABASE_URL", "postgresql://"]),
        ("ANJU_PUBLIC_URL", "care.example.org", ["ANJU_PUBLIC_URL='care.example.org'", "https://host"]),
        ("ANJU_SMS", "pigeon", ["ANJU_SMS='pigeon'", "'twilio', 'aliyun' or 'outbox'"]),
        ("ANJU_SMS", "twilio", ["ANJU_TWILIO_ACCOUNT_SID", "ANJU_TWILIO_AUTH_TOKEN", "ANJU_TWILIO_FROM"]),
        ("ANJU_SMS", "aliyun", ["ANJU_ALIYUN_ACCESS_KEY_ID", "ANJU_ALIYUN_TEMPLATES", "ANJU_ALIYUN_CALLBACK_TOKEN"]),
        ("ANJU_ALIYUN_TEMPLATES", "SMS_1", ["ANJU_ALIYUN_TEMPLATES='SMS_1'", "tell:zh-CN=SMS_1"]),
        ("ANJU_ALIYUN_CALLBACK_TOKEN", "short", ["ANJU_ALIYUN_CALLBACK_TOKEN=(hidden)", "16"]),
        ("ANJU_MESSAGES_PER_S", "0", ["ANJU_MESSAGES_PER_S='0'", "greater than 0"]),
        ("ANJU_SECRET_KEY", "short", ["ANJU_SECRET_KEY=(hidden)", "16"]),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_value_and_the_mend(name: str, value: str, words: list[str]) -> None:
    with pytest.raises(BadSetting) as refused:
        settings.read({name: value})
    for word in words:
        assert word in str(refused.value)


def test_every_mistake_is_said_at_once() -> None:
    with pytest.raises(BadSetting) as refused:
        settings.read({"ANJU_HTTP_PORT": "0", "ANJU_LOCALE": "fr"})
    assert len(str(refused.value).splitlines()) == 2


def test_no_secret_is_shown_in_an_error_or_a_print() -> None:
    secret = "postgresql://anju:hunter2@db/anju"
    read = settings.read(
        {"ANJU_DATABASE_URL": secret, "ANJU_MQTT_URL": "mqtt://u:hunter2@b", "ANJU_SECRET_KEY": "hunter2" * 4}
    )
    assert "hunter2" not in repr(read)
    for name in ("ANJU_DATABASE_URL", "ANJU_MQTT_URL", "ANJU_SECRET_KEY"):
        with pytest.raises(BadSetting) as refused:
            settings.read({name: "ftp://a:hunter2@b" if name != "ANJU_SECRET_KEY" else "hunter2"})
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("address", ["https://care.example.org", "http://8.8.8.8:8080", "https://xn--fiqs8s.cn/anju"])
def test_the_outbox_is_never_shown_in_public(address: str) -> None:
    with pytest.raises(BadSetting, match="ANJU_SMS is `outbox`"):
        settings.read({"ANJU_PUBLIC_URL": address})
    twilio = {
        "ANJU_SMS": "twilio",
        "ANJU_TWILIO_ACCOUNT_SID": "AC1",
        "ANJU_TWILIO_AUTH_TOKEN": "t",
        "ANJU_TWILIO_FROM": "+1",
    }
    assert settings.read({"ANJU_PUBLIC_URL": address, **twilio}).public_url == address


def test_which_hosts_are_public() -> None:
    inside = ["localhost", "127.0.0.1", "::1", "10.0.0.5", "192.168.1.2", "care", "care.lan", "0.0.0.0", "a.test"]
    outside = ["care.org", "8.8.8.8", "2606:4700::1111", "care.gov.cn"]
    assert [host for host in inside if is_public(host)] == []
    assert [host for host in outside if not is_public(host)] == []


def test_a_kept_secret_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as many:
        made = set(many.map(lambda _: settings.kept_secret(tmp_path / "data", "secret_key"), range(32)))
    assert len(made) == 1
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_who_calls_and_who_texts_may_be_two() -> None:
    aliyun = {
        "ANJU_SMS": "aliyun",
        "ANJU_ALIYUN_ACCESS_KEY_ID": "id",
        "ANJU_ALIYUN_ACCESS_KEY_SECRET": "hunter2",
        "ANJU_ALIYUN_SIGN_NAME": "安居",
        "ANJU_ALIYUN_TEMPLATES": "tell:zh-CN=SMS_1, remind:zh-CN=SMS_2",
        "ANJU_ALIYUN_CALLBACK_TOKEN": "t" * 16,
        "ANJU_SECRET_KEY": "k" * 16,
    }
    twilio = {"ANJU_TWILIO_ACCOUNT_SID": "AC1", "ANJU_TWILIO_AUTH_TOKEN": "t", "ANJU_TWILIO_FROM": "+1"}
    alone, both = settings.read(aliyun), settings.read(aliyun | twilio)
    assert (alone.calls, both.calls) == (False, True)
    assert (alone.phones_ring, settings.read(aliyun | {"ANJU_ALIYUN_API_URL": "http://127.0.0.1:1"}).phones_ring) == (
        True,
        False,
    )
    assert "hunter2" not in repr(alone)
    assert roles.channel_of(both).serves("voice")
    assert not roles.channel_of(alone).serves("voice")
