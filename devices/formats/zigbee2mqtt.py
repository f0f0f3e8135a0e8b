"""What does a device say that speaks through Zigbee2MQTT?

A hub's base is its `base_topic`, an address the device's name below it, which may hold `/`. A device registered without its
hub has `base_topic/NAME` as base, and the empty address.

A motion or presence sensor's `occupancy` is telemetry, with `presence` in its `extra`: it says that somebody is at home, but
is no patrol ping, for no camera looked. `linkquality` stays what it is (0 to 255): IEEE 802.15.4 leaves open whether it is
made of strength, quality or both, and no adapter does it alike, so no dBm can be told from it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.formats.base import Said, first_level, own_branch, prefixes
from devices.formats.payload import (
    INSTANT_RANGE,
    TEMPERATURE_RANGE,
    TEXT_LIMIT,
    NotReadable,
    address_fits,
    clean,
    fit_number,
    fit_whole,
    instant,
    json_object,
    json_value,
    wrong,
)
from devices.formats.zigbee2mqtt_hub import read_hub, read_state
from devices.formats.zigbee_actions import ACTION_LIMIT, Meaning, meaning, says_help, take_alarm
from devices.model import Alarm, Press, Telemetry, Unreadable

_ASKING = frozenset({"set", "get"})
_ATTRIBUTES = frozenset(
    {
        "click", "battery", "battery_low", "linkquality", "voltage", "temperature", "occupancy", "presence", "tamper",
        "contact", "water_leak", "smoke", "gas", "carbon_monoxide",
    }
)  # fmt: skip
"""What is read where a hub says each value on a topic of its own (its setting `output: attribute`); `sos` and the like, too."""
_PRIVATE = re.compile(r"(?:^|_)(?:code|codes|pin|password|user|users)(?:_|$)")
"""What a keypad or lock says of codes and of who used them: not ours to keep."""
_PASSED_OVER = ("update", "update_available")


class Zigbee2Mqtt:
    """Devices behind Zigbee2MQTT, versions 1 and 2."""

    name = "zigbee2mqtt"
    calls = True

    def filters(self, base: str) -> Sequence[str]:
        """Return the filters under which a base is heard."""
        return first_level(base)

    def grants(self, base: str) -> Sequence[str]:
        """Return what a hub or device may publish and hear."""
        return own_branch(base)

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Yield the ways in which a topic may be (base, rest)."""
        return prefixes(topic)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Return what was said under a base, or why it cannot be read."""
        name, _, leaf = rest.rpartition("/")
        if rest.startswith("bridge/"):
            return _or_why("", read_hub, rest.removeprefix("bridge/"), payload)
        if not address_fits(rest):
            return Unreadable(
                f"topic below the base has {len(rest)} characters, or some that cannot be kept", is_help=True
            )
        if _ASKING.intersection(rest.split("/")):
            return ()
        if leaf == "availability":
            return _or_why(name, read_state, name, payload)
        if leaf == "action":
            return _or_why(name, _action, name, payload, is_help=True)
        if (leaf in _ATTRIBUTES or says_help(leaf)) and not payload.lstrip().startswith(b"{"):
            return _or_why(rest, _attribute, name, leaf, payload, is_help=True)
        return _or_why(rest, _device, rest, payload, is_help=True)


FORMAT = Zigbee2Mqtt()


def _or_why(
    address: str, reader: Callable[..., Sequence[Said]], *args: str | bytes, is_help: bool = False
) -> Sequence[Said] | Unreadable:
    try:
        return reader(*args)
    except NotReadable as why:
        return Unreadable(str(why), address, is_help)


def _action(name: str, payload: bytes) -> Sequence[Said]:
    """Read the action once more as plain text, as Zigbee2MQTT says it for Home Assistant's device triggers."""
    try:
        action = payload.decode().strip().strip('"')
    except UnicodeDecodeError:
        raise NotReadable("the action is not UTF-8") from None
    if action.startswith("{"):
        raise NotReadable("the action is an object, not a word")
    return _presses(name, action, None, None, {})


def _attribute(name: str, key: str, payload: bytes) -> Sequence[Said]:
    try:
        value = json_value(payload) if payload else None
    except NotReadable:
        value = payload.decode(errors="replace")
        if not clean(value):
            raise
    if isinstance(value, list):
        raise wrong(key, value, "a single value")
    return _spoken(name, {key: value})


def _device(address: str, payload: bytes) -> Sequence[Said]:
    if not payload:  # a retained state taken back: the device was renamed or removed
        return ()
    return _spoken(address, json_object(payload))


def _spoken(address: str, said: dict[str, Any]) -> Sequence[Said]:
    """Read a state: what was pressed, whether a call for help stands, then how the device itself is.

    All three may be in one message: Daewoo's keypad says `action: "sos"` and `sos_alarm: true` of one press.
    """
    rest = {key: each for key, each in said.items() if each is not None and not _PRIVATE.search(key)}
    for key in _PASSED_OVER:
        rest.pop(key, None)
    action = rest.pop("action", None)
    clicked = rest.pop("click", None)  # what version 1 called it up to 1.17
    at = _last_seen(rest)
    fw = _fw(rest.pop("device", None))
    battery = fit_whole(rest, "battery", 0, 100)
    results: list[Said] = []
    results += _presses(address, clicked if action is None else action, at, battery, rest)
    alarm = take_alarm(rest)
    if alarm is not None:
        on, source = alarm
        results.append(Alarm(address, on, at, source, battery))
    temperature = _temperature(rest)
    _note_presence(rest)
    if rest or battery is not None or fw is not None or temperature is not None:
        results.append(Telemetry(address, at, battery, fw=fw, temperature=temperature, extra=rest))
    return results


def _presses(
    address: str, action: object, at: datetime | None, battery: int | None, rest: dict[str, Any]
) -> Sequence[Press]:
    if action is None:
        return ()
    if not isinstance(action, str) or len(action) > ACTION_LIMIT or not clean(action):
        raise wrong("action", action, f"a word of at most {ACTION_LIMIT} characters")
    meant = meaning(action)
    if meant is Meaning.NOTHING:
        return ()
    beside = {key: each for key, each in rest.items() if key.startswith("action_") or key == "linkquality"}
    return (Press(address, action, meant is Meaning.HELP, at=at, battery=battery, extra=beside),)


def _last_seen(rest: dict[str, Any]) -> datetime | None:
    """Take when the hub last heard the device, where it is set to say so: in ISO 8601, or in milliseconds."""
    seen = rest.get("last_seen")
    at = instant(seen) if isinstance(seen, str) else None
    if at is None:
        milliseconds = fit_number(rest, "last_seen", INSTANT_RANGE[0], INSTANT_RANGE[1] * 1000)
        at = None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    if at is not None:
        rest.pop("last_seen", None)
    return at


def _fw(device: object) -> str | None:
    """Return the firmware from what a hub set to `include_device_information` says with each message."""
    build = device.get("softwareBuildID") if isinstance(device, dict) else None
    return build if isinstance(build, str) and 0 < len(build) <= TEXT_LIMIT else None


def _temperature(rest: dict[str, Any]) -> float | None:
    """Take the room's temperature: a sensor's or a radiator valve's, unless the device says it is not in degrees Celsius."""
    if rest.get("temperature_unit") in ("fahrenheit", "F", "°F"):
        return None
    measured = fit_number(rest, "temperature", *TEMPERATURE_RANGE)
    return fit_number(rest, "local_temperature", *TEMPERATURE_RANGE) if measured is None else measured


def _note_presence(rest: dict[str, Any]) -> None:
    seen = [each for key in ("occupancy", "presence") if isinstance(each := rest.get(key), bool)]
    if seen:
        rest["presence"] = any(seen)
