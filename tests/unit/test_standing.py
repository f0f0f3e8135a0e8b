"""No warning chatters, thresholds of narrower scopes hold, and an old person's night is no silence."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from alerts.rules import battery_low, daily
from alerts.rules.base import Level, Reading, Thresholds
from alerts.rules.scope import Place, Scope, holding
from alerts.rules.standing import Move, Standing, move
from alerts.rules.waking import awake_for, is_waking, waking_s

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = Thresholds(lasts_s=600, gone_s=300)
LEVELS = st.sampled_from(Level)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/London", "Australia/Lord_Howe", "America/Santiago"])


def play(*levels: tuple[int, Level], limits: Thresholds = LIMITS) -> list[str]:
    """Return what happened at which minute."""
    standing, happened = None, []
    for minute, level in levels:
        found = move(Reading(level), standing, limits, NOW + minute * MINUTE)
        standing = found.standing
        happened += [f"raised {minute}"] if found.raises else []
        happened += [f"cleared {minute}"] if found.clears else []
    return happened


def test_a_cause_is_told_once_it_lasted_and_is_over_once_it_is_gone_for_good() -> None:
    bad, between, good = Level.BAD, Level.BETWEEN, Level.GOOD
    assert play((0, bad), (9, bad), (10, bad), (11, bad), (20, good), (24, good), (25, good)) == [
        "raised 10",
        "cleared 25",
    ]
    assert play((0, bad), (9, between), (10, bad), (19, bad), (20, bad)) == ["raised 20"]
    assert play((0, bad), (10, bad), (20, good), (24, between), (26, good), (30, good), (31, good)) == [
        "raised 10", "cleared 31",
    ]  # fmt: skip
    assert play((0, bad), (1, good), limits=Thresholds()) == ["raised 0", "cleared 1"]


def test_a_cause_that_the_facts_date_lasts_since_then() -> None:
    found = move(Reading(Level.BAD, since=NOW - 20 * MINUTE), None, LIMITS, NOW)
    assert found.raises
    assert found.standing == Standing(NOW - 20 * MINUTE, told=True)
    # a date ahead of now is a clock's mistake
    assert move(Reading(Level.BAD, since=NOW + MINUTE), None, LIMITS, NOW).look_at == NOW + 10 * MINUTE


def test_a_look_is_asked_for_when_time_alone_decides() -> None:
    waits = move(Reading(Level.BAD), None, LIMITS, NOW)
    assert waits == Move(Standing(NOW), look_at=NOW + 10 * MINUTE)
    told = Standing(NOW - 30 * MINUTE, told=True)
    assert move(Reading(Level.GOOD), told, LIMITS, NOW).look_at == NOW + 5 * MINUTE
    assert move(Reading(Level.GOOD, look_at=NOW + MINUTE), told, LIMITS, NOW).look_at == NOW + MINUTE


@given(st.lists(st.tuples(st.integers(1, 400), LEVELS), max_size=60), st.integers(0, 900), st.integers(0, 900))
def test_raises_and_clears_alternate_and_are_as_far_apart_as_the_thresholds_say(
    steps: list[tuple[int, Level]], lasts_s: int, gone_s: int
) -> None:
    limits = Thresholds(lasts_s=lasts_s, gone_s=gone_s)
    at, standing, told = NOW, None, False
    bad_since = good_since = None
    for seconds, level in steps:
        at += timedelta(seconds=seconds)
        bad_since = (bad_since or at) if level is Level.BAD else None
        good_since = (good_since or at) if level is Level.GOOD else None
        found = move(Reading(level), standing, limits, at)
        standing = found.standing
        if found.raises:
            assert not told
            assert bad_since is not None
            assert (at - bad_since).total_seconds() >= lasts_s
            told = True
        if found.clears:
            assert told
            assert good_since is not None
            assert (at - good_since).total_seconds() >= gone_s
            told = False
        assert told == (standing is not None and standing.told)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=200))
def test_a_battery_that_wavers_around_a_threshold_is_told_once(percents: list[int]) -> None:
    wavering = [12 + each % 9 for each in percents]
    levels = [
        (nth, battery_low.level(_button(each), battery_low.RULE.usual).level) for nth, each in enumerate(wavering)
    ]  # fmt: skip
    assert len(play(*levels, limits=Thresholds())) <= 1


def _button(battery: int) -> battery_low.DeviceFacts:
    return battery_low.DeviceFacts("cam-1", "camera", NOW, battery_pct=battery)


# Scopes --------------------------------------------------------------------------------------------------------------

PLACE = Place("/city/county/village/", home_id=7, device_id=9, device_kind="camera")


def below_pct(*scopes: Scope, place: Place = PLACE) -> int:
    return holding(battery_low.RULE, scopes, place)[0].below_pct


def test_the_narrowest_scope_holds_whatever_the_order() -> None:
    scopes = [
        Scope({"below_pct": 1}),
        Scope({"below_pct": 2}, device_kind="camera"),
        Scope({"below_pct": 3}, path="/city/"),
        Scope({"below_pct": 4}, path="/city/county/"),
        Scope({"below_pct": 5}, path="/city/county/", device_kind="camera"),
        Scope({"below_pct": 6}, home_id=7),
        Scope({"below_pct": 7}, device_id=9),
    ]
    for count in range(1, len(scopes) + 1):
        assert below_pct(*scopes[:count]) == count
        assert below_pct(*reversed(scopes[:count])) == count


def test_a_scope_of_elsewhere_does_not_hold() -> None:
    elsewhere = [
        Scope({"below_pct": 40}, path="/city/other/"),
        Scope({"below_pct": 41}, path="/city/", device_kind="button"),
        Scope({"below_pct": 42}, home_id=8),
        Scope({"below_pct": 43}, device_id=8),
    ]
    assert below_pct(*elsewhere) == battery_low.RULE.usual.below_pct


def test_thresholds_are_laid_over_each_other_one_by_one() -> None:
    limits, enabled = holding(
        battery_low.RULE,
        [Scope({"below_pct": 20}, path="/city/", enabled=False), Scope({"clear_pct": 60}, home_id=7)],
        PLACE,
    )
    assert (limits.below_pct, limits.clear_pct, enabled) == (20, 60, False)
    assert holding(battery_low.RULE, [Scope(enabled=False), Scope(enabled=True, home_id=7)], PLACE)[1]


def test_a_threshold_that_another_version_wrote_ends_no_warning() -> None:
    assert below_pct(Scope({"below_pct": 20, "of_tomorrow": 1, "clear_pct": "x"})) == 20


# Waking hours, and the daily look ------------------------------------------------------------------------------------


@example(datetime(2026, 1, 1, microsecond=186, tzinfo=UTC), 136_800, "Europe/London", 0, 19)
@given(INSTANTS, st.integers(0, 400_000), ZONES, st.integers(0, 11), st.integers(12, 24))
def test_awake_for_is_the_first_instant_with_so_many_waking_seconds(
    start: datetime, wanted_s: int, zone: str, wakes_h: int, sleeps_h: int
) -> None:
    day = {"wakes_h": wakes_h, "sleeps_h": sleeps_h, "timezone": zone}
    end = awake_for(start, wanted_s, **day)  # type: ignore[arg-type]
    assert waking_s(start, end, **day) == wanted_s  # type: ignore[arg-type]
    if wanted_s:
        tick = timedelta(microseconds=1)
        assert waking_s(start, end - tick, **day) == (timedelta(seconds=wanted_s) - tick).total_seconds()  # type: ignore[arg-type]
        assert is_waking(end - tick, **day)  # type: ignore[arg-type]


@given(st.integers(1, 10**9), INSTANTS, ZONES)
def test_the_daily_look_is_within_a_day_by_daylight_and_at_the_same_hour_tomorrow(
    number: int, now: datetime, zone: str
) -> None:
    at = daily.next_look(number, now, zone)
    assert now < at <= now + timedelta(hours=26)
    local = at.astimezone(ZoneInfo(zone))
    assert daily.FROM_H <= local.hour < daily.UNTIL_H
    again = daily.next_look(number, at, zone).astimezone(ZoneInfo(zone))
    assert (again.date() - local.date(), again.time()) == (timedelta(days=1), local.time())


def test_the_daily_looks_of_a_fleet_are_spread_over_the_day() -> None:
    hours = [daily.next_look(number, NOW, "Asia/Shanghai").hour for number in range(10_000)]
    assert max(hours.count(each) for each in set(hours)) < 1.1 * min(hours.count(each) for each in set(hours))


def test_a_home_s_day_ends_in_the_morning() -> None:
    early, later = datetime(2026, 11, 23, 21, 59, tzinfo=UTC), datetime(2026, 11, 23, 22, tzinfo=UTC)
    bounds = daily.day_bounds(early, "Asia/Shanghai", begins_h=6, sleeps_h=22)
    assert bounds == tuple(datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((21, 22), (22, 14), (22, 22)))
    assert daily.day_bounds(later, "Asia/Shanghai", begins_h=6, sleeps_h=22)[2] == later
