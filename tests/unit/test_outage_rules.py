"""A silence is told once, a village's together, and one device more or less changes nothing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules import area_outage, device_offline
from alerts.rules.area_outage import AT_LEAST, WINDOW, Outage, Silent
from alerts.rules.device_offline import SETTLE

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def fell_silent(*minutes_ago: float, regular: bool = True, fresh: bool = True) -> list[Silent]:
    return [
        Silent(f"cam-{number}", NOW - timedelta(minutes=minutes), regular, fresh)
        for number, minutes in enumerate(minutes_ago)
    ]


def outage(speaking: int, silent: list[Silent], *, last_closed: datetime | None = None) -> Outage:
    return area_outage.decide(speaking, silent, open_since=None, last_closed=last_closed)


@pytest.mark.parametrize(
    ("speaking", "silent", "raised"),
    [(12, 6, True), (12, 5, False), (13, 6, False), (10, 5, True), (5, 5, True), (4, 4, False), (0, 0, False)],
)
def test_half_of_a_village_and_at_least_five_are_an_outage(speaking: int, silent: int, raised: bool) -> None:
    assert (outage(speaking, fell_silent(*[1] * silent)).raise_at is not None) is raised


def test_only_those_within_ten_minutes_are_together() -> None:
    assert outage(12, fell_silent(0, 2, 4, 6, 8, 10)).raise_at == NOW
    assert outage(12, fell_silent(0, 2, 4, 6, 8, 10.1)).raise_at is None


def test_it_is_seen_as_it_was_also_by_who_looks_an_hour_late() -> None:
    late = outage(12, fell_silent(60, 61, 62, 63, 64, 65))
    assert late.raise_at == NOW - timedelta(minutes=60)
    assert late.holds_from == NOW - timedelta(minutes=60) - WINDOW


def test_a_wave_that_was_told_long_ago_is_no_outage_when_devices_are_taken_away() -> None:
    assert outage(10, fell_silent(*[600] * 6, fresh=False)).raise_at is None


def test_buttons_count_neither_for_nor_against() -> None:
    assert outage(12, fell_silent(*[1] * 5) + fell_silent(*[1] * 7, regular=False)).raise_at is None


def test_what_was_a_part_of_the_last_outage_makes_no_other() -> None:
    closed = NOW - timedelta(minutes=2)
    assert outage(12, fell_silent(*[5] * 6), last_closed=closed).raise_at is None
    assert outage(12, fell_silent(*[1] * 6), last_closed=closed).raise_at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(("still", "over"), [(12, False), (4, False), (3, False), (2, True), (0, True)])
def test_it_ends_when_under_a_quarter_is_silent(still: int, over: bool) -> None:
    found = area_outage.decide(12, fell_silent(*[1] * still), open_since=NOW, last_closed=None)
    assert found.clear is over
    assert found.holds_from == (None if over else NOW - WINDOW)


def test_long_dead_cameras_do_not_keep_it_open() -> None:
    assert area_outage.decide(12, fell_silent(*[600] * 6), open_since=NOW, last_closed=None).clear


def test_a_village_without_devices_has_no_outage() -> None:
    assert area_outage.decide(0, [], open_since=NOW, last_closed=None).clear


def test_a_silence_waits_for_its_neighbours_and_is_told_then() -> None:
    young = fell_silent(1)
    assert device_offline.decide(young, {}, holds_from=None, outage_ended=None, now=NOW).waiting == {
        "cam-0": young[0].since + SETTLE
    }
    assert device_offline.decide(fell_silent(2), {}, holds_from=None, outage_ended=None, now=NOW).raised == ["cam-0"]


def test_stragglers_of_an_outage_get_as_long_as_a_device_that_falls_silent() -> None:
    silent = fell_silent(30)
    for ended, raised in ((NOW, []), (NOW - SETTLE, ["cam-0"])):
        assert device_offline.decide(silent, {}, holds_from=None, outage_ended=ended, now=NOW).raised == raised


def test_an_older_silence_is_no_part_of_the_outage() -> None:
    found = device_offline.decide(
        fell_silent(1, 600, fresh=False),
        {"cam-0": [7], "cam-1": [8]},
        holds_from=NOW - WINDOW,
        outage_ended=None,
        now=NOW,
    )
    assert (found.held, found.absorbed, found.cleared, found.raised) == (["cam-0"], [7], [], [])


def test_a_reopened_warning_ends_with_the_other() -> None:
    assert device_offline.decide([], {"cam-0": [7, 9]}, holds_from=None, outage_ended=None, now=NOW).cleared == [7, 9]


# Any run of changes --------------------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """What `alerts.outages` keeps in rows, as plain sets: an independent account of what is open."""

    devices: int
    now: datetime = NOW
    offline: dict[str, datetime] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    warned: dict[str, list[int]] = field(default_factory=dict)
    open_since: datetime | None = None
    last_closed: datetime | None = None
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def change(self, device: int) -> None:
        uid = f"cam-{device % self.devices}"
        if self.offline.pop(uid, None) is None:
            self.offline[uid] = self.now
            self.fresh.add(uid)
        else:
            self.fresh.discard(uid)

    def look(self) -> None:
        silent = [Silent(uid, since, True, uid in self.fresh) for uid, since in self.offline.items()]
        found = area_outage.decide(self.devices, silent, open_since=self.open_since, last_closed=self.last_closed)
        ended_at = self.now if found.clear else self.last_closed
        moves = device_offline.decide(
            silent, self.warned, holds_from=found.holds_from, outage_ended=ended_at, now=self.now
        )
        assert not (found.clear and found.raise_at)
        assert self.open_since is None or found.raise_at is None, "an outage is open already"
        if found.clear:
            self.open_since, self.last_closed = None, self.now
        if found.raise_at is not None:
            self.open_since = found.raise_at
        ended = {*moves.absorbed, *moves.cleared}
        assert len(ended) == len(moves.absorbed) + len(moves.cleared), "a warning ends once"
        self.warned = {
            uid: left for uid, ids in self.warned.items() if (left := [each for each in ids if each not in ended])
        }
        for uid in moves.raised:
            self.warned.setdefault(uid, []).append(next(self.numbers))
        self.fresh = {*moves.waiting, *moves.held}

    def check(self) -> None:
        assert all(len(ids) == 1 for ids in self.warned.values()), "two open warnings of one device"
        assert set(self.warned) <= set(self.offline), "a warning of a device that is heard"
        for uid, since in self.offline.items():
            part_of_outage = self.open_since is not None and since >= self.open_since - WINDOW
            known = uid in self.warned or uid in self.fresh
            assert known, f"{uid} is offline, and nobody will ever hear of it"
            if part_of_outage:
                assert uid not in self.warned, "told twice: by the outage and by itself"
            elif max(since, self.last_closed or since) + SETTLE <= self.now:
                assert uid in self.warned, "it settled, and nobody was warned"


@given(
    devices=st.integers(1, 14),
    steps=st.lists(st.tuples(st.integers(0, 600), st.lists(st.integers(0, 13), max_size=14)), max_size=30),
)
def test_no_run_of_changes_tells_twice_or_never(devices: int, steps: list[tuple[int, list[int]]]) -> None:
    ledger = Ledger(devices)
    for seconds, changed in steps:
        ledger.now += timedelta(seconds=seconds)
        for device in changed:
            ledger.change(device)
        ledger.look()
        ledger.check()


@given(devices=st.integers(1, 14), steps=st.lists(st.lists(st.integers(0, 13), max_size=14), max_size=20))
def test_once_all_are_heard_again_nothing_stays_open(devices: int, steps: list[list[int]]) -> None:
    ledger = Ledger(devices)
    for changed in steps:
        ledger.now += timedelta(seconds=90)
        for device in changed:
            ledger.change(device)
        ledger.look()
    ledger.offline.clear()
    ledger.fresh.clear()
    ledger.look()
    assert not ledger.warned
    assert ledger.open_since is None


def test_one_device_at_the_edge_does_not_raise_and_clear_by_turns() -> None:
    ledger = Ledger(12)
    for device in range(6):
        ledger.change(device)
    ledger.look()
    assert ledger.open_since is not None
    for _ in range(20):
        ledger.now += timedelta(seconds=30)
        ledger.change(5)
        ledger.look()
        assert ledger.open_since is not None
    assert len(ledger.warned) == 0
    assert AT_LEAST == 5
