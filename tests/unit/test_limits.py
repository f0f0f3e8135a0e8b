"""When a responder's phone may ring again, against a slow model that counts; and what is collected for when."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import bundles
from alerts.bundles import Line
from alerts.limits import ANY, Left, Limit, look_back, may_leave_at
from alerts.model import Severity, may_wait, severity_of
from alerts.noise import DigestHour, is_collected, next_digest
from alerts.policy import Hours

NOW = datetime(2026, 11, 24, 2, 14, tzinfo=UTC)
USUAL = DigestHour(time(9), "Asia/Shanghai")


def limit(at_most: int, within_s: int, channel: str = "sms", purpose: str = "tell") -> Limit:
    return Limit(channel, purpose, at_most, timedelta(seconds=within_s))


def left(seconds_ago: float, channel: str = "sms", purpose: str = "tell") -> Left:
    return Left(channel, purpose, NOW - timedelta(seconds=seconds_ago))


def test_without_limits_it_leaves_now() -> None:
    assert may_leave_at([], [left(0)] * 99, "sms", "tell", NOW) == NOW
    assert look_back([]) == timedelta(0)


def test_it_waits_until_enough_is_long_ago() -> None:
    limits = [limit(1, 60), limit(3, 900)]
    assert may_leave_at(limits, [left(60)], "sms", "tell", NOW) == NOW
    assert may_leave_at(limits, [left(59)], "sms", "tell", NOW) == NOW + timedelta(seconds=1)
    assert may_leave_at(limits, [left(100), left(200), left(300)], "sms", "tell", NOW) == NOW + timedelta(seconds=600)


def test_other_channels_and_purposes_do_not_count_unless_the_limit_is_over_all() -> None:
    before = [left(1, "voice"), left(1, purpose="remind")]
    assert may_leave_at([limit(1, 60)], before, "sms", "tell", NOW) == NOW
    assert may_leave_at([limit(2, 60, ANY, ANY)], before, "sms", "tell", NOW) > NOW


LIMITS = st.builds(
    limit, st.integers(1, 4), st.integers(1, 50), st.sampled_from(["sms", ANY]), st.sampled_from(["tell", ANY])
)
BEFORE = st.lists(
    st.builds(left, st.integers(0, 60), st.sampled_from(["sms", "voice"]), st.sampled_from(["tell", "remind"]))
)


@given(st.lists(LIMITS, max_size=4), BEFORE)
def test_the_first_second_at_which_a_slow_count_allows_it(limits: list[Limit], before: list[Left]) -> None:
    def allowed(at: datetime) -> bool:
        for each in limits:
            inside = [
                b for b in before
                if each.channel in (b.channel, ANY) and each.purpose in (b.purpose, ANY) and at - each.within < b.at
            ]  # fmt: skip
            if len(inside) >= each.at_most:
                return False
        return True

    second = next(n for n in range(200) if allowed(NOW + timedelta(seconds=n)))
    assert may_leave_at(limits, before, "sms", "tell", NOW) == NOW + timedelta(seconds=second)


@pytest.mark.parametrize("kind", ["help", "fall"])
def test_a_call_for_help_waits_for_nothing(kind: str) -> None:
    assert severity_of(kind) is Severity.CRITICAL
    assert not any(may_wait(kind, severity) for severity in Severity)
    assert not any(is_collected(kind, severity, test=False) for severity in Severity)


def test_what_is_critical_waits_for_nothing_whatever_its_kind() -> None:
    assert not may_wait("smoke", Severity.CRITICAL)
    assert [may_wait("smoke", each) for each in (Severity.HIGH, Severity.NORMAL, Severity.LOW)] == [True] * 3


def test_a_digest_comes_at_the_areas_hour_else_with_the_next_shift_else_at_the_usual_hour() -> None:
    shift_ends = NOW + timedelta(hours=3)
    own = DigestHour(time(11), "Asia/Shanghai")
    # 10:14 in Shanghai
    assert next_digest(shift_ends, own, USUAL, NOW) == datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert next_digest(shift_ends, None, USUAL, NOW) == shift_ends
    assert next_digest(None, None, USUAL, NOW) == datetime(2026, 11, 25, 1, tzinfo=UTC)
    assert next_digest(NOW, None, USUAL, NOW) == datetime(2026, 11, 25, 1, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_the_next_hour_is_ahead_and_within_a_day(now: datetime, at: time, zone: str) -> None:
    following = DigestHour(at, zone).after(now)
    assert now < following <= now + timedelta(hours=25)


def test_hours_over_midnight() -> None:
    night = Hours(time(20), time(8), "Asia/Shanghai")
    held = [night.hold(datetime(2026, 11, 24, hour, tzinfo=UTC)) for hour in (11, 12, 23, 0)]
    # 19:00, 20:00, 07:00, 08:00 in Shanghai
    assert held == [False, True, True, False]


def test_of_many_alerts_the_first_few_are_listed() -> None:
    lines = [Line(number, "device_offline", "张桂英", f"3组 {number}号") for number in range(1, 9)]
    text = bundles.bundle("en", lines, replies=True)
    assert text.startswith("[Anju] 8 alerts wait: #1 Device offline, 张桂英, 3组 1号.")
    assert text.endswith("And 3 more. Reply with the number, like 1 1.")
    assert "Reply" not in bundles.bundle("en", lines, replies=False)
    assert "#6" not in text
