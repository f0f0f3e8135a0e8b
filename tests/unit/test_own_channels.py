"""Hours of quiet, which addresses are let in, and our key of web push."""

import json
from datetime import UTC, datetime, time

import pytest

from alerts.channels.chat import is_chat, service_of
from alerts.channels.webpush import is_subscription, public_key, vapid_key
from alerts.own_channels import Quiet

KEYS = {"p256dh": "B" + "A" * 86, "auth": "A" * 22}


@pytest.mark.parametrize(
    ("start", "end", "local", "quiet"),
    [
        ("22:00", "06:00", "21:59", False),
        ("22:00", "06:00", "22:00", True),
        ("22:00", "06:00", "03:00", True),
        ("22:00", "06:00", "06:00", False),
        ("12:00", "14:00", "13:00", True),
        ("12:00", "14:00", "14:00", False),
        ("08:00", "08:00", "20:00", True),
    ],
)
def test_quiet_hours_by_the_clock_of_a_zone(start: str, end: str, local: str, quiet: bool) -> None:
    hours, minutes = map(int, local.split(":"))
    now = datetime(2026, 11, 24, (hours - 8) % 24, minutes, tzinfo=UTC)
    assert Quiet(time.fromisoformat(start), time.fromisoformat(end), "Asia/Shanghai").holds(now) is quiet


@pytest.mark.parametrize("address", ["dingtalk://abcdefghijk", "feishu://abcdefghijk", "wecombot://abcdefghijk"])
def test_services_that_china_uses_are_let_in(address: str) -> None:
    assert is_chat(address)
    assert service_of(address) == address.partition(":")[0]


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1/", "xml://10.0.0.1", "form://internal", "syslog://localhost", "mailtos://u:p@gmail.com",
        "file:///etc/passwd", "mqtt://broker/topic", "dingtalk://", "", "not a url", "http://127.0.0.1",
    ],
)  # fmt: skip
def test_what_could_reach_into_our_network_is_not(address: str) -> None:
    assert not is_chat(address)


@pytest.mark.parametrize(
    ("endpoint", "keys", "is_one"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", KEYS, True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", KEYS, True),
        ("https://wns2-by3p.notify.windows.com/w/?token=a", KEYS, True),
        ("http://fcm.googleapis.com/fcm/send/abc", KEYS, False),
        ("https://127.0.0.1/x", KEYS, False),
        ("https://fcm.googleapis.com.evil.example/x", KEYS, False),
        ("https://evilnotify.windows.com.example/x", KEYS, False),
        ("https://fcm.googleapis.com/x", {"p256dh": "AAAA", "auth": "AAAA"}, False),
        ("https://fcm.googleapis.com/x", {}, False),
    ],
)
def test_only_a_browsers_subscription_at_a_known_service_is_one(
    endpoint: str, keys: dict[str, str], is_one: bool
) -> None:
    assert is_subscription(json.dumps({"endpoint": endpoint, "keys": keys})) is is_one


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "x", '"a"', '{"endpoint": 1, "keys": 2}'])
def test_anything_else_is_no_subscription(text: str) -> None:
    assert not is_subscription(text)


def test_every_process_with_the_same_secret_has_the_same_key() -> None:
    one, same, other = (public_key(vapid_key(secret)) for secret in ("a" * 16, "a" * 16, "b" * 16))
    assert one == same != other
    assert len(one) == 87
