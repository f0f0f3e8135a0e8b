"""Which registered device is it that a vendor calls by an address below a base topic?

The registry names a hub's base topic, and of a device behind it what the hub calls it; a device that speaks for itself has a
base of its own. This holds the vendors' part of the registry in memory, read whole: 100,000 devices are looked up without
asking the database for any.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from devices.formats import OWN
from devices.formats.base import Format
from devices.telemetry import KnownDevice

_RADIO = re.compile(r"(?:0x)?(?:[0-9a-f]{12}|[0-9a-f]{16})")
"""A device's own radio address: it has the same one behind every hub that hears it."""
HUB = "hub"


class Entry(NamedTuple):
    """A row of the registry that names a hub or a topic."""

    uid: str
    known: KnownDevice
    kind: str
    home_id: int
    format: str
    topic: str | None
    hub: str | None


class Registered(NamedTuple):
    """A registered device that a vendor speaks for."""

    uid: str
    known: KnownDevice
    kind: str
    home_id: int


@dataclass(slots=True)
class Base:
    """A base topic: whose it is, and who is registered below it."""

    topic: str
    holder: Registered
    below: dict[str, Registered] = field(default_factory=dict)

    @property
    def is_hub(self) -> bool:
        """Say whether others speak through it."""
        return self.holder.kind == HUB


class AddressBook:
    """The vendors' part of the registry, as it was when it was read."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._bases: dict[tuple[str, str], Base] = {}
        self._of_radio: dict[tuple[int, str], Registered] = {}
        hubs: dict[str, list[Base]] = {}
        behind: list[Entry] = []
        for each in entries:
            if each.hub is not None:
                behind.append(each)
            elif each.topic is not None:
                base = Base(each.topic, Registered(each.uid, each.known, each.kind, each.home_id))
                self._bases.setdefault((each.format, each.topic), base)
                if each.kind == HUB:
                    hubs.setdefault(each.uid, []).append(base)
        for each in behind:
            self._put_behind(each, hubs.get(each.hub or "", ()))

    def _put_behind(self, each: Entry, bases: Iterable[Base]) -> None:
        here = Registered(each.uid, each.known, each.kind, each.home_id)
        for base in bases:
            address = _below(base.topic, each.topic) or each.uid
            base.below.setdefault(address, here)
            # who left the hub's format as it was finds it spoken all the same
            self._bases.setdefault((each.format, base.topic), base)
            radio = _radio(address)
            if radio is not None:
                self._of_radio.setdefault((each.home_id, radio), here)

    def bases(self) -> Iterator[tuple[str, str]]:
        """Yield (format, topic) of every base that a vendor is heard under."""
        return (each for each in self._bases if each[0] != OWN)

    def at(self, spoken: Format, topic: str) -> Iterator[tuple[Base, str]]:
        """Yield the bases that a topic may lie below in a format, and the rest of the topic, the longest base first."""
        name = spoken.name
        for candidate, rest in spoken.split(topic):
            base = self._bases.get((name, candidate))
            if base is not None:
                yield base, rest

    def who(self, base: Base, address: str) -> Registered | None:
        """Return whom an address below a base is registered to; None where it is a hub's and nobody's.

        What has no address of its own is whoever holds the base, where that is no hub. A radio address is found behind
        every hub of its home: the same packet may come through each of them.
        """
        if not address:
            return base.holder
        found = base.below.get(address)
        if found is not None:
            return found
        if not base.is_hub:
            return base.holder
        radio = _radio(address)
        return None if radio is None else self._of_radio.get((base.holder.home_id, radio))


def filters(book: AddressBook, formats: Mapping[str, Format]) -> set[str]:
    """Return the MQTT filters under which all that is registered is heard in these formats."""
    return {
        each for name, topic in book.bases() if name in formats for each in formats[name].filters(topic)
    }  # fmt: skip


def _below(base: str, topic: str | None) -> str | None:
    """Return a device's address: its topic may be given in full or as its name below the hub's base."""
    return None if topic is None else topic.removeprefix(f"{base}/")


def _radio(address: str) -> str | None:
    bare = address.lower().replace(":", "").replace("-", "")
    return bare if _RADIO.fullmatch(bare) else None
