"""What does a Zigbee device's word for what was done to it mean: help, a press, or nothing of the kind?

The words are those of zigbee-herdsman-converters, read through in 2026-08: some thirty models of 19 makers call for help, by
an `action` (`emergency`, `panic`, `sos`), by an `action` that every button knows (`single`), or by a state (`sos`, a fall).
"""

import re
from enum import Enum
from typing import Any

from devices.formats.payload import wrong
from devices.model import Source

ACTION_LIMIT = 100
"""Characters of the longest action; the longest known has 38."""


class Meaning(Enum):
    """What an action says."""

    HELP = "help"
    PRESS = "press"
    NOTHING = "nothing"


_PARTS = re.compile(r"[_\-\s]+")
_HELP = frozenset({"sos", "panic", "emergency", "help"})
_LET_GO = frozenset({"release", "released", "stopped", "cancel", "clear"})
_ARMING = frozenset({"arm", "arming", "armed", "disarm", "disarmed"})
_NOTHING = frozenset(
    {
        "", "none", "null",
        "off",  # the end of an alarm zone's press: Heiman HS1EB, ORVIBO SE21, SmartThings, Sonoff
        "exit_delay", "entry_delay", "not_ready", "in_alarm",  # an alarm panel's states, from key fobs and keypads
        "brightness_stop", "brightness_move_stop", "color_stop", "color_temperature_move_stop", "stop_move_step",
    }
)  # fmt: skip


def meaning(action: str) -> Meaning:
    """Return what an action says; whatever is not known to be no press is one."""
    word = action.strip().lower()
    if word in _NOTHING:
        return Meaning.NOTHING
    parts = _PARTS.split(word)
    if _LET_GO.intersection(parts) or parts[0] in _ARMING:
        return Meaning.NOTHING
    if parts[0] in ("brightness", "color") and "stop" in parts:
        return Meaning.NOTHING
    return Meaning.HELP if _HELP.intersection(parts) else Meaning.PRESS


_PUSHED = frozenset({"single", "double", "hold", "long", "click", "press", "pressed", "toggle", "on"})


def is_pushed(action: str) -> bool:
    """Say whether an action is of a button that a hand pushes; others are shaken, opened or walked past."""
    return meaning(action) is Meaning.PRESS and not _PUSHED.isdisjoint(_PARTS.split(action.strip().lower()))


_SOS = re.compile(r"(?:sos|panic|emergency)(?:_alarm)?(?:_(?:l?\d{1,3}|left|right|center|top|bottom))?")
"""A state that calls for help: `sos` (Feibit), `sos_alarm` (Daewoo), `sos_l1` (own makes on PTVO's firmware)."""
_FALLEN = {"fall_status": "fall_alarm", "fall_down_status": "fall"}
"""Which value of a radar's state is a fall: Heiman, Tuya. `fall_warning` and `maybe_fall` are not yet."""
_ON = frozenset({"on", "true", "1", "alarm"})
_OFF = frozenset({"off", "false", "0", "", "none", "normal", "clear"})


def take_alarm(said: dict[str, Any]) -> tuple[bool, Source | None] | None:
    """Take what a state says of a call for help: (whether it stands, with what it was made); None where it says nothing.

    Raises NotReadable where such a state has a value that says neither.
    """
    sos = [_stands(key, said.pop(key)) for key in [key for key in said if _SOS.fullmatch(key)]]
    fallen = [said[key] == value for key, value in _FALLEN.items() if isinstance(said.get(key), str)]
    if isinstance(said.get("fall"), bool):
        fallen.append(said.pop("fall"))
    if not sos and not fallen:
        return None
    if any(sos):
        return True, None
    return any(fallen), Source.FALL if any(fallen) else None


def says_help(key: str) -> bool:
    """Say whether a state of that name calls for help."""
    return _SOS.fullmatch(key) is not None or key in _FALLEN or key == "fall"


def _stands(key: str, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    word = str(value).lower() if isinstance(value, str | int) else "?"
    if word in _ON:
        return True
    if word in _OFF:
        return False
    raise wrong(key, value, "true or false")
