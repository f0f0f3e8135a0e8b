"""What does a device with Tasmota say?

The base is its full topic without the prefix: `NAME` for Tasmota's own order (`tele/NAME/STATE`, FullTopic
`%prefix%/%topic%/`), `homes/NAME` for `homes/tele/NAME/STATE` or `homes/NAME/tele/STATE`. `tele/LWT` is the Last Will, retained.
A button says its presses with SetOption73, a switch with SetOption114, on `stat/RESULT` (`{"Button1":{"Action":"SINGLE"}}`) or,
with SetOption4, on `stat/BUTTON1`; some set-ups send both: one press in two messages. A press is addressed `Button1` or
`Switch1`; whoever is registered at the base itself gets it where nobody is registered so. A switch that was named for
help (`SwitchText1 SOS`, SwitchMode 15) says a state with each report. Buttons that only command a relay (`cmnd/...`)
say nothing that could be told from a command: set SetOption73.

Source: tasmota.github.io/docs (MQTT, Buttons-and-Switches, Commands, JSON-Status-Responses); hatasmota's discovery.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices.formats import words
from devices.formats.base import Said
from devices.formats.payload import (
    TEMPERATURE_RANGE,
    NotReadable,
    address_fits,
    fit_number,
    fit_text,
    fit_whole,
    instant,
    json_object,
    json_value,
)
from devices.formats.tasmota_found import found
from devices.model import Alarm, Json, Press, StatusChange, Telemetry, Unreadable

PREFIXES = ("tele", "stat", "cmnd")
_DISCOVERY = "tasmota/discovery/"
_INPUT = re.compile(r"(button|switch)([0-9]{0,2})", re.IGNORECASE)
_NO_PRESS = frozenset(
    {"", "off", "0", "clear", "15", "inc_dec", "inv", "power_delayed", "delayed", "invalid", "release", "released"}
)  # fmt: skip
"""What the release of a button, and a switch's repetitions while it is held, are called; 0 and 15 are their numbers."""
_STATE_KEYS = ("StatusSTS", "StatusFWR", "StatusSNS", "StatusPRM", "Info1", "Info3")
_DEGREES = {"F": lambda degrees: (degrees - 32) / 1.8, "K": lambda degrees: degrees - 273.15}


class Tasmota:
    """Tasmota's format."""

    name = "tasmota"
    calls = True

    def filters(self, base: str) -> Sequence[str]:
        """Hear `tele` and `stat` at every level where a base of so many levels can have its prefix."""
        depths = range(base.count("/") + 2)
        return tuple(f"{'+/' * depth}{prefix}/#" for depth in depths for prefix in PREFIXES[:2])

    def grants(self, base: str) -> Sequence[str]:
        """Grant the base with a prefix at any level of it."""
        levels = base.split("/")
        return tuple(
            "/".join((*levels[:depth], prefix, *levels[depth:], "#"))
            for depth in range(len(levels) + 1)
            for prefix in PREFIXES
        )

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Part a topic at each level that is a prefix: what stands around it is the base, the last level the rest."""
        if topic.startswith(_DISCOVERY):
            yield "tasmota", topic.removeprefix("tasmota/")
            return
        levels = topic.split("/")
        for at, level in enumerate(levels[:-1]):
            base = "/".join((*levels[:at], *levels[at + 1 : -1]))
            if level in PREFIXES and base:
                yield base, f"{level}/{levels[-1]}"

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Read one message of a base. Commands and their answers are of no interest."""
        prefix, _, leaf = rest.partition("/")
        named = _INPUT.fullmatch(leaf)
        try:
            if prefix == "discovery":
                return found(leaf, payload)
            if prefix not in PREFIXES[:2] or not payload:
                return ()
            if leaf == "LWT":
                return _last_will(payload)
            if named is not None and prefix == "stat":
                return _input_topic(named, payload)
            if leaf == "RESULT":
                return list(_presses(json_object(payload)))
            if leaf in ("STATE", "SENSOR", "INFO1", "INFO3") or leaf.startswith("STATUS"):
                return list(_reports(json_object(payload), leaf))
        except NotReadable as why:
            return Unreadable(str(why), is_help=prefix == "stat" and (leaf == "RESULT" or named is not None))
        return ()


FORMAT = Tasmota()


def _last_will(payload: bytes) -> Sequence[Said] | Unreadable:
    state = words.online(payload)
    return Unreadable("LWT says neither Online nor Offline") if state is None else (StatusChange("", online=state),)


def _input_topic(named: re.Match[str], payload: bytes) -> Sequence[Said]:
    """Read a button's or switch's own topic: as on RESULT, or by a rule of the owner's the bare action or its number."""
    address = _address(named)
    said = json_value(payload) if payload[:1] in (b"{", b"[", b'"') else words.plain(payload, 40)
    if isinstance(said, dict):
        bare = said.get("Action", said.get("ACTION"))
        return list(_presses(said)) if bare is None else list(_press(address, bare))
    return list(_press(address, said))


def _presses(said: dict[str, Any]) -> Iterator[Said]:
    for key, value in said.items():
        named = _INPUT.fullmatch(key)
        if named is not None and isinstance(value, dict):
            yield from _press(_address(named), value.get("Action", value.get("ACTION")))


def _press(address: str, action: object) -> Iterator[Press]:
    if action is None:
        raise NotReadable("no action is named")
    if isinstance(action, bool) or not isinstance(action, str | int) or len(str(action)) > 40:
        raise NotReadable(f"{address} names no action")
    if str(action).lower() not in _NO_PRESS:
        yield Press(address, str(action))


def _address(named: re.Match[str]) -> str:
    return f"{named[1].capitalize()}{named[2]}"


def _reports(said: dict[str, Any], leaf: str) -> Iterator[Said]:
    """Read STATE, SENSOR, INFO and the answers to STATUS, which hold the same within."""
    for key in _STATE_KEYS:
        inner = said.get(key)
        if isinstance(inner, dict):
            yield from _report(inner)
    if leaf in ("STATE", "SENSOR"):
        yield from _report(said)


def _report(said: dict[str, Any]) -> Iterator[Said]:
    wifi = said.get("Wifi")
    extra: dict[str, Json] = {}
    for key, kept_as in (("UptimeSec", "uptime_s"), ("BootCount", "boots")):
        count = fit_whole(said, key, 0, 10**10)
        if count is not None:
            extra[kept_as] = count
    reason, model = fit_text(said, "RestartReason", 100), fit_text(said, "Module", 100)
    extra |= {} if reason is None else {"restart_reason": reason}
    extra |= {} if model is None else {"model": model}
    time = fit_text(said, "Time", 40)
    reading = Telemetry(
        "",
        at=None if time is None else instant(time),
        battery=fit_whole(said, "BatteryPercentage", 0, 100),
        # RSSI is a percentage there, Signal the dBm
        rssi=fit_whole(wifi, "Signal", -200, -1) if isinstance(wifi, dict) else None,
        fw=fit_text(said, "Version", 100),
        temperature=_temperature(said),
        extra=extra,
    )
    if reading != Telemetry("", at=reading.at):
        yield reading
    for name, state in said.items():
        if state in ("ON", "OFF") and words.says_help(name) and address_fits(name):
            yield Alarm(name, on=state == "ON")


def _temperature(said: dict[str, Any]) -> float | None:
    """Return what the first sensor with a temperature says, in degrees Celsius."""
    for sensor in said.values():
        if isinstance(sensor, dict):
            degrees = fit_number(dict(sensor), "Temperature", -200, 600)
            if degrees is not None:
                celsius = _DEGREES.get(str(said.get("TempUnit")), float)(degrees)
                return round(celsius, 2) if TEMPERATURE_RANGE[0] <= celsius <= TEMPERATURE_RANGE[1] else None
    return None
