"""How often somebody must be seen: the shipped standards, an area's own, occasions, and what always holds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.care.standards import (
    DUE_H,
    SHIPPED,
    Due,
    Occasion,
    Resident,
    Seen,
    Standard,
    Why,
    counts_cameras,
    due,
    explain,
    holding,
)

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)  # ten in the morning there
DAY = timedelta(days=1)
OLD = date(1940, 5, 1)
HERE = "/city/county/town/village/"
LONG_KNOWN = Resident(HERE, NOW - timedelta(days=400))


def days_until_due(resident: Resident, seen: Seen, *occasions: Occasion, own: tuple[Standard, ...] = ()) -> int:
    found = due(resident, holding(own, resident.path), occasions, seen, timezone=ZONE)
    assert found is not None
    return (found.at.astimezone(ZoneInfo(ZONE)).date() - NOW.astimezone(ZoneInfo(ZONE)).date()).days


@pytest.mark.parametrize(
    ("resident", "days"),
    [
        ({}, 90),
        ({"risk": "low"}, 90),
        ({"risk": "medium"}, 90),
        ({"risk": "high"}, 7),
        ({"category": frozenset({"lives_alone"})}, 90),
        ({"category": frozenset({"lives_alone"}), "birth_date": OLD}, 7),
        ({"category": frozenset({"lives_alone"}), "birth_date": date(1960, 1, 1)}, 90),
        ({"birth_date": OLD}, 90),
        ({"category": frozenset({"dementia"})}, 7),
        ({"category": frozenset({"severe_illness"}), "risk": "low"}, 7),
        ({"category": frozenset({"disabled"})}, 30),
        ({"category": frozenset({"destitute", "lives_alone"}), "birth_date": OLD}, 7),
        ({"category": frozenset({"a word of their own"})}, 90),
    ],
)
def test_the_shipped_standards(resident: dict[str, Any], days: int) -> None:
    assert days_until_due(replace(LONG_KNOWN, **resident), Seen(NOW)) == days


def test_he_is_due_at_five_in_the_afternoon_of_his_day() -> None:
    found = due(replace(LONG_KNOWN, risk="high"), SHIPPED, [], Seen(NOW), timezone=ZONE)
    assert found is not None
    assert found.at.astimezone(ZoneInfo(ZONE)) == datetime(2026, 12, 1, DUE_H, tzinfo=ZoneInfo(ZONE))
    assert found.why == Why(7, risk="high", high=True)


def test_within_a_day_of_a_change_for_the_worse_until_he_was_seen() -> None:
    worse = replace(LONG_KNOWN, worse_since=NOW - timedelta(hours=3))
    for before in (Seen(NOW - timedelta(hours=4)), Seen(NOW - DAY, remote_at=NOW)):
        assert due(worse, SHIPPED, [], before, timezone=ZONE) == Due(NOW + timedelta(hours=21), Why(high=True))
    assert days_until_due(worse, Seen(NOW - timedelta(hours=3))) == 90


def test_who_was_never_seen_counts_from_when_he_became_our_duty() -> None:
    assert days_until_due(replace(LONG_KNOWN, since=NOW - 80 * DAY), Seen()) == 10


def test_who_is_gone_is_nobodys_duty() -> None:
    assert due(replace(LONG_KNOWN, gone=True, worse_since=NOW), SHIPPED, [], Seen(), timezone=ZONE) is None


def test_a_birthday_brings_a_closer_watch() -> None:
    born = date(1946, 11, 27)  # eighty in three days
    alone = replace(LONG_KNOWN, category=frozenset({"lives_alone"}), birth_date=born)
    assert days_until_due(alone, Seen(NOW - 20 * DAY)) == 3 + 7
    assert days_until_due(replace(alone, birth_date=date(1948, 2, 29)), Seen(NOW)) == 90


def test_the_nearest_area_up_the_tree_holds() -> None:
    own = (
        Standard(60, path=None), Standard(45, path="/city/"), Standard(20, path="/city/county/town/"),
        Standard(10, path="/city/other/"), Standard(14, risk="high", path="/city/county/"),
    )  # fmt: skip
    assert days_until_due(LONG_KNOWN, Seen(NOW), own=own) == 20
    assert days_until_due(replace(LONG_KNOWN, path="/city/other/x/"), Seen(NOW), own=own) == 10
    assert days_until_due(replace(LONG_KNOWN, path="/elsewhere/"), Seen(NOW), own=own) == 60
    assert days_until_due(replace(LONG_KNOWN, risk="high"), Seen(NOW), own=own) == 14


def test_a_camera_counts_for_low_risk_only_unless_the_standard_says_so() -> None:
    watched = Seen(NOW - 80 * DAY, remote_at=NOW)
    assert days_until_due(LONG_KNOWN, watched) == 10
    assert days_until_due(replace(LONG_KNOWN, risk="low"), watched) == 90
    disabled = replace(LONG_KNOWN, risk="low", category=frozenset({"disabled"}))
    assert days_until_due(disabled, Seen(NOW - 10 * DAY, remote_at=NOW)) == 20
    own = (Standard(30, category="disabled", remote=True, path="/city/"),)
    assert days_until_due(disabled, Seen(NOW - 10 * DAY, remote_at=NOW), own=own) == 30
    assert not counts_cameras(LONG_KNOWN, SHIPPED)
    assert counts_cameras(disabled, SHIPPED)


FESTIVAL = Occasion("春节", NOW + 2 * DAY, NOW + 17 * DAY, factor=2)


def test_a_festival_brings_more_visits_to_those_it_reaches() -> None:
    weekly, monthly = replace(LONG_KNOWN, risk="high"), replace(LONG_KNOWN, category=frozenset({"disabled"}))
    # every three days from the day it begins
    assert days_until_due(weekly, Seen(NOW), FESTIVAL) == 5
    assert days_until_due(monthly, Seen(NOW), FESTIVAL) == 30
    assert days_until_due(monthly, Seen(NOW - 10 * DAY), replace(FESTIVAL, until_at=NOW + 20 * DAY)) == 17
    assert days_until_due(weekly, Seen(NOW), replace(FESTIVAL, path="/city/other/")) == 7
    found = due(weekly, SHIPPED, [FESTIVAL], Seen(NOW), timezone=ZONE)
    assert found is not None
    assert explain("zh-CN", found.why) == "春节期间：每 3 天要见一次。"
    assert explain("en", found.why) == "春节: to be seen every 3 days meanwhile."


def test_a_cold_wave_asks_for_everybody_within_a_day() -> None:
    cold = Occasion("寒潮", NOW, NOW + 4 * DAY, every_days=1, path="/city/county/")
    assert days_until_due(LONG_KNOWN, Seen(NOW - DAY), cold) == 1
    assert days_until_due(LONG_KNOWN, Seen(NOW + 3 * DAY), cold) == 93


def test_what_was_missed_at_a_festival_stays_due_after_it() -> None:
    over = Occasion("寒潮", NOW - 9 * DAY, NOW - 5 * DAY, every_days=2)
    assert days_until_due(LONG_KNOWN, Seen(NOW - 12 * DAY), over) == -7
    assert days_until_due(LONG_KNOWN, Seen(NOW - 4 * DAY), over) == 86


def test_the_reason_is_told_in_both_languages() -> None:
    why = Why(7, category="lives_alone", from_age=80)
    assert explain("zh-CN", why) == "独居、80 岁及以上：每 7 天要见一次。"
    assert explain("en", why) == "lives alone, 80 years or older: to be seen every 7 days."
    assert explain("en", Why()) == "A change for the worse: to be seen within 24 hours."
    assert explain("en", Why(90)) == "everybody: to be seen every 90 days."


instants = st.integers(0, 365 * 24).map(lambda hours: NOW - timedelta(days=200) + timedelta(hours=hours))
risks = st.sampled_from([None, "high", "medium", "low"])
categories = st.frozensets(st.sampled_from(["lives_alone", "disabled", "destitute", "dementia", "other"]), max_size=3)
paths = st.sampled_from(["/city/", "/city/county/", HERE, "/city/other/"])
residents = st.builds(
    Resident, path=paths, since=instants, category=categories, risk=risks,
    birth_date=st.none() | st.dates(date(1920, 1, 1), date(1965, 1, 1)), worse_since=st.none() | instants,
)  # fmt: skip
seens = st.builds(Seen, at=st.none() | instants, remote_at=st.none() | instants)
standards_of_areas = st.lists(
    st.builds(
        Standard, every_days=st.integers(1, 366), category=st.none() | st.sampled_from(["lives_alone", "disabled"]),
        risk=risks, from_age=st.none() | st.integers(60, 90), remote=st.booleans(), path=st.none() | paths,
    ),
    max_size=5,
)  # fmt: skip


@st.composite
def _occasions(draw: st.DrawFn) -> Occasion:
    from_at = draw(instants)
    by_factor = draw(st.booleans())
    return Occasion(
        "x", from_at, from_at + timedelta(hours=draw(st.integers(1, 700))), draw(st.integers(2, 30)) if by_factor else None,
        None if by_factor else draw(st.integers(1, 100)), draw(st.none() | paths),
    )  # fmt: skip


occasions = st.lists(_occasions(), max_size=4)


@given(residents, standards_of_areas, occasions, seens)
def test_everybody_who_is_a_duty_is_due_some_day_and_after_he_was_seen(
    resident: Resident, own: list[Standard], meanwhile: list[Occasion], seen: Seen
) -> None:
    found = due(resident, holding(own, resident.path), meanwhile, seen, timezone=ZONE)
    assert found is not None
    assert explain("zh-CN", found.why)
    assert explain("en", found.why)
    assert Why.of(found.why.kept()) == found.why
    if seen.at is not None and (resident.worse_since is None or seen.at >= resident.worse_since):
        assert found.at > seen.at
    assert found.at <= max(x for x in (resident.since, seen.at, seen.remote_at) if x is not None) + 367 * DAY


@given(residents, standards_of_areas, occasions, seens, instants)
def test_being_seen_later_never_makes_him_due_earlier(
    resident: Resident, own: list[Standard], meanwhile: list[Occasion], seen: Seen, again: datetime
) -> None:
    holds = holding(own, resident.path)
    before = due(resident, holds, meanwhile, seen, timezone=ZONE)
    later = seen.at if seen.at is not None and seen.at > again else again
    after = due(resident, holds, meanwhile, replace(seen, at=later), timezone=ZONE)
    assert before is not None
    assert after is not None
    assert after.at >= before.at


@given(residents, standards_of_areas, occasions, _occasions(), seens)
def test_an_occasion_or_a_change_for_the_worse_never_makes_him_due_later(
    resident: Resident, own: list[Standard], meanwhile: list[Occasion], more: Occasion, seen: Seen
) -> None:
    holds = holding(own, resident.path)
    usual = due(resident, holds, meanwhile, seen, timezone=ZONE)
    sooner = due(resident, holds, [*meanwhile, more], seen, timezone=ZONE)
    calm = due(replace(resident, worse_since=None), holds, meanwhile, seen, timezone=ZONE)
    assert usual is not None
    assert sooner is not None
    assert calm is not None
    assert sooner.at <= usual.at <= calm.at


@given(standards_of_areas, paths)
def test_whoever_lives_somewhere_has_a_standard(own: list[Standard], path: str) -> None:
    holds = holding(own, path)
    assert len({each.key for each in holds}) == len(holds)
    assert any(each.is_for_others for each in holds)
