"""Who is asked how a visit was, when, and by which way."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.asking import FROM_HOUR, TO_HOUR, Reach, Way, reach, when

CHINESE, DANISH = "+8613800000001", "+4520123456"


@pytest.mark.parametrize(
    ("local", "asked"),
    [
        ("2026-11-25T10:00", "2026-11-25T10:00"),
        ("2026-11-25T08:59", "2026-11-25T09:00"),
        ("2026-11-25T17:59", "2026-11-25T17:59"),
        ("2026-11-25T18:00", "2026-11-26T09:00"),
        ("2026-11-25T23:30", "2026-11-26T09:00"),
        ("2026-12-31T19:00", "2027-01-01T09:00"),
    ],
)
def test_nobody_is_asked_before_nine_or_after_six(local: str, asked: str) -> None:
    at, expected = (datetime.fromisoformat(f"{each}+08:00") for each in (local, asked))
    assert when(at.astimezone(UTC), "Asia/Shanghai") == expected


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
       st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]))  # fmt: skip
def test_it_is_always_day_and_never_over_a_day_away(now: datetime, zone: str) -> None:
    from zoneinfo import ZoneInfo

    at = when(now, zone)
    assert FROM_HOUR <= at.astimezone(ZoneInfo(zone)).hour < TO_HOUR
    assert timedelta() <= at - now <= timedelta(hours=24)


def test_his_own_telephone_goes_before_his_contacts() -> None:
    contacts = [{"name": "李明", "phone": "13800000002"}]
    assert reach(CHINESE, contacts, provider="outbox") == Reach(Way.SMS, CHINESE)
    assert reach(None, contacts, provider="outbox") == Reach(Way.SMS, "+8613800000002")


@pytest.mark.parametrize("provider", ["twilio", "aliyun"])
def test_where_no_answer_comes_back_somebody_rings(provider: str) -> None:
    assert reach(CHINESE, [], provider=provider) == Reach(Way.CALL, CHINESE)


def test_a_dane_is_asked_by_twilio() -> None:
    assert reach(DANISH, [], provider="twilio") == Reach(Way.SMS, DANISH)


@pytest.mark.parametrize(("phone", "number"), [(None, None), ("12", "12"), ("", None)])
def test_without_a_number_that_takes_texts_somebody_rings_or_asks_there(phone: str | None, number: str | None) -> None:
    assert reach(phone, [], provider="outbox") == Reach(Way.CALL, number)


def test_who_wants_no_texts_gets_none() -> None:
    assert reach(CHINESE, [], provider="outbox", opted_out=True).way is Way.CALL
