"""What need not ring at once does not, is seen all the same, and no call for help ever waits for it."""

import threading
from datetime import timedelta

import pytest

from alerts import engine
from alerts.model import Invalid, NeverSnoozed
from alerts.silences import NeverSilenced, end
from tests.integration.brokers import until
from tests.stories.village import SETTINGS, Village, step


def test_low_alerts_are_collected_into_one_text_a_shift(village: Village) -> None:
    homes = [village.home("凤山村", policy=[step(0, "lan")] if not number else None) for number in range(7)]
    alerts = [home.warns("battery_low") for home in homes]
    village.phone("lan").silent()
    assert alerts[0].timeline() == ["raised", "collected"]
    assert alerts[0].state == "raised"
    # the story begins at 10:13 in Shanghai, the usual hour is 09:00
    village.forward(hours=23)
    digest = village.phone("lan").expect_sms("7", homes[0].address, "还有 2")
    digest.silent()
    assert [each.now().state for each in alerts] == ["notified"] * 7
    assert alerts[0].timeline() == ["raised", "collected", "told_digest"]
    alerts[0].close("other")
    village.forward(hours=24)
    village.phone("lan").expect_sms("6").silent()


def test_the_text_of_a_shift_is_for_whoever_has_that_shift(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.run("delete from policies")
    lan, mei = village.phone("lan").staff_id, village.phone("mei").staff_id
    # by days from 08:00 in Shanghai: Lan has today, Mei tomorrow
    village.rota("凤山村", [lan, mei], start="2026-11-24T00:00:00Z")
    alert = home.warns("battery_low")
    village.forward(hours=22)
    village.phone("mei").expect_sms("1", home.address)
    assert alert.now().timeline()[-1] == "told_digest"


def test_an_area_may_say_at_which_hour(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.run("insert into digest_hours (area, at_hour, timezone) values ('county', '11:00', 'Asia/Shanghai')")
    home.warns("battery_low")
    village.forward(minutes=48)
    village.phone("lan").expect_sms(home.address)


def test_what_comes_after_the_text_of_the_shift_is_in_the_next_one(village: Village) -> None:
    home, other = village.home("凤山村", policy=[step(0, "lan")]), village.home("凤山村")
    home.warns("battery_low")
    village.forward(hours=23)
    village.phone("lan").expect_sms(home.address)
    other.warns("battery_low")
    village.forward(hours=12)
    village.phone("lan").silent()
    village.forward(hours=12)
    village.phone("lan").expect_sms(home.address, other.address).silent()


def test_a_low_alert_that_is_passed_on_is_told_at_once(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    alert = home.warns("battery_low")
    alert.escalate()
    village.phone("lan").expect_sms("电", home.address)


def test_a_snoozed_alert_is_told_when_the_snooze_ends(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    alert = home.warns("no_answer")
    village.phone("lan").expect_sms(home.address)
    alert.snooze(minutes=60)
    village.forward(minutes=59)
    village.phone("mei").silent()
    village.forward(minutes=1)
    village.phone("mei").expect_sms(home.address)
    assert alert.timeline()[-4:] == ["snoozed", "snooze_ended", "told", "delivered"]


def test_a_call_for_help_is_never_snoozed(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    with pytest.raises(NeverSnoozed):
        home.alert().snooze(minutes=5)
    with pytest.raises(Invalid, match="7 days"):
        home.warns("battery_low").snooze(minutes=60 * 24 * 8)


def test_a_silence_holds_everything_but_calls_for_help(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.silence("county", hours=2)
    warning = home.warns("device_offline")
    village.phone("lan").silent()
    assert warning.timeline() == ["raised", "silenced"]
    home.press()
    village.phone("lan").expect_sms("求助").reply("1")
    home.alert().close("helped", spoke_with="张桂英")
    village.forward(hours=2)
    village.phone("lan").expect_sms(home.address)
    assert warning.timeline() == ["raised", "silenced", "silence_ended", "told", "delivered"]
    with pytest.raises(NeverSilenced):
        village.silence("county", hours=2, kinds=["device_offline", "fall"])


def test_a_silence_is_of_its_kinds_and_its_area(village: Village) -> None:
    home, away = village.home("凤山村", policy=[step(0, "lan")]), village.home("别村", policy=[step(0, "mei")])
    village.silence("凤山村", hours=2, kinds=["device_offline"])
    home.warns("no_answer")
    village.phone("lan").expect_sms(home.address)
    away.warns("device_offline")
    village.phone("mei").expect_sms(away.address)


def test_a_silence_that_ends_early_lets_go_what_it_held(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    silence_id = village.silence("凤山村", hours=9)
    home.warns("device_offline")
    village.clock.forward(timedelta(minutes=1))
    with village.pool.connection() as connection:
        end(connection, silence_id=silence_id, now=village.clock.now())
    village.settle()
    village.phone("lan").expect_sms(home.address)


def test_what_a_limit_holds_back_leaves_as_one_text(village: Village) -> None:
    homes = [
        village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")] if not n else None) for n in range(5)
    ]
    alerts = [home.warns("no_answer") for home in homes]
    village.phone("lan").expect_sms(homes[0].address).expect_sms(homes[1].address).silent()
    assert [alert.timeline()[1] for alert in alerts] == ["told", "told", "held", "held", "held"]
    assert [alert.now().state for alert in alerts[1:3]] == ["notified", "raised"]
    village.forward(minutes=1)
    village.phone("lan").expect_sms("3", *[home.address for home in homes[2:]], f"1 {alerts[2].id}").silent()
    assert alerts[4].timeline() == ["raised", "held", "told_bundled"]
    village.phone("lan").reply(f"1 {alerts[4].id}")
    assert alerts[4].now().state == "accepted"


def test_an_alert_that_is_taken_meanwhile_is_not_told_late(village: Village) -> None:
    homes = [
        village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")] if not n else None) for n in range(4)
    ]
    alerts = [home.warns("no_answer") for home in homes]
    village.phone("lan").expect_sms().expect_sms()
    alerts[2].accept("mei")
    village.forward(minutes=1)
    village.phone("lan").expect_sms(homes[3].address).silent()
    assert alerts[2].now().timeline() == ["raised", "held", "accepted"]


def test_calls_for_help_never_wait_for_a_limit_and_are_never_bundled(village: Village) -> None:
    village.run("update limits set at_most = 1, within_s = within_s")
    homes = [
        village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")] if not n else None) for n in range(12)
    ]
    homes[0].warns("no_answer")
    village.phone("lan").expect_sms(homes[0].address)
    for home in homes[1:]:
        home.press()
        village.phone("lan").expect_sms("求助", home.address)
    assert "held" not in [what for home in homes for what in home.alert().timeline()]


def test_what_a_person_passes_on_is_told_in_a_silence_too(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    village.silence("county", hours=2)
    warning = home.warns("device_offline")
    village.phone("lan").silent()
    warning.escalate()
    village.phone("lan").expect_sms(home.address)
    village.forward(minutes=5)
    village.phone("mei").expect_sms(home.address)
    assert "silenced" not in warning.timeline()[2:]


def test_two_engines_together_do_not_pass_a_limit(village: Village) -> None:
    homes = [village.home("凤山村", policy=[step(0, "lan")] if not n else None) for n in range(4)]
    lan = village.phone("lan")

    def look() -> None:
        with village.pool.connection() as connection:
            engine.run_due(connection, settings=SETTINGS, now=village.clock.now())

    for home in homes[:2]:
        home.warns_unseen("no_answer")
    with village.pool.connection() as connection:
        assert engine.run_due(connection, settings=SETTINGS, now=village.clock.now()) == 2
        for home in homes[2:]:
            home.warns_unseen("no_answer")
        beside = threading.Thread(target=look)
        beside.start()
        until(lambda: village.one("select exists (select from pg_locks where locktype = 'advisory' and not granted)"))
    beside.join(20)
    assert [what for home in homes for what in home.alert().timeline()[1:]] == ["told", "told", "held", "held"]
    village.settle()
    lan.expect_sms().expect_sms().silent()
    village.forward(minutes=1)
    lan.expect_sms("2")
