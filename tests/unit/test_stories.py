"""Scripted stories: in order, readable, the same each time, and as quick as one asks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from devices import stories
from devices.formats import anju
from devices.model import HelpCall, PatrolPing, StatusChange, Telemetry, Unreadable
from devices.scenario import Said, SimulatedHome
from devices.stories import STORIES, BadSpeed, TooFewHomes, UnknownStory

START = datetime(2026, 11, 24, 18, 13, 58, tzinfo=UTC)
EVERY = pytest.mark.parametrize("name", STORIES)


def told(name: str, homes: int = 3, speed: float = 1.0) -> list[Said]:
    street = [SimulatedHome(number, f"sim-btn-{number:04}", f"sim-cam-{number:04}") for number in range(1, homes + 1)]
    return list(stories.play(name, street, START, speed))


def meant(said: Said) -> HelpCall | PatrolPing | StatusChange | Telemetry:
    found = anju.read(anju.topic_of(said.uid, said.leaf), msgspec.json.encode(said.payload))
    assert isinstance(found, HelpCall | PatrolPing | StatusChange | Telemetry)
    return found


@EVERY
def test_a_story_is_in_order_readable_and_as_long_as_it_says(name: str) -> None:
    said = told(name)
    assert said[0].at == START
    assert all(before.at <= after.at for before, after in pairwise(said))
    assert said[-1].at <= START + STORIES[name].lasts
    for each in said:
        found = meant(each)
        assert not isinstance(found, Unreadable)
        assert found.at is not None
        # nothing is dated into the future
        assert found.at <= each.at
        assert each.retain == (each.leaf == "status")


@EVERY
def test_it_is_told_the_same_each_time_and_no_id_comes_twice(name: str) -> None:
    assert told(name) == told(name)
    ids = [(each.uid, each.payload["id"]) for each in told(name) if "id" in each.payload]
    assert len(ids) == len(set(ids))


@EVERY
@pytest.mark.parametrize("speed", [0.5, 60.0])
def test_at_another_speed_the_same_happens_sooner_or_later(name: str, speed: float) -> None:
    for usual, quick in zip(told(name), told(name, speed=speed), strict=True):
        assert (quick.uid, quick.leaf, quick.at) == (usual.uid, usual.leaf, START + (usual.at - START) / speed)
        found = meant(quick)
        assert found.at is not None
        assert found.at <= quick.at


def test_a_stuck_button_presses_nine_hundred_times() -> None:
    presses = [each for each in told("stuck-button") if each.leaf == "help"]
    assert len(presses) == 900
    assert {after.at - before.at for before, after in pairwise(presses)} == {timedelta(seconds=4)}


def test_in_a_power_cut_nobody_speaks_but_last_wills() -> None:
    dark = [
        each
        for each in told("power-cut", homes=20)
        if START + stories.POWER_FAILS_AFTER <= each.at < START + stories.POWER_IS_BACK_AFTER
    ]
    assert len(dark) == 20
    assert {each.payload["state"] for each in dark} == {"offline"}


def test_a_cut_off_home_sends_a_day_in_which_it_pressed() -> None:
    said = told("cut-off-hub")
    late = [
        each for each in said if (found := meant(each)).at is not None and each.at - found.at > timedelta(minutes=5)
    ]
    assert len(late) > 1400
    (press,) = [each for each in said if each.leaf == "help"]
    assert press in late
    assert late[-1].at - late[0].at < timedelta(minutes=2)


def test_what_cannot_be_told_is_refused_with_the_mend() -> None:
    with pytest.raises(UnknownStory, match="fall-at-night, power-cut"):
        told("flood")
    with pytest.raises(TooFewHomes, match="needs 1 homes"):
        told("stuck-button", homes=0)
    with pytest.raises(BadSpeed, match="over 0"):
        told("stuck-button", speed=0)
