"""Whoever says that he goes is believed once, asked once, and then others are told; what was closed can be opened again."""

from datetime import timedelta

import psycopg
import pytest

from alerts.model import ClosedTooLongAgo, NotClosed
from alerts.visits import Proof
from tests.stories.village import Village, step


def test_accepted_and_not_under_way_is_asked_once_then_the_next_are_told(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.forward(minutes=15)
    village.phone("lan").expect_sms("到哪")
    village.phone("mei").silent()
    village.forward(minutes=5)
    village.phone("lan").expect_sms("已通知其他人")
    village.phone("mei").expect_sms("求助", home.address)
    assert home.alert().state == "notified"
    assert home.alert().timeline()[-6:] == [
        "taken_back", "told_inform", "visit_cancelled", "told", "delivered", "delivered",
    ]  # fmt: skip
    village.phone("lan").reply("1")
    assert home.alert().state == "accepted"


def test_under_way_and_not_arrived_is_asked_once_then_the_next_are_told(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.forward(minutes=14)
    home.alert().visit_step("depart", "lan")
    village.forward(minutes=59)
    village.phone("lan").silent()
    village.forward(minutes=1)
    village.phone("lan").expect_sms("到哪")
    village.forward(minutes=5)
    village.phone("lan").expect_sms("已通知其他人")
    village.phone("mei").expect_sms("求助")


def test_whoever_says_how_far_he_is_keeps_the_alert(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.forward(minutes=15)
    village.phone("lan").expect_sms("到哪").reply("3")
    village.forward(hours=3)
    assert home.alert().state == "arrived"
    village.forward(hours=2)
    village.phone("lan").expect_sms("到哪")
    assert home.alert().state == "arrived"


def test_an_operator_who_took_it_and_forgot_loses_it(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助")
    home.alert().accept_at_desk()
    village.forward(minutes=15)
    assert home.alert().timeline()[-1] == "follow_up"
    village.forward(minutes=5)
    village.phone("mei").expect_sms("求助")
    assert home.alert().detail("taken_back")["name"] == "operator"


def test_an_area_has_its_own_times(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.run(
        "insert into answer_times values ('town', 'critical', 300, 3600, 3600, 60), ('city', 'critical', 60, 60, 60, 60)"
    )
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.forward(minutes=4)
    village.phone("lan").silent()
    village.forward(minutes=1)
    village.phone("lan").expect_sms("到哪")
    village.forward(minutes=1)
    village.phone("lan").expect_sms("已通知其他人")
    village.phone("mei").expect_sms("求助")


def test_a_closed_alert_is_opened_again_and_begins_anew(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    call = home.press()
    village.phone("lan").expect_sms("求助")
    village.forward(minutes=5)
    village.phone("mei").expect_sms("求助").reply("1")
    alert = home.alert()
    alert.visit_step("arrive", "mei", proof=Proof())
    alert.visit_step("complete", "mei", outcome="helped")
    alert.close("helped")
    village.forward(hours=23)
    again = alert.reopen()
    assert (again.id, again.state, again.outcome) == (alert.id, "notified", None)
    village.phone("lan").expect_sms("求助").reply("1")
    assert home.alert().timeline()[-4:] == ["reopened", "told", "delivered", "accepted"]
    assert home.heard(call)[-2:] == ["closed", "accepted"]
    with pytest.raises(NotClosed):
        home.alert().reopen()


def test_a_day_later_it_is_another_alert(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    home.alert().close("false_alarm", spoke_with="张桂英")
    village.forward(hours=24, seconds=1)
    with pytest.raises(ClosedTooLongAgo):
        home.alert().reopen()


def test_a_call_opened_again_joins_the_one_that_is_open(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助")
    closed = home.alert()
    closed.close("false_alarm", spoke_with="张桂英")
    home.press()
    village.phone("lan").expect_sms("求助")
    joined = closed.reopen()
    assert (joined.id, joined.count) == (home.alert().id, 2)
    assert closed.now().state == "closed"
    assert (closed.now().timeline()[-1], joined.timeline()[-1]) == ("reopened_into", "joined")
    village.forward(minutes=1)
    village.phone("lan").expect_sms("2")


def test_what_was_written_on_a_timeline_stays(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    for change in ("update alert_timeline set what = 'x'", "delete from alert_timeline", "truncate alert_timeline"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="never changed"):
            village.run(change)


def test_a_second_channel_follows_unless_answered(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("10 min", "mei")])
    village.run("update policy_steps set channels = '{sms,voice}', channel_delay_s = 60 where position = 0")
    home.press()
    village.phone("lan").expect_sms("求助").silent()
    village.forward(seconds=60)
    village.phone("lan").expect_call()
    home.alert().close("false_alarm", spoke_with="张桂英")
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.forward(minutes=2)
    village.phone("lan").silent()
    assert home.alert().timeline()[:3] == ["raised", "told", "tell_later"]


def test_the_night_has_another_policy(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.policy("凤山村", [step(0, "night")], hours_from="20:00", hours_to="08:00")
    home.press()
    # 10:13 in Shanghai
    village.phone("lan").expect_sms("求助")
    home.alert().close("false_alarm", spoke_with="张桂英")
    village.clock.forward(timedelta(hours=12))
    home.press()
    village.phone("night").expect_sms("求助")


def test_when_the_night_begins_its_policy_begins_with_its_first_step(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.policy("凤山村", [step(0, "night"), step("1 h", "chief")], hours_from="20:00", hours_to="08:00")
    village.clock.forward(timedelta(hours=9, minutes=30))
    home.press()
    village.phone("lan").expect_sms("求助")
    village.forward(minutes=30)
    village.phone("night").expect_sms("求助")
    village.phone("mei").silent()


def test_a_policy_for_the_kind_goes_before_one_for_the_severity(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.policy("凤山村", [step(0, "high")], severities=["high"])
    village.policy("凤山村", [step(0, "looker")], kinds=["no_answer"])
    home.warns("no_answer")
    village.phone("looker").expect_sms(home.address)
    home.warns("no_movement")
    village.phone("high").expect_sms(home.address)
    home.warns("device_offline")
    village.phone("lan").expect_sms(home.address)
