"""Is a vendor's message a press, the same press once more, or none? A press counts once, however often it is told.

Anju's own devices number their help calls. A vendor's do not: one press comes in three messages, one radio packet through two
hubs, and a call that stands is told again with every later report. What is compared is remembered, a row a device.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from devices.model import Alarm, Json, Press

SAME_KEY_WITHIN = timedelta(seconds=60)
"""Messages with the same key are one press for so long after the first: a hub that was away hands on late, and a counter
that starts anew after a battery was changed must not hide a press of the next minute."""
SAME_PRESS_WITHIN = timedelta(seconds=2)
"""Messages without a key are one press for so long after the first: Zigbee2MQTT's three come within a tenth of a second, and
nobody who presses again after two seconds is told apart from somebody who needs help twice."""
SAME_MESSAGE_WITHIN = timedelta(hours=1)
"""What the broker gives us once more, because it never heard that we have it, is known for so long. Later it counts anew: it
joins the alert that is open, or raises one too many, which is the lesser harm."""
REMEMBERED = 16
"""Messages remembered of a device."""
HELP_KINDS = frozenset({"button", "pendant"})
"""What is registered as one of these is there to call for help: any press of it does."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A message of a press. `mark` is the message's own; `opened`: it was the first one of its press."""

    mark: str
    at: datetime
    key: str | None
    opened: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """What a device's next message is compared with. `alarm_on` is None where its call was never reported as a state."""

    pressed_at: datetime | None = None
    alarm_on: bool | None = None
    recent: tuple[Remembered, ...] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """How a message came. `again`: the broker says that it gave it to us before; `retained`: it was said some time ago."""

    at: datetime
    mark: str
    retained: bool = False
    again: bool = False


def calls_for_help(said: Press | Alarm, kind: str | None) -> bool:
    """Say whether it is help, from a device registered as `kind`; None: from one that is not registered."""
    return isinstance(said, Alarm) or said.certain or kind in HELP_KINDS


def judge(memory: Memory, said: Press | Alarm, came: Came) -> tuple[bool, Memory]:
    """Return whether a message is a press that was not counted yet, and what is to be remembered.

    A retained press was made before we listened, nobody knows when: it is none. An alarm is a press at its change to on;
    where nothing was known before, one that comes live is in doubt a press, and a retained one is not.
    """
    if isinstance(said, Alarm):
        was_on = memory.alarm_on
        memory = replace(memory, alarm_on=said.on)
        if not said.on or was_on or (was_on is None and came.retained):
            return False, memory
        key = None
    else:
        if came.retained:
            return False, memory
        key = said.key
    if _is_same_message(memory, came):
        return False, memory
    known_key = _is_known_key(memory, key, came.at)
    counted = known_key or _is_same_press(memory, key, came.at)
    noted = Remembered(came.mark, came.at, None if known_key else key, opened=not counted)
    return not counted, replace(
        memory,
        pressed_at=memory.pressed_at if counted else came.at,
        recent=(*memory.recent, noted)[-REMEMBERED:],
    )


def call_id(format_name: str, address: str, said: Press | Alarm, came: Came) -> str:
    """Return the help call's id: the same in every message of a press that its vendor numbers and dates."""
    key = said.key if isinstance(said, Press) else None
    if said.at is not None and key is not None:
        return f"{format_name}-{_stamp(said.at)}-{_short(address, key)}"
    return f"{format_name}-{_stamp(came.at)}-{_short(address, came.mark)}"


def mark_of(topic: str, payload: bytes, packet: int) -> str:
    """Return what a message is known by when the broker gives it to us once more: it keeps its packet's number then."""
    return sha256(b"%d\0%s\0%s" % (packet, topic.encode("utf-8", "replace"), payload)).hexdigest()[:16]


def as_rows(recent: Sequence[Remembered]) -> list[Json]:
    """Return what is kept of the messages, as JSON."""
    return [[each.mark, each.at.isoformat(), each.key, each.opened] for each in recent]


def from_rows(rows: Sequence[tuple[str, str, str | None, bool]]) -> tuple[Remembered, ...]:
    """Return the messages that were kept."""
    return tuple(Remembered(mark, datetime.fromisoformat(at), key, opened) for mark, at, key, opened in rows)


def _is_same_message(memory: Memory, came: Came) -> bool:
    return came.again and any(
        each.mark == came.mark and _within(each.at, came.at, SAME_MESSAGE_WITHIN) for each in memory.recent
    )


def _is_known_key(memory: Memory, key: str | None, at: datetime) -> bool:
    return key is not None and any(each.key == key and _within(each.at, at, SAME_KEY_WITHIN) for each in memory.recent)


def _is_same_press(memory: Memory, key: str | None, at: datetime) -> bool:
    """Say whether it belongs to the press before: of two messages with different keys, each is a press."""
    if key is None:
        return memory.pressed_at is not None and _within(memory.pressed_at, at, SAME_PRESS_WITHIN)
    return any(each.opened and each.key is None and _within(each.at, at, SAME_PRESS_WITHIN) for each in memory.recent)


def _within(first: datetime, then: datetime, span: timedelta) -> bool:
    """Say whether one instant follows another within a span; a clock that was set back is in doubt another press."""
    return timedelta() <= then - first <= span


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03d}Z"


def _short(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:8]
