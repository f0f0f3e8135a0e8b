"""What a device says in the contract's own format: read, or refused with the reason, and never an exception."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.anju import read
from devices.model import (
    Cancel,
    HelpCall,
    PatrolPing,
    Picture,
    Source,
    StatusChange,
    Telemetry,
    Unreadable,
    time_that_counts,
)

HELP = "anju/v1/btn-1/help"
PATROL = "anju/v1/cam-1/patrol"
AT = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "payload", "said"),
    [
        (HELP, b'{"id":"a"}', HelpCall("btn-1", "a")),
        (
            HELP,
            b'{"id":"a","at":"2026-11-24T08:30:00+08:00","source":"pull-cord","test":true,"battery":87,"floor":2}',
            HelpCall("btn-1", "a", AT, Source.PULL_CORD, True, 87, {"floor": 2}),
        ),
        ("anju/v1/btn-1/cancel", b'{"id":"b","call":"a"}', Cancel("btn-1", "b", "a")),
        (
            PATROL,
            b'{"id":"p","presence":true,"persons":1,"snapshot":"http://cam/1.jpg","battery":50.4,"rssi":-61,"fw":"1.2"}',
            PatrolPing("cam-1", "p", None, True, 1, 50, -61, "1.2", "http://cam/1.jpg"),
        ),
        ("anju/v1/cam-1/telemetry", b'{"temperature":21.5}', Telemetry("cam-1", temperature=21.5)),
        ("anju/v1/cam-1/telemetry", b'{"picture":"frozen"}', Telemetry("cam-1", picture=Picture.FROZEN)),
        ("anju/v1/cam-1/telemetry", b'{"picture":"16:9"}', Telemetry("cam-1", extra={"picture": "16:9"})),
        ("anju/v1/cam-1/status", b'{"state":"offline"}', StatusChange("cam-1", online=False)),
    ],
)
def test_what_the_contract_says_is_read(topic: str, payload: bytes, said: object) -> None:
    assert read(topic, payload) == said


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "not JSON"),
        (b"help", "not JSON"),
        (b"[1]", "a list, not a JSON object"),
        (b'"x"', "a text, not a JSON object"),
        (b"{}", "`id` is None"),
        (b'{"id":5}', "`id` is 5"),
        (b'{"id":""}', "`id` is ''"),
        (b'{"id":"x","battery":"high"}', "`battery` is 'high'"),
        (b'{"id":"x","battery":101}', "`battery` is 101"),
        (b'{"id":"x","battery":true}', "`battery` is True"),
        (b'{"id":"x","source":"cat"}', "`source` is 'cat'"),
        (b'{"id":"x","at":"yesterday"}', "`at` is 'yesterday'"),
        (b'{"id":"x","at":"2026-11-24T08:30:00"}', "`at` is '2026-11-24T08:30:00'"),
        (b'{"id":"x","at":"0001-01-01T00:00:00+14:00"}', "`at` is"),
        (b'{"id":"x","note":"a\\u0000b"}', "NUL"),
        (b'{"id":"x","note":"\\ud800"}', "not JSON"),
        (b'{"id":"x","n":' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"id":"x","deep":' + b"[" * 40 + b"]" * 40 + b"}", "nested too deeply"),
        (b"[" * 8000, "not JSON"),
        (b'{"id":"x","pad":"' + b"a" * 16384 + b'"}', "at most 16384"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_what_cannot_be_read_says_why_and_on_a_help_topic_is_help(payload: bytes, why: str) -> None:
    for topic in (HELP, PATROL):
        said = read(topic, payload)
        if topic == PATROL and "source" in why:
            continue
        assert isinstance(said, Unreadable)
        assert why in said.reason
        assert said.is_help == (topic == HELP)


def test_the_id_is_saved_from_a_call_that_cannot_be_read() -> None:
    said = read(HELP, b'{"id":"x","battery":"high"}')
    assert isinstance(said, Unreadable)
    assert said.call_id == "x"


@pytest.mark.parametrize("uid", ["ab", "a" * 65, "a b", "ä-1", ""])
def test_a_topic_that_names_no_device_is_still_help(uid: str) -> None:
    said = read(f"anju/v1/{uid}/help", b'{"id":"x"}')
    assert isinstance(said, Unreadable)
    assert said.is_help
    assert said.uid is None


@pytest.mark.parametrize(
    ("claimed", "counts"),
    [
        (None, False),
        (AT - timedelta(days=7), True),
        (AT - timedelta(days=7, seconds=1), False),
        (AT + timedelta(minutes=5), True),
        (AT + timedelta(minutes=5, seconds=1), False),
    ],
)
def test_a_device_s_own_time_counts_where_it_can_be_true(claimed: datetime | None, counts: bool) -> None:
    assert (time_that_counts(claimed, AT) == claimed) is counts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
KEYS = st.sampled_from(
    ["id", "at", "source", "test", "battery", "presence", "persons", "snapshot", "rssi", "fw", "state", "call", "x"]
)


@given(
    st.sampled_from(["help", "cancel", "patrol", "telemetry", "status", "reply", "", "help/x"]),
    st.binary(max_size=200) | st.dictionaries(KEYS, JSON).map(lambda said: json.dumps(said).encode()),
)
def test_no_payload_makes_the_format_raise(leaf: str, payload: bytes) -> None:
    said = read(f"anju/v1/dev-1/{leaf}", payload)
    assert said.uid == "dev-1"
    if leaf == "help":
        assert isinstance(said, HelpCall) or (isinstance(said, Unreadable) and said.is_help)
