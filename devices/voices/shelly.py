"""How does a Shelly button speak? Every other home has one of the second generation, the others a Button1 of the first.

The second generation tells that the button goes down and up beside the press itself; the first counts its presses, and says
the last one again when it has nothing new.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from devices.scenario import Said, SimulatedHome
from devices.voices.base import Standing, Wire, is_online, said_at, whole


class ShellyButton:
    """A button with a base of its own, of either generation."""

    def __init__(self, home: SimulatedHome) -> None:
        self._voice = _Gen1(home) if home.number % 2 else _Gen2(home)

    @staticmethod
    def standing(home: SimulatedHome) -> Standing:
        """Return how it is registered: by its MQTT prefix."""
        return Standing("shelly", f"shellies/{home.button}")

    def say(self, said: Said) -> Sequence[Wire]:
        """Return what it publishes."""
        return self._voice.say(said)


class _Gen2:
    def __init__(self, home: SimulatedHome) -> None:
        self._base = str(ShellyButton.standing(home).topic)

    def say(self, said: Said) -> Sequence[Wire]:
        match said.leaf:
            case "help":
                ts = said_at(said).timestamp()
                events = (("btn_down", ts - 0.3), ("btn_up", ts - 0.1), ("single_push", ts))
                return [self._event(name, at) for name, at in events]
            case "telemetry":
                return [self._status(said)]
            case "status":
                return [_online(self._base, said)]
            case _:
                return ()

    def _event(self, name: str, ts: float) -> Wire:
        event = {"component": "input:0", "id": 0, "event": name, "ts": round(ts, 2)}
        return self._rpc("NotifyEvent", {"ts": round(ts, 2), "events": [event]})

    def _status(self, said: Said) -> Wire:
        params: dict[str, Any] = {"ts": round(said_at(said).timestamp(), 2)}
        rssi_dbm, battery = whole(said, "rssi"), whole(said, "battery")
        if rssi_dbm is not None:
            params["wifi"] = {"sta_ip": "192.168.1.40", "status": "got ip", "ssid": "home", "rssi": rssi_dbm}
        if battery is not None:
            volts = round(4.5 + battery * 0.015, 2)
            cell = {"V": volts, "percent": battery}
            params["devicepower:0"] = {"id": 0, "battery": cell, "external": {"present": False}}
        return self._rpc("NotifyStatus", params)

    def _rpc(self, method: str, params: dict[str, Any]) -> Wire:
        said = {"src": self._base.partition("/")[2], "dst": f"{self._base}/events", "method": method, "params": params}
        return Wire(f"{self._base}/events/rpc", msgspec.json.encode(said))


class _Gen1:
    def __init__(self, home: SimulatedHome) -> None:
        self._base = str(ShellyButton.standing(home).topic)
        self._presses = 0

    def say(self, said: Said) -> Sequence[Wire]:
        battery = whole(said, "battery")
        charge = [] if battery is None else [Wire(f"{self._base}/sensor/battery", str(battery).encode(), retain=True)]
        match said.leaf:
            case "help":
                self._presses += 1
                return [self._pressed(), *charge, self._pressed()]
            case "telemetry":
                return charge
            case "status" if is_online(said):
                hello = {"id": self._base.partition("/")[2], "model": "SHBTN-2", "mac": "98CDAC1EE2D0", "new_fw": False}
                firmware = {"fw_ver": "20230913-113421/v1.14.0-gcb84623"}
                return [
                    _online(self._base, said),
                    Wire(f"{self._base}/announce", msgspec.json.encode({**hello, **firmware})),
                ]
            case "status":
                return [_online(self._base, said)]
            case _:
                return ()

    def _pressed(self) -> Wire:
        return Wire(f"{self._base}/input_event/0", msgspec.json.encode({"event": "S", "event_cnt": self._presses}))


def _online(base: str, said: Said) -> Wire:
    return Wire(f"{base}/online", b"true" if is_online(said) else b"false", retain=True)
