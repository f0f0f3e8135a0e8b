"""A whole night in seconds: from a press that nobody answers to a closed alert, checked line by line against the timeline."""

from datetime import datetime, timedelta

from alerts.visits import Proof
from tests.stories.village import Village, step

MIDNIGHT = datetime.fromisoformat("2026-11-25T00:00:00+08:00")


def test_a_night(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    village.policy("凤山村", [step(0, "never")], hours_from="08:00", hours_to="20:00")
    village.policy("county", [step(0, "chief")], hours_from="20:00", hours_to="08:00")
    # Mei is called a minute after her text, unless she answers
    village.run(
        "update policy_steps set channels = '{sms,voice}', channel_delay_s = 60 where staff_id = %(mei)s",
        mei=village.phone("mei").staff_id,
    )
    village.clock.forward(MIDNIGHT + timedelta(hours=1, minutes=12) - village.clock.now())
    call = home.press()
    village.phone("lan").expect_sms("求助", home.address)
    village.forward(minutes=2)
    home.press()
    village.phone("lan").expect_sms("2")
    village.forward(minutes=3)
    village.phone("mei").expect_sms("求助")
    village.forward(minutes=1)
    village.phone("mei").expect_call()
    village.forward(minutes=4)
    village.phone("chief").expect_sms("求助").press_key("1")
    chief = village.phone("chief")
    village.forward(minutes=6)
    home.alert().visit_step("depart", "chief")
    village.forward(minutes=20)
    home.alert().visit_step("arrive", "chief", proof=Proof(lat=24.6, lon=99.9))
    village.forward(minutes=25)
    home.alert().visit_step("complete", "chief", outcome="helped")
    chief.reply("9")
    village.forward(hours=6)

    assert home.heard(call) == ["accepted", "en_route", "arrived", "closed"]
    assert home.alert().written() == [
        ("01:12", "raised", ""),
        ("01:12", "told", "lan sms"),
        ("01:12", "delivered", "lan sms"),
        ("01:14", "pressed_again", ""),
        ("01:14", "told_retell", "lan sms"),
        ("01:14", "delivered", "lan sms"),
        ("01:17", "told", "mei sms"),
        ("01:17", "tell_later", "mei voice"),
        ("01:17", "delivered", "mei sms"),
        ("01:18", "delivered", "mei voice"),
        ("01:22", "climbed", "county"),
        ("01:22", "told", "chief sms"),
        ("01:22", "delivered", "chief sms"),
        ("01:22", "accepted", "chief voice"),
        ("01:28", "en_route", "chief phone"),
        ("01:48", "arrived", "chief phone"),
        ("02:13", "visit_completed", "phone"),
        ("02:13", "closed", "sms"),
    ]
    assert (home.alert().state, home.alert().outcome) == ("closed", "helped")


def test_nights_of_many_homes_leave_none_without_a_next_step(village: Village) -> None:
    """Whatever happens to whom: at each instant an open alert is due at some time, and it is told again and again."""
    homes = [village.home(f"村{number % 3}", policy=[step(0, "lan"), step("5 min", "mei")] if number < 3 else None)
             for number in range(9)]  # fmt: skip
    village.policy("county", [step(0, "chief")])
    village.silence("村1", hours=3)
    for number, home in enumerate(homes):
        home.press()
        home.warns(["no_answer", "battery_low", "device_offline"][number % 3])
        village.forward(minutes=number)
    for home in homes[::4]:
        home.alert().close("other") if home.alert().severity != "critical" else home.alert().accept("chief")
    for _ in range(6):
        village.forward(minutes=40)
        assert village.all("select id from alerts where state <> 'closed' and next_step_at is null") == []
        late = village.all("select id from alerts where state <> 'closed' and due_at <= %(at)s", at=village.clock.now())
        assert late == []
    untold = village.all(
        "select id from alerts where kind = 'help' and not exists"
        " (select from messages where alert_id = alerts.id and state = 'delivered')"
    )
    assert untold == []
    village.everybody_has_heard()
