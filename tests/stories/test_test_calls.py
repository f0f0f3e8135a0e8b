"""Test calls: an announced press is told as a test, and nothing that may be real is lost by the announcement."""

from datetime import timedelta

import pytest

from alerts import desk, test_windows
from alerts.model import Invalid, UnknownPlace
from alerts.staffing import UnknownArea
from alerts.test_windows import WindowTooLong
from tests.stories.village import OPERATOR, Alert, Home, Village, step


def announce(village: Village, home: Home | None = None, *, area: str | None = None, minutes: int = 60) -> int:
    """Announce a test from now on."""
    now = village.clock.now()
    with village.pool.connection() as connection:
        return test_windows.announce(
            connection, area=area, home_id=home.id if home else None, start=now, end=now + timedelta(minutes=minutes),
            actor=OPERATOR, now=now,
        )  # fmt: skip


def close_after_talking(village: Village, alert: Alert) -> None:
    """Close an alert after one spoke with somebody."""
    with village.pool.connection() as connection:
        desk.close(
            connection, alert_id=alert.id, actor=OPERATOR, outcome="test", spoke_with="张桂英", now=village.clock.now()
        )


def last_test(village: Village, home: Home) -> object:
    """When the home's button was last proven."""
    return village.one("select last_test_at from devices where uid = %(uid)s", uid=home.button)


def test_an_announced_press_is_told_as_a_test_waits_for_a_person_and_proves_the_chain(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    announce(village, home)
    pressed_at = village.clock.now()
    home.press()
    village.phone("lan").expect_sms("测试", home.address)
    alert = home.alert()
    assert (alert.severity, alert.detail("raised")["test_window"]) == ("low", "test")
    assert (alert.state, last_test(village, home)) == ("notified", None)
    close_after_talking(village, alert)
    assert last_test(village, home) == pressed_at


def test_a_second_press_of_the_same_button_is_real(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    announce(village, home)
    home.press()
    village.phone("lan").expect_sms("测试")
    village.forward(seconds=20)
    home.press()
    assert (home.alert().severity, home.alert().detail("pressed_again")["test_window"]) == ("critical", "again")
    village.phone("lan").expect_sms("求助")


def test_a_press_sent_twice_is_still_one_test(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    announce(village, home)
    home.press("a")
    home.press("a")
    village.phone("lan").expect_sms("测试")
    assert (home.alert().severity, home.alert().count) == ("low", 1)


def test_a_second_press_after_the_test_was_closed_is_real(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    announce(village, home)
    home.press()
    village.phone("lan").expect_sms("测试")
    close_after_talking(village, home.alert())
    home.press()
    village.phone("lan").expect_sms("求助")
    assert (home.alerts(), home.alert().severity) == (2, "critical")


def test_two_buttons_of_a_home_are_each_tried_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.device("pendant-1", home.id, "pendant")
    announce(village, home)
    home.press()
    village.phone("lan").expect_sms("测试")
    home.says("help", b'{"id": "p1"}', uid="pendant-1")
    assert (home.alert().severity, home.alert().count) == ("low", 2)
    village.forward(minutes=1)
    village.phone("lan").expect_sms("测试")
    home.says("help", b'{"id": "p2"}', uid="pendant-1")
    assert home.alert().severity == "critical"
    village.phone("lan").expect_sms("求助")


@pytest.mark.parametrize("said", [b'{"id": "f", "source": "fall"}', b"not json at all"])
def test_a_fall_and_what_cannot_be_read_are_real_in_a_window_too(village: Village, said: bytes) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    announce(village, home)
    home.says("help", said)
    assert home.alert().severity == "critical"
    village.phone("lan").expect_sms("求助")


def test_a_press_after_the_window_or_kept_from_before_it_is_real(village: Village) -> None:
    home, other = (village.home("凤山村", policy=[step(0, "lan")] if first else None) for first in (True, False))
    announce(village, home, minutes=30)
    village.forward(minutes=30)
    home.press()
    village.phone("lan").expect_sms("求助")
    announce(village, other)
    # pressed before anybody announced a test, heard only now
    other.press(at=(village.clock.now() - timedelta(minutes=1)).isoformat())
    village.phone("lan").expect_sms("求助")
    assert {home.alert().severity, other.alert().severity} == {"critical"}


def test_a_window_that_was_ended_early_excuses_nothing_more(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    window = announce(village, home)
    village.forward(minutes=5)
    with village.pool.connection() as connection:
        test_windows.end(connection, window_id=window, now=village.clock.now())
    home.press()
    village.phone("lan").expect_sms("求助")


def test_a_window_of_an_area_is_one_for_all_homes_below_it_and_for_no_other(village: Village) -> None:
    village.area("other", "township", "county")
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.area("南村", "village", "other")
    stranger = village.home("南村", policy=[step(0, "mei")])
    announce(village, area="town")
    home.press()
    stranger.press()
    village.phone("lan").expect_sms("测试")
    village.phone("mei").expect_sms("求助")


def test_a_press_that_joins_a_real_alert_does_not_make_it_a_test(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    announce(village, home)
    village.forward(seconds=5)
    home.press()
    assert home.alert().severity == "critical"


def test_a_real_call_that_was_answered_proves_the_chain_as_well(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    pressed_at = village.clock.now()
    home.press()
    village.phone("lan").expect_sms("求助")
    close_after_talking(village, home.alert())
    assert last_test(village, home) == pressed_at


def test_what_cannot_be_announced_is_refused(village: Village) -> None:
    home = village.home("凤山村")
    now = village.clock.now()
    wrong = [
        ({"area": None, "home_id": home.id, "start": now, "end": now + timedelta(hours=2, seconds=1)}, WindowTooLong),
        ({"area": None, "home_id": home.id, "start": now, "end": now}, Invalid),
        ({"area": None, "home_id": None, "start": now, "end": now + timedelta(hours=1)}, Invalid),
        ({"area": "凤山村", "home_id": home.id, "start": now, "end": now + timedelta(hours=1)}, Invalid),
        ({"area": None, "home_id": 999, "start": now, "end": now + timedelta(hours=1)}, UnknownPlace),
        ({"area": "nowhere", "home_id": None, "start": now, "end": now + timedelta(hours=1)}, UnknownArea),
    ]
    for asked, refusal in wrong:
        with village.pool.connection() as connection, pytest.raises(refusal):
            test_windows.announce(connection, **asked, actor=OPERATOR, now=now)  # type: ignore[arg-type]


def test_a_real_press_after_a_test_begins_the_policy_of_real_ones_at_once(village: Village) -> None:
    home = village.home("凤山村")
    village.policy("凤山村", [step(0, "tester"), step("6 h", "tester")], severities=["low"])
    village.policy("凤山村", [step(0, "lan")], severities=["critical"])
    announce(village, home)
    home.press()
    village.phone("tester").expect_sms("测试")
    home.press()
    village.phone("lan").expect_sms("求助")


def test_whoever_took_a_test_is_asked_as_for_a_real_call_once_it_is_one(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("2 min", "hong")])
    announce(village, home)
    home.press()
    village.phone("lan").expect_sms("测试")
    home.alert().accept("lan")
    home.press()
    village.phone("lan").expect_sms("求助")
    # asked after a quarter of an hour, and not heard in five minutes more
    village.forward(minutes=20)
    village.phone("lan").expect_sms("到哪一步了").expect_sms("已通知其他人")
    village.phone("hong").expect_sms("求助")


def test_a_real_call_that_is_opened_again_is_real_in_the_test_that_it_joins(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    real = home.alert()
    close_after_talking(village, real)
    announce(village, home)
    village.device("pendant-1", home.id, "pendant")
    home.says("help", b'{"id": "p1"}', uid="pendant-1")
    village.phone("lan").expect_sms("测试")
    test = home.alert()
    assert test.severity == "low"
    real.reopen()
    assert test.now().severity == "critical"
    village.phone("lan").expect_sms("求助")
