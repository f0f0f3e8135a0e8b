"""What does somebody write who speaks as a vendor's device does? The seam that each voice is behind: a format's inverse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from devices.scenario import Said, SimulatedHome

FULL_MV, EMPTY_MV = 3000, 2400
"""What a lithium cell says of itself, full and empty."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A message as the broker gets it."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device that speaks so stands in the registry; `hub` and its topic where it speaks through one."""

    format: str
    topic: str | None = None
    hub: str | None = None
    hub_topic: str | None = None


class Voice(Protocol):
    """How one simulated device speaks; it remembers what the real one would (a counter, what it said last)."""

    def __init__(self, home: SimulatedHome) -> None: ...

    @staticmethod
    def standing(home: SimulatedHome) -> Standing:
        """Return how that home's device must be registered to be understood."""
        ...

    def say(self, said: Said) -> Sequence[Wire]:
        """Return what the device publishes; nothing where the vendor has no word for it."""
        ...


def said_at(said: Said) -> datetime:
    """Return when what a message tells of happened; that is earlier than it was said where the line was down."""
    dated = said.payload.get("at")
    return datetime.fromisoformat(dated) if isinstance(dated, str) else said.at


def whole(said: Said, key: str) -> int | None:
    """Return a whole number of a message; None where it has none."""
    value = said.payload.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_online(said: Said) -> bool:
    """Say whether a status is a birth message rather than a Last Will."""
    return said.payload.get("state") == "online"


def millivolts(battery_pct: int) -> int:
    """Return the voltage of a cell that is so full."""
    return EMPTY_MV + (FULL_MV - EMPTY_MV) * battery_pct // 100
