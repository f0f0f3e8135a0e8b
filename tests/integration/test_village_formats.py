"""A simulated village that speaks as vendors' devices do is registered so that it is understood, and back again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from api import village
from api.village import Village
from devices import formats, voices
from devices.formats import OWN
from devices.scenario import Said
from devices.voices import BUTTONS, CAMERAS, MIXED, Speaker, UnknownVoice
from tests.clock import StoryClock

DEVICES = """
select uid, kind, format, topic, hub_uid, home_id
from devices
where removed_at is null
order by uid
"""


@pytest.fixture
def connection(pool: ConnectionPool[Any]) -> Iterator[psycopg.Connection[Any]]:
    with pool.connection() as opened:
        yield opened


def settle(connection: psycopg.Connection[Any], clock: StoryClock, speak: str | None, homes: int = 12) -> Village:
    return village.seed(
        connection, homes=homes, seed=1, now=clock.now(), timezone="Asia/Shanghai", locale="zh-CN", speak=speak
    )


def devices(connection: psycopg.Connection[Any]) -> dict[str, tuple[Any, ...]]:
    return {uid: rest for uid, *rest in connection.execute(DEVICES).fetchall()}


def test_a_village_speaks_anju_s_own_unless_it_is_asked(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settled = settle(connection, clock, None)
    assert settled.formats == {}
    assert {format_ for _, format_, *_ in devices(connection).values()} == {OWN}


def test_zigbee_homes_get_a_hub_of_their_own(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settled = settle(connection, clock, "zigbee2mqtt")
    found = devices(connection)
    assert len(found) == 36
    for home in settled.homes:
        kind, format_, topic, hub, home_id = found[home.button]
        assert (kind, format_, topic) == ("button", "zigbee2mqtt", "bedroom/sos")
        hub_topic = f"zigbee2mqtt/sim-{home.number:04}"
        assert found[hub] == ["hub", "zigbee2mqtt", hub_topic, None, home_id]
        assert found[home.camera] == ["camera", OWN, None, None, home_id]
    assert settled.formats == {home.button: "zigbee2mqtt" for home in settled.homes}
    known = "select count(*) from device_latest join devices on id = device_id where kind = 'hub'"
    assert connection.execute(known.encode()).fetchone() == (12,)


def test_whoever_starts_it_again_speaks_as_it_is_registered(
    connection: psycopg.Connection[Any], clock: StoryClock
) -> None:
    first = settle(connection, clock, MIXED)
    before = devices(connection)
    assert settle(connection, clock, None) == first
    assert settle(connection, clock, MIXED) == first
    assert devices(connection) == before
    assert Counter(first.formats.values()).keys() == {*BUTTONS, *CAMERAS}


def test_back_in_anju_s_own_no_hub_is_left(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settle(connection, clock, "zigbee2mqtt")
    assert settle(connection, clock, OWN).formats == {}
    found = devices(connection)
    assert len(found) == 24
    assert {tuple(rest[1:4]) for rest in found.values()} == {(OWN, None, None)}
    # and a hub that was there once comes back as it was
    settle(connection, clock, "zigbee2mqtt")
    assert sum(kind == "hub" for kind, *_ in devices(connection).values()) == 12


def test_only_the_homes_that_are_asked_for_change(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settle(connection, clock, None)
    assert settle(connection, clock, "tasmota", homes=3).formats == {
        f"sim-btn-000{nth}": "tasmota" for nth in (1, 2, 3)
    }


def test_an_unknown_format_is_refused(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    with pytest.raises(UnknownVoice):
        settle(connection, clock, "lora")


@pytest.mark.parametrize("choice", [*BUTTONS, *CAMERAS, MIXED])
def test_what_homes_say_is_found_under_what_is_registered(
    connection: psycopg.Connection[Any], clock: StoryClock, choice: str
) -> None:
    settled = settle(connection, clock, choice)
    found = devices(connection)
    bases = {topic for kind, _, topic, hub, _ in found.values() if topic and (kind == "hub" or hub is None)}
    speaker = Speaker(settled.homes, settled.formats)
    for uid, name in settled.formats.items():
        for wire in speaker.speak(Said(clock.now(), uid, "status", {"state": "online"})):
            if formats.discovery(wire.topic) is None:
                assert [base for base, _ in formats.installed()[name].split(wire.topic) if base in bases]


def test_all_choices_are_in_the_registry_s_words() -> None:
    assert set(voices.CHOICES) - {MIXED} <= set(formats.names())
