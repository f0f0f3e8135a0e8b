"""Which device makes itself known by Tasmota's own discovery (`tasmota/discovery/MAC/config`, retained)?"""

from collections.abc import Sequence
from typing import Any

from devices.formats import words
from devices.formats.base import Said
from devices.formats.payload import fit_text, json_object
from devices.model import Found, Gone, Unreadable

_PREFIXES = ["cmnd", "stat", "tele"]
_MQTT_BUTTONS, _MQTT_SWITCHES = "73", "114"
"""The SetOptions with which presses are said."""


def found(rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
    """Read what follows `tasmota/discovery/`. Raises NotReadable."""
    mac, _, what = rest.partition("/")
    uid = words.radio_address(mac)
    if uid is None or what != "config":  # `sensors` says what it measures, not what it is
        return ()
    if not payload:
        return (Gone(uid),)
    said = json_object(payload)
    names = said.get("fn")
    first = {"name": names[0]} if isinstance(names, list) and names else {}
    topic = _base(said, mac)
    return (
        Found(
            uid,
            fit_text(said, "dn", 200) or fit_text(first, "name", 200) or topic or uid,
            kind="button" if _presses(said) else None,
            model=fit_text(said, "md", 200),
            fw=fit_text(said, "sw", 200),
            topic=topic,
        ),
    )


def _presses(said: dict[str, Any]) -> bool:
    """Say whether it has a button or switch, and an option set with which that is said."""
    options = said.get("so")
    if not isinstance(options, dict):
        return False
    buttons, switches = said.get("btn"), said.get("swc")
    has_button = isinstance(buttons, list) and any(isinstance(each, int) and each > 0 for each in buttons)
    has_switch = isinstance(switches, list) and any(isinstance(each, int) and each >= 0 for each in switches)
    return (has_button and options.get(_MQTT_BUTTONS) == 1) or (has_switch and options.get(_MQTT_SWITCHES) == 1)


def _base(said: dict[str, Any], mac: str) -> str | None:
    """Return its full topic without the prefix; None where that has another form than is heard."""
    full, topic, host = fit_text(said, "ft", 200), fit_text(said, "t", 200), fit_text(said, "hn", 200)
    if full is None or topic is None or said.get("tp", _PREFIXES) != _PREFIXES:
        return None
    levels = full.strip("/").split("/")
    if levels.count("%prefix%") != 1:
        return None
    levels.remove("%prefix%")
    base = "/".join(levels).replace("%topic%", topic).replace("%id%", mac[-6:]).replace("%hostname%", host or "")
    return base if 0 < len(base) <= 200 and not set("%+#") & set(base) else None
