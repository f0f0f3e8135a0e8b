"""What did a vendor's message say, and of which registered device? The format reads it, the address book says who it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from devices import presses
from devices.addresses import AddressBook, Base, Registered
from devices.formats.base import Format, Said
from devices.model import Found, Gone, PatrolPing, Press, StatusChange, Telemetry, Unreadable
from gateway.client import Heard

DISCOVERIES = {("homeassistant", "homeassistant"): "homeassistant/#", ("tasmota", "tasmota"): "tasmota/discovery/#"}
"""Where devices make themselves known that are registered nowhere yet, by format and base."""


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that a message said. `who` is None where nobody is registered under what the hub calls it.

    `base` is None where it came by a discovery, or where nobody is registered with any part of its topic.
    """

    format: Format
    base: Base | None
    address: str
    who: Registered | None
    said: Said | Unreadable


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """Nobody is registered with any part of a topic."""


def read(
    book: AddressBook, formats: Mapping[str, Format], message: Heard, *, only_calls: bool = False
) -> list[Word] | NobodyThere:
    """Return what a message said, nothing where it is of no interest; `only_calls`: in formats that presses come by.

    Where bases lie within each other, or a hub speaks two formats, the first one counts that can make something of it.
    """
    unreadable: list[Word] = []
    somebody = False
    for spoken in formats.values():
        for base, rest in book.at(spoken, message.topic):
            somebody = True
            if only_calls and not spoken.calls:
                continue
            said = spoken.read(rest, message.payload)
            if isinstance(said, Unreadable):
                unreadable.append(_word(book, spoken, base, said.uid or "", said))
            elif said:
                return [_word(book, spoken, base, each.uid, each) for each in said]
    if somebody:
        return unreadable[:1]
    return NobodyThere()


def read_discovery(formats: Mapping[str, Format], message: Heard) -> list[Word] | NobodyThere:
    """Return what a discovery names or takes back."""
    for name, discovered_under in DISCOVERIES:
        spoken = formats.get(name)
        for candidate, rest in () if spoken is None else spoken.split(message.topic):
            if candidate == discovered_under and spoken is not None:
                return list(_discovered(spoken, spoken.read(rest, message.payload)))
    return NobodyThere()


def strangers_calls(formats: Mapping[str, Format], message: Heard) -> list[Word]:
    """Return the certain calls for help on a topic that nobody is registered with any part of."""
    for spoken in formats.values():
        if not spoken.calls:
            continue
        for _, rest in spoken.split(message.topic):
            said = spoken.read(rest, message.payload)
            if not isinstance(said, Unreadable):
                calls = [each for each in said if isinstance(each, Press) and each.certain]
                if calls:
                    return [Word(spoken, None, each.uid, None, each) for each in calls]
    return []


def readings(words: Sequence[Word]) -> Iterator[tuple[Registered, Word]]:
    """Yield what registered devices said of themselves; telemetry of one device at one time is one reading.

    The time series keeps one row a device, kind and instant: where a Shelly says its battery and its temperature as of two
    components, and is registered as one device, both must stand in it.
    """
    merged: dict[tuple[str, object], tuple[Registered, Word, Telemetry]] = {}
    for word in words:
        if word.who is None:
            continue
        said = _sign_of_life(word.who, word.said) if isinstance(word.said, Press) else word.said
        if isinstance(said, Telemetry):
            key = (word.who.uid, said.at)
            before = merged.get(key)
            merged[key] = (word.who, word, said if before is None else _together(before[2], said))
        elif isinstance(said, PatrolPing | StatusChange):
            yield word.who, word
    for who, word, telemetry in merged.values():
        yield who, replace(word, said=telemetry)


def _sign_of_life(who: Registered, press: Press) -> Telemetry | None:
    """Return a press that calls nobody as what it is: somebody is there. None where it calls for help."""
    if presses.calls_for_help(press, who.kind):
        return None
    return Telemetry(press.uid, press.at, press.battery, extra={**press.extra, "action": press.action})


def _word(book: AddressBook, spoken: Format, base: Base, address: str, said: Said | Unreadable) -> Word:
    return Word(spoken, base, address, book.who(base, address), said)


def _discovered(spoken: Format, said: Sequence[Said] | Unreadable) -> Iterator[Word]:
    if isinstance(said, Unreadable):
        yield Word(spoken, None, "", None, said)
        return
    for each in said:
        if isinstance(each, Found | Gone):
            yield Word(spoken, None, each.uid, None, each)


def _together(first: Telemetry, then: Telemetry) -> Telemetry:
    """Return one reading of two: what the later one does not say, the earlier one did."""
    return replace(
        first,
        battery=first.battery if then.battery is None else then.battery,
        rssi=first.rssi if then.rssi is None else then.rssi,
        fw=then.fw or first.fw,
        temperature=first.temperature if then.temperature is None else then.temperature,
        extra={**first.extra, **then.extra},
        picture=then.picture or first.picture,
    )
