"""What happens in a village when something happens? Short scripted stories, told as what its homes say, in order of time.

A story is a generator of messages from a given instant on; whoever plays it brings the clock: the real one, a hastened
one, or a test's. The same homes and start tell the same story, to the byte.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from devices.model import Json, Source
from devices.scenario import CALL_PREFIX, Said, SimulatedHome

PING_EVERY = timedelta(minutes=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

FALLS_AFTER = 10 * MINUTE
CALLS_AGAIN_AFTER = timedelta(seconds=40)
POWER_FAILS_AFTER, POWER_IS_BACK_AFTER = 5 * MINUTE, 30 * MINUTE
BROKER_NOTICES_AFTER = timedelta(seconds=45)
"""A broker publishes a Last Will after one and a half keep-alives of 30 s."""
BATTERY_FROM_PCT, BATTERY_LASTS, BATTERY_IS_CHANGED_AFTER = 40, timedelta(weeks=4), timedelta(weeks=5)
STUCK_FOR, STUCK_EVERY = HOUR, timedelta(seconds=4)
IS_CUT_OFF_AFTER, IS_CUT_OFF_FOR = 10 * MINUTE, DAY
PRESSED_AFTER = 20 * HOUR
"""In the cut-off home: long enough ago that whoever only looked at what is new would miss it."""
STORE_SENDS_EVERY = timedelta(milliseconds=50)


class UnknownStory(ValueError):
    """There is no story {name!r}; there are {known}."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no story {name!r}; there are {', '.join(STORIES)}")


class TooFewHomes(ValueError):
    """The story {name} needs {homes} homes; give it as many."""

    def __init__(self, story: "Story") -> None:
        super().__init__(f"the story {story.name} needs {story.homes} homes; give it as many with --homes")


class BadSpeed(ValueError):
    """speed {speed}: a number over 0 is wanted; 1 is as quick as in life."""

    def __init__(self, speed: float) -> None:
        super().__init__(f"speed {speed}: a number over 0 is wanted; 1 is as quick as in life")


@dataclass(frozen=True, slots=True)
class Story:
    """What it tells, how many homes it needs, and how long it takes; `tell` begins it at an instant."""

    name: str
    tells: str
    homes: int
    lasts: timedelta
    tell: Callable[[Sequence[SimulatedHome], datetime], Iterator[Said]]


def find(name: str) -> Story:
    """Return a story by its name. Raises UnknownStory."""
    if name not in STORIES:
        raise UnknownStory(name)
    return STORIES[name]


def play(name: str, homes: Sequence[SimulatedHome], start: datetime, speed: float = 1.0) -> Iterator[Said]:
    """Return a story's messages from `start` on, `speed` times as quick as in life.

    Raises UnknownStory, TooFewHomes, BadSpeed.
    """
    check(name, homes, speed)
    told = find(name).tell(homes, start)
    return told if speed == 1 else hasten(told, start, speed)


def check(name: str, homes: Sequence[SimulatedHome], speed: float) -> None:
    """Raise what `play` would refuse."""
    story = find(name)
    if len(homes) < story.homes:
        raise TooFewHomes(story)
    if not 0 < speed < float("inf"):
        raise BadSpeed(speed)


def hasten(told: Iterable[Said], start: datetime, speed: float) -> Iterator[Said]:
    """Yield the messages `speed` times as quickly, the times inside them too: nobody dates a message into the future."""
    for each in told:
        at = start + (each.at - start) / speed
        payload = each.payload
        if isinstance(dated := payload.get("at"), str):
            payload = {**payload, "at": _written(start + (datetime.fromisoformat(dated) - start) / speed)}
        yield replace(each, at=at, payload=payload)


# What a home says -----------------------------------------------------------------------------------------------------


class _Teller:
    """One home's messages, with ids that no other telling has."""

    def __init__(self, home: SimulatedHome, start: datetime) -> None:
        self._home = home
        self._run = f"{int(start.timestamp() * 1000):x}"
        self._numbers = count(1)

    def status(self, at: datetime, uid: str, state: str) -> Said:
        return Said(at, uid, "status", {"state": state, "at": _written(at)}, retain=True)

    def arrive(self, at: datetime) -> list[Said]:
        """Both devices announce themselves."""
        return [self.status(at, self._home.camera, "online"), self.status(at, self._home.button, "online")]

    def leave(self, at: datetime) -> list[Said]:
        """The broker publishes both Last Wills."""
        return [self.status(at, self._home.camera, "offline"), self.status(at, self._home.button, "offline")]

    def ping(self, at: datetime, persons: int = 1, said_at: datetime | None = None) -> Said:
        payload: dict[str, Json] = {
            "id": self._id(), "at": _written(at), "presence": persons > 0, "persons": persons, "rssi": -58,
        }  # fmt: skip
        return Said(said_at or at, self._home.camera, "patrol", payload)

    def pings(self, start: datetime, end: datetime, persons: int = 1) -> Iterator[Said]:
        """A ping a minute; homes have their own second of it."""
        at = start + timedelta(seconds=self._home.number * 7 % 60)
        while at < end:
            yield self.ping(at, persons)
            at += PING_EVERY

    def condition(self, at: datetime, battery_pct: int, said_at: datetime | None = None) -> Said:
        payload: dict[str, Json] = {"at": _written(at), "battery": battery_pct, "rssi": -70}
        return Said(said_at or at, self._home.button, "telemetry", payload)

    def press(self, at: datetime, source: Source = Source.BUTTON, said_at: datetime | None = None) -> Said:
        payload: dict[str, Json] = {"id": CALL_PREFIX + self._id(), "at": _written(at), "source": str(source)}
        return Said(said_at or at, self._home.button, "help", payload)

    def _id(self) -> str:
        return f"{self._run}-{next(self._numbers)}"


# The stories ----------------------------------------------------------------------------------------------------------


def _fall_at_night(homes: Sequence[SimulatedHome], start: datetime) -> Iterator[Said]:
    """She gets up at night and falls; her pendant calls by itself, and she presses it again; the others sleep."""
    teller, falls_at = _Teller(homes[0], start), start + FALLS_AFTER
    end = start + STORIES["fall-at-night"].lasts
    told = [
        *teller.arrive(start),
        *teller.pings(start, falls_at - 2 * MINUTE, persons=0),
        *teller.pings(falls_at - 2 * MINUTE, end),
        teller.press(falls_at, Source.FALL),
        teller.press(falls_at + CALLS_AGAIN_AFTER, Source.PENDANT),
    ]
    others = [_quiet(home, start, end) for home in homes[1:]]
    return heapq.merge(sorted(told, key=_when), *others, key=_when)


def _quiet(home: SimulatedHome, start: datetime, end: datetime, persons: int = 0) -> Iterator[Said]:
    teller = _Teller(home, start)
    yield from teller.arrive(start)
    yield from teller.pings(start, end, persons)


def _power_cut(homes: Sequence[SimulatedHome], start: datetime) -> Iterator[Said]:
    """The power of a township fails: of every other home the broker tells a Last Will, the others are just not heard."""
    end = start + STORIES["power-cut"].lasts
    return heapq.merge(*(_without_power(nth, home, start, end) for nth, home in enumerate(homes)), key=_when)


def _without_power(nth: int, home: SimulatedHome, start: datetime, end: datetime) -> Iterator[Said]:
    teller, fails_at = _Teller(home, start), start + POWER_FAILS_AFTER
    # routers come up one after the other
    back_at = start + POWER_IS_BACK_AFTER + timedelta(seconds=nth % 90)
    yield from teller.arrive(start)
    yield from teller.pings(start, fails_at)
    if nth % 2:
        yield from teller.leave(fails_at + BROKER_NOTICES_AFTER)
    yield from teller.arrive(back_at)
    yield from teller.pings(back_at, end)


def _dying_battery(homes: Sequence[SimulatedHome], start: datetime) -> Iterator[Said]:
    """A button's battery goes down for weeks; then it says nothing more, until somebody puts a new one in."""
    teller = _Teller(homes[0], start)
    yield teller.status(start, homes[0].button, "online")
    at = start
    while at < start + BATTERY_LASTS:
        yield teller.condition(at, round(BATTERY_FROM_PCT * (1 - (at - start) / BATTERY_LASTS)))
        at += 6 * HOUR
    at = start + BATTERY_IS_CHANGED_AFTER
    yield teller.status(at, homes[0].button, "online")
    while at < start + STORIES["dying-battery"].lasts:
        yield teller.condition(at, 100)
        at += 6 * HOUR


def _stuck_button(homes: Sequence[SimulatedHome], start: datetime) -> Iterator[Said]:
    """A button is jammed and presses every few seconds for an hour, each a call of its own."""
    teller = _Teller(homes[0], start)
    yield from teller.arrive(start)
    presses = (teller.press(start + MINUTE + nth * STUCK_EVERY) for nth in range(STUCK_FOR // STUCK_EVERY))
    yield from heapq.merge(presses, teller.pings(start, start + STORIES["stuck-button"].lasts), key=_when)


def _cut_off_hub(homes: Sequence[SimulatedHome], start: datetime) -> Iterator[Said]:
    """A home's line is cut for a day in which the button is pressed; then it sends what it kept, the oldest first."""
    teller = _Teller(homes[0], start)
    cut_at, back_at = start + IS_CUT_OFF_AFTER, start + IS_CUT_OFF_AFTER + IS_CUT_OFF_FOR
    yield from teller.arrive(start)
    yield from teller.pings(start, cut_at)
    yield from teller.leave(cut_at + BROKER_NOTICES_AFTER)
    yield from teller.arrive(back_at)
    said_at = back_at
    for at in (cut_at + nth * PING_EVERY for nth in range(IS_CUT_OFF_FOR // PING_EVERY)):
        said_at += STORE_SENDS_EVERY
        yield teller.ping(at, persons=0, said_at=said_at)
        if at == cut_at + PRESSED_AFTER:
            yield teller.press(at, said_at=said_at)
    yield from teller.pings(said_at, start + STORIES["cut-off-hub"].lasts)


STORIES = {
    each.name: each
    for each in (
        Story("fall-at-night", "a pendant calls for somebody who fell at night", 1, 30 * MINUTE, _fall_at_night),
        Story("power-cut", "the power of a township fails for half an hour", 1, HOUR, _power_cut),
        Story("dying-battery", "a button's battery dies over weeks", 1, timedelta(weeks=6), _dying_battery),
        Story("stuck-button", "a jammed button presses for an hour", 1, HOUR + 5 * MINUTE, _stuck_button),
        Story(
            "cut-off-hub", "a home is cut off for a day, and then sends what it kept", 1,
            IS_CUT_OFF_AFTER + IS_CUT_OFF_FOR + 20 * MINUTE, _cut_off_hub,
        ),
    )
}  # fmt: skip


def _when(said: Said) -> datetime:
    return said.at


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
