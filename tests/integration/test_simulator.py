"""Simulated homes over a real broker: in time, pressing until they are heard, and never piling up what is stale."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from time import monotonic
from typing import Any

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices import recording, scenario, stories
from devices.recorder import Recorder
from devices.scenario import Said, SimulatedHome
from devices.simulator import STALE_AFTER, Simulator, Taken
from devices.voices import Speaker
from gateway.client import BrokerAddress
from storage.clock import Clock, SystemClock
from tests.clock import StoryClock
from tests.integration.brokers import free_port, mosquitto, until
from tests.integration.test_gateway import Gateway, count, value

LIVELY = 1500.0
"""Each home presses about every twenty minutes."""


def street(homes: int) -> list[SimulatedHome]:
    return [SimulatedHome(number, f"sim-btn-{number:04}", f"sim-cam-{number:04}") for number in range(1, homes + 1)]


class Ear:
    """Hears all that homes say, and answers a press with `received` from its `answers_after`-th sending on."""

    def __init__(self, port: int, answers_after: int | None = 1) -> None:
        self.heard: list[tuple[str, str, dict[str, Any], bool]] = []
        self.answers_after = answers_after
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="ear", protocol=paho.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe("anju/v1/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        uid, leaf = message.topic.split("/")[2:]
        if leaf == "reply":
            return
        said = json.loads(message.payload)
        self.heard.append((uid, leaf, said, message.retain))
        if leaf == "help" and self.answers_after is not None:
            if len(self.of("help", uid, said["id"])) < self.answers_after:
                return
            reply = json.dumps({"call": said["id"], "state": "received", "at": said["at"], "say": "..."})
            client.publish(f"anju/v1/{uid}/reply", reply, qos=1)

    def of(self, leaf: str, uid: str | None = None, message_id: str | None = None) -> list[dict[str, Any]]:
        """Return what was heard on a leaf, of one device and id or of all."""
        return [
            said
            for by, at, said, _ in list(self.heard)
            if at == leaf and uid in (None, by) and message_id in (None, said.get("id"))
        ]

    def ids(self, leaf: str) -> set[tuple[str, str]]:
        """Return (uid, id) of what was heard on a leaf."""
        return {(uid, said["id"]) for uid, at, said, _ in list(self.heard) if at == leaf}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class Playing:
    """A simulator in a thread of its own."""

    simulator: Simulator
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Playing":
        self.thread = threading.Thread(target=self.simulator.run, args=(self.stop,))
        self.thread.start()
        return self

    def begun(self) -> "Playing":
        """Wait until the first home has spoken: from then on the scenario's start is known."""
        until(lambda: self.simulator.stats.published)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def play(
    port: int, homes: int, clock: Clock, *, rate: float = 0, resend_after_s: float = 0.1, seed: int = 1
) -> Playing:
    address = BrokerAddress("127.0.0.1", port, False, None, None)

    def life(start: datetime) -> Iterator[Said]:
        return scenario.life(street(homes), seed=seed, start=start, rate=rate)

    return Playing(Simulator(address, life, clock=clock, resend_after_s=resend_after_s))


def pressed(clock: StoryClock, homes: int, rate: float, within: timedelta, seed: int = 1) -> set[tuple[str, str]]:
    """Return (uid, call) of what the scenario presses within a time from now."""
    stream = scenario.life(street(homes), seed=seed, start=clock.now(), rate=rate)
    said = takewhile(lambda each: each.at <= clock.now() + within, stream)
    return {(each.uid, str(each.payload["id"])) for each in said if each.leaf == "help"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


@pytest.fixture
def ear(broker: int) -> Iterator[Ear]:
    listening = Ear(broker)
    yield listening
    listening.close()


def test_homes_announce_themselves_for_those_who_come_later_too(ear: Ear, broker: int, clock: StoryClock) -> None:
    with play(broker, 5, clock) as playing:
        playing.begun()
        clock.forward(timedelta(seconds=1))
        until(lambda: len(ear.of("status")) == 10)
        until(lambda: len(ear.of("telemetry")) == 5)
        late = Ear(broker)
        until(lambda: len(late.of("status")) == 10)
        assert {said["state"] for said in late.of("status")} == {"online"}
        assert all(retained for _, _, _, retained in late.heard)
        late.close()


def test_what_is_not_due_yet_is_not_said(ear: Ear, broker: int, clock: StoryClock) -> None:
    with play(broker, 20, clock) as playing:
        playing.begun()
        clock.forward(timedelta(seconds=30))
        until(lambda: len(ear.of("status")) == 40)
        until(lambda: len(ear.ids("patrol")) >= 5)
        due = clock.now()
        assert all(datetime.fromisoformat(said["at"]) <= due for said in ear.of("patrol"))
        clock.forward(timedelta(seconds=35))
        until(lambda: len(ear.ids("patrol")) >= 20)


def test_a_press_is_sent_again_until_its_home_hears_received(ear: Ear, broker: int, clock: StoryClock) -> None:
    ear.answers_after = 3
    with play(broker, 10, clock, rate=LIVELY) as playing:
        playing.begun()
        presses = pressed(clock, 10, LIVELY, timedelta(minutes=10))
        assert presses == pressed(clock, 10, LIVELY, timedelta(minutes=10, seconds=5)), "choose another seed"
        clock.forward(timedelta(minutes=10))
        until(lambda: playing.simulator.stats.presses == len(presses))
        until(lambda: ear.ids("help") == presses)
        first_sent = playing.simulator.stats
        for _ in range(3):
            sent, unheard = len(ear.of("help")), playing.simulator.stats.unheard
            clock.forward(timedelta(seconds=1))
            until(lambda: len(ear.of("help")) == sent + unheard)  # noqa: B023 - asked before they change
            until(lambda: sum(len(ear.of("help", *each)) >= 3 for each in presses) == playing.simulator.stats.received)
        stats = playing.simulator.stats
        assert (stats.unheard, stats.received, len(stats.received_after_s)) == (0, len(presses), len(presses))
        assert {len(ear.of("help", uid, call)) for uid, call in presses} == {3}
        assert stats.resent == 2 * len(presses) > first_sent.resent
        assert set(stats.received_after_s) <= {1.0, 2.0}


def test_behind_time_stale_pings_are_left_out_and_no_press_is(ear: Ear, broker: int, clock: StoryClock) -> None:
    with play(broker, 10, clock, rate=LIVELY) as playing:
        playing.begun()
        presses = pressed(clock, 10, LIVELY, timedelta(hours=2))
        clock.forward(timedelta(hours=2))
        until(lambda: playing.simulator.stats.presses == len(presses))
        until(lambda: ear.ids("help") == presses)
        assert len(presses) > 20
        until(lambda: ear.of("patrol"))
        assert playing.simulator.stats.left_out > 100
        oldest = min(datetime.fromisoformat(said["at"]) for said in ear.of("patrol"))
        assert oldest >= clock.now() - STALE_AFTER


def test_it_stops_at_once_and_while_nobody_answers(broker: int) -> None:
    for port in (broker, free_port()):
        with play(port, 3, SystemClock()) as playing:
            playing.thread.join(0.3)
            began = monotonic()
            playing.stop.set()
            playing.thread.join(5)
            assert monotonic() - began < 1.5
            assert not playing.thread.is_alive()


def test_a_broker_that_comes_back_hears_what_must_not_be_lost(tmp_path: Path, clock: StoryClock) -> None:
    with mosquitto(tmp_path) as port:
        playing = play(port, 10, clock, rate=LIVELY).__enter__().begun()
    try:
        until(lambda: not playing.simulator.connected)
        presses = pressed(clock, 10, LIVELY, timedelta(minutes=10))
        clock.forward(timedelta(minutes=10))
        until(lambda: playing.simulator.stats.presses == len(presses))
        assert presses
        assert playing.simulator.stats.received == 0
        with mosquitto(tmp_path, port):
            ear = Ear(port)
            until(lambda: ear.ids("help") >= presses, 30)
            until(lambda: playing.simulator.stats.unheard == 0)
            until(lambda: len({uid for uid, leaf, _, _ in ear.heard if leaf == "status"}) == 20)
            ear.close()
    finally:
        playing.__exit__()


def test_through_the_real_gateway_each_press_is_stored_once_and_heard(database: str, broker: int) -> None:
    homes, clock = street(200), SystemClock()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("insert into areas (code, name, level, path) values ('v', '凤山村', 'village', '/v/')")
        connection.execute("insert into homes (area, address, created_at) values ('v', '3组 12号', now())")
        for home in homes:
            for uid, kind in ((home.button, "button"), (home.camera, "camera")):
                connection.execute(
                    "insert into devices (uid, kind, home_id, created_at) values (%s, %s, 1, now())", (uid, kind)
                )
        connection.execute("insert into device_latest (device_id, state_since) select id, now() from devices")
        with Gateway(database, broker) as gateway:
            gateway.ready(connection)
            with play(broker, len(homes), clock, rate=20_000, resend_after_s=2.0) as playing:
                until(lambda: playing.simulator.stats.received >= 8, 60)
                until(lambda: playing.simulator.stats.unheard == 0, 20)
                stats = playing.simulator.stats
            assert count(connection, "help_calls", "what = 'help'") >= stats.received
            assert count(connection, "help_calls", "call_id not like 'sim-%'") == 0
            assert count(connection, "quarantine") == 0
            assert value(connection, "select count(*) from device_latest where model is not null") == 2 * len(homes)
            assert sorted(stats.received_after_s)[len(stats.received_after_s) // 2] < 1


def test_whoever_asks_is_told_of_each_message_and_that_the_broker_took_it(broker: int, clock: StoryClock) -> None:
    published: list[tuple[str, str]] = []
    taken: list[tuple[str, str]] = []

    def note(said: Said, at: datetime) -> Taken:
        assert at == clock.now()
        published.append((said.uid, said.leaf))
        return lambda at: taken.append((said.uid, said.leaf))

    def told(start: datetime) -> Iterator[Said]:
        return (said for said in stories.play("power-cut", street(5), start, speed=600) if said.leaf != "help")

    address = BrokerAddress("127.0.0.1", broker, False, None, None)
    with Playing(Simulator(address, told, clock=clock, published=note)) as playing:
        playing.begun()
        clock.forward(timedelta(minutes=1))
        until(lambda: not playing.thread.is_alive())
    assert len(published) > 20
    assert sorted(taken) == sorted(published)


def test_a_story_ends_once_every_press_was_heard(ear: Ear, broker: int, clock: StoryClock) -> None:
    ear.answers_after = 2
    address = BrokerAddress("127.0.0.1", broker, False, None, None)

    def told(start: datetime) -> Iterator[Said]:
        return stories.play("stuck-button", street(1), start, speed=60)

    with Playing(Simulator(address, told, clock=clock, resend_after_s=0.1)) as playing:
        playing.begun()
        clock.forward(timedelta(minutes=2))
        until(lambda: len(ear.ids("help")) == 900)
        clock.forward(timedelta(seconds=1))
        until(lambda: not playing.thread.is_alive())
        assert (playing.simulator.stats.presses, playing.simulator.stats.unheard) == (900, 0)


def test_a_vendor_s_button_speaks_once_and_in_its_own_words(broker: int, clock: StoryClock, tmp_path: Path) -> None:
    address = BrokerAddress("127.0.0.1", broker, False, None, None)
    lines: list[str] = []
    recorder = Recorder(address, ["zigbee2mqtt/#", "anju/v1/+/help"], lines.append, clock)
    stop = threading.Event()
    recording_thread = threading.Thread(target=recorder.run, args=(stop,))
    recording_thread.start()
    assert recorder.listening.wait(10)

    def told(start: datetime) -> Iterator[Said]:
        return stories.play("fall-at-night", street(1), start, speed=600)

    speaker = Speaker(street(1), {"sim-btn-0001": "zigbee2mqtt"})
    with Playing(Simulator(address, told, clock=clock, speaker=speaker)) as playing:
        playing.begun()
        clock.forward(timedelta(minutes=1))
        until(lambda: not playing.thread.is_alive())
    # the birth of the hub and the button, and two presses in two messages each
    until(lambda: len(lines) == 7)
    stop.set()
    recording_thread.join(10)
    heard = list(recording.read(lines))
    pressed = [
        each.payload for each in heard if each.topic == "zigbee2mqtt/sim-0001/bedroom/sos" and b"single" in each.payload
    ]
    assert len(pressed) == 2
    assert playing.simulator.stats.unheard == 0
