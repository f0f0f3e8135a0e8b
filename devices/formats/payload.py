"""What can safely be taken from a device's payload? JSON within limits, and its values, for every format.

Anju's own format refuses a message with a wrong value (`take_...`), for its devices can be mended. A vendor's device cannot:
there a value that does not fit is left where it is (`fit_...`), and what else the message says still counts.
"""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from devices.model import PAYLOAD_LIMIT

DEPTH_LIMIT = 32
"""Levels of nesting kept in unknown keys."""
REASON_LIMIT = 300
"""Characters kept of why a payload is no JSON."""
TEXT_LIMIT = 500
URL_LIMIT = 2000
ADDRESS_LIMIT = 200
"""Characters of the longest address below a base: it is part of keys for ever."""
RSSI_RANGE = (-200, 100)
PERSONS_LIMIT = 1000
TEMPERATURE_RANGE = (-100.0, 200.0)
INSTANT_RANGE = (0.0, 253_402_300_799.0)
"""Seconds since 1970 that a time in UTC can hold: to the end of the year 9999."""
_decoder = msgspec.json.Decoder()
_UNSTORABLE = re.compile("[\\0\ud800-\udfff]")


class NotReadable(Exception):
    """{0}"""


def json_value(payload: bytes, limit: int = PAYLOAD_LIMIT) -> Any:
    """Return the JSON value of a payload of at most `limit` bytes. Raises NotReadable where PostgreSQL could not keep it."""
    if len(payload) > limit:
        raise NotReadable(f"payload has {len(payload)} bytes; at most {limit} are read")
    try:
        said = _decoder.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # ValueError: a number of over 4,300 digits
        # where it is nested deeply, the decoder names the whole way there
        raise NotReadable(f"payload is not JSON: {str(error)[:REASON_LIMIT]}") from None
    if not storable(said, DEPTH_LIMIT):
        raise NotReadable("payload has a NUL or an unpaired surrogate character, or is nested too deeply")
    return said


def json_object(payload: bytes, limit: int = PAYLOAD_LIMIT) -> dict[str, Any]:
    """Return the JSON object of a payload. Raises NotReadable, as `json_value` does, also where it is another value."""
    said = json_value(payload, limit)
    if not isinstance(said, dict):
        raise NotReadable(f"payload is {kind_of(said)}, not a JSON object")
    return said


def storable(value: Any, depth: int) -> bool:
    """Say whether PostgreSQL can keep it: no NUL, no unpaired surrogate, not endlessly deep."""
    if depth == 0:
        return False
    match value:
        case str():
            return clean(value)
        case list():
            return all(storable(each, depth - 1) for each in value)
        case dict():
            return all(clean(key) and storable(each, depth - 1) for key, each in value.items())
        case _:
            return True


def clean(text: str) -> bool:
    """Say whether a text has neither NUL nor an unpaired surrogate."""
    return _UNSTORABLE.search(text) is None


def address_fits(address: str) -> bool:
    """Say whether what a topic or payload calls a device can be kept as its address."""
    return len(address) <= ADDRESS_LIMIT and clean(address)


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def wrong(key: str, value: object, wanted: str) -> NotReadable:
    """Return the refusal that shows a value and what is wanted in its place."""
    shown = repr(value)
    return NotReadable(f"`{key}` is {shown if len(shown) <= 60 else shown[:57] + '...'}; {wanted} is wanted")


def take_text(said: dict[str, Any], key: str, limit: int = TEXT_LIMIT) -> str | None:
    """Take a text of at most `limit` characters. Raises NotReadable."""
    value = said.pop(key, None)
    if value is None or (isinstance(value, str) and len(value) <= limit):
        return value
    raise wrong(key, value, f"a text of at most {limit} characters")


def take_bool(said: dict[str, Any], key: str) -> bool | None:
    """Take a truth value. Raises NotReadable."""
    value = said.pop(key, None)
    if value is None or isinstance(value, bool):
        return value
    raise wrong(key, value, "true or false")


def take_number(said: dict[str, Any], key: str, low: float, high: float) -> float | None:
    """Take a number from `low` to `high`. Raises NotReadable."""
    value: float | None = said.pop(key, None)
    if value is None or _is_number(value, low, high):
        return value
    raise wrong(key, value, f"a number from {low:g} to {high:g}")


def take_whole(said: dict[str, Any], key: str, low: int, high: int) -> int | None:
    """Take a number from `low` to `high`, rounded. Raises NotReadable."""
    value = take_number(said, key, low, high)
    return None if value is None else round(value)


def fit_text(said: dict[str, Any], key: str, limit: int = TEXT_LIMIT) -> str | None:
    """Take a text of 1 to `limit` characters where there is one."""
    value = said.get(key)
    return said.pop(key) if isinstance(value, str) and 0 < len(value) <= limit else None


def fit_bool(said: dict[str, Any], key: str) -> bool | None:
    """Take a truth value where there is one."""
    return said.pop(key) if isinstance(said.get(key), bool) else None


def fit_number(said: dict[str, Any], key: str, low: float, high: float) -> float | None:
    """Take a number from `low` to `high` where there is one."""
    value: float | None = said.pop(key) if _is_number(said.get(key), low, high) else None
    return value


def fit_whole(said: dict[str, Any], key: str, low: int, high: int) -> int | None:
    """Take a number from `low` to `high`, rounded, where there is one."""
    value = fit_number(said, key, low, high)
    return None if value is None else round(value)


def fit_seconds(said: dict[str, Any], key: str) -> datetime | None:
    """Take a time in Unix seconds, with or without a fraction, where there is one."""
    value = fit_number(said, key, *INSTANT_RANGE)
    return None if value is None else datetime.fromtimestamp(value, UTC)


def instant(text: str) -> datetime | None:
    """Return the time that a text names, in UTC; None where it names none."""
    try:
        at = datetime.fromisoformat(text) if "T" in text or "t" in text else None
        # some devices' years cannot be held in UTC: year 1 or 9999 with an offset
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
