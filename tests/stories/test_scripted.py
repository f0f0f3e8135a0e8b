"""The scripted stories, played to the real gateway, desk and engine: what are people told, and how often?"""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from devices import stories
from tests.stories.told import Telling, kinds, states
from tests.stories.village import Home, Village, step

NEVER = step("24 h", "mei")
"""That a story climbs is another story."""


@pytest.fixture
def homes(village: Village) -> list[Home]:
    made = [village.home("凤山村", policy=[step(0, "lan"), NEVER])]
    return made + [village.home("凤山村") for _ in range(7)]


def sent_at(village: Village, name: str) -> list[datetime]:
    return [
        at
        for (at,) in village.all(
            "select sent_at from messages where staff_id = %(staff)s and state = 'delivered' order by id",
            staff=village.phone(name).staff_id,
        )
    ]


def test_a_fall_at_night_is_told_at_once_and_again_when_she_presses(village: Village, homes: list[Home]) -> None:
    began = village.clock.now()
    Telling(village, homes).tell("fall-at-night")
    lan = village.phone("lan")
    lan.expect_sms("求助", homes[0].address)
    lan.expect_sms("2")
    lan.silent()
    assert kinds(village) == ["help"]
    alert = homes[0].alert()
    assert (alert.severity, alert.count) == ("critical", 2)
    assert alert.detail("raised")["source"] == "fall"
    first, again = sent_at(village, "lan")
    assert first - began == stories.FALLS_AFTER
    assert again - first == timedelta(minutes=1)


def test_a_power_cut_is_one_alert_and_one_message(village: Village, homes: list[Home]) -> None:
    telling = Telling(village, homes)
    telling.tell("power-cut", until=stories.POWER_IS_BACK_AFTER)
    village.phone("lan").expect_sms("大面积离线", "凤山村").silent()
    assert kinds(village) == ["area_outage"]
    cameras = [state for uid, state in states(village).items() if uid.startswith("cam-")]
    assert cameras == ["offline"] * 8
    # a button that says nothing for an hour is well, but of those the broker has told a Last Will
    assert [state for uid, state in states(village).items() if uid.startswith("btn-")].count("offline") == 4


def test_when_the_power_is_back_nothing_is_left_of_it(village: Village, homes: list[Home]) -> None:
    Telling(village, homes).tell("power-cut")
    village.phone("lan").expect_sms("大面积离线").silent()
    assert set(states(village).values()) == {"online"}
    assert village.all("select kind, state, outcome from alerts") == [("area_outage", "closed", "other")]


def test_a_battery_that_dies_makes_its_button_offline_until_it_is_changed(village: Village, homes: list[Home]) -> None:
    telling = Telling(village, homes[:1])
    button = homes[0].button
    telling.tell("dying-battery", until=stories.BATTERY_LASTS)
    assert (
        village.one("select battery from device_latest join devices on id = device_id where uid = %(u)s", u=button) <= 1
    )
    assert states(village)[button] == "online"
    village.everybody_has_heard()


def test_a_changed_battery_clears_what_was_warned_of(village: Village, homes: list[Home]) -> None:
    telling = Telling(village, homes[:1])
    telling.tell("dying-battery")
    assert states(village)[homes[0].button] == "online"
    assert "device_offline" in kinds(village)
    assert village.all("select kind from alerts where state <> 'closed'") == []
    assert village.one("select battery from device_latest join devices on id = device_id where uid = %(u)s",
                       u=homes[0].button) == 100  # fmt: skip
    village.everybody_has_heard()


def test_a_stuck_button_is_one_alert_told_at_most_once_a_minute(village: Village, homes: list[Home]) -> None:
    Telling(village, homes).tell("stuck-button")
    assert kinds(village) == ["help"]
    assert homes[0].alert().count == 900
    times = sent_at(village, "lan")
    # one when it began, one for each minute in which it was pressed again
    assert 50 <= len(times) <= 61
    assert all(after - before >= timedelta(minutes=1) for before, after in pairwise(times))
    village.everybody_has_heard()


def test_once_somebody_took_it_a_stuck_button_tells_nobody_else(village: Village, homes: list[Home]) -> None:
    village.policy("凤山村", [step(0, "lan"), step("5 min", "mei")])
    telling = Telling(village, homes)
    telling.tell("stuck-button", until=timedelta(minutes=2))
    village.phone("lan").reply("1")
    village.everybody_has_heard()
    assert homes[0].alert().state == "accepted"


def test_a_cut_off_home_s_store_raises_its_press_and_spoils_nothing(village: Village, homes: list[Home]) -> None:
    telling = Telling(village, homes[:1])
    camera = telling.street[0].camera
    telling.tell("cut-off-hub")
    help_alert = homes[0].alert()
    assert "help" in kinds(village)
    assert (help_alert.severity, help_alert.count, help_alert.state) == ("critical", 1, "notified")
    pressed, raised = village.all(
        "select at, received_at from help_calls where device_uid = %(uid)s", uid=homes[0].button
    )[0]
    assert timedelta(hours=3) < raised - pressed < timedelta(hours=5)
    # a day of pings is in the series, and what the home is like now is not what it was like then
    stored = village.one(
        "select count(*) from events join devices on id = device_id where uid = %(uid)s and events.kind = 1", uid=camera
    )
    assert stored >= 1440
    assert village.one(
        "select presence from device_latest join devices on id = device_id where uid = %(uid)s", uid=camera
    )
    assert {states(village)[uid] for uid in (homes[0].button, camera)} == {"online"}
    assert village.all("select kind from alerts where state <> 'closed'") == [("help",)]
    village.everybody_has_heard()
