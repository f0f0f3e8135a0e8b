"""What does a Shelly BLU button or sensor say, heard by a hub in Bluetooth's reach (BTHome version 2)?

Its address is its radio address, twelve small hexadecimal digits without separators (`38398f74b14f`), whatever hub it came
through: the same packet through two hubs has the same address and the same packet number, and so counts once. A hub that
was told of the device itself names it `bthomedevice:N` and not by its radio address; then that is the address, below that
hub only, and the press has the hub's time for a key.

Three ways lead here: an event of the hub's script (`shelly-blu`, data beside it), a topic of a script that ends in the radio
address, and the hub's own `bthomedevice:N`. Source: shelly-api-docs.shelly.cloud (docs-ble; BTHomeDevice), bthome.io,
ALLTERCO/shelly-script-examples (ble-shelly-blu, universal-blu-to-mqtt).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from devices.formats import words
from devices.formats.base import Said
from devices.formats.payload import (
    RSSI_RANGE,
    TEMPERATURE_RANGE,
    NotReadable,
    fit_number,
    fit_text,
    fit_whole,
    json_object,
)
from devices.model import Json, Press, Telemetry, Unreadable

ACTIONS = {
    1: "single_push", 2: "double_push", 3: "triple_push", 4: "long_push", 5: "long_double_push", 6: "long_triple_push",
    0x80: "hold", 0xFE: "hold",
}  # fmt: skip
"""What BTHome's button event 0x3A says; 0 is no press. Any other number is a press all the same."""
_YES_OR_NO = {"motion": "presence", "window": "open", "vibration": "vibration"}
_BUTTONS = 16
"""At most so many buttons of one remote are looked at."""


def address_of(said: Mapping[str, Any]) -> str | None:
    """Return the radio address a message names; None where it names none."""
    return words.radio_address(said.get("address", said.get("addr")))


def read_topic(radio: str, payload: bytes) -> Sequence[Said] | Unreadable:
    """Read what a script published on a topic that ends in a radio address."""
    if not payload:
        return ()
    try:
        said = json_object(payload)
    except NotReadable as why:
        return Unreadable(str(why), radio, is_help=True)
    packet = said.get("service_data")
    if isinstance(packet, dict):
        said = {**packet, "rssi": said.get("rssi"), "local_name": said.get("local_name")}
    if said.get("encryption") is True:
        # a button sends when it is pressed, and hardly else: it may well be help
        return Unreadable(
            "the packet is encrypted; turn encryption off for this device in the Shelly app", radio, is_help=True
        )
    return list(read({**said, "address": radio}, None))


def read(said: dict[str, Any], at: datetime | None, action: str | None = None) -> Iterator[Said]:
    """Read a decoded packet. `action`: which press the hub calls it, where it does."""
    radio = address_of(said)
    if radio is None:
        return
    battery = fit_whole(said, "battery", 0, 100)
    packet = fit_whole(said, "pid", 0, 255)
    button, which = _button(said.get("button"))
    action = action or (None if not button else ACTIONS.get(button, f"button_{button}"[:40]))
    if action is not None:
        extra: dict[str, Json] = {} if which is None else {"button": which}
        yield Press(radio, action, key=None if packet is None else str(packet), at=at, battery=battery, extra=extra)
    yield from _reading(radio, said, at, battery)


def state(component: str, said: dict[str, Any]) -> Iterator[Said]:
    """Read how a hub last heard a device that it was told of."""
    yield from _reading(component, said, None, fit_whole(said, "battery", 0, 100))


def _reading(uid: str, said: dict[str, Any], at: datetime | None, battery: int | None) -> Iterator[Said]:
    rssi = fit_whole(said, "rssi", RSSI_RANGE[0], -1)
    temperature = _first(said, "temperature", *TEMPERATURE_RANGE)
    extra: dict[str, Json] = {}
    for key, kept_as in _YES_OR_NO.items():
        value = _first(said, key, 0, 1)
        if value is not None:
            extra[kept_as] = bool(value)
    for key, high in (("humidity", 100.0), ("illuminance", 200_000.0)):
        value = _first(said, key, 0, high)
        if value is not None:
            extra[key] = value
    model = fit_text(said, "local_name", 100) or fit_text(said, "model", 100)
    if model is not None:
        extra["model"] = model
    if battery is not None or rssi is not None or temperature is not None or extra:
        yield Telemetry(uid, at, battery, rssi, fit_text(said, "fw_ver", 100), temperature, extra)


def _first(said: dict[str, Any], key: str, low: float, high: float) -> float | None:
    """Return a number, or the first where a device has several of that kind."""
    value = said.get(key)
    return fit_number({key: value[0] if isinstance(value, list) and value else value}, key, low, high)


def _button(value: object) -> tuple[int, int | None]:
    """Return (what was done, which of several buttons); 0 is nothing."""
    if isinstance(value, list):
        for which, each in enumerate(value[:_BUTTONS]):
            if _button(each)[0] and not isinstance(each, list):
                return _button(each)[0], which
        return 0, None
    return (value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0), None
