"""Which devices make themselves known by Home Assistant's discovery, and which format do they speak?

The base is the discovery prefix, `homeassistant` as sold; one hub's may stand below its own base (`homes/7/homeassistant`).
`PREFIX/COMPONENT/[NODE/]OBJECT/config` names one entity, `PREFIX/device/OBJECT/config` a device with all of its components;
an empty payload takes back. Who is found has NODE for an address, else OBJECT, so that taking back finds it: of a node with
many entities there is one entry, and it appears again with the next of them. What is found waits for approval; it is
heard only where its topics are those of a format that is known here, for a `value_template` is a program.

Source: home-assistant.io/integrations/mqtt (MQTT discovery), its abbreviations; the configurations that Zigbee2MQTT,
ESPHome, Tasmota and Shelly scripts publish.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from devices.formats import homeassistant_config as config
from devices.formats.base import Said, first_level, own_branch, prefixes
from devices.formats.payload import NotReadable, address_fits, fit_text, json_object
from devices.model import Found, Gone, Unreadable

LIMIT = 64 * 1024
"""Bytes of the largest configuration that is read: a device's holds those of all of its entities."""


class HomeAssistant:
    """Home Assistant's discovery: nothing is said by it but who is there."""

    name = "homeassistant"
    calls = False

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
        """Read one message below a prefix; states and Home Assistant's own birth are of no interest."""
        levels = rest.split("/")
        if levels[0] == "homeassistant":
            levels = levels[1:]
        if len(levels) not in (3, 4) or levels[-1] != "config":
            return ()
        component, uid = levels[0], levels[1]
        if not uid or not address_fits(uid):
            return ()
        if not payload:
            return (Gone(uid),)
        try:
            return (_found(component, uid, levels[-2], json_object(payload, LIMIT)),)
        except NotReadable as why:
            return Unreadable(str(why), uid)


FORMAT = HomeAssistant()


def _found(component: str, uid: str, entity: str, said: dict[str, Any]) -> Found:
    device = config.part(said, "dev", "device")
    components = config.components(component, entity, said)
    spoken = config.spoken(said, device, config.topics(said))
    model = config.text(device, "mdl", "model")
    return Found(
        uid,
        fit_text(device, "name", 200) or fit_text(said, "name", 200) or uid,
        kind="hub" if spoken is not None and spoken.is_hub else config.kind_of(components),
        model=model,
        maker=config.text(device, "mf", "manufacturer"),
        fw=config.text(device, "sw", "sw_version"),
        topic=None if spoken is None else spoken.topic,
        format=None if spoken is None else spoken.format,
    )
