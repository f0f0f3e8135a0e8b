"""What is entered in a device's own settings: the same values in every vendor's words."""

import json

import pytest

from api.console.wired import VENDORS, Access, base_of
from gateway.client import parse_url

BROKER = parse_url("mqtts://ours:secret@broker.example:8884")


def access(format_: str, topic: str | None = "base/one") -> Access:
    return Access(BROKER, "dev-1", "pa55", format_, base_of(format_, topic, "dev-1"))


@pytest.mark.parametrize("format_", list(VENDORS))
def test_every_vendors_text_has_all_that_is_entered_and_nothing_of_ours(format_: str) -> None:
    found = access(format_)
    assert dict(found.lines) == {
        "Broker": "broker.example", "Port": "8884", "Encryption (TLS)": "✓", "User": "dev-1", "Password": "pa55",
        "Base topic": "base/one",
    }  # fmt: skip
    assert bool(found.text) == bool(found.where)
    if found.text:
        for value in ("broker.example", "8884", "dev-1", "pa55", "base/one"):
            assert value in found.text
    assert "secret" not in found.text + str(found.lines)


def test_the_shellys_call_is_json() -> None:
    call, _, config = access("shelly").text.partition(" ")
    assert call == "Mqtt.SetConfig"
    assert json.loads(config)["config"]["topic_prefix"] == "base/one"


def test_without_a_topic_a_device_speaks_under_its_uid() -> None:
    assert base_of("anju", None, "btn-1") == "anju/v1/btn-1"
    assert base_of("tasmota", None, "plug-1") == "plug-1"


def test_where_nobody_knows_the_broker_the_rest_is_said() -> None:
    assert Access(None, "btn-1", "pa55", "zigbee2mqtt", "x").text == ""
    assert [name for name, _ in Access(None, "btn-1", "pa55", "anju", "x").lines] == ["User", "Password", "Base topic"]
