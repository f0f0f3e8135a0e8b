"""How does an SOS button speak through a home's Zigbee2MQTT?

Three buttons that are sold, and what was seen of each in the wild: one that says its action three times for one press, one
whose every press is a plain `single` with an empty action after it, and one that says a state, which later reports repeat.
Old hubs say `online`, newer ones `{"state": "online"}`. What falls silent is the hub: its devices' availability stays as it
was, and the broker publishes the hub's Last Will.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from devices.scenario import Said, SimulatedHome
from devices.voices.base import Standing, Wire, is_online, millivolts, whole

NAME = "bedroom/sos"
"""What the hub calls the button: names may hold a slash."""
_MODELS: tuple[tuple[str, str, str | None], ...] = (
    ("TS0215A_sos", "Tuya", "emergency"),
    ("HS1EB", "Heiman", "single"),
    ("SEB01ZB", "Feibit", None),
)
"""Model, maker, and its action; None: it says the state `sos`."""


class Zigbee2MqttButton:
    """A button behind a hub of its own."""

    def __init__(self, home: SimulatedHome) -> None:
        self._base = str(self.standing(home).hub_topic)
        self._model, self._maker, self._action = _MODELS[home.number % len(_MODELS)]
        self._is_old = home.number % 2 == 0
        self._battery: int | None = None

    @staticmethod
    def standing(home: SimulatedHome) -> Standing:
        """Return how it is registered: by its name, behind the home's hub."""
        return Standing("zigbee2mqtt", NAME, f"sim-hub-{home.number:04}", f"zigbee2mqtt/sim-{home.number:04}")

    def say(self, said: Said) -> Sequence[Wire]:
        """Return what the hub publishes."""
        battery = whole(said, "battery")
        self._battery = self._battery if battery is None else battery
        match said.leaf:
            case "help":
                return self._press()
            case "telemetry":
                return [self._state({"linkquality": _linkquality(said), **({} if self._action else {"sos": False})})]
            case "status" if is_online(said):
                return [
                    self._availability("bridge/state", "online"),
                    Wire(f"{self._base}/bridge/devices", msgspec.json.encode([self._described()]), retain=True),
                    self._availability(f"{NAME}/availability", "online"),
                ]
            case "status":
                return [self._availability("bridge/state", "offline")]
            case _:
                return ()

    def _press(self) -> Sequence[Wire]:
        if self._action is None:
            # the later report repeats the state: only its change is a press
            return [
                self._state({"sos": True}),
                self._state({"sos": True, "linkquality": 91}),
                self._state({"sos": False}),
            ]
        pressed = self._state({"action": self._action})
        if self._action == "single":
            return [pressed, self._state({"action": None})]
        # set-ups that were made long ago have the action as plain text too, and an empty one after it
        return [
            pressed,
            Wire(f"{self._base}/{NAME}/action", self._action.encode()),
            self._state({"action": ""}),
        ]

    def _state(self, says: dict[str, Any]) -> Wire:
        known = {} if self._battery is None else {"battery": self._battery, "voltage": millivolts(self._battery)}
        return Wire(f"{self._base}/{NAME}", msgspec.json.encode({**known, "tamper": False, **says}))

    def _availability(self, leaf: str, state: str) -> Wire:
        payload = state.encode() if self._is_old else msgspec.json.encode({"state": state})
        return Wire(f"{self._base}/{leaf}", payload, retain=True)

    def _described(self) -> dict[str, Any]:
        """Return what the hub's list of devices has of it, shortened."""
        sos = {"name": "sos", "type": "binary", "property": "sos", "access": 1, "value_on": True, "value_off": False}
        action = {"name": "action", "type": "enum", "property": "action", "access": 1, "values": [self._action]}
        return {
            "ieee_address": "0x00124b0022813042",
            "type": "EndDevice",
            "network_address": 27450,
            "supported": True,
            "friendly_name": NAME,
            "interview_completed": True,
            "power_source": "Battery",
            "definition": {
                "model": self._model,
                "vendor": self._maker,
                "description": "SOS button",
                "exposes": [action if self._action else sos],
            },
        }


def _linkquality(said: Said) -> int:
    """Return what an adapter may make of the strength: 0 to 255."""
    rssi_dbm = whole(said, "rssi")
    return 90 if rssi_dbm is None else max(0, min(255, (rssi_dbm + 100) * 4))
