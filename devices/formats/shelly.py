"""What does a Shelly say: of the second generation and later itself, and through it what it hears by Bluetooth?

The base is the device's MQTT prefix. Below it come `online` (retained, the Last Will), `events/rpc` (all that happens) and
`status/COMPONENT` (off as sold). A press is addressed `input:N`; whoever is registered at the base itself gets it where
nobody is registered so. Only inputs set to *button* say presses: one set to *switch* says a position, which is kept and
no more. The first generation is in `shelly_gen1`, Bluetooth (BLU) in `shelly_blu`.

Source: shelly-api-docs.shelly.cloud, gen2: Notifications, Mqtt, Input, BTHomeDevice, DevicePower.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.formats import shelly_blu, shelly_gen1, words
from devices.formats.base import Said, first_level, own_branch, prefixes
from devices.formats.payload import (
    INSTANT_RANGE,
    RSSI_RANGE,
    TEMPERATURE_RANGE,
    NotReadable,
    address_fits,
    fit_bool,
    fit_number,
    fit_text,
    fit_whole,
    json_object,
)
from devices.model import Json, Press, StatusChange, Telemetry, Unreadable

LIMIT = 64 * 1024
"""Bytes of the largest report that is read: a Pro with many Bluetooth sensors says all of their states in one."""
CLOCK_SET_S = 1_600_000_000
"""Before it has the time from the network, a Shelly counts from its start: what is less than this is no time."""
PRESSED = "_push"
"""How every press ends: single_push, double_push, triple_push, long_push, and what later firmware adds."""


_YES_OR_NO = {"input": "state", "smoke": "alarm", "flood": "alarm", "motion": "motion", "presence": "value"}
"""Components that say yes or no, and under which key."""


class Shelly:
    """Shelly's format, all generations."""

    name = "shelly"
    calls = True

    def filters(self, base: str) -> Sequence[str]:
        """Hear all below the first level of the prefix: `shellies/...` is one subscription for all homes."""
        return first_level(base)

    def grants(self, base: str) -> Sequence[str]:
        """Grant what is below the prefix."""
        return own_branch(base)

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Part a topic at each level."""
        return prefixes(topic)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Read one message below a prefix. Commands, answers and relays are of no interest."""
        if rest == "online":
            return _online(payload)
        try:
            if rest == "events/rpc":
                return list(_report(json_object(payload, LIMIT)))
            if rest.startswith("status/"):
                component = rest.removeprefix("status/")
                return list(_states({component: json_object(payload)}, None)) if address_fits(component) else ()
        except NotReadable as why:
            return Unreadable(str(why), is_help=rest == "events/rpc")
        radio = words.radio_address(rest.rpartition("/")[2])
        if radio is not None:
            return shelly_blu.read_topic(radio, payload)
        return shelly_gen1.read(rest, payload)


FORMAT = Shelly()


def _online(payload: bytes) -> Sequence[Said] | Unreadable:
    state = words.online(payload)
    if state is not None:
        return (StatusChange("", online=state),)
    return Unreadable("`online` says neither true nor false") if payload else ()


def _report(said: dict[str, Any]) -> Iterator[Said]:
    """Read a notification; answers to commands have no such method and say nothing."""
    params = said.get("params")
    if not isinstance(params, dict):
        return
    at = _time(params.get("ts"))
    match said.get("method"):
        case "NotifyEvent":
            events = params.get("events")
            for event in events if isinstance(events, list) else ():
                if isinstance(event, dict):
                    yield from _event(event, at)
        case "NotifyStatus" | "NotifyFullStatus":
            yield from _states(params, at)


def _event(event: dict[str, Any], reported_at: datetime | None) -> Iterator[Said]:
    at = _time(event.get("ts")) or reported_at
    heard = event.get("data")
    if isinstance(heard, dict) and shelly_blu.address_of(heard) is not None:
        yield from shelly_blu.read(heard, at, action=_action(event))
        return
    component, action = fit_text(event, "component", 100), _action(event)
    if component is None or action is None:
        return
    radio = shelly_blu.address_of(event)
    which = fit_whole(event, "idx", 0, 99)
    key = None if at is None else f"{component}{'' if which is None else f'.{which}'}@{at.timestamp():.2f}"
    extra: dict[str, Json] = {} if which is None else {"button": which}
    yield Press(radio or component, action, key=key, at=at, extra=extra)


def _action(event: Mapping[str, Any]) -> str | None:
    """Return which press an event is; None where it is none (btn_down, btn_up, config_changed, ota_progress ...)."""
    name = event.get("event")
    return name if isinstance(name, str) and name.endswith(PRESSED) and len(name) <= 40 else None


def _states(states: Mapping[str, Any], at: datetime | None) -> Iterator[Said]:
    """Read what components say of themselves: one reading of the device, and one of each that it hears by Bluetooth."""
    battery: int | None = None
    rssi: int | None = None
    temperature: float | None = None
    extra: dict[str, Json] = {}
    for component, state in states.items():
        if not isinstance(state, dict):
            continue
        kind = component.partition(":")[0]
        match kind:
            case "devicepower":
                battery = _power(state, extra)
            case "wifi":
                # 0 is said while there is no connection to measure
                rssi = fit_whole(state, "rssi", RSSI_RANGE[0], -1)
            case "temperature" if temperature is None:
                temperature = fit_number(state, "tC", *TEMPERATURE_RANGE)
            case "sys":
                _system(state, extra)
            case "humidity":
                _keep(extra, "humidity", fit_number(state, "rh", 0, 100))
            case "bthomedevice":
                yield from shelly_blu.state(component, state) if address_fits(component) else ()
            case _ if kind in _YES_OR_NO:
                _keep(extra, component[:40], fit_bool(state, _YES_OR_NO[kind]))
    reading = Telemetry("", at, battery, rssi, temperature=temperature, extra=extra)
    if reading != Telemetry("", at):
        yield reading


def _power(state: dict[str, Any], extra: dict[str, Json]) -> int | None:
    cell, outside = state.get("battery"), state.get("external")
    _keep(extra, "mains", fit_bool(outside, "present") if isinstance(outside, dict) else None)
    return fit_whole(cell, "percent", 0, 100) if isinstance(cell, dict) else None


def _system(state: dict[str, Any], extra: dict[str, Json]) -> None:
    _keep(extra, "uptime_s", fit_whole(state, "uptime", 0, 10**10))
    updates = state.get("available_updates")
    stable = updates.get("stable") if isinstance(updates, dict) else None
    if isinstance(stable, dict):
        _keep(extra, "update", fit_text(stable, "version", 100))


def _keep(extra: dict[str, Json], key: str, value: Json) -> None:
    if value is not None:
        extra[key] = value


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not CLOCK_SET_S <= value <= INSTANT_RANGE[1]:
        return None
    return datetime.fromtimestamp(value, UTC)
