"""What does a format promise, whatever comes? Typed messages that can be kept, or a reason, and never an exception."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from devices.formats.base import Format, Said
from devices.formats.payload import ADDRESS_LIMIT, PERSONS_LIMIT, RSSI_RANGE, TEMPERATURE_RANGE, clean
from devices.model import Alarm, Found, Gone, PatrolPing, Press, StatusChange, Telemetry, Unreadable

KINDS = (Press, Alarm, PatrolPing, Telemetry, StatusChange, Found, Gone)
TEXT_LIMIT = 2000
"""Characters of the longest text that a result may have outside of `extra`."""
RANGES: dict[str, tuple[float, float]] = {
    "battery": (0, 100),
    "rssi": RSSI_RANGE,
    "persons": (0, PERSONS_LIMIT),
    "temperature": TEMPERATURE_RANGE,
}


def read_safely(vendor: Format, rest: str, payload: bytes) -> list[Said]:
    """Read a message and check what the format promises of it; return what was said, nothing where it cannot be read."""
    said = vendor.read(rest, payload)
    if isinstance(said, Unreadable):
        assert said.reason
        for text in _texts(dataclasses.asdict(said)):
            assert clean(text), (rest, payload, said)
            assert len(text) <= TEXT_LIMIT
        return []
    for each in said:
        _check(each, len(payload))
    return list(said)


def _check(each: Said, size: int) -> None:
    assert isinstance(each, KINDS)
    assert len(each.uid) <= ADDRESS_LIMIT
    fields = {field.name: getattr(each, field.name) for field in dataclasses.fields(each)}
    extra = fields.pop("extra", {})
    for name, value in fields.items():
        if value is None:
            continue
        if name in RANGES:
            low, high = RANGES[name]
            assert isinstance(value, int | float)
            assert not isinstance(value, bool)
            assert low <= value <= high, (name, value)
        elif name == "at":
            assert isinstance(value, datetime)
            assert value.utcoffset() is not None
        elif isinstance(value, str):
            assert clean(value), (name, value)
            assert len(value) <= TEXT_LIMIT, (name, len(value))
    assert isinstance(extra, dict)
    assert all(clean(text) for text in _texts(extra)), extra
    assert len(json.dumps(extra, allow_nan=False, ensure_ascii=False)) <= 4 * size + 200


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
