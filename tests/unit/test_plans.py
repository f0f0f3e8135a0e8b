"""When a planned visit comes: right in local time, right when the clocks change, and no unreasonable rule."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plans import Occurrence, Recurrence, UnreasonableRule, check, is_usual, occurrences, parts_of

SHANGHAI = "Asia/Shanghai"
MONDAY = date(2026, 11, 23)


def plan(rule: str, start: time = time(9), zone: str = SHANGHAI, first: date = MONDAY, **more: object) -> Recurrence:
    return Recurrence(rule, start, zone, first, **more)  # type: ignore[arg-type]


def days(recurrence: Recurrence, start: date, count: int) -> list[str]:
    """Return the instants within some days, as UTC."""
    at = datetime.combine(start, time(), UTC)
    return [each.at.strftime("%m-%d %H:%M") for each in occurrences(recurrence, at, at + timedelta(days=count))]


def test_every_day_at_nine_in_shanghai_is_one_in_utc() -> None:
    assert days(plan("FREQ=DAILY"), MONDAY, 3) == ["11-23 01:00", "11-24 01:00", "11-25 01:00"]


def test_weekdays_leave_the_weekend_out() -> None:
    found = days(plan("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"), MONDAY, 7)
    assert [each[:5] for each in found] == ["11-23", "11-24", "11-25", "11-26", "11-27"]


def test_every_second_week_counts_from_the_first_day() -> None:
    found = days(plan("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"), MONDAY, 35)
    assert [each[:5] for each in found] == ["11-26", "12-10", "12-24"]


def test_the_31st_comes_in_months_that_have_one() -> None:
    found = days(plan("FREQ=MONTHLY;BYMONTHDAY=31", first=date(2026, 1, 1)), date(2026, 1, 1), 365)
    assert [each[:5] for each in found] == ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"]


def test_in_summer_time_the_clock_on_the_wall_holds() -> None:
    found = days(plan("FREQ=DAILY", zone="Europe/Berlin", first=date(2027, 3, 27)), date(2027, 3, 27), 3)
    assert found == ["03-27 08:00", "03-28 07:00", "03-29 07:00"]


def test_a_time_that_the_clocks_leap_over_is_as_much_later() -> None:
    found = days(plan("FREQ=DAILY", time(2, 30), "Europe/Berlin", date(2027, 3, 28)), date(2027, 3, 28), 1)
    assert found == ["03-28 01:30"]


def test_a_time_that_is_there_twice_comes_once() -> None:
    found = days(plan("FREQ=DAILY", time(2, 30), "Europe/Berlin", date(2027, 10, 31)), date(2027, 10, 31), 1)
    assert found == ["10-31 00:30"]


def test_an_hourly_plan_has_no_hour_twice_in_the_night_of_the_change() -> None:
    found = days(plan("FREQ=HOURLY", time(0, 30), "Europe/Berlin", date(2027, 3, 28)), date(2027, 3, 28), 1)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("until", "last"), [("20261125", "11-25 01:00"), ("20261125T010000Z", "11-25 01:00"), ("20261125T005959Z", "11-24 01:00")]
)  # fmt: skip
def test_until_holds_to_that_day_or_instant(until: str, last: str) -> None:
    assert days(plan(f"FREQ=DAILY;UNTIL={until}"), MONDAY, 10)[-1] == last


def test_the_last_day_of_the_plan_holds_too() -> None:
    assert len(days(plan("FREQ=DAILY", until_day=date(2026, 11, 24)), MONDAY, 10)) == 2


def test_one_is_skipped_and_one_is_moved() -> None:
    at = [datetime(2026, 11, 23 + day, 1, tzinfo=UTC) for day in range(3)]
    later = at[1] + timedelta(hours=5)
    found = occurrences(plan("FREQ=DAILY", exceptions={at[0]: None, at[1]: later}), at[0], at[2] + timedelta(hours=1))
    assert found == [Occurrence(later, at[1]), Occurrence(at[2], at[2])]


def test_one_that_is_moved_far_is_found_where_it_went() -> None:
    usual, moved = datetime(2026, 12, 30, 1, tzinfo=UTC), datetime(2026, 11, 24, 2, tzinfo=UTC)
    found = occurrences(plan("FREQ=DAILY", exceptions={usual: moved}), moved, moved + timedelta(hours=1))
    assert found == [Occurrence(moved, usual)]


def test_what_comes_by_the_rule_is_known() -> None:
    at = datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert is_usual(plan("FREQ=DAILY", exceptions={at: None}), at)
    assert not is_usual(plan("FREQ=DAILY"), at + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "FREQ=WEEKLY"),
        ("FREQ=SECONDLY", "once an hour"),
        ("FREQ=MINUTELY;INTERVAL=90", "once an hour"),
        ("every monday", "cannot be read"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "leave one out"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;BYMINUTE=0,30", "more than one an hour"),
        ("FREQ=DAILY;BYSECOND=1", "cannot be read"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=1MO", "1MO"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no day 30"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "never meet"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL=TOMORROW"),
        ("FREQ=DAILY;UNTIL=20270231", "is no day"),
        ("FREQ=DAILY\nDTSTART:20270101", "once an hour"),
        ("FREQ=DAILY;UNTIL=20260101", "never comes"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "never comes"),
    ],
)
def test_an_unreasonable_rule_is_refused_with_the_mend(rule: str, words: str) -> None:
    with pytest.raises(UnreasonableRule, match=words):
        check(plan(rule))


@given(
    st.text(max_size=60)
    | st.from_regex(r"FREQ=(DAILY|WEEKLY|MONTHLY)(;[A-Z]{3,10}=[0-9A-Z,]{1,8}){0,3}", fullmatch=True)
)
def test_a_rule_is_read_or_refused_and_never_breaks(rule: str) -> None:
    try:
        parts = parts_of(rule)
    except UnreasonableRule:
        return
    assert parts["FREQ"]


@given(
    rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;INTERVAL=3",
                          "FREQ=MONTHLY;BYDAY=2TU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"]),
    zone=st.sampled_from([SHANGHAI, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    clock=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    cuts=st.lists(st.integers(0, 400), max_size=5),
)  # fmt: skip
def test_a_stretch_has_the_same_in_one_piece_and_in_several(rule: str, zone: str, clock: time, cuts: list[int]) -> None:
    recurrence = plan(rule, clock, zone)
    start = datetime(2026, 11, 23, tzinfo=UTC)
    marks = [start, *(start + timedelta(days=cut) for cut in sorted(cuts)), start + timedelta(days=400)]
    pieces = [each for left, right in pairwise(marks) for each in occurrences(recurrence, left, right)]
    assert pieces == occurrences(recurrence, marks[0], marks[-1])
    assert pieces
