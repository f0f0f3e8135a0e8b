"""What does a Zigbee device's word for what was done to it mean: help, a press, or nothing of the kind?

The words are those of zigbee-herdsman-converters 26.112 (4,516 models): some thirty call for help, by an `action`
(`emergency`, `panic`, `sos`), by an `action` that every button knows (`single`), or by a state (`sos`, a fall).
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
_LET_GO = frozenset({"release", "released", "stopped"})
_ARMING = frozenset({"arm", "arming", "armed", "disarm", "disarmed"})
_NOTHING = frozenset(
    {
        "", "none", "null",  # Bosch's twilight sensors say `none`
        "off",  # the end of an alarm zone's press: Heiman HS1EB, ORVIBO SE21, SmartThings, Sonoff
        "exit_delay", "entry_delay", "not_ready", "in_alarm",  # an alarm panel's states, from key fobs and keypads
    }
)  # fmt: skip
_DIMMED = ("brightness", "color", "hue")
"""What a key does while it is held; its `stop` is the letting go. A shutter's `stop` is a key of its own."""
_EITHER = "press_or_release_all"
"""What EnOcean's PTM 215ZE says when it is not sure: in doubt a press."""


def meaning(action: str) -> Meaning:
    """Return what an action says; whatever is not known to be no press is one."""
    word = action.strip().lower()
    if word in _NOTHING:
        return Meaning.NOTHING
    parts = _PARTS.split(word)
    if word != _EITHER and (_LET_GO.intersection(parts) or parts[0] in _ARMING):
        return Meaning.NOTHING
    if word.startswith("stop_move_step") or (parts[0] in _DIMMED and "stop" in parts):
        return Meaning.NOTHING
    return Meaning.HELP if _HELP.intersection(parts) else Meaning.PRESS


_PUSHED = frozenset({"single", "double", "hold", "long", "click", "press", "pressed", "toggle", "on"})


def is_pushed(action: str) -> bool:
    """Say whether an action is of a button that a hand pushes; others are shaken, opened or walked past."""
    return meaning(action) is Meaning.PRESS and not _PUSHED.isdisjoint(_PARTS.split(action.strip().lower()))


_SOS = re.compile(r"(?:sos|panic|emergency)(?:_alarm)?(?:_(?:l?\d{1,3}|left|right|center|top|bottom))?")
"""A state that calls for help: `sos` (Feibit, OWON), `sos_alarm` (Daewoo), `sos_l1` (own makes on PTVO's firmware)."""
_FALLEN = {
    "fall_status": {"fall_alarm": True, "fall_warning": False, "normal": False},
    "fall_down_status": {"fall": True, "maybe_fall": False, "none": False},
    "status": {"falling": True}
    | dict.fromkeys(("unoccupied", "occupied", "sitting", "on_the_bed", "low_posture"), False),
}
"""What a radar says of somebody who fell: Heiman HS2FD, Tuya MIR-HE200, OWON FDS315. Other values say nothing of it."""
_ON = frozenset({"on", "true", "1", "alarm"})
_OFF = frozenset({"off", "false", "0", "", "none", "normal", "clear"})


def take_alarm(said: dict[str, Any]) -> tuple[bool, Source | None] | None:
    """Take what states say of a call for help: (whether it stands, with what it was made); None where they say nothing.

    Raises NotReadable where none calls for help and one has a value that says neither.
    """
    states = {key: said.pop(key) for key in [key for key in said if _SOS.fullmatch(key)]}
    fallen = [words[word] for key, words in _FALLEN.items() if isinstance(word := said.get(key), str) and word in words]
    if isinstance(said.get("fall"), bool):
        fallen.append(said.pop("fall"))
    stands = {key: _stands(value) for key, value in states.items()}
    if any(stands.values()):
        return True, None
    if any(fallen):
        return True, Source.FALL
    for key, each in stands.items():
        if each is None:
            raise wrong(key, states[key], "true or false")
    return (False, None) if stands or fallen else None


def says_help(key: str) -> bool:
    """Say whether a state of that name may call for help."""
    return calls_by_hand(key) or key in _FALLEN or key == "fall"


def calls_by_hand(key: str) -> bool:
    """Say whether a state of that name is of somebody who called."""
    return _SOS.fullmatch(key) is not None


def _stands(value: object) -> bool | None:
    """Return whether a state is on; None where its value says neither."""
    if value is None or isinstance(value, bool):
        return bool(value)
    word = str(value).lower() if isinstance(value, str | int) else "?"
    return True if word in _ON else False if word in _OFF else None
