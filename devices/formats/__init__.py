"""How does each vendor speak? One small pure module a vendor: (topic, bytes) in, typed messages or the reason why not out.

`installed` names those that there are: the ones in this folder, and those of packages that declare an entry point
(docs/formats.md). Anju's own (`anju`) is not among them: it has topics, identifiers and replies that no vendor's has.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from devices.formats import plugins

if TYPE_CHECKING:
    from devices.formats.base import Format

OWN = "anju"
"""The contract's own format, which every registry has."""
BUILT_IN = ("zigbee2mqtt", "frigate", "shelly", "tasmota", "esphome", "homeassistant")
"""Each the name of a module in this folder, whose `FORMAT` it is."""
DISCOVERY = ("homeassistant/#", "tasmota/discovery/#", "esphome/discover/#")
"""MQTT filters on which devices make themselves known that nobody registered."""


@cache
def installed() -> Mapping[str, "Format"]:
    """Return how each vendor speaks, by the registry's name for it; read once, when first asked for.

    A plug-in that cannot be used is left out and logged as an error: the others' presses are heard all the same.
    """
    found: dict[str, Format] = {name: import_module(f"devices.formats.{name}").FORMAT for name in BUILT_IN}
    return MappingProxyType(found | plugins.load(taken=(OWN, *found)))


def names() -> tuple[str, ...]:
    """Return what a device's `format` may be, Anju's own first."""
    return (OWN, *installed())


def discovery(topic: str) -> tuple[str, str, str] | None:
    """Return (format, base, rest) of a topic on which a device makes itself known, at the broker's top or below a hub's base.

    None where it is none; the format's `read` of the rest is who was found, or taken back.
    """
    for name, head in (("tasmota", "discovery"), ("esphome", "discover")):
        if topic.startswith(f"{name}/{head}/"):
            return name, name, topic.removeprefix(f"{name}/")
    levels = topic.split("/")
    if "homeassistant" not in levels[:-1]:
        return None
    at = levels.index("homeassistant") + 1
    return "homeassistant", "/".join(levels[:at]), "/".join(levels[at:])
