"""When a rota holds and who has it then: windows, holidays, pauses and overrides, over every change of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.holidays import UnknownCalendar, is_known, is_work_day
from alerts.rota import Override, Pause, Rota, RotaKind, Stretch, Why, stretches, who_is_on_call
from alerts.windows import Days, Hours, Window, opening
from tests.unit import rota_model
from tests.unit.rota_model import MINUTE, is_worked

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
SHANGHAI = ZoneInfo("Asia/Shanghai")
WITH_CHANGES = [name for name in ZONES if rota_model.changes_of(ZoneInfo(name), 2026)]
NIGHT = Window(time(20), time(8))


def shanghai(*at: int) -> datetime:
    return datetime(*at, tzinfo=SHANGHAI).astimezone(UTC)  # type: ignore[misc,arg-type]


@st.composite
def windows(draw: st.DrawFn) -> Window:
    minute = st.integers(0, 24 * 4 - 1).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
    weekdays = draw(st.frozensets(st.integers(1, 7), min_size=1))
    return Window(draw(minute), draw(minute), weekdays)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Rota, list[Override], datetime]:
    """A rota of any kind, its overrides, and an instant of 2026 near which to look, often close to a change of the clock."""
    zone = draw(st.sampled_from(ZONES))
    day = datetime(2026, 1, 4, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 350 * 1440)))
    changes = rota_model.changes_of(ZoneInfo(zone), 2026)
    if changes and draw(st.booleans()):
        day = draw(st.sampled_from(changes)) - timedelta(minutes=draw(st.integers(0, 30 * 60)))
    near = st.integers(-3 * 1440, 3 * 1440).map(lambda minutes: day + minutes * MINUTE)
    members = tuple(draw(st.lists(st.integers(1, 4), max_size=4)))
    pauses = [
        Pause(draw(st.integers(1, 4)), start, draw(st.sampled_from([None, start + timedelta(hours=9)])))
        for start in draw(st.lists(near, max_size=2))
    ]
    overrides = [
        Override(number, start, start + draw(st.integers(1, 2000)) * MINUTE, number + 100)
        for number, start in enumerate(draw(st.lists(near, max_size=3)))
    ]
    days = draw(st.sampled_from(list(Days)))
    hours = Hours(tuple(draw(st.lists(windows(), max_size=3))), days, None if days is Days.EVERY else "CN")
    rota = Rota(
        1, zone, draw(st.sampled_from(list(RotaKind))), draw(st.integers(1, 5)),
        day - timedelta(minutes=draw(st.integers(-1440, 60 * 1440))), members, hours, tuple(pauses),
    )  # fmt: skip
    return rota, overrides, day


def answer_of(stretch: Stretch) -> int | Why:
    found = stretch.staff_id if stretch.staff_id is not None else stretch.why
    assert found is not None
    return found


def assert_tiles(found: list[Stretch], start: datetime, end: datetime) -> None:
    """No gap, no overlap, and all of the time."""
    assert found[0].start <= start
    assert found[-1].end >= end
    for each, following in pairwise(found):
        assert each.end == following.start
    assert all(each.start < each.end for each in found)
    assert all((each.staff_id is None) == (each.why is not None) for each in found)


def assert_like_the_model(rota: Rota, overrides: list[Override], start: datetime, end: datetime) -> None:
    found = stretches(rota, overrides, start, end)
    assert_tiles(found, start, end)
    index = 0
    for at, expected in rota_model.minutes(rota, overrides, start, end):
        while found[index].end <= at:
            index += 1
        assert answer_of(found[index]) == expected, at


@settings(max_examples=1000)
@given(situations())
def test_a_thousand_random_rotas_answer_as_the_slow_model_does(
    situation: tuple[Rota, list[Override], datetime],
) -> None:
    rota, overrides, day = situation
    assert_like_the_model(rota, overrides, day, day + timedelta(hours=30))


@given(situations(), st.timedeltas(timedelta(-20), timedelta(days=400)))
def test_one_instant_and_a_list_give_the_same_shift(
    situation: tuple[Rota, list[Override], datetime], after: timedelta
) -> None:
    rota, overrides, day = situation
    at = day + after
    shift = who_is_on_call(rota, overrides, at)
    listed = stretches(rota, overrides, at, at + timedelta(days=3))
    assert_tiles(listed, at, at + timedelta(days=3))
    if shift is None:
        assert listed[0].staff_id is None
    else:
        assert shift.start <= at < shift.end
        assert (listed[0].staff_id, listed[0].start, listed[0].end) == (shift.staff_id, shift.start, shift.end)
        assert who_is_on_call(rota, overrides, shift.end - timedelta(microseconds=1)) == shift
        following = who_is_on_call(rota, overrides, shift.end)
        assert following is None or following.start == shift.end


@given(situations(), st.floats(0, 1))
def test_what_is_said_of_an_opening_holds_for_all_of_it(
    situation: tuple[Rota, list[Override], datetime], share: float
) -> None:
    rota, _, day = situation
    zone = ZoneInfo(rota.timezone)
    found = opening(rota.hours, zone, day)
    assert found.start <= day < found.end
    start, end = max(found.start, day - timedelta(days=2)), min(found.end, day + timedelta(days=2))
    at = start + (end - start - timedelta(microseconds=1)) * share
    assert opening(rota.hours, zone, at).is_open == found.is_open


def over_both_changes(name: str) -> None:
    """A daily hand-off, and windows, in and about the hour that is skipped or doubled, minute by minute."""
    zone = ZoneInfo(name)
    for change in rota_model.changes_of(zone, 2026):
        local = change.astimezone(zone).replace(tzinfo=None)
        for off in (-75, -30, 0, 30):
            wall = (local + timedelta(minutes=off)).time().replace(second=0, microsecond=0)
            start = datetime.combine(local.date() - timedelta(days=3), wall, zone).astimezone(UTC)
            for windows in ((), (Window(wall, time((wall.hour + 1) % 24, wall.minute)),), (Window(time(20), wall),)):
                rota = Rota(1, name, RotaKind.DAILY, 1, start, (1, 2, 3), Hours(windows))
                assert_like_the_model(rota, [], change - timedelta(hours=4), change + timedelta(hours=30))


@pytest.mark.parametrize("name", WITH_CHANGES[:: max(1, len(WITH_CHANGES) // 10)])
def test_minute_by_minute_over_both_changes_of_the_clock(name: str) -> None:
    over_both_changes(name)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_minute_by_minute_over_both_changes_of_every_zone() -> None:
    assert len(WITH_CHANGES) > 150
    for name in WITH_CHANGES:
        over_both_changes(name)


# What people would say ----------------------------------------------------------------------------------------------


def on(rota: Rota, *at: int, overrides: tuple[Override, ...] = ()) -> int | None:
    shift = who_is_on_call(rota, overrides, shanghai(*at))
    return shift.staff_id if shift is not None else None


def night_rota(**more: object) -> Rota:
    start = shanghai(2026, 11, 23, 8)
    return Rota(1, "Asia/Shanghai", RotaKind.DAILY, 1, start, (1, 2), Hours((NIGHT,)), **more)  # type: ignore[arg-type]


def test_a_night_rota_answers_by_night_only() -> None:
    rota = night_rota()
    assert [on(rota, 2026, 11, 24, 19, 59), on(rota, 2026, 11, 24, 20), on(rota, 2026, 11, 25, 7, 59)] == [None, 2, 2]
    assert on(rota, 2026, 11, 25, 8) is None
    shift = who_is_on_call(rota, [], shanghai(2026, 11, 24, 23))
    assert shift is not None
    assert (shift.start, shift.end) == (shanghai(2026, 11, 24, 20), shanghai(2026, 11, 25, 8))


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    friday = Hours((Window(time(20), time(8), frozenset({5})),))
    rota = Rota(1, "Asia/Shanghai", RotaKind.WEEKLY, 1, shanghai(2026, 11, 23), (1,), friday)
    assert [on(rota, 2026, 11, 27, 23), on(rota, 2026, 11, 28, 3), on(rota, 2026, 11, 28, 23)] == [1, 1, None]


def test_an_override_holds_within_the_hours_only() -> None:
    week = Override(1, shanghai(2026, 11, 24), shanghai(2026, 12, 1), 9)
    assert on(night_rota(), 2026, 11, 24, 12, overrides=(week,)) is None
    assert on(night_rota(), 2026, 11, 24, 22, overrides=(week,)) == 9


def test_a_paused_members_turns_go_to_the_next_and_everybody_elses_stay() -> None:
    start = shanghai(2026, 11, 23, 8)
    pause = Pause(2, shanghai(2026, 11, 24, 12), shanghai(2026, 11, 28))
    rota = Rota(1, "Asia/Shanghai", RotaKind.DAILY, 1, start, (1, 2, 3), pauses=(pause,))
    assert [on(rota, 2026, 11, day, 9) for day in range(23, 31)] == [1, 2, 3, 1, 3, 3, 1, 2]
    assert [on(rota, 2026, 11, 24, 11, 59), on(rota, 2026, 11, 24, 12)] == [2, 3]


def test_where_all_are_paused_there_is_a_hole() -> None:
    pauses = tuple(Pause(staff_id, shanghai(2026, 11, 24)) for staff_id in (1, 2))
    found = stretches(night_rota(pauses=pauses), [], shanghai(2026, 11, 24, 12), shanghai(2026, 11, 25, 12))
    assert [(each.why, each.start) for each in found] == [
        (Why.OUTSIDE, shanghai(2026, 11, 24, 12)),
        (Why.NOBODY, shanghai(2026, 11, 24, 20)),
        (Why.OUTSIDE, shanghai(2026, 11, 25, 8)),
    ]


def test_turns_of_one_member_after_another_are_two_shifts() -> None:
    rota = Rota(1, "UTC", RotaKind.DAILY, 1, datetime(2026, 1, 1, tzinfo=UTC), (1,))
    found = stretches(rota, [], datetime(2026, 1, 2, 5, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
    assert [(each.start.day, each.end.day) for each in found] == [(2, 3), (3, 4)]


# Holidays -----------------------------------------------------------------------------------------------------------


def test_china_works_on_the_days_that_make_up_for_its_holidays() -> None:
    day = date(2026, 1, 1)
    while day.year == 2026:
        assert is_work_day("CN", day) == is_worked(day), day
        day += timedelta(days=1)


def test_what_next_years_announcement_moves_in_december_is_known() -> None:
    # 2002's announcement: the last weekend of 2001 was worked
    assert is_work_day("CN", date(2001, 12, 29))


def test_a_part_of_a_country_has_its_own_days() -> None:
    assert [is_work_day(each, date(2026, 1, 6)) for each in ("DE", "DE-BY")] == [True, False]
    assert not is_known("ZZ")
    assert not is_known("DE-ZZ")
    assert not is_known("")
    with pytest.raises(UnknownCalendar, match="holidays Atlantis: no country has that code"):
        is_work_day("Atlantis", date(2026, 1, 6))


def test_a_rota_of_days_off_holds_on_holidays_and_not_on_a_saturday_that_is_worked() -> None:
    hours = Hours((Window(time(8), time(20)),), Days.OFF, "CN")
    rota = Rota(1, "Asia/Shanghai", RotaKind.WEEKLY, 1, shanghai(2026, 1, 1), (1,), hours)
    # Saturday, National Day, the Saturday that pays for it
    assert [on(rota, 2026, 9, 26, 9), on(rota, 2026, 10, 1, 9), on(rota, 2026, 10, 10, 9)] == [1, 1, None]
