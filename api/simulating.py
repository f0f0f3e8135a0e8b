"""How does the simulator run as a command? Homes that live, or a story that is told, and simulated staff who answer."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from api import logs, roles, simulated_staff, village
from api.settings import Settings
from devices import scenario, stories
from devices.scenario import Said, SimulatedHome
from devices.simulator import Simulator, Tell
from devices.stories import Story
from devices.voices import Speaker
from gateway.client import parse_url
from storage.clock import SystemClock
from storage.pool import open_pool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be simulated: so many homes, and of them a life, or a story at some speed.

    `speak`: the format that they are registered for and speak; None for how they are registered.
    """

    homes: int
    rate: float = 1.0
    seed: int = 1
    staff: bool = True
    speak: str | None = None
    story: str | None = None
    speed: float = 1.0


def run(settings: Settings, wishes: Wishes, say: Callable[[str], None]) -> int:
    """Let simulated homes live until told to stop, or tell a story to its end.

    Raises stories.UnknownStory, TooFewHomes, BadSpeed, voices.UnknownVoice, village.MessagesWouldLeave.
    """
    logs.configure()
    url = roles.database_of(settings)
    address = parse_url(roles.needed(settings.mqtt_url, "ANJU_MQTT_URL"))
    clock = SystemClock()
    stop = roles.stop_on_signal()
    with psycopg.connect(url) as connection:
        settled = village.seed(
            connection, homes=wishes.homes, seed=wishes.seed, now=clock.now(), timezone=settings.timezone,
            locale=settings.locale, sms="twilio" if settings.phones_ring else "outbox", speak=wishes.speak,
        )  # fmt: skip
    homes = settled.homes[: wishes.homes]
    tell = _what_is_told(homes, wishes)
    if wishes.story is None:
        say(f"{len(homes)} homes live on {address!r}; Ctrl-C ends it")
    else:
        story = stories.find(wishes.story)
        say(f"{story.name}: {story.tells}; {how_long(story, wishes.speed)} on {address!r}; Ctrl-C ends it")
    with ExitStack() as stack:
        if wishes.staff:
            pool = stack.enter_context(open_pool(url, name="simulated-staff", max_size=2))
            answering = threading.Thread(
                target=simulated_staff.run, args=(pool, clock, stop),
                kwargs={"seed": wishes.seed, "pace": roles.STAFF_PACE}, name="simulated-staff",
            )  # fmt: skip
            stack.callback(answering.join)
            # whatever ends us, staff end too
            stack.callback(stop.set)
            answering.start()
        Simulator(address, tell, clock=clock, speaker=Speaker(homes, settled.formats)).run(stop)
        if wishes.story is None:
            # no homes at all: there is nothing to say
            stop.wait()
        elif not stop.is_set():
            say("the story is told, and every press was heard")
    return 0


def _what_is_told(homes: Sequence[SimulatedHome], wishes: Wishes) -> Tell:
    name = wishes.story
    if name is None:
        scenario.check_rate(wishes.rate)

        def life(start: datetime) -> Iterator[Said]:
            return scenario.life(homes, seed=wishes.seed, start=start, rate=wishes.rate)

        return life
    stories.check(name, homes, wishes.speed)

    def told(start: datetime) -> Iterator[Said]:
        return stories.play(name, homes, start, wishes.speed)

    return told


def how_long(story: Story, speed: float) -> str:
    """Return how long a story takes at that speed, in words."""
    return f"it takes {timedelta(seconds=round((story.lasts / speed).total_seconds()))}"
