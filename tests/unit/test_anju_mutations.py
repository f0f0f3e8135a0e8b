"""Whatever becomes of a message in Anju's own format on its way: it is read or refused, and a press stays a press."""

import dataclasses

import pytest

from devices.formats import anju
from devices.formats.payload import PERSONS_LIMIT, clean
from devices.model import Cancel, HelpCall, PatrolPing, StatusChange, Telemetry, Unreadable
from tests.unit.formats.mutations import mutations

SAMPLES = [
    ("anju/v1/btn-1/help", b'{"id":"0193-7a","at":"2026-11-24T08:30:00+08:00","source":"pendant","test":false,"battery":71}'),
    ("anju/v1/btn-1/help", b'{"id":"p-2","source":"fall","room":"\xe5\x8d\xa7\xe5\xae\xa4"}'),
    ("anju/v1/btn-1/cancel", b'{"id":"c-1","call":"0193-7a","at":"2026-11-24T00:31:00Z"}'),
    (
        "anju/v1/cam-1/patrol",
        b'{"id":"v-9","at":"2026-11-24T00:31:00Z","presence":true,"persons":2,"snapshot":"s3://b/9.jpg","battery":90,'
        b'"rssi":-61,"fw":"1.4.2"}',
    ),
    ("anju/v1/cam-1/telemetry", b'{"battery":44,"rssi":-70,"temperature":18.5,"picture":"dark","fall":true,"uptime":86400}'),
    ("anju/v1/cam-1/status", b'{"state":"online","model":"C2","fw":"1.4.2","at":"2026-11-24T00:31:00Z"}'),
    ("anju/v1/hub-1/status", b'{"state":"offline"}'),
]  # fmt: skip
KINDS = (HelpCall, Cancel, PatrolPing, Telemetry, StatusChange, Unreadable)


def check(topic: str, payload: bytes) -> None:
    """Read a message, and hold what is said of it against what the format promises."""
    said = anju.read(topic, payload)
    assert isinstance(said, KINDS)
    if anju.split(topic)[1] == "help":
        assert isinstance(said, HelpCall) or (isinstance(said, Unreadable) and said.is_help)
    for field in dataclasses.fields(said):
        value = getattr(said, field.name)
        assert not isinstance(value, str) or clean(value), (topic, payload, field.name)
        assert field.name != "battery" or value is None or 0 <= value <= 100
        assert field.name != "persons" or value is None or 0 <= value <= PERSONS_LIMIT


def test_every_sample_is_read() -> None:
    for topic, payload in SAMPLES:
        assert not isinstance(anju.read(topic, payload), Unreadable), topic
        check(topic, payload)


def test_two_thousand_mutations_bring_no_exception() -> None:
    for topic, payload in mutations(SAMPLES, 2000, 20261125):
        check(topic, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for topic, payload in mutations(SAMPLES, 100_000, 4):
        check(topic, payload)
