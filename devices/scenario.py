"""What would homes say if they stood there? A seeded, endless stream of pings, presses, flat batteries and drop-outs.

Homes that were given the same seed and start say the same, to the byte. One heap holds what each home does next, so a
message costs O(log homes) and memory is proportional to the homes, however long the stream is read.
"""

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from random import Random

from devices.model import Json, Source

CALL_PREFIX = "sim-"
"""What the ids of simulated help calls begin with: by it they are told from everybody else's."""
PRESS_EVERY = timedelta(days=20)
"""Between two presses of one home, on average, at rate 1."""
TROUBLE_EVERY = timedelta(days=60)
"""Between two drop-outs of one home, on average, at rate 1."""
PING_EVERY_MS = 60_000
"""A camera's keep-alive: GB/T 28181-2016's default."""
TELEMETRY_EVERY_MS = 3_600_000
BATTERY_LASTS = (timedelta(weeks=8), timedelta(weeks=30))
"""From full to flat at rate 1."""
FLAT_FOR = (timedelta(days=1), timedelta(days=4))
"""Until somebody changes a flat battery at rate 1; never sooner than FLAT_AT_LEAST."""
FLAT_AT_LEAST = timedelta(minutes=10)
AWAY_FOR = (timedelta(minutes=4), timedelta(hours=2))
"""How long a home is off the line, the short ones oftener; a livelier rate does not shorten it."""
HOMES_BEGIN_PER_S = 400
"""Homes that announce themselves in a second of the beginning: a county must not speak all at once."""

# Chances, of one press each
_IS_TEST = 0.12
_PRESSES_AGAIN = 0.25
_SENDS_AGAIN = 0.15
_CANCELS = 0.1
_SAYS_THAT_IT_GOES = 0.5  # of one drop-out: by its Last Will, or by silence alone
_SOURCES = (Source.BUTTON, Source.PENDANT, Source.FALL)
_SOURCE_WEIGHTS = (0.6, 0.25, 0.15)
_FIRMWARES = ("1.3.9", "1.4.0", "1.4.2")

_DAY_MIN = 24 * 60
# Until which minute of the local day she does it, the chance that the camera sees her, and how long she stays (minutes)
_PARTS_OF_DAY = (
    (330, 0.02, (60, 180)),  # asleep
    (450, 0.85, (10, 30)),  # up, in the kitchen
    (660, 0.35, (20, 60)),  # out in the garden
    (750, 0.90, (10, 40)),  # in the kitchen
    (870, 0.15, (30, 90)),  # asleep after the meal
    (1050, 0.45, (20, 60)),  # out in the garden, at the neighbours'
    (1260, 0.92, (10, 45)),  # supper, television
    (_DAY_MIN, 0.03, (60, 180)),  # asleep
)
_SHIFT_MIN = 60
"""Some get up an hour before the others, some an hour after."""
_HAS_VISITOR = 0.08


class BadRate(ValueError):
    """rate {rate}: a number from 0 up is wanted; 1 is as often as in life."""

    def __init__(self, rate: float) -> None:
        super().__init__(f"rate {rate}: a number from 0 up is wanted; 1 is as often as in life")


@dataclass(frozen=True, slots=True)
class SimulatedHome:
    """A home with a button and a camera; `utc_offset_s`: of the clock on its wall, by which its day goes."""

    number: int
    button: str
    camera: str
    utc_offset_s: int = 8 * 3600


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a home: when, by which device, on which leaf of its topic."""

    at: datetime
    uid: str
    leaf: str
    payload: dict[str, Json]
    retain: bool = False


def life(
    homes: Sequence[SimulatedHome], *, seed: int, start: datetime, rate: float = 1.0, troubles: float | None = None
) -> Iterator[Said]:
    """Return what these homes say from `start` on, in order of time, without end.

    `rate`: how many times oftener than in life presses and troubles happen; 0 for none. `troubles`: the same for homes
    that drop off the line alone, None for `rate`. Raises BadRate.
    """
    check_rate(rate)
    if troubles is not None:
        check_rate(troubles)
    return _Street(homes, seed, start, rate, rate if troubles is None else troubles).speak()


def check_rate(rate: float) -> None:
    """Raise BadRate for a rate that `life` would refuse."""
    if not 0 <= rate < math.inf:
        raise BadRate(rate)


def rate_for(homes: int, press_every: timedelta) -> float:
    """Return the rate at which that many homes together press once in `press_every`."""
    return PRESS_EVERY / (press_every * max(1, homes))


class _Does(IntEnum):
    """What a home does next."""

    COME_BACK = 0
    PING = 1
    TELL_CONDITION = 2
    PRESS = 3
    DROP_OUT = 4
    GET_BATTERY = 5
    SAY = 6


@dataclass(slots=True)
class _Home:
    """How a home stands. Until `away_until_ms` it is off the line, until `flat_until_ms` its button has no battery."""

    home: SimulatedHome
    firmware: str
    button_rssi: int
    camera_rssi: int
    shift_min: int
    battery: float
    battery_at_ms: int
    battery_ms: float
    away_until_ms: int
    flat_until_ms: int = 0
    said: int = 0
    persons: int = 0
    stays_until_ms: int = 0


_Later = tuple[str, dict[str, Json]]


class _Street:
    """All homes, and what each does next."""

    def __init__(
        self, homes: Sequence[SimulatedHome], seed: int, start: datetime, rate: float, troubles: float
    ) -> None:
        self._dice = Random(seed)  # noqa: S311 - a story, not a secret
        self._rate = rate
        self._troubles = troubles
        self._heap: list[tuple[int, int, _Does, _Home, _Later | None]] = []
        self._pushed = 0
        start_ms = _ms(start)
        # a stream that begins later must not repeat the ids of an earlier one: a repeated call would not count
        self._run = f"{start_ms:x}"
        self._acts: dict[_Does, Callable[[int, _Home], list[Said]]] = {
            _Does.COME_BACK: self._come_back,
            _Does.PING: self._ping,
            _Does.TELL_CONDITION: self._tell_condition,
            _Does.PRESS: self._press,
            _Does.DROP_OUT: self._drop_out,
            _Does.GET_BATTERY: self._get_battery,
        }
        for index, home in enumerate(homes):
            self._move_in(home, start_ms, start_ms + index * 1000 // HOMES_BEGIN_PER_S)

    def speak(self) -> Iterator[Said]:
        while self._heap:
            at_ms, _, does, home, later = heapq.heappop(self._heap)
            if later is None:
                yield from self._acts[does](at_ms, home)
            elif at_ms <= (quiet := max(home.away_until_ms, home.flat_until_ms)):
                # what could not be said is said once the line is back, with the time at which it happened
                self._then(quiet + 1000, does, home, later)
            else:
                yield Said(_time(at_ms), home.home.button, *later)

    def _move_in(self, home: SimulatedHome, start_ms: int, begins_ms: int) -> None:
        dice = self._dice
        standing = _Home(
            home=home,
            firmware=dice.choice(_FIRMWARES),
            button_rssi=dice.randint(-85, -55),
            camera_rssi=dice.randint(-75, -45),
            shift_min=dice.randint(-_SHIFT_MIN, _SHIFT_MIN),
            battery=dice.uniform(15, 100),
            battery_at_ms=start_ms,
            battery_ms=dice.uniform(*(each / _MS for each in BATTERY_LASTS)),
            away_until_ms=begins_ms,
        )
        self._then(begins_ms, _Does.COME_BACK, standing)
        self._then(begins_ms + dice.randint(1, PING_EVERY_MS), _Does.PING, standing)
        self._then(begins_ms + dice.randint(1, TELEMETRY_EVERY_MS), _Does.TELL_CONDITION, standing)
        self._some_day(start_ms, _Does.PRESS, PRESS_EVERY, self._rate, standing)
        self._some_day(start_ms, _Does.DROP_OUT, TROUBLE_EVERY, self._troubles, standing)

    def _then(self, at_ms: int, does: _Does, home: _Home, later: _Later | None = None) -> None:
        # the running number decides between two of the same millisecond: homes themselves have no order
        self._pushed += 1
        heapq.heappush(self._heap, (at_ms, self._pushed, does, home, later))

    def _some_day(self, at_ms: int, does: _Does, every: timedelta, rate: float, home: _Home) -> None:
        if rate > 0:
            wait_ms = self._dice.expovariate(1) * (every / _MS) / rate
            if wait_ms < _NEVER_MS:
                self._then(at_ms + 1 + int(wait_ms), does, home)

    def _come_back(self, at_ms: int, home: _Home) -> list[Said]:
        button = [] if at_ms <= home.flat_until_ms else self._announce_button(at_ms, home)
        return [self._status(at_ms, home, home.home.camera, "ACam 2"), *button]

    def _announce_button(self, at_ms: int, home: _Home) -> list[Said]:
        return [self._status(at_ms, home, home.home.button, "AJ-SOS1"), self._condition(at_ms, home)]

    def _status(self, at_ms: int, home: _Home, uid: str, model: str) -> Said:
        at = _time(at_ms)
        payload: dict[str, Json] = {"state": "online", "at": _written(at), "model": model, "fw": home.firmware}
        return Said(at, uid, "status", payload, retain=True)

    def _ping(self, at_ms: int, home: _Home) -> list[Said]:
        if at_ms <= home.away_until_ms:
            missed = (home.away_until_ms - at_ms) // PING_EVERY_MS + 1
            self._then(at_ms + missed * PING_EVERY_MS, _Does.PING, home)
            return []
        self._then(at_ms + PING_EVERY_MS, _Does.PING, home)
        if at_ms > home.stays_until_ms:
            self._go_somewhere(at_ms, home)
        at = _time(at_ms)
        payload: dict[str, Json] = {
            "id": self._id(home),
            "at": _written(at),
            "presence": home.persons > 0,
            "persons": home.persons,
            "rssi": home.camera_rssi + self._dice.randint(-3, 3),
        }
        return [Said(at, home.home.camera, "patrol", payload)]

    def _go_somewhere(self, at_ms: int, home: _Home) -> None:
        """Let the resident do what one does at that time of day."""
        minute = ((at_ms // 1000 + home.home.utc_offset_s) // 60 + home.shift_min) % _DAY_MIN
        until, seen, stays_min = next(part for part in _PARTS_OF_DAY if minute < part[0])
        home.stays_until_ms = at_ms + min(self._dice.randint(*stays_min), until - minute) * 60_000
        visitors = int(self._dice.random() < _HAS_VISITOR)
        home.persons = 1 + visitors if self._dice.random() < seen else 0

    def _tell_condition(self, at_ms: int, home: _Home) -> list[Said]:
        self._then(at_ms + TELEMETRY_EVERY_MS, _Does.TELL_CONDITION, home)
        if at_ms <= home.away_until_ms or at_ms <= home.flat_until_ms:
            return []
        if self._battery(at_ms, home) == 0:
            flat_ms = self._dice.uniform(*(each / _MS for each in FLAT_FOR)) / max(1.0, self._rate)
            home.flat_until_ms = at_ms + int(max(flat_ms, FLAT_AT_LEAST / _MS))
            self._then(home.flat_until_ms, _Does.GET_BATTERY, home)
        return [self._condition(at_ms, home)]

    def _get_battery(self, at_ms: int, home: _Home) -> list[Said]:
        home.battery, home.battery_at_ms = 100.0, at_ms
        return [] if at_ms <= home.away_until_ms else self._announce_button(at_ms, home)

    def _condition(self, at_ms: int, home: _Home) -> Said:
        at = _time(at_ms)
        payload: dict[str, Json] = {
            "at": _written(at),
            "battery": self._battery(at_ms, home),
            "rssi": home.button_rssi + self._dice.randint(-4, 4),
        }
        return Said(at, home.home.button, "telemetry", payload)

    def _battery(self, at_ms: int, home: _Home) -> int:
        used = 100 * self._rate * (at_ms - home.battery_at_ms) / home.battery_ms
        return max(0, round(home.battery - used))

    def _drop_out(self, at_ms: int, home: _Home) -> list[Said]:
        self._some_day(at_ms, _Does.DROP_OUT, TROUBLE_EVERY, self._troubles, home)
        if at_ms <= home.away_until_ms:
            return []
        shortest, longest = (math.log(each / _MS) for each in AWAY_FOR)
        home.away_until_ms = at_ms + int(math.exp(self._dice.uniform(shortest, longest)))
        self._then(home.away_until_ms, _Does.COME_BACK, home)
        if self._dice.random() >= _SAYS_THAT_IT_GOES:
            return []
        at = _time(at_ms)
        uids = [home.home.camera] if at_ms <= home.flat_until_ms else [home.home.camera, home.home.button]
        return [Said(at, uid, "status", {"state": "offline", "at": _written(at)}, retain=True) for uid in uids]

    def _press(self, at_ms: int, home: _Home) -> list[Said]:
        self._some_day(at_ms, _Does.PRESS, PRESS_EVERY, self._rate, home)
        if at_ms <= home.flat_until_ms:
            return []
        dice = self._dice
        source = dice.choices(_SOURCES, _SOURCE_WEIGHTS)[0]
        test = dice.random() < _IS_TEST
        call = self._call(at_ms, home, source, test=test)
        self._then(at_ms, _Does.SAY, home, ("help", call))
        if test:
            return []
        if dice.random() < _SENDS_AGAIN:
            self._then(at_ms + dice.randint(1_000, 5_000), _Does.SAY, home, ("help", call))
        if dice.random() < _PRESSES_AGAIN:
            again_ms = at_ms + dice.randint(5_000, 40_000)
            self._then(again_ms, _Does.SAY, home, ("help", self._call(again_ms, home, source, test=False)))
        if dice.random() < _CANCELS:
            cancel_ms = at_ms + dice.randint(20_000, 120_000)
            mistake: dict[str, Json] = {"id": self._call_id(home), "call": call["id"], "at": _written(_time(cancel_ms))}
            self._then(cancel_ms, _Does.SAY, home, ("cancel", mistake))
        return []

    def _call(self, at_ms: int, home: _Home, source: Source, *, test: bool) -> dict[str, Json]:
        call: dict[str, Json] = {
            "id": self._call_id(home),
            "at": _written(_time(at_ms)),
            "source": str(source),
            "battery": self._battery(at_ms, home),
        }
        return {**call, "test": True} if test else call

    def _call_id(self, home: _Home) -> str:
        return CALL_PREFIX + self._id(home)

    def _id(self, home: _Home) -> str:
        home.said += 1
        return f"{self._run}-{home.said}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_NEVER_MS = timedelta(days=36_525) / _MS
"""What would come in a century does not come: a datetime could not hold every rate's."""


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS


def _time(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at_ms)


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
