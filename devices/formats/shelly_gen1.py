"""What does a Shelly of the first generation say, as the Button 1, the i3 or the motion sensor?

The base is `shellies/ID`. A press is `input_event/N` with a counter: a mains device sends the last one again every
`mqtt_update_period` seconds (30 as sold), so the counter is the key. It starts anew when the device does.
Source: shelly-api-docs.shelly.cloud, gen1 (MQTT: common, Button1, i3, Motion).
"""

from collections.abc import Sequence
from typing import Any

from devices.formats import words
from devices.formats.base import Said
from devices.formats.payload import (
    RSSI_RANGE,
    TEMPERATURE_RANGE,
    NotReadable,
    address_fits,
    fit_bool,
    fit_number,
    fit_text,
    fit_whole,
    json_object,
)
from devices.model import Json, Press, StatusChange, Telemetry, Unreadable

_PRESS = "input_event/"


def read(rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
    """Read one message below `shellies/ID`."""
    if not payload:
        return ()
    try:
        if rest.startswith(_PRESS):
            return _press(rest.removeprefix(_PRESS), json_object(payload))
        match rest:
            case "announce":
                said = json_object(payload)
                model, fw = fit_text(said, "model", 100), fit_text(said, "fw_ver", 100)
                return (StatusChange("", online=True, model=model, fw=fw),)
            case "info":
                return _info(json_object(payload))
            case "status":
                return _motion(json_object(payload))
            case "sensor/battery" | "sensor/temperature" | "sensor/motion":
                return _sensor(rest.partition("/")[2], payload)
    except NotReadable as why:
        return Unreadable(str(why), is_help=rest.startswith(_PRESS))
    return ()


def _press(number: str, said: dict[str, Any]) -> Sequence[Said] | Unreadable:
    action = said.get("event")
    if action == "" or action is None:  # nobody pressed since it started
        return ()
    address = f"input:{number}"
    if not isinstance(action, str) or len(action) > 40 or not address_fits(address):
        return Unreadable("`event` names no press", is_help=True)
    count = fit_whole(said, "event_cnt", 0, 2**32)
    return (Press(address, action, key=None if count is None else f"{address}#{count}"),)


def _info(said: dict[str, Any]) -> Sequence[Said]:
    """Read the full status: what is in it of a press comes as `input_event` too."""
    radio, cell, heat, update = (
        found if isinstance(found := said.get(key), dict) else {} for key in ("wifi_sta", "bat", "tmp", "update")
    )
    extra: dict[str, Json] = {}
    uptime_s = fit_whole(said, "uptime", 0, 10**10)
    if uptime_s is not None:
        extra["uptime_s"] = uptime_s
    reading = Telemetry(
        "",
        battery=fit_whole(cell, "value", 0, 100),
        rssi=fit_whole(radio, "rssi", RSSI_RANGE[0], -1),
        fw=fit_text(update, "old_version", 100),
        temperature=fit_number(heat, "tC", *TEMPERATURE_RANGE),
        extra=extra,
    )
    return () if reading == Telemetry("") else (reading,)


def _motion(said: dict[str, Any]) -> Sequence[Said]:
    seen, battery = fit_bool(said, "motion"), fit_whole(said, "bat", 0, 100)
    if seen is None and battery is None:
        return ()
    return (Telemetry("", battery=battery, extra={} if seen is None else {"presence": seen}),)


def _sensor(what: str, payload: bytes) -> Sequence[Said] | Unreadable:
    text = (words.plain(payload, 20) or "").lower()
    if what == "motion" and text in ("true", "false", "1", "0"):
        return (Telemetry("", extra={"presence": text in ("true", "1")}),)
    try:
        number: dict[str, Any] = {what: float(text)}
    except ValueError:
        number = {}
    battery = fit_whole(number, "battery", 0, 100)
    temperature = fit_number(number, "temperature", *TEMPERATURE_RANGE)
    if battery is None and temperature is None:
        return Unreadable(f"`{what}` is {text!r}, which is none")
    return (Telemetry("", battery=battery, temperature=temperature),)
