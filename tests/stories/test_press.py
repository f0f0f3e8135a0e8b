"""Presses: each reaches a person or visibly climbs until it does."""

import pytest

from alerts import desk
from alerts.model import Actor, AlreadyClosed, AlreadyTaken, NeedsProofOfHelp
from alerts.visits import Proof
from tests.stories.village import Village, step


def test_unanswered_press_climbs_to_the_township(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    village.policy("town", [step(0, "wang")])
    call = home.press()
    village.phone("lan").expect_sms("求助", home.address)
    village.phone("mei").silent()
    village.forward(minutes=5)
    village.phone("mei").expect_sms("求助")
    village.forward(minutes=5)
    village.phone("wang").expect_sms("求助").reply("1")
    assert home.heard(call) == ["accepted"]
    assert home.alert().timeline() == [
        "raised", "told", "delivered", "told", "delivered", "climbed", "told", "delivered", "accepted",
    ]  # fmt: skip


def test_the_whole_way_from_the_press_to_the_outcome(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    call = home.press()
    village.phone("lan").expect_sms("求助", home.address).reply("1")
    alert = home.alert()
    alert.visit_step("depart", "lan")
    alert.visit_step("arrive", "lan", proof=Proof(lat=24.6, lon=99.9))
    alert.visit_step("complete", "lan", outcome="helped")
    alert.close("helped")
    assert home.heard(call) == ["accepted", "en_route", "arrived", "closed"]
    assert (home.alert().state, home.alert().outcome) == ("closed", "helped")
    village.forward(hours=2)


def test_a_press_sent_twice_is_one_press(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press("a")
    home.press("a")
    village.phone("lan").expect_sms("求助")
    assert (home.alerts(), home.alert().count) == (1, 1)


def test_second_press_joins_the_open_alert_and_is_told_once_a_minute(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("10 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助")
    village.forward(seconds=10)
    home.press()
    home.press()
    village.phone("lan").silent()
    village.forward(seconds=50)
    village.phone("lan").expect_sms("3")
    village.forward(minutes=3)
    assert (home.alerts(), home.alert().count) == (1, 3)
    assert home.alert().timeline().count("pressed_again") == 2


def test_a_press_after_closing_is_a_new_alert(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    home.alert().close("false_alarm", spoke_with="张桂英")
    home.press()
    village.phone("lan").expect_sms("求助")
    assert home.alerts() == 2


def test_a_press_that_joins_an_accepted_alert_hears_so_at_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    again = home.press()
    assert home.heard(again) == ["accepted"]
    village.forward(minutes=1)
    village.phone("lan").expect_sms("2")


def test_the_second_to_accept_hears_who_has_it(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step(0, "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    answer = village.phone("mei").expect_sms("求助").reply("1")
    assert "lan" in answer
    with pytest.raises(AlreadyTaken, match="lan"):
        home.alert().accept("mei")


def test_passing_on_tells_the_next_at_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("2")
    village.phone("mei").expect_sms("求助")


def test_giving_an_accepted_alert_back_tells_the_next_at_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.phone("lan").reply("2")
    village.phone("mei").expect_sms("求助").reply("1")
    assert home.alert().state == "accepted"


def test_a_step_with_nobody_on_call_is_passed_at_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.run("update staff set opted_out_at = %(now)s where id = %(id)s", id=village.phone("lan").staff_id)
    home.press()
    village.phone("mei").expect_sms("求助")
    assert "nobody_on_call" in home.alert().timeline()


def test_without_any_policy_the_alert_stays_due(village: Village) -> None:
    home = village.home("凤山村")
    home.press()
    assert home.alert().timeline() == ["raised", "no_policy"]
    village.policy("city", [step(0, "lan")])
    village.forward(minutes=1)
    village.phone("lan").expect_sms("求助")


def test_at_the_top_it_rings_for_ever(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.forward(minutes=9)
    for _ in range(5):
        village.phone("lan").expect_sms("求助")
    assert home.alert().next_step_at is not None


def test_an_unreadable_press_is_help_all_the_same(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.says("help", b"\x00\xffnot json")
    village.phone("lan").expect_sms("求助", home.address)
    assert village.one("select count(*) from quarantine where alert_id is not null") == 1


def test_an_unregistered_button_reaches_the_top_areas_responders(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.policy("city", [step(0, "chief")])
    home.says("help", b'{"id":"x"}', uid="stranger-1")
    village.phone("chief").expect_sms("stranger-1")


def test_the_home_calls_it_a_mistake_and_the_alert_stays_open(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    call = home.press()
    village.phone("lan").expect_sms("求助")
    home.says("cancel", b'{"id":"c1","call":"%s"}' % call.encode())
    assert home.alert().state == "notified"
    assert "home_cancelled" in home.alert().timeline()
    village.forward(minutes=5)
    village.phone("mei").expect_sms("求助")


def test_a_help_call_is_not_closed_without_help(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    with pytest.raises(NeedsProofOfHelp):
        home.alert().close("helped")
    home.alert().close("false_alarm", spoke_with="the son")
    with pytest.raises(AlreadyClosed):
        home.alert().close("false_alarm", spoke_with="the son")


def test_whoever_accepted_and_forgot_is_asked_again(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.forward(minutes=15)
    village.phone("lan").expect_sms(str(home.alert().id))
    assert "follow_up" in home.alert().timeline()


def test_a_test_press_that_turns_real_is_told_at_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press(test=True)
    village.phone("lan").expect_sms("测试")
    assert home.alert().severity == "low"
    home.press()
    village.phone("lan").expect_sms("求助")
    assert home.alert().severity == "critical"


def test_a_visit_that_fails_sends_the_alert_on(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    home.alert().visit_step("fail", "lan", reason="the bridge is out")
    village.settle()
    village.phone("mei").expect_sms("求助")


def test_whoever_is_sent_by_an_operator_is_told_so_and_whoever_took_it_himself_is_not(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助")
    operator = Actor("chenyu", "console", username="chenyu")
    mei = village.phone("mei")
    with village.pool.connection() as connection:
        desk.accept(
            connection, alert_id=home.alert().id, actor=operator, for_staff=mei.staff_id, now=village.clock.now()
        )
    village.settle()
    mei.expect_sms("派您去处理", f"#{home.alert().id}", home.address).reply("3")
    assert home.alert().state == "arrived"
    other = village.home("凤山村")
    other.press()
    village.phone("lan").expect_sms("求助").reply("1")
    village.settle()
    village.phone("lan").silent()


def test_an_arrival_does_not_outlive_the_one_who_arrived(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    home.alert().visit_step("arrive", "lan")
    operator = Actor("chenyu", "console", username="chenyu")
    with village.pool.connection() as connection:
        desk.escalate(connection, alert_id=home.alert().id, actor=operator, now=village.clock.now())
    village.settle()
    village.phone("mei").expect_sms("求助")
    assert village.one("select arrived_at from alerts") is None
