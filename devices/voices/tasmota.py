"""How does a button with Tasmota speak? One press in two messages, a capital Online, and times without an offset."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from devices.scenario import Said, SimulatedHome
from devices.voices.base import Standing, Wire, is_online, said_at, whole


class TasmotaButton:
    """A button whose `%topic%` is its uid."""

    def __init__(self, home: SimulatedHome) -> None:
        self._topic = home.button
        self._offset = timedelta(seconds=home.utc_offset_s)

    @staticmethod
    def standing(home: SimulatedHome) -> Standing:
        """Return how it is registered: by its `%topic%`."""
        return Standing("tasmota", home.button)

    def say(self, said: Said) -> Sequence[Wire]:
        """Return what it publishes."""
        match said.leaf:
            case "help":
                return [
                    self._json("stat", "BUTTON1", {"ACTION": "SINGLE"}),
                    self._json("stat", "RESULT", {"Button1": {"Action": "SINGLE"}}),
                ]
            case "telemetry":
                return [self._json("tele", "STATE", self._state(said))]
            case "status":
                word = b"Online" if is_online(said) else b"Offline"
                return [Wire(f"tele/{self._topic}/LWT", word, retain=True)]
            case _:
                return ()

    def _state(self, said: Said) -> dict[str, Any]:
        local = said_at(said) + self._offset
        state: dict[str, Any] = {"Time": local.strftime("%Y-%m-%dT%H:%M:%S"), "Heap": 25, "SleepMode": "Dynamic"}
        battery, rssi_dbm = whole(said, "battery"), whole(said, "rssi")
        if battery is not None:
            state["BatteryPercentage"] = battery
        if rssi_dbm is not None:
            strength = {"RSSI": max(0, min(100, 2 * (rssi_dbm + 100))), "Signal": rssi_dbm}
            state["Wifi"] = {"AP": 1, "SSId": "home", "Channel": 6, **strength, "LinkCount": 1}
        return state

    def _json(self, prefix: str, leaf: str, says: dict[str, Any]) -> Wire:
        return Wire(f"{prefix}/{self._topic}/{leaf}", msgspec.json.encode(says))
