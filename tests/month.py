"""A month of homes, and what the rules make of it: the scenario's stream goes into books, the rules are asked as the engine
asks them. In memory, so that a thousand homes live through a month in minutes.

The books are an account of their own of what the database keeps: facts by device and home, standings, the times of looks.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.gathering import DAY_BEGINS_H, NIGHT_BEGINS_H
from alerts.rules import OF_DEVICES, OF_HOMES, daily
from alerts.rules.base import Rule
from alerts.rules.facts import DeviceFacts, HomeDay, HomeFacts
from alerts.rules.standing import Standing, move
from alerts.warnings import WHILE_WARNED
from devices import battery
from devices.condition import CALM, FLAPPING
from devices.health import expectation
from devices.scenario import Said, SimulatedHome

ZONE = "Asia/Shanghai"
_SMOOTH = 0.1
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Device:
    """A device in the books. `number`: as the registry would count it."""

    number: int
    uid: str
    kind: str
    home: "Home"
    placed_at: datetime
    offline_after: timedelta
    patrol_every_s: int | None
    said_offline: bool = False
    last_seen: datetime | None = None
    heard_since: datetime | None = None
    last_patrol_at: datetime | None = None
    battery: int | None = None
    rssi: float | None = None
    restless: float = 0.0
    restless_at: datetime | None = None
    flapping_since: datetime | None = None
    lowest: dict[date, int] = field(default_factory=dict)
    flat_on: date | None = None
    standings: dict[str, Standing] = field(default_factory=dict)
    look_at: datetime = _NEVER

    def is_heard(self, now: datetime) -> bool:
        return not self.said_offline and self.last_seen is not None and now - self.last_seen < self.offline_after

    def comes_or_goes(self, now: datetime) -> None:
        """Count a change as `devices.condition` does: half of it is forgotten in half an hour."""
        halves = 0.0 if self.restless_at is None else (now - self.restless_at) / timedelta(minutes=30)
        self.restless = self.restless * 0.5**halves + 1
        self.restless_at = now
        if self.restless >= FLAPPING and self.flapping_since is None:
            self.flapping_since = now

    def facts(self, now: datetime) -> DeviceFacts:
        if self.flapping_since is not None and self.restless_at is not None:
            halves = (now - self.restless_at) / timedelta(minutes=30)
            if self.restless * 0.5**halves < CALM:
                self.flapping_since = None
        state = "never" if self.last_seen is None else "online" if self.is_heard(now) else "offline"
        return DeviceFacts(
            self.uid, self.kind, self.placed_at, state=state, state_since=self.heard_since, last_seen=self.last_seen,
            last_patrol_at=self.last_patrol_at, patrol_every_s=self.patrol_every_s, battery_pct=self.battery,
            battery_flat_on=self.flat_on, rssi_dbm=self.rssi, clock_skew_s=0.0, flapping_since=self.flapping_since,
            untested_since=self.home.tested_at or self.placed_at, timezone=ZONE,
        )  # fmt: skip


@dataclass(slots=True)
class Home:
    """A home in the books."""

    number: int
    placed_at: datetime
    persons: int | None = None
    seen_at: datetime | None = None
    still_since: datetime | None = None
    tested_at: datetime | None = None
    calls: list[datetime] = field(default_factory=list)
    days: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    standings: dict[str, Standing] = field(default_factory=dict)
    camera: Device | None = None
    look_at: datetime = _NEVER

    def facts(self, now: datetime) -> HomeFacts:
        camera = self.camera
        assert camera is not None
        heard = camera.is_heard(now)
        today = _day(now)
        return HomeFacts(
            watched_since=(camera.heard_since or self.placed_at) if heard else None,
            seen_at=camera.last_patrol_at if self.persons else self.seen_at,
            in_view=bool(self.persons) and heard,
            still_since=self.still_since,
            presses=tuple(self.calls[-20:]),
            days=tuple(HomeDay(day, *self.days[day]) for day in sorted(self.days)[-16:] if day < today),
            today=today,
            timezone=ZONE,
        )


def _day(at: datetime) -> date:
    return (at.astimezone(ZoneInfo(ZONE)) - timedelta(hours=DAY_BEGINS_H)).date()


@dataclass(frozen=True, slots=True)
class Warned:
    """What the rules did: when, which rule, of whom; cleared or raised."""

    at: datetime
    rule: str
    who: str
    said: str
    cleared: bool


class Month:
    """Homes, what is known of them, and what the rules have said."""

    def __init__(self, homes: Sequence[SimulatedHome], start: datetime, patrol_every_s: int) -> None:
        self.warned: list[Warned] = []
        self.looks = 0
        self._devices: dict[str, Device] = {}
        self._heap: list[tuple[datetime, int, Device | Home]] = []
        self._pushed = 0
        self._part_ends: datetime = start
        self._today, self._part = _day(start), 0
        for each in homes:
            home = Home(each.number, start)
            kinds = ((each.button, "button", None), (each.camera, "camera", patrol_every_s))
            for nth, (uid, kind, every_s) in enumerate(kinds):
                offline_after = timedelta(seconds=expectation(kind, every_s, None).offline_after_s)
                device = Device(2 * each.number + nth, uid, kind, home, start, offline_after, every_s)
                self._devices[uid] = device
                self._ask(device, start)
            home.camera = device
            self._ask(home, start)

    def live(self, stream: Iterator[Said], until: datetime) -> None:
        """Hear what is said until then, and let the rules look at what they would look at."""
        for said in stream:
            if said.at >= until:
                break
            while self._heap and self._heap[0][0] <= said.at:
                self._look(*heapq.heappop(self._heap))
            self._hear(said)
        while self._heap and self._heap[0][0] <= until:
            self._look(*heapq.heappop(self._heap))

    def raised(self) -> Counter[str]:
        """Return how many warnings each rule raised."""
        return Counter(each.rule for each in self.warned if not each.cleared)

    # What is heard ---------------------------------------------------------------------------------------------------

    def _hear(self, said: Said) -> None:
        device = self._devices[said.uid]
        now, payload = said.at, said.payload
        if said.leaf == "status" and payload["state"] == "offline":
            if device.is_heard(now):
                device.comes_or_goes(now)
            device.said_offline = True
            return
        if not device.is_heard(now):
            self._comes_back(device, now)
        device.last_seen = now
        if said.leaf == "patrol":
            self._patrol(device, now, payload)
        elif said.leaf == "telemetry":
            self._condition(device, now, payload)
        elif said.leaf == "help":
            self._call(device.home, now, payload)

    def _comes_back(self, device: Device, now: datetime) -> None:
        if device.last_seen is not None:
            if not device.said_offline:
                device.comes_or_goes(device.last_seen + device.offline_after)
            device.comes_or_goes(now)
            self._ask(device, now)
        device.said_offline = False
        device.heard_since = now

    def _patrol(self, device: Device, now: datetime, payload: dict[str, Any]) -> None:
        home, persons = device.home, payload["persons"]
        if device.last_patrol_at is not None and now - device.last_patrol_at > timedelta(minutes=30):
            self._ask(device, now)
        device.last_patrol_at = now
        device.rssi = _smooth(device.rssi, payload["rssi"])
        if persons != home.persons:
            if home.persons and not persons:
                home.seen_at = now
            home.persons, home.still_since = persons, now
            if home.seen_at is None:
                home.seen_at = now
            if home.standings:
                self._ask(home, now)
        if now >= self._part_ends:
            self._turn(now)
        counts = home.days[self._today]
        counts[self._part] += 1
        counts[self._part + 1] += persons > 0

    def _turn(self, now: datetime) -> None:
        """It became day, or night: the stream is in order of time, so that this is asked for twice a day."""
        local = now.astimezone(ZoneInfo(ZONE))
        by_day = DAY_BEGINS_H <= local.hour < NIGHT_BEGINS_H
        self._today, self._part = _day(now), 0 if by_day else 2
        ends = local.replace(hour=NIGHT_BEGINS_H if by_day else DAY_BEGINS_H, minute=0, second=0, microsecond=0)
        self._part_ends = (ends if ends > local else ends + timedelta(days=1)).astimezone(UTC)

    def _condition(self, device: Device, now: datetime, payload: dict[str, Any]) -> None:
        device.rssi = _smooth(device.rssi, payload["rssi"])
        if payload["battery"] != device.battery:
            device.battery = payload["battery"]
            self._ask(device, now)
        day = now.astimezone(ZoneInfo(ZONE)).date()
        if day not in device.lowest:
            lately = list(device.lowest.items())[-battery.DAYS :]
            device.flat_on = battery.forecast(lately, day)
        device.lowest[day] = min(device.lowest.get(day, 100), payload["battery"])

    def _call(self, home: Home, now: datetime, payload: dict[str, Any]) -> None:
        if payload.get("test"):
            home.tested_at = now
        elif not home.calls or now - home.calls[-1] > timedelta(minutes=10):
            # a second press joins the alert of the first
            home.calls.append(now)

    # What the rules say ----------------------------------------------------------------------------------------------

    def _ask(self, whom: Device | Home, at: datetime) -> None:
        if at < whom.look_at:
            whom.look_at = at
            self._pushed += 1
            heapq.heappush(self._heap, (at, self._pushed, whom))

    def _look(self, at: datetime, _: int, whom: Device | Home) -> None:
        if at != whom.look_at:
            return
        self.looks += 1
        whom.look_at = _NEVER
        rules: Sequence[Rule[Any, Any]] = OF_DEVICES if isinstance(whom, Device) else OF_HOMES
        known = whom.facts(at)
        look_at = daily.next_look(whom.number, at, ZONE)
        for rule in rules:
            assert rule.judge is not None
            found = rule.judge(known, rule.usual, at)
            before = whom.standings.pop(rule.name, None)
            moved = move(found, before, rule.usual, at)
            if moved.standing is not None:
                whom.standings[rule.name] = moved.standing
                if moved.standing.told:
                    look_at = min(look_at, at + WHILE_WARNED)
            if moved.raises or moved.clears:
                who = whom.uid if isinstance(whom, Device) else f"home {whom.number}"
                self.warned.append(Warned(at, rule.name, who, found.said, moved.clears))
            if moved.look_at is not None:
                look_at = min(look_at, moved.look_at)
        self._ask(whom, max(look_at, at + timedelta(seconds=1)))


def _smooth(before: float | None, said: int) -> float:
    return float(said) if before is None else before + _SMOOTH * (said - before)
