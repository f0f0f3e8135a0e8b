"""In whose words does a simulated home speak? Each voice is the inverse of a module in `devices/formats`.

A home has a button and a camera. No vendor here makes both: where a format has no word for one of them, that one speaks
Anju's own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from devices.formats import OWN
from devices.formats.anju import topic_of
from devices.scenario import Said, SimulatedHome
from devices.voices.base import Standing, Voice, Wire
from devices.voices.esphome import EspHomeButton
from devices.voices.frigate import FrigateCamera
from devices.voices.shelly import ShellyButton
from devices.voices.tasmota import TasmotaButton
from devices.voices.zigbee2mqtt import Zigbee2MqttButton

MIXED = "mixed"
"""Each home speaks as another vendor's, the whole village all of them."""
BUTTONS: Mapping[str, type[Voice]] = {
    "zigbee2mqtt": Zigbee2MqttButton, "shelly": ShellyButton, "tasmota": TasmotaButton, "esphome": EspHomeButton,
}  # fmt: skip
CAMERAS: Mapping[str, type[Voice]] = {"frigate": FrigateCamera}
CHOICES = (OWN, *BUTTONS, *CAMERAS, MIXED)
_OF_MIXED = tuple((button, camera) for camera in (OWN, *CAMERAS) for button in (OWN, *BUTTONS))


class UnknownVoice(ValueError):
    """{choice!r} is no format that simulated homes can speak; there are {known}."""

    def __init__(self, choice: str) -> None:
        super().__init__(f"{choice!r} is no format that simulated homes can speak; there are {', '.join(CHOICES)}")


def formats(choice: str, number: int) -> tuple[str, str]:
    """Return the formats of the button and the camera of the home of that number. Raises UnknownVoice."""
    if choice == MIXED:
        return _OF_MIXED[number % len(_OF_MIXED)]
    if choice not in CHOICES:
        raise UnknownVoice(choice)
    return choice if choice in BUTTONS else OWN, choice if choice in CAMERAS else OWN


def standings(home: SimulatedHome, choice: str) -> Iterator[tuple[str, Standing]]:
    """Yield how each device of a home must be registered so that it is understood. Raises UnknownVoice."""
    button, camera = formats(choice, home.number)
    for uid, voices, name in ((home.button, BUTTONS, button), (home.camera, CAMERAS, camera)):
        yield uid, voices[name].standing(home) if name in voices else Standing(OWN)


class Speaker:
    """All simulated homes' voices. `registered`: the format of each device that does not speak Anju's own, by its uid."""

    def __init__(
        self, homes: Iterable[SimulatedHome] = (), registered: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._voices: dict[str, Voice] = {}
        for home in homes if registered else ():
            for uid, voices in ((home.button, BUTTONS), (home.camera, CAMERAS)):
                voice = voices.get(registered.get(uid, OWN))
                if voice is not None:
                    self._voices[uid] = voice(home)

    def speak(self, said: Said) -> Sequence[Wire]:
        """Return what goes to the broker."""
        voice = self._voices.get(said.uid)
        if voice is not None:
            return voice.say(said)
        return (Wire(topic_of(said.uid, said.leaf), msgspec.json.encode(said.payload), said.retain),)

    def hears_replies(self, uid: str) -> bool:
        """Say whether a device hears `received` and can send again; only Anju's own does."""
        return uid not in self._voices


OWN_VOICE = Speaker()
"""All homes speak Anju's own format."""
