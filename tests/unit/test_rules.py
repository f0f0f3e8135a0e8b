"""Each rule by its thresholds: bad past one, good past the other, between them nothing changes."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alerts import rules, texts
from alerts.model import Severity
from alerts.rules import RULES, base
from alerts.rules.base import About, Level, NotAThreshold
from alerts.rules.facts import DeviceFacts, HomeDay, HomeFacts

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)  # eleven in the morning in Shanghai
HOUR = timedelta(hours=1)
BAD, BETWEEN, GOOD = Level.BAD, Level.BETWEEN, Level.GOOD
CAMERA = DeviceFacts(
    "cam-1", "camera", NOW - timedelta(days=60), state="online", state_since=NOW - timedelta(days=3), last_seen=NOW,
    last_patrol_at=NOW,
)  # fmt: skip
BUTTON = replace(CAMERA, uid="btn-1", kind="button", last_patrol_at=None)
WATCHED = HomeFacts(watched_since=NOW - timedelta(days=9), seen_at=NOW - HOUR, still_since=NOW - HOUR)


def level(rule: str, found: DeviceFacts | HomeFacts, *, now: datetime = NOW, **own: int) -> Level:
    known = RULES[rule]
    assert known.judge is not None
    return known.judge(found, known.thresholds(own), now).level


def look_at(rule: str, found: DeviceFacts | HomeFacts, *, now: datetime = NOW) -> datetime | None:
    known = RULES[rule]
    assert known.judge is not None
    return known.judge(found, known.usual, now).look_at


@pytest.mark.parametrize(
    ("rule", "device", "name", "levels"),
    [
        ("battery_low", CAMERA, "battery_pct", {None: GOOD, 14: BAD, 15: BETWEEN, 29: BETWEEN, 30: GOOD}),
        ("battery_low", BUTTON, "battery_pct", {1: GOOD}),
        ("button_battery_low", BUTTON, "battery_pct", {None: GOOD, 19: BAD, 20: BETWEEN, 34: BETWEEN, 35: GOOD}),
        ("button_battery_low", CAMERA, "battery_pct", {1: GOOD}),
        ("temperature_low", CAMERA, "temperature_c", {None: GOOD, 7.9: BAD, 8.0: BETWEEN, 10.9: BETWEEN, 11.0: GOOD}),
        ("temperature_high", CAMERA, "temperature_c", {None: GOOD, 39.0: BAD, 38.9: BETWEEN, 36.0: BETWEEN, 35.9: GOOD}),
        ("signal_weak", CAMERA, "rssi_dbm", {None: GOOD, -90.5: BAD, -90.0: BETWEEN, -84.5: BETWEEN, -84.0: GOOD}),
        ("signal_weak", CAMERA, "linkquality", {19: BAD, 20: BETWEEN, 39: BETWEEN, 40: GOOD}),
        ("clock_wrong", CAMERA, "clock_skew_s", {None: GOOD, 121.0: BAD, -121.0: BAD, 120.0: BETWEEN, -60.0: GOOD}),
        ("firmware_outdated", CAMERA, "firmware_outdated", {True: BAD, False: GOOD}),
        ("device_flapping", CAMERA, "flapping_since", {None: GOOD, NOW: BAD}),
        ("camera_blind", CAMERA, "picture", {None: GOOD, "shown": GOOD, "frozen": BAD, "dark": BAD}),
        ("never_seen", replace(CAMERA, state="never"), "last_seen", {None: BAD, NOW: GOOD}),
        ("patrol_missed", CAMERA, "last_patrol_at", {
            None: GOOD, NOW: GOOD, NOW - timedelta(minutes=44): GOOD, NOW - timedelta(minutes=46): BAD,
        }),
        ("test_call_overdue", BUTTON, "untested_since", {
            NOW: GOOD, NOW - timedelta(days=36): GOOD, NOW - timedelta(days=37): BAD,
        }),
        ("no_presence", WATCHED, "seen_at", {None: GOOD, NOW: GOOD, NOW - 22 * HOUR: GOOD, NOW - 24 * HOUR: BAD}),
        ("inactivity", replace(WATCHED, in_view=True), "still_since", {
            None: GOOD, NOW - 18 * HOUR: GOOD, NOW - 20 * HOUR: BAD,
        }),
        ("inactivity", WATCHED, "still_since", {NOW - 30 * HOUR: GOOD}),
    ],
)  # fmt: skip
def test_levels(rule: str, device: DeviceFacts | HomeFacts, name: str, levels: dict[object, Level]) -> None:
    found = {value: level(rule, replace(device, **{name: value})) for value in levels}  # type: ignore[arg-type]
    assert found == levels


@pytest.mark.parametrize("rule", [each.name for each in rules.OF_DEVICES])
def test_a_device_of_which_nothing_is_known_is_no_warning(rule: str) -> None:
    assert level(rule, DeviceFacts("x-1", "button", NOW)) in (GOOD, BETWEEN)


@pytest.mark.parametrize("rule", [each.name for each in rules.OF_HOMES])
def test_a_home_of_which_nothing_is_known_is_no_warning(rule: str) -> None:
    assert level(rule, HomeFacts()) in (GOOD, BETWEEN)


@pytest.mark.parametrize("rule", ["temperature_low", "temperature_high", "signal_weak", "clock_wrong", "camera_blind"])
def test_what_a_silent_device_said_last_neither_raises_nor_clears(rule: str) -> None:
    gone = replace(CAMERA, state="offline", temperature_c=0.0, rssi_dbm=-99.0, clock_skew_s=9999.0, picture="frozen")
    assert level(rule, gone) is BETWEEN


def test_a_dark_picture_counts_by_day_only_and_is_looked_at_in_the_morning() -> None:
    dark, midnight = replace(CAMERA, picture="dark"), NOW + 13 * HOUR
    assert level("camera_blind", dark, now=midnight) is BETWEEN
    assert look_at("camera_blind", dark, now=midnight) == NOW + 22 * HOUR + timedelta(seconds=1)
    assert level("camera_blind", replace(dark, picture="frozen"), now=midnight) is BAD


def test_a_battery_that_is_merely_old_does_not_drain() -> None:
    soon, later = date(2026, 12, 1), date(2027, 1, 1)
    assert level("battery_draining", replace(CAMERA, battery_pct=50, battery_flat_on=soon)) is BAD
    assert level("battery_draining", replace(CAMERA, battery_pct=20, battery_flat_on=soon)) is BETWEEN
    assert level("battery_draining", replace(CAMERA, battery_pct=50, battery_flat_on=date(2026, 12, 10))) is BETWEEN
    assert level("battery_draining", replace(CAMERA, battery_pct=50, battery_flat_on=later)) is GOOD
    assert level("battery_draining", replace(CAMERA, battery_pct=50)) is GOOD


def test_a_device_behind_a_silent_hub_was_not_forgotten() -> None:
    never = replace(CAMERA, state="never", last_seen=None)
    assert level("never_seen", never) is BAD
    assert level("never_seen", replace(never, hub_state="offline")) is BETWEEN
    young = replace(never, placed_at=NOW - HOUR)
    assert look_at("never_seen", young) == NOW + 47 * HOUR


def test_a_camera_with_a_long_period_may_miss_as_many_patrols() -> None:
    hourly = replace(CAMERA, patrol_every_s=3600, last_patrol_at=NOW - 2 * HOUR)
    assert level("patrol_missed", hourly) is GOOD
    assert look_at("patrol_missed", hourly) == NOW + HOUR
    assert level("patrol_missed", replace(hourly, state="offline", last_patrol_at=NOW - 9 * HOUR)) is GOOD
    back = replace(hourly, state_since=NOW - timedelta(minutes=1), last_patrol_at=NOW - 9 * HOUR)
    assert level("patrol_missed", back) is GOOD


def test_the_night_does_not_count_as_absence() -> None:
    # seen last at nine in the evening
    seen_at = datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert look_at("no_presence", replace(WATCHED, seen_at=seen_at)) == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_camera_that_came_back_looks_for_an_hour_first() -> None:
    away = replace(WATCHED, seen_at=NOW - 48 * HOUR, watched_since=NOW - timedelta(minutes=10))
    assert level("no_presence", away) is GOOD
    assert look_at("no_presence", away) == NOW + timedelta(minutes=50)
    assert level("no_presence", replace(away, watched_since=None)) is BETWEEN
    assert level("no_presence", replace(away, in_view=True)) is GOOD


def test_who_may_come_into_view_any_moment_is_looked_at_in_time() -> None:
    at = look_at("inactivity", WATCHED)
    assert at is not None
    # whoever came the moment after lies there no longer than the threshold when he is looked at
    assert at <= NOW + 9 * HOUR


def test_an_inactivity_while_nobody_watched_is_not_counted() -> None:
    found = replace(WATCHED, in_view=True, still_since=NOW - 48 * HOUR, watched_since=NOW - HOUR)
    assert level("inactivity", found) is GOOD
    assert level("inactivity", replace(found, watched_since=None)) is BETWEEN


def days(*seen: int, pings: int = 960, last_pings: int = 960) -> HomeFacts:
    """A home with so many pings by day on which somebody was seen; nobody by night."""
    today = date(2026, 11, 24)
    found = [
        HomeDay(today - timedelta(days=len(seen) - nth), pings, each, 480, 0) for nth, each in enumerate(seen)
    ]  # fmt: skip
    found[-1] = replace(found[-1], day_pings=last_pings)
    return replace(WATCHED, days=tuple(found), today=today)


def test_a_day_is_compared_with_the_home_s_own() -> None:
    usual = [576, 600, 570, 590, 560, 610, 580, 575]
    assert level("unusual_activity", days(*usual, 570)) is GOOD
    assert level("unusual_activity", days(*usual, 60)) is BAD
    # less far off one day is a day out; two days in a row, and the same way, are not
    assert level("unusual_activity", days(*usual, 250)) is GOOD
    assert level("unusual_activity", days(*usual, 260, 250)) is BAD
    assert level("unusual_activity", days(*usual, 900, 250)) is GOOD
    restless = [100, 800, 300, 700, 200, 900, 500, 400]
    assert level("unusual_activity", days(*restless, 50)) is GOOD
    # too few days, no day, and a day on which the camera hardly looked
    assert level("unusual_activity", days(*usual[:5], 60)) is BETWEEN
    assert level("unusual_activity", WATCHED) is BETWEEN
    assert level("unusual_activity", replace(days(*usual, 60), today=date(2026, 11, 26))) is BETWEEN
    assert level("unusual_activity", days(*usual, 10, last_pings=100)) is GOOD


def test_a_night_of_wandering_is_unusual() -> None:
    calm = days(*[480] * 9)
    night = replace(calm.days[-1], night_seen=300)
    assert level("unusual_activity", replace(calm, days=(*calm.days[:-1], night))) is BAD


def test_three_calls_in_seven_days() -> None:
    def called(*days_ago: float) -> HomeFacts:
        return HomeFacts(presses=tuple(NOW - timedelta(days=each) for each in days_ago))

    assert level("frequent_presses", called(0, 1, 6.9)) is BAD
    assert level("frequent_presses", called(0, 1, 7.1)) is BETWEEN
    assert level("frequent_presses", called(0, 7.1, 7.2)) is GOOD


def test_every_rule_has_its_place_severity_words_and_thresholds_with_units() -> None:
    folder = Path(rules.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {
        "__init__", "base", "facts", "standing", "scope", "daily", "waking",
    }  # fmt: skip
    assert modules == set(RULES)
    units = ("_s", "_min", "_h", "_days", "_pct", "_c", "_dbm", "_lqi", "_m")
    for name, rule in RULES.items():
        assert name in texts.KIND_NAMES
        assert rule.severity in Severity
        for each in fields(rule.usual):
            assert each.name.endswith(units) or each.name in ("at_least", "missed", "presses", "times", "days"), (
                each.name
            )
            assert each.metadata["low"] <= getattr(rule.usual, each.name) <= each.metadata["high"]
        assert (rule.judge is None) == (
            rule.about is About.AREA or name in ("fall", "device_offline", "hub_offline")
        ), name


def test_thresholds_are_whole_numbers_within_their_bounds() -> None:
    rule = RULES["battery_low"]
    assert rule.thresholds({"below_pct": 40}).below_pct == 40
    for own in ({"below_pct": 0}, {"below_pct": 10.0}, {"below_pct": True}, {"below_pct": "10"}, {"low": 10}):
        with pytest.raises(NotAThreshold):
            rule.thresholds(own)


def test_thresholds_that_cross_make_no_warning_that_is_raised_and_cleared_at_once() -> None:
    # cleared below where it is raised: it is raised, and cleared where it is not raised any more
    assert level("battery_low", replace(CAMERA, battery_pct=45), below_pct=50, clear_pct=10) is BAD
    assert level("battery_low", replace(CAMERA, battery_pct=50), below_pct=50, clear_pct=10) is GOOD
    assert level("temperature_high", replace(CAMERA, temperature_c=31.0), above_c=30, clear_c=90) is BAD
    assert level("temperature_high", replace(CAMERA, temperature_c=30.0), above_c=30, clear_c=90) is GOOD
    assert level("clock_wrong", replace(CAMERA, clock_skew_s=80.0), off_s=60, clear_s=600) is BAD
    assert level("signal_weak", replace(CAMERA, rssi_dbm=-70.0), below_dbm=-60, clear_dbm=-100) is BAD


def test_spans_are_said_short() -> None:
    assert [base.hours(each) for each in (60, 5400, 7200, 50_000)] == ["1 min", "90 min", "2 h", "14 h"]


def test_the_documentation_has_every_rule_with_its_usual_thresholds() -> None:
    page = (Path(rules.__file__).parents[2] / "docs" / "alerting.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, rule in RULES.items():
        assert f"| {rule.severity} | {rule.explain('en')} |" in rows[name]
        for each in rule.described():
            never = each["usual"] == 0 and each["name"] in ("lasts_s", "gone_s")
            assert (f"`{each['name']}` {each['usual']}" in rows[name]) is not never, (name, each["name"])
