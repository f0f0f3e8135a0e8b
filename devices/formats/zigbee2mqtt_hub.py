"""What does a Zigbee2MQTT hub say of itself and of the devices it knows?"""

from collections.abc import Iterator, Sequence
from typing import Any

from devices.formats.base import Said
from devices.formats.payload import (
    TEXT_LIMIT,
    NotReadable,
    address_fits,
    clean,
    json_object,
    json_value,
    kind_of,
    wrong,
)
from devices.formats.zigbee_actions import Meaning, is_pushed, meaning, says_help
from devices.model import Found, Gone, StatusChange

DEVICES_LIMIT = 1024 * 1024
"""Bytes of the largest list of devices that is read: each comes with all that it can do, some 5 KiB."""
DEVICES_SHOWN = 500
"""Devices of one list that are read; a Zigbee network of one coordinator has at most some 300."""
_STATES = {b"online": True, b"offline": False}
_SPOKEN_FOR = ("switch", "light", "lock", "cover", "climate", "fan")
"""What a device is that does something: its buttons are for that."""


def read_hub(leaf: str, payload: bytes) -> Sequence[Said]:
    """Return what came on `bridge/LEAF`, nothing where it is of no interest. Raises NotReadable."""
    match leaf:
        case "state":
            return read_state("", payload)
        case "devices":
            return list(_devices(payload))
        case "event":
            return _event(payload)
        case _:
            return ()


def read_state(address: str, payload: bytes) -> Sequence[Said]:
    """Return whether the hub or a device is there, in the old spelling or the new. Raises NotReadable.

    A hub says `offline` in its Last Will and when it is stopped: the two cannot be told apart. Nothing at all is the taking
    back of what was said of a device that was renamed or removed.
    """
    if not payload:
        return ()
    online = _STATES.get(payload)
    if online is None:
        state = json_object(payload).get("state")
        if state not in ("online", "offline"):
            raise wrong("state", state, '"online" or "offline"')
        online = state == "online"
    return (StatusChange(address, online),)


def _devices(payload: bytes) -> Iterator[Found]:
    said = json_value(payload, DEVICES_LIMIT)
    if not isinstance(said, list):
        raise NotReadable(f"payload is {kind_of(said)}, not a list of devices")
    for device in said[:DEVICES_SHOWN]:
        found = _found(device)
        if found is not None:
            yield found


def _event(payload: bytes) -> Sequence[Said]:
    said = json_object(payload)
    device = said.get("data")
    match said.get("type"):
        case "device_leave":
            name = device.get("friendly_name") if isinstance(device, dict) else None
            return (Gone(name),) if isinstance(name, str) and name and address_fits(name) else ()
        case "device_joined" | "device_interview":
            found = _found(device)
            return () if found is None else (found,)
        case _:
            return ()


def _found(device: object) -> Found | None:
    """Return a device that could be registered; None for the coordinator, and where nothing can be made of it."""
    if not isinstance(device, dict) or device.get("type") == "Coordinator" or device.get("disabled") is True:
        return None
    name = device.get("friendly_name")
    if not isinstance(name, str) or not name or not address_fits(name):
        return None
    definition = device.get("definition")
    if not isinstance(definition, dict):
        definition = {}
    return Found(
        name,
        name,
        kind=_kind(definition),
        model=_text(definition.get("model")) or _text(device.get("model_id")),
        maker=_text(definition.get("vendor")) or _text(device.get("manufacturer")),
        fw=_text(device.get("software_build_id")),
    )


def _kind(definition: dict[str, Any]) -> str | None:
    """Guess the kind: a button calls for help, or is pushed and does nothing else; a lamp or plug is nothing that we know."""
    exposes = definition.get("exposes")
    features = [each for each in exposes if isinstance(each, dict)] if isinstance(exposes, list) else []
    if not features:
        return None
    actions = [value for each in features if each.get("name") == "action" for value in _values(each)]
    if any(meaning(action) is Meaning.HELP for action in actions):
        return "button"
    names = [name for each in features if isinstance(name := each.get("name"), str)]
    if any(says_help(name) and not name.startswith("fall") for name in names):
        return "button"
    if any(each.get("type") in _SPOKEN_FOR for each in features):
        return None
    return "button" if any(is_pushed(action) for action in actions) else "sensor"


def _values(feature: dict[str, Any]) -> list[str]:
    values = feature.get("values")
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= TEXT_LIMIT and clean(value) else None
