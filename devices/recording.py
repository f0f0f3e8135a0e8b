"""What did somebody hear on a broker, and when? Reads and writes a recorded MQTT log, a message a line.

Our own line is a JSON object: `{"at", "topic", "payload" or "payload_b64", "retain"?, "qos"?}`. Of `mosquitto_sub` three
formats are read, told apart by how a line begins: `-F '%j'` (all of it, any bytes), `-F '%U %q %r %x %t'` (the payload in
hex) and `-F '%I %t %p'` (for the eye: no space in topics, no line break in payloads, times to the second).
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

TOPIC_LIMIT = 65_535
"""Bytes of the longest topic that MQTT can carry."""
SHOWN = 60
"""Characters of a bad line or value that an error shows."""
MOSQUITTO_FORMATS = ("%j", "%U %q %r %x %t", "%I %t %p")
_HEX_LINE = re.compile(r"(\d{1,11}\.\d{1,9}) ([012]) ([01]) ((?:[0-9a-fA-F]{2})*) (.+)")
# up to 2.0 mosquitto_sub writes local time, a Z that is not meant, and the offset: 2026-11-24T10:00:00.000000Z+0800
_Z_AND_OFFSET = re.compile(r"Z([+-]\d{2}:?\d{2})$")


class BadLine(ValueError):
    """line {number}: {why}."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")


class BadMapping(ValueError):
    """{text!r} is no mapping of topics; OLD=NEW is wanted, as zigbee2mqtt/home1=zigbee2mqtt/home2."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no mapping of topics; OLD=NEW is wanted, as zigbee2mqtt/home1=zigbee2mqtt/home2")


class _Wrong(Exception):
    """{why}"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message as it was heard. `retain`: it was the broker's memory, or is to be kept by it."""

    at: datetime
    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


def read(lines: Iterable[str]) -> Iterator[Recorded]:
    """Yield the messages of a log, in its order; empty lines and those that begin with `#` are passed over.

    Raises BadLine, with the number of the line and the mend.
    """
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n")
        if not text.strip() or text.startswith("#"):
            continue
        try:
            yield _read_line(text)
        except _Wrong as why:
            raise BadLine(number, str(why)) from None


def write(message: Recorded) -> str:
    """Return a message as a line of our own, its end included; bytes that are no text go in Base64."""
    said: dict[str, Any] = {"at": message.at.isoformat(), "topic": message.topic}
    try:
        said["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        said["payload_b64"] = b64encode(message.payload).decode()
    return msgspec.json.encode({**said, "retain": message.retain, "qos": message.qos}).decode() + "\n"


def between(messages: Iterable[Recorded], start: datetime | None, end: datetime | None) -> Iterator[Recorded]:
    """Yield the messages heard from `start` on and before `end`."""
    return (each for each in messages if (start is None or each.at >= start) and (end is None or each.at < end))


def mapping(texts: Iterable[str]) -> dict[str, str]:
    """Return what `OLD=NEW` say of the beginnings of topics. Raises BadMapping."""
    found: dict[str, str] = {}
    for text in texts:
        old, equals, new = text.partition("=")
        if not equals or not old or not new:
            raise BadMapping(text)
        found[old.rstrip("/")] = new.rstrip("/")
    return found


def moved(messages: Iterable[Recorded], beginnings: dict[str, str]) -> Iterator[Recorded]:
    """Yield the messages with the beginning of their topics changed, whole levels only; the longest that fits holds."""
    olds = sorted(beginnings, key=len, reverse=True)
    for each in messages:
        old = next((old for old in olds if each.topic == old or each.topic.startswith(f"{old}/")), None)
        yield each if old is None else replace(each, topic=beginnings[old] + each.topic[len(old) :])


def shifted(messages: Iterable[Recorded], start: datetime, speed: float, *, texts: bool) -> Iterator[Recorded]:
    """Yield the messages as if the first had come at `start`, and all the others `speed` times as quickly.

    `texts`: also the RFC 3339 times with an offset inside the payloads move: what had been dated a minute before it was
    heard is so again, at another speed by as much less. Other spellings of time (Unix seconds, local time) stay.
    """
    first: datetime | None = None
    for each in messages:
        first = each.at if first is None else first
        at = start + (each.at - first) / speed
        payload = _redate(each.payload, each.at, at, speed) if texts else each.payload
        yield replace(each, at=at, payload=payload)


_DATED = re.compile(
    rb"(?<![0-9A-Za-z])\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})(?![0-9A-Za-z])"
)


def _redate(payload: bytes, was: datetime, is_now: datetime, speed: float) -> bytes:
    def moved_time(found: re.Match[bytes]) -> bytes:
        at = _instant(found[0].decode())
        if at is None:
            return found[0]
        try:
            return (is_now - (was - at) / speed).isoformat(timespec="milliseconds").encode()
        except OverflowError:
            return found[0]

    return _DATED.sub(moved_time, payload)


def _read_line(text: str) -> Recorded:
    if text.startswith("{"):
        return _read_json(text)
    found = _HEX_LINE.fullmatch(text)
    if found is not None:
        whole, _, part = found[1].partition(".")
        at = datetime.fromtimestamp(int(whole), UTC) + timedelta(microseconds=int(part.ljust(9, "0")) // 1000)
        return Recorded(at, _topic(found[5]), bytes.fromhex(found[4]), found[3] == "1", int(found[2]))
    when, _, rest = text.partition(" ")
    topic, _, payload = rest.partition(" ")
    at_or_none = _instant(when)
    if at_or_none is None:
        raise _Wrong(
            f"{_short(text)} begins neither with {{ nor with a time that has an offset; wanted is a JSON object with"
            f" at, topic and payload, or what mosquitto_sub writes with -F {' or '.join(map(repr, MOSQUITTO_FORMATS))}"
        )
    # bytes that are no UTF-8 come out as they went in
    return Recorded(at_or_none, _topic(topic), payload.encode("utf-8", "surrogateescape"))


def _read_json(text: str) -> Recorded:
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _Wrong(f"it is no JSON object ({error}); was the line cut off?") from None
    if not isinstance(said, dict):
        raise _Wrong("it is no JSON object")
    # `tst` and a list of bytes are mosquitto_sub's
    named = said.get("at", said.get("tst"))
    at = _instant(named) if isinstance(named, str) else None
    if at is None:
        raise _Wrong(
            f"`at` is {_short(named)}; an RFC 3339 time with an offset is wanted, as 2026-11-24T08:30:00+08:00"
        )
    topic = said.get("topic")
    if not isinstance(topic, str):
        raise _Wrong(f"`topic` is {_short(topic)}; a text is wanted")
    qos, retain = said.get("qos", 1), said.get("retain", False)
    if qos not in (0, 1, 2) or isinstance(qos, bool):
        raise _Wrong(f"`qos` is {_short(qos)}; 0, 1 or 2 is wanted")
    if retain not in (0, 1):
        raise _Wrong(f"`retain` is {_short(retain)}; true or false is wanted")
    return Recorded(at, _topic(topic), _payload(said), bool(retain), int(qos))


def _payload(said: dict[str, Any]) -> bytes:
    if "payload_b64" in said:
        try:
            return b64decode(said["payload_b64"], validate=True)
        except (ValueError, TypeError):
            raise _Wrong(f"`payload_b64` is {_short(said['payload_b64'])}; Base64 is wanted") from None
    if "payload" not in said:
        raise _Wrong("it has neither `payload` nor `payload_b64`; one is wanted")
    match said["payload"]:
        case None:
            return b""
        case str(text):
            return text.encode()
        case list(numbers) if all(type(each) is int and 0 <= each < 256 for each in numbers):
            return bytes(numbers)
        case other:
            # `%J` of mosquitto_sub, and whoever writes JSON within JSON
            return msgspec.json.encode(other)


def _topic(text: str) -> str:
    try:
        fits = 0 < len(text.encode()) <= TOPIC_LIMIT and not any(character in text for character in "+#\0")
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise _Wrong(
            f"{_short(text)} is no topic that can be published to: it is empty, too long, no UTF-8, or has + or # in it"
        )
    return text


def _instant(text: str) -> datetime | None:
    """Return the time that a text names, in UTC; None where it names none, or has no offset."""
    try:
        at = datetime.fromisoformat(_Z_AND_OFFSET.sub(r"\1", text))
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
