"""What might a broken or hostile device send? Real samples, cut, flipped, doubled and turned into what nobody expects.

The same seed makes the same mutations, so that a failure can be run again.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

Sample: TypeAlias = tuple[str, bytes]
"""A topic, or what is left of it below a base, and the payload."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 255, 1e308, -1e308, 10**30, 0.1, "", "0", "online", "\0", "\ud800", "x" * 3000, "😀",
    [], {}, [None], [[]], {"": {}}, {"id": None}, "sos", "2026-02-30T00:00:00Z", "NaN",
)  # fmt: skip
"""Values that fit where no sample has them."""
RAW = (b"", b"null", b"NaN", b'"', b"{", b"[" * 5000, b"\xff\xfe", b"\0", b"\xed\xa0\x80", b"9" * 5000, b'{"a":1e999}')
"""Bytes that no sample has."""


def mutations(samples: Sequence[Sample], count: int, seed: int) -> Iterator[Sample]:
    """Yield `count` mutations of the samples; each is a sample changed one to four times."""
    chance = random.Random(seed)
    for _ in range(count):
        topic, payload = chance.choice(samples)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
            payload = chance.choice(_CHANGES)(chance, payload, samples)
        if chance.random() < 0.2:
            topic = _other_topic(chance, topic, samples)
        yield topic, payload


def _truncate(chance: random.Random, payload: bytes, samples: Sequence[Sample]) -> bytes:
    return payload[: chance.randint(0, len(payload))]


def _flip(chance: random.Random, payload: bytes, samples: Sequence[Sample]) -> bytes:
    if not payload:
        return b"\0"
    changed = bytearray(payload)
    for _ in range(chance.randint(1, 3)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _double(chance: random.Random, payload: bytes, samples: Sequence[Sample]) -> bytes:
    start, end = sorted((chance.randint(0, len(payload)), chance.randint(0, len(payload))))
    return payload[:end] + payload[start:end] * chance.choice((1, 1, 2, 50)) + payload[end:]


def _splice(chance: random.Random, payload: bytes, samples: Sequence[Sample]) -> bytes:
    other = chance.choice(samples)[1]
    return payload[: chance.randint(0, len(payload))] + other[chance.randint(0, len(other)) :]


def _insert(chance: random.Random, payload: bytes, samples: Sequence[Sample]) -> bytes:
    at = chance.randint(0, len(payload))
    return payload[:at] + chance.choice(RAW) + payload[at:]


def _swap(chance: random.Random, payload: bytes, samples: Sequence[Sample]) -> bytes:
    """Put an odd value, or one of another sample, in the place of a value of the JSON."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    odd = chance.choice(ODD)
    if chance.random() < 0.3:
        try:
            odd = json.loads(chance.choice(samples)[1])
        except ValueError:
            odd = None
    places = list(_places(said))
    if not places:
        return json.dumps(odd).encode()
    holder, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(places)[1] if chance.random() < 0.5 else "\0x"] = odd
        case _:
            holder[key] = odd
    try:
        return json.dumps(said, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return payload


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each (object or list, key) of a JSON value, however deep."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        inside = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, each in inside:
            yield holder, key
            waiting.append(each)


def _other_topic(chance: random.Random, topic: str, samples: Sequence[Sample]) -> str:
    levels = topic.split("/")
    match chance.randrange(5):
        case 0:
            return chance.choice(samples)[0]
        case 1:
            return "/".join(levels[: chance.randint(0, len(levels))])
        case 2:
            levels.insert(
                chance.randint(0, len(levels)), chance.choice(("", "x" * 300, "\0", "\ud800", "+", "堂屋", "bridge"))
            )
            return "/".join(levels)
        case 3:
            chance.shuffle(levels)
            return "/".join(levels)
        case _:
            return topic + chance.choice(("/", "//", "/set", "/action", "/availability"))


_CHANGES: tuple[Callable[[random.Random, bytes, Sequence[Sample]], bytes], ...] = (
    _truncate, _flip, _double, _splice, _insert, _swap, _swap, _swap, _swap,
)  # fmt: skip
