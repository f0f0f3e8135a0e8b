"""The voices of simulated homes: what a vendor's own format reads of them is what the home said, quirks and all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import formats, scenario, voices
from devices.formats import anju
from devices.formats.base import Said as Meant
from devices.model import Alarm, Found, HelpCall, PatrolPing, Picture, Press, StatusChange, Telemetry, Unreadable
from devices.scenario import Said, SimulatedHome
from devices.voices import BUTTONS, CAMERAS, CHOICES, MIXED, OWN_VOICE, Speaker, UnknownVoice
from devices.voices.base import Standing, Wire

START = datetime(2026, 11, 24, 2, 13, 58, tzinfo=UTC)
LIVELY = 400.0
NUMBERS = st.integers(1, 100_000)
VENDORS = pytest.mark.parametrize("name", [*BUTTONS, *CAMERAS])


def home(number: int) -> SimulatedHome:
    return SimulatedHome(number, f"sim-btn-{number:04}", f"sim-cam-{number:04}")


def life(of: SimulatedHome, seed: int, hours: float) -> list[Said]:
    said = scenario.life([of], seed=seed, start=START, rate=LIVELY)
    return list(takewhile(lambda each: each.at < START + timedelta(hours=hours), said))


def standing(name: str, of: SimulatedHome) -> tuple[str, Standing]:
    """Return the device of a home that speaks so, and how it is registered."""
    (found,) = [(uid, each) for uid, each in voices.standings(of, name) if each.format == name]
    return found


def meant(wire: Wire, where: Standing) -> Sequence[Meant]:
    """Return what the vendor's format reads under the registered base."""
    read = formats.installed()[where.format]
    base = where.hub_topic or where.topic
    if formats.discovery(wire.topic) is not None:
        # told to whoever does not know it yet
        return ()
    (rest,) = [rest for found, rest in read.split(wire.topic) if found == base]
    said = read.read(rest, wire.payload)
    assert not isinstance(said, Unreadable), (wire, said)
    for each in said:
        if where.hub_topic is not None:
            assert each.uid in ("", where.topic)
    return said


def presses(said: Sequence[Meant]) -> int:
    """Count presses as they count: a state at its change, one key once, what has no key as one."""
    alarms = [False] + [each.on for each in said if isinstance(each, Alarm)]
    changes = sum(after and not before for before, after in pairwise(alarms))
    words = [each for each in said if isinstance(each, Press)]
    keys = {each.key for each in words}
    return changes + len(keys)


@VENDORS
@given(number=NUMBERS, seed=st.integers(0, 1000))
def test_a_vendor_s_format_reads_what_the_home_said(name: str, number: int, seed: int) -> None:
    of = home(number)
    uid, where = standing(name, of)
    voice = {**BUTTONS, **CAMERAS}[name](of)
    persons = 0
    for said in life(of, seed, 3):
        if said.uid != uid:
            continue
        found = [each for wire in voice.say(said) for each in meant(wire, where)]
        truth = anju.read(anju.topic_of(said.uid, said.leaf), OWN_VOICE.speak(said)[0].payload)
        match truth:
            case HelpCall():
                assert presses(found) == 1
            case StatusChange(online=online):
                assert {each.online for each in found if isinstance(each, StatusChange)} == {online}
                assert presses(found) == 0
            case Telemetry(battery=battery):
                assert battery in [each.battery for each in found if isinstance(each, Telemetry)]
                assert presses(found) == 0
            case PatrolPing(presence=presence):
                looks = [each for each in found if isinstance(each, PatrolPing)]
                assert any(each.presence for each in looks) == presence
                counted = [each.persons for each in looks if each.persons is not None]
                assert counted == ([truth.persons] if truth.persons != persons else [])
                persons = truth.persons or 0
                # Frigate speaks every minute, whether it sees anybody or not
                assert Picture.SHOWN in [each.picture for each in found if isinstance(each, Telemetry)]
            case _:
                # nobody but Anju's own can say that it was a mistake
                assert not found


@VENDORS
@given(number=NUMBERS)
def test_birth_and_last_will_are_kept_by_the_broker(name: str, number: int) -> None:
    of = home(number)
    uid, where = standing(name, of)
    voice = {**BUTTONS, **CAMERAS}[name](of)
    for state in ("online", "offline"):
        wires = voice.say(Said(START, uid, "status", {"state": state}, retain=True))
        told = [wire for wire in wires if any(isinstance(each, StatusChange) for each in meant(wire, where))]
        assert any(wire.retain for wire in told)


@given(number=NUMBERS)
def test_a_press_comes_as_it_does_in_the_wild(number: int) -> None:
    said = Said(START, home(number).button, "help", {"id": "sim-1", "at": START.isoformat()})
    wires = {name: voice(home(number)).say(said) for name, voice in BUTTONS.items()}
    assert len(wires["zigbee2mqtt"]) in (2, 3)
    assert {len(wires["tasmota"]), len(wires["esphome"])} == {2}
    assert [len(each.topic.split("/")) for each in wires["shelly"]] in ([4, 4, 4], [4, 4])


@given(number=NUMBERS)
def test_a_hub_names_its_button_as_it_is_registered(number: int) -> None:
    of = home(number)
    uid, where = standing("zigbee2mqtt", of)
    wires = BUTTONS["zigbee2mqtt"](of).say(Said(START, uid, "status", {"state": "online"}))
    named = [each for wire in wires for each in meant(wire, where) if isinstance(each, Found)]
    assert [(each.uid, each.kind) for each in named] == [(where.topic, "button")]


@given(number=NUMBERS)
def test_a_node_that_nobody_registered_makes_itself_known_as_it_would_be(number: int) -> None:
    of = home(number)
    uid, where = standing("esphome", of)
    wires = BUTTONS["esphome"](of).say(Said(START, uid, "status", {"state": "online"}))
    (found,) = [
        each
        for wire in wires
        if (known := formats.discovery(wire.topic)) is not None
        for each in formats.installed()[known[0]].read(known[2], wire.payload)
    ]
    assert isinstance(found, Found)
    assert (found.format, found.topic, found.name) == ("esphome", where.topic, uid)
    # a name that says no help is a sensor's until somebody who knows it lets it in
    assert found.kind == ("sensor" if number % 2 else "button")


@given(NUMBERS)
def test_every_voice_is_understood_at_a_base_of_its_own(number: int) -> None:
    bases = [
        each.hub_topic or each.topic for name in (*BUTTONS, *CAMERAS) for _, each in [standing(name, home(number))]
    ]
    others = [
        each.hub_topic or each.topic for name in (*BUTTONS, *CAMERAS) for _, each in [standing(name, home(number + 1))]
    ]
    assert len({*bases, *others}) == 2 * len(bases)
    assert not any(" " in str(base) for base in bases)


def test_a_mixed_village_speaks_all_of_them() -> None:
    spoken = {each.format for number in range(20) for _, each in voices.standings(home(number), MIXED)}
    assert spoken == {"anju", *BUTTONS, *CAMERAS}


def test_every_choice_says_how_both_devices_are_registered() -> None:
    for choice in CHOICES:
        assert [uid for uid, _ in voices.standings(home(7), choice)] == ["sim-btn-0007", "sim-cam-0007"]
    with pytest.raises(UnknownVoice, match="'lora' is no format"):
        voices.formats("lora", 1)


def test_only_anju_s_own_devices_hear_a_reply() -> None:
    speaker = Speaker([home(1)], {"sim-btn-0001": "tasmota"})
    assert not speaker.hears_replies("sim-btn-0001")
    assert speaker.hears_replies("sim-cam-0001")
    press = Said(START, "sim-btn-0001", "help", {"id": "sim-1"})
    assert [wire.topic for wire in speaker.speak(press)] == ["stat/sim-btn-0001/BUTTON1", "stat/sim-btn-0001/RESULT"]
    # a format that somebody gave it by hand, and that it cannot speak
    stubborn = Speaker([home(1)], {"sim-btn-0001": "homeassistant"})
    assert [wire.topic for wire in stubborn.speak(press)] == ["anju/v1/sim-btn-0001/help"]
