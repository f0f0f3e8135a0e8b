"""What simulated homes say: in order, readable, the same for the same seed, and never from a home that is off the line."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import scenario
from devices.formats import anju
from devices.model import Cancel, HelpCall, PatrolPing, StatusChange, Telemetry, Unreadable
from devices.scenario import BadRate, Said, SimulatedHome, life, rate_for

START = datetime(2026, 11, 24, 2, 13, 58, tzinfo=UTC)
PING = timedelta(milliseconds=scenario.PING_EVERY_MS)


def street(count: int) -> list[SimulatedHome]:
    """Return that many homes."""
    return [SimulatedHome(number, f"sim-btn-{number:04}", f"sim-cam-{number:04}") for number in range(1, count + 1)]


def hours(count: float, *, homes: int = 6, seed: int = 1, rate: float = 1.0, start: datetime = START) -> list[Said]:
    """Return what homes say in the first hours."""
    said = life(street(homes), seed=seed, start=start, rate=rate)
    return list(takewhile(lambda each: each.at < start + timedelta(hours=count), said))


LIVES = st.builds(
    lambda seed, homes, rate: hours(9, seed=seed, homes=homes, rate=rate),
    st.integers(0, 2**32),
    st.integers(1, 2),
    st.sampled_from([0.0, 1.0, 500.0, 5000.0]),
)


def by_device(said: list[Said]) -> Iterator[tuple[str, list[Said]]]:
    """Return the messages of each device, in order."""
    found: dict[str, list[Said]] = defaultdict(list)
    for each in said:
        found[each.uid].append(each)
    return iter(found.items())


def read(each: Said) -> object:
    """Return what the gateway would understand."""
    return anju.read(anju.topic_of(each.uid, each.leaf), json.dumps(each.payload).encode())


@given(LIVES)
def test_time_only_goes_forward(said: list[Said]) -> None:
    assert all(before.at <= after.at for before, after in pairwise(said))
    assert said[0].at == START


@given(LIVES)
def test_everything_can_be_read(said: list[Said]) -> None:
    kinds = {"patrol": PatrolPing, "telemetry": Telemetry, "status": StatusChange, "help": HelpCall, "cancel": Cancel}
    for each in said:
        found = read(each)
        assert not isinstance(found, Unreadable), found
        assert isinstance(found, kinds[each.leaf])
        assert found.at is not None
        # what was said late says when it happened
        assert found.at == each.at or (each.leaf in ("help", "cancel") and found.at < each.at)
        assert each.retain == (each.leaf == "status")


@given(LIVES)
def test_an_id_comes_again_only_for_the_same_call_sent_again(said: list[Said]) -> None:
    for _, messages in by_device(said):
        seen: dict[object, dict[str, object]] = {}
        for each in messages:
            if "id" not in each.payload:
                continue
            known = seen.setdefault(each.payload["id"], dict(each.payload))
            assert known == each.payload
            assert known is not each.payload or each.leaf == "help"
        pings = [each.payload["id"] for each in messages if each.leaf == "patrol"]
        assert len(set(pings)) == len(pings)


@given(st.integers(), st.integers(1, 5), st.floats(0, 2000))
def test_the_same_seed_and_start_say_the_same_to_the_byte(seed: int, homes: int, rate: float) -> None:
    first, second = (
        [
            json.dumps([str(each.at), each.uid, each.leaf, each.payload, each.retain])
            for each in islice(life(street(homes), seed=seed, start=START, rate=rate), 400)
        ]
        for _ in range(2)
    )
    assert first == second


def test_another_seed_is_another_life() -> None:
    assert hours(1, seed=1) != hours(1, seed=2)


def test_a_later_start_repeats_no_id_of_an_earlier_one() -> None:
    runs = [hours(5, rate=3000, start=START + timedelta(seconds=later)) for later in (0, 1)]
    first, second = ({(each.uid, each.payload["id"]) for each in run if "id" in each.payload} for run in runs)
    assert first
    assert not first & second


@given(LIVES)
def test_a_device_that_said_it_goes_is_silent_until_it_announces_itself(said: list[Said]) -> None:
    for _, messages in by_device(said):
        for before, after in pairwise(messages):
            if before.payload.get("state") == "offline":
                assert after.payload.get("state") == "online"


@given(LIVES)
def test_a_camera_pings_every_minute_or_announces_that_it_is_back(said: list[Said]) -> None:
    for uid, messages in by_device(said):
        if "cam" not in uid:
            continue
        assert messages[0].payload["state"] == "online"
        for before, after in pairwise(messages):
            if before.leaf == after.leaf == "patrol":
                assert after.at - before.at == PING


@given(LIVES)
def test_a_home_off_the_line_says_nothing_by_any_device(said: list[Said]) -> None:
    """A gap in a camera's pings is the home's: its button is silent in it as well, and what it had to say comes after."""
    for uid, messages in by_device(said):
        if "cam" not in uid:
            continue
        gaps = [
            (before.at + PING, after.at)
            for before, after in pairwise(messages)
            if before.leaf == "patrol" and after.payload.get("state") == "online"
        ]
        button = [each.at for each in said if each.uid == uid.replace("cam", "btn")]
        assert not [at for at in button for start, end in gaps if start < at < end]


def test_homes_drop_off_with_a_word_and_without_and_come_back() -> None:
    said = hours(24, homes=20, rate=300)
    goes = [each for each in said if each.payload.get("state") == "offline"]
    backs = [each for each in said if each.payload.get("state") == "online" and each.at > START + timedelta(minutes=1)]
    cameras_back = sum("cam" in each.uid for each in backs)
    assert goes
    assert cameras_back > sum("cam" in each.uid for each in goes) > 0


def test_homes_can_drop_off_oftener_without_pressing_oftener() -> None:
    street_of = street(20)
    said = list(
        takewhile(
            lambda each: each.at < START + timedelta(hours=24),
            life(street_of, seed=1, start=START, rate=0, troubles=300),
        )
    )
    assert [each for each in said if each.payload.get("state") == "offline"]
    assert not [each for each in said if each.leaf == "help"]
    quiet = takewhile(
        lambda each: each.at < START + timedelta(hours=24), life(street_of, seed=1, start=START, rate=300, troubles=0)
    )
    assert {each.payload["state"] for each in quiet if each.leaf == "status"} == {"online"}
    with pytest.raises(BadRate, match="-1"):
        life(street_of, seed=1, start=START, troubles=-1)


def test_a_press_that_found_no_line_is_said_afterwards_with_its_own_time() -> None:
    late = [each for each in hours(48, homes=20, rate=500) if each.leaf == "help" and read(each).at != each.at]  # type: ignore[attr-defined]
    assert late
    assert all(each.at - read(each).at < timedelta(days=1) for each in late)  # type: ignore[attr-defined]


def test_a_battery_falls_slowly_goes_flat_and_is_changed() -> None:
    said = hours(24 * 7 * 40, homes=1)
    levels = [(each.at, each.payload["battery"]) for each in said if each.leaf == "telemetry"]
    falls = [before[1] - after[1] for before, after in pairwise(levels)]  # type: ignore[operator]
    assert max(falls) <= 1
    changed = next(
        at for (at, level), (_, before) in zip(levels[1:], levels, strict=False) if (level, before) == (100, 0)
    )
    flat = max(at for at, level in levels if level == 0 and at < changed)
    assert timedelta(days=1) <= changed - flat <= timedelta(days=4)
    assert not [each for each in said if "btn" in each.uid and flat < each.at < changed]


def test_a_home_presses_about_once_in_twenty_days() -> None:
    """90 homes for a day, twenty times as lively, expect 90 presses; less than one seed in a thousand is outside 60 to 130."""
    said = hours(24, homes=90, seed=7, rate=20)
    first_said = {(each.uid, each.payload["id"]): each.at for each in said if each.leaf == "help"}
    # pressing again within the minute is of the same need
    needs = {(uid, at.replace(second=0, microsecond=0)) for (uid, _), at in first_said.items()}
    assert 60 <= len(needs) <= 130


def test_presses_are_of_every_sort() -> None:
    said = hours(48, homes=24, rate=rate_for(24, timedelta(minutes=5)))
    helps = [each for each in said if each.leaf == "help"]
    ids = [(each.uid, each.payload["id"]) for each in helps]
    assert {each.payload["source"] for each in helps} == {"button", "pendant", "fall"}
    assert any(each.payload.get("test") for each in helps)
    assert len(set(ids)) < len(ids), "none was sent again"
    cancels = [each for each in said if each.leaf == "cancel"]
    assert cancels
    assert {(each.uid, each.payload["call"]) for each in cancels} <= set(ids)
    assert all(str(each.payload["id"]).startswith(scenario.CALL_PREFIX) for each in [*helps, *cancels])
    # 48 hours of one press in 5 minutes are 576; a press again within a minute is of the same need
    assert 450 <= len(set(ids)) / 1.22 <= 700


def test_at_rate_nought_nobody_presses_and_nobody_drops_off() -> None:
    said = hours(24 * 3, homes=5, rate=0)
    assert {each.leaf for each in said} == {"status", "telemetry", "patrol"}
    assert sum(each.leaf == "status" for each in said) == 10


def test_she_is_seen_by_day_and_asleep_at_night() -> None:
    seen: dict[bool, list[object]] = {True: [], False: []}
    for each in hours(24 * 4, homes=20, start=datetime(2026, 11, 23, 16, tzinfo=UTC)):
        hour = (each.at + timedelta(hours=8)).hour
        if each.leaf == "patrol" and (1 <= hour < 4 or 18 <= hour < 20):
            seen[hour >= 18].append(each.payload["presence"])
    shares = {evening: sum(map(bool, found)) / len(found) for evening, found in seen.items()}
    assert shares[False] < 0.15
    assert shares[True] > 0.75


@pytest.mark.parametrize("rate", [-1, float("nan"), float("inf")])
def test_a_rate_that_makes_no_sense_is_refused(rate: float) -> None:
    with pytest.raises(BadRate, match=str(rate)):
        life(street(1), seed=1, start=START, rate=rate)


def test_without_homes_nothing_is_said() -> None:
    assert list(life([], seed=1, start=START)) == []


def test_a_county_announces_itself_over_minutes_not_at_once() -> None:
    births = [each for each in islice(life(street(4000), seed=1, start=START), 20_000) if each.leaf == "status"]
    assert max(each.at for each in births) - START >= timedelta(seconds=4000 / scenario.HOMES_BEGIN_PER_S - 1)
