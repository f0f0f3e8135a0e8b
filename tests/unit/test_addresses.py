"""Who it is that a vendor calls by an address: behind a hub, for itself, through another hub of the same home."""

import tracemalloc
from collections.abc import Iterator, Sequence

from devices import addresses, health
from devices.addresses import AddressBook, Entry
from devices.formats.base import Said, first_level, own_branch, prefixes
from devices.model import Unreadable
from devices.telemetry import KnownDevice


class Plain:
    """A format that has bases at each level."""

    name = "plain"
    calls = True

    def filters(self, base: str) -> Sequence[str]:
        return first_level(base)

    def grants(self, base: str) -> Sequence[str]:
        return own_branch(base)

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        return prefixes(topic)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        return ()


PLAIN = Plain()
EXPECTED = health.expectation("button", None, None)


def entry(
    uid: str, kind: str = "button", *, topic: str | None = None, hub: str | None = None, home: int = 1, spoken: str = "plain"
) -> Entry:  # fmt: skip
    return Entry(uid, KnownDevice(1, EXPECTED), kind, home, spoken, topic, hub)


BOOK = AddressBook(
    [
        entry("btn-full", topic="z/home1/bed/left", hub="hub-1"),
        entry("btn-name", topic="kitchen", hub="hub-1"),
        entry("btn-uid", hub="hub-1"),
        entry("blu-1", topic="AA:BB:CC:DD:EE:FF", hub="hub-1"),
        entry("lost", topic="kitchen", hub="no-such-hub"),
        entry("hub-1", "hub", topic="z/home1"),
        entry("hub-2", "hub", topic="z/home1b"),
        entry("hub-3", "hub", topic="z/home3", home=3),
        entry("alone", "sensor", topic="z/alone"),
        entry("own", "camera", topic="somewhere", spoken="anju"),
    ]
)


def who(topic: str) -> str | None:
    """Return the uid of who is registered there, `-` where there is a hub and nobody, None where there is no base."""
    for base, rest in BOOK.at(PLAIN, topic):
        found = BOOK.who(base, rest)
        return "-" if found is None else found.uid
    return None


def test_a_device_is_found_by_its_address() -> None:
    assert who("z/home1/bed/left") == "btn-full"
    assert who("z/home1/kitchen") == "btn-name"
    assert who("z/home1/btn-uid") == "btn-uid"
    assert who("z/home1") == "hub-1"
    assert who("z/home1/attic") == "-"
    assert who("z/elsewhere/kitchen") is None


def test_who_speaks_for_itself_is_found_under_any_address_of_it() -> None:
    assert who("z/alone") == "alone"
    assert who("z/alone/input:0") == "alone"


def test_a_radio_address_is_found_behind_every_hub_of_its_home_and_no_other() -> None:
    assert who("z/home1/aabbccddeeff") == "blu-1"
    assert who("z/home1b/aabbccddeeff") == "blu-1"
    assert who("z/home3/aabbccddeeff") == "-"


def test_all_that_is_registered_is_heard() -> None:
    assert addresses.filters(BOOK, {"plain": PLAIN}) == {"z/#"}


def test_a_hub_hears_the_format_of_what_hangs_on_it() -> None:
    book = AddressBook([entry("hub-1", "hub", topic="z/home1", spoken="anju"), entry("btn-1", hub="hub-1")])
    assert addresses.filters(book, {"plain": PLAIN}) == {"z/#"}
    assert [base.holder.uid for base, _ in book.at(PLAIN, "z/home1/btn-1")] == ["hub-1"]


def test_a_hundred_thousand_devices_are_held_in_less_than_a_kilobyte_each() -> None:
    def everyone() -> Iterator[Entry]:
        for number in range(10_000):
            yield entry(f"hub-{number}", "hub", topic=f"z/home{number}", home=number)
            for each in range(9):
                yield entry(f"btn-{number}-{each}", topic=f"room{each}", hub=f"hub-{number}", home=number)

    tracemalloc.start()
    book = AddressBook(everyone())
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 100_000 * 1_000
    assert next(book.at(PLAIN, "z/home9999/room8"))[0].below["room8"].uid == "btn-9999-8"
