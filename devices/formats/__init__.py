"""How does each vendor speak? One small pure module a vendor: (topic, bytes) in, typed messages or the reason why not out.

`installed` names those that there are: the ones in this folder, and those of packages that declare an entry point
(docs/formats.md). Anju's own (`anju`) is not among them: it has topics, identifiers and replies that no vendor's has.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from devices.formats import plugins

if TYPE_CHECKING:
    from devices.formats.base import Format

OWN = "anju"
"""The contract's own format, which every registry has."""
BUILT_IN = ("zigbee2mqtt", "frigate", "shelly", "tasmota", "esphome", "homeassistant")
"""Each the name of a module in this folder, whose `FORMAT` it is."""


@cache
def installed() -> Mapping[str, "Format"]:
    """Return how each vendor speaks, by the registry's name for it; read once, when first asked for.

    A plug-in that cannot be used is left out and logged as an error: the others' presses are heard all the same.
    """
    found: dict[str, Format] = {
        name: import_module(f"devices.formats.{name}").FORMAT
        for name in BUILT_IN
        if find_spec(f"devices.formats.{name}")
    }
    return MappingProxyType(found | plugins.load(taken=(OWN, *found)))


def names() -> tuple[str, ...]:
    """Return what a device's `format` may be, Anju's own first."""
    return tuple(dict.fromkeys((OWN, *BUILT_IN, *installed())))
