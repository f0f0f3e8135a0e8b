"""How does a button with ESPHome speak? Bare values, retained as sold; a press is ON and then OFF.

As sold it also makes itself known to Home Assistant, whether there is one or not.
"""

import json
from collections.abc import Sequence

from devices.scenario import Said, SimulatedHome
from devices.voices.base import Standing, Wire, is_online, whole

_NAMES = ("sos", "bedside_button")
"""What its owner called it in the YAML: for what it is for, or for where it is."""


class EspHomeButton:
    """A node with a button on one of its pins."""

    def __init__(self, home: SimulatedHome) -> None:
        self._prefix = str(self.standing(home).topic)
        self._node = home.button
        self._name = _NAMES[home.number % len(_NAMES)]

    @staticmethod
    def standing(home: SimulatedHome) -> Standing:
        """Return how it is registered: by its `topic_prefix`."""
        return Standing("esphome", f"esphome/{home.button}")

    def say(self, said: Said) -> Sequence[Wire]:
        """Return what the node publishes."""
        button = f"binary_sensor/{self._name}/state"
        match said.leaf:
            case "help":
                return [self._wire(button, "ON"), self._wire(button, "OFF")]
            case "telemetry":
                values = (("battery", whole(said, "battery")), ("wifi_signal", whole(said, "rssi")))
                return [self._wire(f"sensor/{name}/state", str(value)) for name, value in values if value is not None]
            case "status" if is_online(said):
                return [self._known(button), self._wire("status", "online"), self._wire(button, "OFF")]
            case "status":
                return [self._wire("status", "offline")]
            case _:
                return ()

    def _known(self, button: str) -> Wire:
        """Return the configuration that it leaves for Home Assistant, as ESPHome's MQTT component shortens it."""
        said = {
            "name": self._name,
            "stat_t": f"{self._prefix}/{button}",
            "avty_t": f"{self._prefix}/status",
            "uniq_id": f"{self._node}-{self._name}",
            "dev": {"ids": self._node, "name": self._node, "sw": "2026.6.1 (ESPHome)", "mf": "Espressif"},
        }
        topic = f"homeassistant/binary_sensor/{self._node}/{self._name}/config"
        return Wire(topic, json.dumps(said).encode(), retain=True)

    def _wire(self, leaf: str, value: str) -> Wire:
        return Wire(f"{self._prefix}/{leaf}", value.encode(), retain=True)
