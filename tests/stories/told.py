"""How is a scripted story played to the real code? In the story's own time: what homes say, and what we do meanwhile."""

from datetime import datetime, timedelta

import msgspec

from alerts import outages
from devices import stories, telemetry
from devices.formats import anju
from devices.scenario import Said, SimulatedHome
from gateway import inbox
from gateway.client import Heard
from gateway.inbox import Registry
from storage import series
from tests.stories.village import Home, Village

LOOK_EVERY = timedelta(seconds=30)
"""How often the sweep and the rules look where a story says something all the time."""
LOOK_SELDOM = timedelta(hours=1)
"""The same in a silence of days."""


class Telling:
    """A village whose homes live a story."""

    def __init__(self, village: Village, homes: list[Home]) -> None:
        self.village = village
        self._registry = Registry()
        self._up_since = village.clock.now()
        self.street = [
            SimulatedHome(number, home.button, f"cam-{number:04}") for number, home in enumerate(homes, start=1)
        ]
        for each, home in zip(self.street, homes, strict=True):
            village.device(each.camera, home.id, "camera")

    def tell(self, name: str, *, until: timedelta | None = None) -> None:
        """Play a story to its end, or its first part; whatever is due meanwhile is done when it is due."""
        start = self.village.clock.now()
        end = start + (until if until is not None else stories.find(name).lasts)
        for said in stories.play(name, self.street, start):
            if said.at >= end:
                break
            self._wait_until(said.at)
            self._hear(said)
        self._wait_until(end)

    def _wait_until(self, at: datetime) -> None:
        clock = self.village.clock
        step = LOOK_SELDOM if at - clock.now() > 2 * LOOK_SELDOM else LOOK_EVERY
        while clock.now() < at:
            due = max(self.village.next_due(), clock.now() + timedelta(seconds=1))
            clock.forward(min(at, due, clock.now() + step) - clock.now())
            self._look()

    def _look(self) -> None:
        """Do what our roles do all the time: the bulk lane beats, silence is judged, people are told."""
        now = self.village.clock.now()
        with self.village.pool.connection() as connection:
            series.ensure(connection, now)
        self.village.run(
            "insert into role_beats (role, up_since, beat_at) values ('gateway-bulk', %(since)s, %(now)s)"
            " on conflict (role) do update set beat_at = excluded.beat_at",
            since=self._up_since,
        )
        with self.village.pool.connection() as connection:
            while telemetry.sweep(connection, now):
                pass
        changes = 1
        while changes:
            with self.village.pool.connection() as connection:
                changes = outages.look(connection, locale="zh-CN", now=now)
        self.village.settle()

    def _hear(self, said: Said) -> None:
        now = self.village.clock.now()
        topic = anju.topic_of(said.uid, said.leaf)
        heard = Heard(
            topic, msgspec.json.encode(said.payload), retained=False, received_at=now, mid=1, qos=1, session=1
        )  # fmt: skip
        with self.village.pool.connection() as connection:
            if said.leaf in anju.HELP_LEAVES:
                inbox.take_urgent(connection, [heard], now)
            else:
                inbox.take_bulk(connection, [heard], self._registry, now)
        if said.leaf in anju.HELP_LEAVES:
            self.village.settle()


def states(village: Village) -> dict[str, str]:
    """Return how each device stands."""
    return dict(village.all("select uid, state from devices join device_latest on device_id = id"))


def kinds(village: Village) -> list[str]:
    """Return the kinds of all alerts, in the order in which they were raised."""
    return [kind for (kind,) in village.all("select kind from alerts order by id")]
