"""What does a home say? Typed messages, whatever the vendor's wire format was."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TypeAlias

CLOCK_AHEAD_LIMIT = timedelta(minutes=5)
"""A device's time further in the future does not count (CONTRACT section 3)."""
CLOCK_BEHIND_LIMIT = timedelta(days=7)
"""A device's time older than this does not count (CONTRACT section 3)."""
PAYLOAD_LIMIT = 16 * 1024
"""Bytes of the largest payload that is read (CONTRACT section 3)."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class EventKind(IntEnum):
    """What an event of the time series is; the number is what the table stores."""

    PATROL = 1
    TELEMETRY = 2
    STATUS = 3
    HELP = 4
    CANCEL = 5


class Source(StrEnum):
    """What a help call was made with."""

    BUTTON = "button"
    PENDANT = "pendant"
    PULL_CORD = "pull-cord"
    FALL = "fall"
    VOICE = "voice"


class Picture(StrEnum):
    """What a camera says of its own picture."""

    SHOWN = "shown"
    FROZEN = "frozen"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class HelpCall:
    """A press. `id` is the home's own and the same on every re-send."""

    uid: str
    id: str
    at: datetime | None = None
    source: Source | None = None
    test: bool = False
    battery: int | None = None
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancel:
    """The home says that a press was a mistake: marks the alert, never closes it."""

    uid: str
    id: str
    call: str | None = None
    at: datetime | None = None
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """The home wishes for a visit, without alarm. `id` is the home's own and the same on every re-send."""

    uid: str
    id: str
    at: datetime | None = None
    service: str | None = None
    battery: int | None = None


@dataclass(frozen=True, slots=True)
class PatrolPing:
    """What a home camera reports on each video patrol."""

    uid: str
    id: str
    at: datetime | None = None
    presence: bool | None = None
    persons: int | None = None
    battery: int | None = None
    rssi: int | None = None
    fw: str | None = None
    snapshot: str | None = None
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A device's own condition; temperature in degrees Celsius. `picture`: what a camera says of its own."""

    uid: str
    at: datetime | None = None
    battery: int | None = None
    rssi: int | None = None
    fw: str | None = None
    temperature: float | None = None
    extra: dict[str, Json] = field(default_factory=dict)
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The device's birth message or its Last Will. `on_purpose`: somebody switched it off, so its silence is no fault."""

    uid: str
    online: bool
    at: datetime | None = None
    model: str | None = None
    fw: str | None = None
    extra: dict[str, Json] = field(default_factory=dict)
    on_purpose: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """A vendor's device was pressed. Which press it is, and whether it is help, is decided where the registry is known.

    `certain`: the vendor's own word for it calls for help (`sos`, `panic`, `emergency`); any other press is help where the
    device is registered as a button or pendant. `key`: the same in all messages of one press, where the vendor counts or
    dates them; it may come again for another press later.
    """

    uid: str
    action: str
    certain: bool = False
    key: str | None = None
    at: datetime | None = None
    source: Source | None = None
    battery: int | None = None
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A vendor's device says that its call for help stands or does not; sent again with later reports, so that only the
    change to `on` is a press."""

    uid: str
    on: bool
    at: datetime | None = None
    source: Source | None = None
    battery: int | None = None
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A vendor's hub or discovery names a device that could be registered; `kind` is a guess in the registry's words."""

    uid: str
    name: str
    kind: str | None = None
    model: str | None = None
    maker: str | None = None
    fw: str | None = None
    topic: str | None = None
    """The base topic of its own, where it does not speak through whoever named it."""
    format: str | None = None
    """How it speaks there, where that is another format than the one that named it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A discovery takes back what it named."""

    uid: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read, and why.

    `is_help`: it came on a help topic, so it is help all the same. `uid` is None when the topic names no device.
    `call_id` and the other fields are what could be saved from it.
    """

    reason: str
    uid: str | None = None
    is_help: bool = False
    call_id: str | None = None


Message: TypeAlias = HelpCall | Cancel | PatrolPing | Telemetry | StatusChange


def time_that_counts(claimed: datetime | None, received_at: datetime) -> datetime:
    """Return the device's own time where it can be true, else the time of receipt (CONTRACT section 3)."""
    if claimed is None or claimed > received_at + CLOCK_AHEAD_LIMIT or claimed < received_at - CLOCK_BEHIND_LIMIT:
        return received_at
    return claimed
