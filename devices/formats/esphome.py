"""What does a node with ESPHome say over MQTT?

The base is the node's topic prefix: its name, or what `topic_prefix` says (`homes/NAME` makes one subscription for all homes).
`status` is birth and Last Will, retained; `COMPONENT/NAME/state` a bare value, retained as sold. ESPHome has no kind for a
help button, so the name given in its YAML decides (`_judge`): named for help (sos, panic, emergency, help, call, 求助 ...) it is
a state whose change to ON is a press; named for something else that is known (motion, door ...) a reading; any other is a
press at each ON, which is help where a button is registered. Its address is `binary_sensor/NAME`; whoever is registered
at the base itself gets it where nobody is registered so.

Source: esphome.io (MQTT Client Component; Binary Sensor; Event).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices.formats import words
from devices.formats.base import Said, first_level, own_branch, prefixes
from devices.formats.payload import (
    RSSI_RANGE,
    TEMPERATURE_RANGE,
    NotReadable,
    address_fits,
    fit_number,
    fit_text,
    fit_whole,
    json_object,
)
from devices.model import Alarm, Found, Press, StatusChange, Telemetry, Unreadable

_STATE = re.compile(r"(binary_sensor|sensor|text_sensor|event)/([^/]+)/state")
_PRESENCE = frozenset({"motion", "pir", "occupancy", "presence", "occupied", "person", "radar"})
_OTHERWISE = _PRESENCE | {
    "door", "window", "contact", "opening", "moisture", "leak", "water", "flood", "smoke", "gas", "co", "tamper", "charging",
    "charger", "battery", "power", "plug", "lock", "light", "dark", "sound", "vibration", "moving", "status", "connected",
    "connectivity", "running", "update", "problem", "heat", "cold", "rain",
}  # fmt: skip
"""What a binary sensor that is no button is named for, mostly after Home Assistant's device classes."""
_NO_PRESS = frozenset({"", "off", "release", "released", "clear", "none", "idle", "up"})
_SILENT = frozenset({"", "nan", "none", "unknown", "unavailable"})


class EspHome:
    """ESPHome's format."""

    name = "esphome"
    calls = True

    def filters(self, base: str) -> Sequence[str]:
        """Hear all below the first level of the prefix."""
        return first_level(base)

    def grants(self, base: str) -> Sequence[str]:
        """Grant what is below the prefix."""
        return own_branch(base)

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Part a topic at each level."""
        return prefixes(topic)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Read one message below a node's prefix. Its log (`debug`) and commands to it are of no interest."""
        if rest == "status":
            state = words.online(payload)
            if state is not None:
                return (StatusChange("", online=state),)
            return Unreadable("`status` says neither online nor offline") if payload else ()
        if rest.startswith("discover/"):
            return _found(payload)
        named = _STATE.fullmatch(rest)
        if named is None or not payload or not address_fits(rest):
            return ()
        match named[1]:
            case "binary_sensor":
                return _judge(named[2], payload)
            case "event":
                return _event(named[2], payload)
            case _:
                return _reading(named[2], words.plain(payload))


FORMAT = EspHome()


def _judge(name: str, payload: bytes) -> Sequence[Said] | Unreadable:
    """Say what a binary sensor's state means, by its name."""
    address, text = f"binary_sensor/{name}", (words.plain(payload, 20) or "?").lower()
    parts = words.parts(name)
    calls = words.says_help(name)
    if text in _SILENT:
        return ()
    if text not in ("on", "off"):
        is_help = calls or _OTHERWISE.isdisjoint(parts)
        return Unreadable(f"`{address}` is neither ON nor OFF", address, is_help=is_help)
    on = text == "on"
    if calls:
        return (Alarm(address, on=on),)
    if not _PRESENCE.isdisjoint(parts):
        return (Telemetry("", extra={"presence": on}),)
    if not _OTHERWISE.isdisjoint(parts):
        return (Telemetry("", extra={name[:100]: on}),)
    return (Press(address, "on"),) if on else ()


def _event(name: str, payload: bytes) -> Sequence[Said] | Unreadable:
    """Read an event entity: `{"event_type":"single"}`."""
    address = f"event/{name}"
    try:
        action = fit_text(json_object(payload), "event_type", 40)
    except NotReadable as why:
        return Unreadable(str(why), address, is_help=True)
    if action is None:
        return Unreadable(f"`{address}` names no event", address, is_help=True)
    if action.lower() in _NO_PRESS:
        return ()
    return (Press(address, action, certain=words.says_help(name) or words.says_help(action)),)


def _reading(name: str, text: str | None) -> Sequence[Said]:
    """Read a sensor by its name; what has none of the known ones is no reading of ours."""
    if text is None or text.lower() in _SILENT:
        return ()
    parts = words.parts(name)
    if "version" in parts:
        return (Telemetry("", fw=text[:100]),)
    try:
        value: dict[str, Any] = {"value": float(text)}
    except ValueError:
        return ()
    if "battery" in parts and not {"voltage", "volt", "volts", "current"} & set(parts):
        reading = Telemetry("", battery=fit_whole(value, "value", 0, 100))
    elif {"rssi", "wifi", "signal"} & set(parts):
        # a signal in percent, which ESPHome has too, is above 0
        reading = Telemetry("", rssi=fit_whole(value, "value", RSSI_RANGE[0], -1))
    elif "temperature" in parts or "temp" in parts:
        reading = Telemetry("", temperature=fit_number(value, "value", *TEMPERATURE_RANGE))
    elif "uptime" in parts:
        seconds = fit_whole(value, "value", 0, 10**10)
        reading = Telemetry("", extra={} if seconds is None else {"uptime_s": seconds})
    else:
        return ()
    return () if reading == Telemetry("") else (reading,)


def _found(payload: bytes) -> Sequence[Said] | Unreadable:
    """Read how a node makes itself known (`esphome/discover/NAME`, with `discover_ip`); its prefix is its name as sold."""
    if not payload:
        return ()
    try:
        said = json_object(payload)
    except NotReadable as why:
        return Unreadable(str(why))
    name, uid = fit_text(said, "name", 100), words.radio_address(said.get("mac"))
    if name is None or uid is None:
        return Unreadable("neither `name` nor `mac` says who it is")
    title = fit_text(said, "friendly_name", 200) or name
    return (Found(uid, title, model=fit_text(said, "board", 200), fw=fit_text(said, "version", 100), topic=name),)
