"""What does the rest of the house know of a vendor? The seam that each format is behind, and nothing else.

A device is registered with a format and a topic: the vendor's own base topic, of a hub or of a device that speaks for
itself. A format says under which topics that is heard, and reads what comes. The `uid` of what it returns is the *address*:
what the vendor calls the device below that base (`bedroom/sos`, `front_door`, `input:0`, a radio address); the empty one is
the base itself. Whoever knows the registry puts the registered uid in its place.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from devices.model import Alarm, Found, Gone, PatrolPing, Press, StatusChange, Telemetry, Unreadable

Said: TypeAlias = Press | Alarm | PatrolPing | Telemetry | StatusChange | Found | Gone


class Format(Protocol):
    """How one vendor speaks. Nothing of it raises, whatever the topic and the bytes are."""

    @property
    def name(self) -> str:
        """What the registry calls it, as `zigbee2mqtt`."""
        ...

    @property
    def calls(self) -> bool:
        """Whether presses come by it: then the urgent lane listens too."""
        ...

    def filters(self, base: str) -> Sequence[str]:
        """Return the MQTT filters under which a base is heard, as wide as they are the same for many bases."""
        ...

    def grants(self, base: str) -> Sequence[str]:
        """Return the MQTT filters under which whoever is registered with that base may publish and hear."""
        ...

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Yield the ways in which a topic may be (base, rest), the longest base first."""
        ...

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Return what was said under a base, nothing where it is known to be of no interest, or why it cannot be read.

        `Unreadable.is_help`: presses come on that topic, so from a device registered as a button it is help all the same.
        """
        ...


def first_level(base: str) -> tuple[str, ...]:
    """Return the filter that most formats hear a base by: all below its first level, one subscription for all homes."""
    return (f"{base.partition('/')[0]}/#",)


def own_branch(base: str) -> tuple[str, ...]:
    """Return what a base may publish and hear where a vendor puts all below it."""
    return (base, f"{base}/#")


def prefixes(topic: str) -> Iterator[tuple[str, str]]:
    """Yield (base, rest) for each level at which a topic may be parted, the longest base first; rest may be empty."""
    levels = topic.split("/")
    for count in range(len(levels), 0, -1):
        yield "/".join(levels[:count]), "/".join(levels[count:])
