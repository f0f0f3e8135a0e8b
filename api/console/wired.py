"""What is entered in a device's own settings, so that it reaches us? The lines, and the text that its vendor's tools take."""

import json
from dataclasses import dataclass

from alerts.texts import mark
from devices.formats import anju
from gateway.client import BrokerAddress

VENDORS = {
    "anju": "Anju",
    "zigbee2mqtt": "Zigbee2MQTT",
    "frigate": "Frigate",
    "shelly": "Shelly",
    "tasmota": "Tasmota",
    "esphome": "ESPHome",
    "homeassistant": "Home Assistant",
}
"""What formats are called; one that a package brings is called as it calls itself."""

_BROKER = mark("Broker")
_PORT = mark("Port")
_TLS = mark("Encryption (TLS)")
_USER = mark("User")
_PASSWORD = mark("Password")
_BASE = mark("Base topic")
_WHERE = {
    "zigbee2mqtt": mark("In Zigbee2MQTT's configuration.yaml:"),
    "frigate": mark("In Frigate's config.yml:"),
    "shelly": mark("On the Shelly's own page under Settings, MQTT; or as one call to it:"),
    "tasmota": mark("In Tasmota's console:"),
    "esphome": mark("In the device's ESPHome YAML:"),
}


@dataclass(frozen=True, slots=True)
class Access:
    """How a device gets in at the broker."""

    broker: BrokerAddress | None
    uid: str
    password: str
    format: str
    base: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What is entered, line by line: what it is called (a word for the catalogue), and the value."""
        found: list[tuple[str, str]] = []
        if self.broker is not None:
            found += [(_BROKER, self.broker.host), (_PORT, str(self.broker.port))]
            if self.broker.tls:
                found.append((_TLS, "✓"))
        return [*found, (_USER, self.uid), (_PASSWORD, self.password), (_BASE, self.base)]

    @property
    def where(self) -> str:
        """Where the text goes (a word for the catalogue), '' where there is none."""
        return _WHERE.get(self.format, "") if self.text else ""

    @property
    def text(self) -> str:
        """The same as the vendor's own tools take it, '' where they have none or nobody knows the broker."""
        if self.broker is None:
            return ""
        host, port = self.broker.host, self.broker.port
        match self.format:
            case "zigbee2mqtt":
                return _yaml({"base_topic": self.base, "server": repr(self.broker), "user": self.uid}, self.password)
            case "frigate":
                return _yaml(
                    {"enabled": True, "host": host, "port": port, "topic_prefix": self.base, "user": self.uid},
                    self.password,
                )
            case "esphome":
                return _yaml(
                    {"broker": host, "port": port, "topic_prefix": self.base, "username": self.uid}, self.password
                )
            case "tasmota":
                return (
                    f"Backlog MqttHost {host}; MqttPort {port}; MqttUser {self.uid};"
                    f" MqttPassword {self.password}; Topic {self.base}"
                )
            case "shelly":
                config = {
                    "enable": True, "server": f"{host}:{port}", "user": self.uid, "pass": self.password,
                    "topic_prefix": self.base, "rpc_ntf": True, "status_ntf": True,
                }  # fmt: skip
                return "Mqtt.SetConfig " + json.dumps({"config": config}, ensure_ascii=False)
        return ""


def base_of(format_: str, topic: str | None, uid: str) -> str:
    """Return under which topic a device speaks that is registered so and speaks through no hub."""
    if topic is not None:
        return topic
    return f"{anju.PREFIX}{uid}" if format_ == "anju" else uid


def _yaml(values: dict[str, object], password: str) -> str:
    lines = [f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(["mqtt:", *lines, f"  password: {json.dumps(password)}"])
