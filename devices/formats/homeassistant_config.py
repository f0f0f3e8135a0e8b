"""What does a configuration for Home Assistant say of a device: what it is, on which topics, in whose format?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devices.formats import words
from devices.formats.payload import ADDRESS_LIMIT, fit_text
from devices.formats.tasmota import FORMAT as TASMOTA

_TOPICS = (
    ("stat_t", "state_topic"), ("avty_t", "availability_topic"), ("t", "topic"), ("json_attr_t", "json_attributes_topic"),
    ("cmd_t", "command_topic"),
)  # fmt: skip
"""The short and the long name of each topic that says where a device speaks, the surest first."""
_COMPONENTS_LIMIT = 200
_ESPHOME = re.compile(
    r"(.+?)/(?:status|(?:binary_sensor|sensor|text_sensor|event|button|switch|light|fan|cover|climate|number|select|text|lock"
    r"|valve|update|camera|media_player|alarm_control_panel|date|time|datetime)/[^/]+(?:/[^/]+)?/(?:state|command))"
)
_SHELLY = re.compile(r"(shellies/[^/]+)/.+|(.+?)/(?:online|events/rpc|rpc|status/[^/]+|command/[^/]+)")
_SHELLY_MAKERS = frozenset({"shelly", "allterco", "allterco robotics", "shelly group"})


@dataclass(frozen=True, slots=True)
class Component:
    """One entity: what Home Assistant calls its kind, and its name."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """How and where a device speaks for itself; or it is a hub."""

    format: str
    topic: str
    is_hub: bool = False


def part(said: Mapping[str, Any], short: str, long: str) -> dict[str, Any]:
    """Return an object within, by either of its names; an empty one where there is none."""
    found = said.get(short, said.get(long))
    return found if isinstance(found, dict) else {}


def text(said: dict[str, Any], short: str, long: str, limit: int = 200) -> str | None:
    """Return a text, by either of its names."""
    return fit_text(said, short, limit) or fit_text(said, long, limit)


def components(component: str, entity: str, said: dict[str, Any]) -> list[Component]:
    """Return the entities that a configuration is of: one, or all of a device."""
    if component != "device":
        return [Component(component, f"{entity} {fit_text(dict(said), 'name', 200) or ''}")]
    return [
        Component(text(dict(each), "p", "platform", 40) or "", f"{key[:200]} {fit_text(dict(each), 'name', 200) or ''}")
        for key, each in _within(said)
    ]


def kind_of(entities: Sequence[Component]) -> str | None:
    """Guess what a device is in the registry's words, from what it has."""
    kinds = {each.kind for each in entities}
    if any(each.kind in ("binary_sensor", "event") and words.says_help(each.name) for each in entities):
        return "button"
    if "device_automation" in kinds or "event" in kinds:
        return "button"
    if "camera" in kinds or "image" in kinds:
        return "camera"
    return "sensor" if kinds & {"sensor", "binary_sensor"} else None


def topics(said: dict[str, Any]) -> list[str]:
    """Return the topics a configuration names, the surest first, with `~` put in."""
    holders = [said, *(each for _, each in _within(said))]
    found: list[str] = []
    for short, long in _TOPICS:
        for holder in holders:
            topic = text(dict(holder), short, long, ADDRESS_LIMIT)
            if topic is not None:
                found.append(_expanded(topic, holder.get("~", said.get("~"))))
    for holder in holders:
        several = holder.get("avty", holder.get("availability"))
        for each in several[:10] if isinstance(several, list) else ():
            topic = text(dict(each), "t", "topic", ADDRESS_LIMIT) if isinstance(each, dict) else None
            if topic is not None:
                found.append(_expanded(topic, holder.get("~", said.get("~"))))
    return [topic for topic in dict.fromkeys(found) if len(topic) <= ADDRESS_LIMIT and not {"+", "#"} & set(topic)]


def spoken(said: dict[str, Any], device: dict[str, Any], named: Sequence[str]) -> Spoken | None:
    """Return which of our formats a device speaks and where; None where it is none of them."""
    origin = fit_text(dict(part(said, "o", "origin")), "name", 100) or ""
    firmware = f"{origin} {text(dict(device), 'sw', 'sw_version') or ''}".lower()
    maker = (text(dict(device), "mf", "manufacturer") or "").lower()
    ids = device.get("ids", device.get("identifiers"))
    ids = [each for each in (ids if isinstance(ids, list) else [ids]) if isinstance(each, str)]
    if "zigbee2mqtt" in firmware or any(each.startswith("zigbee2mqtt_") for each in ids):
        return _zigbee2mqtt(named)
    if "esphome" in firmware:
        return _matched("esphome", _ESPHOME, named)
    if "tasmota" in firmware or any(topic.endswith("/LWT") for topic in named):
        bases = (base for topic in named for base, _ in TASMOTA.split(topic))
        return next((Spoken("tasmota", base) for base in bases), None)
    if maker in _SHELLY_MAKERS:
        return _matched("shelly", _SHELLY, named)
    return None


def _within(said: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    inside = list(part(said, "cmps", "components").items())[:_COMPONENTS_LIMIT]
    return ((key, each) for key, each in inside if isinstance(each, dict))


def _expanded(topic: str, base: object) -> str:
    if not isinstance(base, str):
        return topic
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _zigbee2mqtt(named: Sequence[str]) -> Spoken | None:
    """A device's state is on its own base, the bridge's below `bridge/`."""
    for topic in named:
        hub, _, below = topic.partition("/bridge/")
        if below:
            return Spoken("zigbee2mqtt", hub, is_hub=True)
        if not topic.endswith(("/set", "/availability")):
            return Spoken("zigbee2mqtt", topic.removesuffix("/action"))
    return None


def _matched(name: str, form: re.Pattern[str], named: Sequence[str]) -> Spoken | None:
    for topic in named:
        found = form.fullmatch(topic)
        if found is not None:
            return Spoken(name, next(each for each in found.groups() if each))
    return None
