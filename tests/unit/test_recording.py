"""A recorded MQTT log: what is written can be read, what mosquitto_sub wrote too, and a bad line is named with its mend."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import recording
from devices.recording import BadLine, BadMapping, Recorded

AT = datetime(2026, 11, 24, 2, 13, 58, tzinfo=UTC)
HOURS = st.integers(-12, 14)
MESSAGES = st.builds(
    Recorded,
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=50),
    st.binary(max_size=200) | st.text(st.characters(exclude_categories=["Cs"])).map(str.encode),
    st.booleans(),
    st.integers(0, 2),
)


@given(st.lists(MESSAGES))
def test_what_is_written_is_read_again(messages: list[Recorded]) -> None:
    lines = [recording.write(each) for each in messages]
    assert all(line.count("\n") == 1 for line in lines)
    assert list(recording.read(lines)) == messages


@given(st.text())
def test_whatever_a_line_is_it_is_read_or_named(line: str) -> None:
    try:
        found = [str(each) for each in recording.read([line])]
    except BadLine as error:
        found = [str(error)]
    assert len(found) <= 1
    assert all(each.startswith(("line 1: ", "Recorded(")) for each in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # mosquitto_sub -F '%I %t %p'
        (
            '2026-11-24T10:13:58+0800 anju/v1/btn-1/help {"id": "a b"}',
            Recorded(AT, "anju/v1/btn-1/help", b'{"id": "a b"}'),
        ),
        ("2026-11-24T02:13:58+0000 homeassistant/x/config ", Recorded(AT, "homeassistant/x/config", b"")),
        # mosquitto_sub -F '%U %q %r %x %t'
        (
            "1795486438.250000000 1 1 6f6e6c696e65 zigbee2mqtt/big room/availability",
            Recorded(
                datetime.fromtimestamp(1795486438.25, UTC), "zigbee2mqtt/big room/availability", b"online", True, 1
            ),
        ),
        (
            "1795486438.000000000 0 0  frigate/x",
            Recorded(datetime.fromtimestamp(1795486438, UTC), "frigate/x", b"", qos=0),
        ),
        # mosquitto_sub -F '%j' of 2.0: local time, a Z and the offset; bytes that cannot be printed as numbers
        (
            '{"tst":"2026-11-24T10:13:58.000000Z+0800","topic":"a/b","qos":0,"retain":1,"payloadlen":2,"payload":"on"}',
            Recorded(AT, "a/b", b"on", True, 0),
        ),
        ('{"tst":"2026-11-24T02:13:58.000000Z","topic":"a","qos":2,"retain":0,"payload":[0,255]}',
         Recorded(AT, "a", b"\0\xff", False, 2)),
        ('{"tst":"2026-11-24T02:13:58Z","topic":"a","qos":1,"retain":0,"payload":null}', Recorded(AT, "a", b"")),
        # mosquitto_sub -F '%J'
        ('{"tst":"2026-11-24T02:13:58Z","topic":"a","payload":{"state":"on"}}', Recorded(AT, "a", b'{"state":"on"}')),
        ('{"at":"2026-11-24T10:13:58+08:00","topic":"a","payload_b64":"AP8="}', Recorded(AT, "a", b"\0\xff")),
    ],
)  # fmt: skip
def test_a_line_of_somebody_else_is_read(line: str, said: Recorded) -> None:
    assert list(recording.read(["# heard in the village", "", line + "\r\n"])) == [said]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"at": "2026-11-24T02:13:58Z", "topic": "a", "pay', "cut off"),
        ('{"at": "2026-11-24T02:13:58", "topic": "a", "payload": ""}', "with an offset"),
        ('{"at": "2026-11-24T02:13:58Z", "payload": ""}', "`topic` is None"),
        ('{"at": "2026-11-24T02:13:58Z", "topic": "a/#", "payload": ""}', "'a/#' is no topic"),
        ('{"at": "2026-11-24T02:13:58Z", "topic": "a"}', "neither `payload` nor `payload_b64`"),
        ('{"at": "2026-11-24T02:13:58Z", "topic": "a", "payload": "", "qos": 3}', "`qos` is 3"),
        ('{"at": "2026-11-24T02:13:58Z", "topic": "a", "payload": "", "retain": "yes"}', "`retain` is 'yes'"),
        ('{"at": "2026-11-24T02:13:58Z", "topic": "a", "payload_b64": "?"}', "Base64 is wanted"),
        ("zigbee2mqtt/bedroom online", "'%I %t %p'"),
        ("2026-11-24T10:13:58+0800", "is no topic"),
    ],
)
def test_a_bad_line_is_named_with_its_mend(line: str, words: str) -> None:
    with pytest.raises(BadLine) as caught:
        list(recording.read(["2026-11-24T10:13:58+0800 a b\n", line]))
    assert str(caught.value).startswith("line 2: ")
    assert words in str(caught.value)


def test_a_part_of_the_time_is_taken() -> None:
    messages = [Recorded(AT + timedelta(minutes=each), "a", b"") for each in range(5)]
    assert list(recording.between(messages, AT + timedelta(minutes=1), AT + timedelta(minutes=3))) == messages[1:3]
    assert list(recording.between(messages, None, None)) == messages


def test_topics_move_by_whole_levels_the_longest_beginning_first() -> None:
    beginnings = recording.mapping(["zigbee2mqtt=z", "zigbee2mqtt/home1/=zigbee2mqtt/home2"])
    topics = ["zigbee2mqtt/home1/sos", "zigbee2mqtt/home10/sos", "zigbee2mqtt", "frigate/stats"]
    assert [each.topic for each in recording.moved([Recorded(AT, topic, b"") for topic in topics], beginnings)] == [
        "zigbee2mqtt/home2/sos",
        "z/home10/sos",
        "z",
        "frigate/stats",
    ]
    with pytest.raises(BadMapping, match="OLD=NEW"):
        recording.mapping(["zigbee2mqtt"])


@given(st.lists(st.integers(0, 10_000), min_size=1), st.floats(0.1, 1000), HOURS)
def test_a_shifted_log_keeps_its_order_and_each_time_its_age_at_that_speed(
    gaps: list[int], speed: float, hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    messages, at = [], AT
    for gap in gaps:
        at += timedelta(seconds=gap)
        dated = (at - timedelta(seconds=gap)).astimezone(zone).isoformat()
        messages.append(Recorded(at, "a", b'{"at": "%s", "n": "2026-11-24"}' % dated.encode()))
    start = AT + timedelta(days=100)
    found = list(recording.shifted(messages, start, speed, texts=True))
    assert found[0].at == start
    assert [each.at for each in found] == sorted(each.at for each in found)
    for each, gap in zip(found, gaps, strict=True):
        dated = datetime.fromisoformat(each.payload.split(b'"')[3].decode())
        assert abs((each.at - dated).total_seconds() - gap / speed) < 0.002
        assert b'"n": "2026-11-24"' in each.payload
    assert [each.payload for each in recording.shifted(messages, start, speed, texts=False)] == [
        each.payload for each in messages
    ]
