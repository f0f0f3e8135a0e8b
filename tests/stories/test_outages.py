"""Devices fall silent: one is a warning that clears itself, a whole village is one alert, and our own outage is none."""

from collections.abc import Collection
from datetime import timedelta
from itertools import count

import msgspec
import pytest

from alerts import outages
from devices import telemetry, upkeep
from tests.stories.village import Home, Village, step

STEP_S = 10
PATROL_EVERY_S = 60
_PINGS = count(1)


def cameras(village: Village, homes: int) -> list[str]:
    """Give a village so many homes with a camera each; `lan` is told of what happens there."""
    village.area("凤山村")
    # a day until the next is told: that it climbs is another story
    village.policy("凤山村", [step(0, "lan"), step("24 h", "mei")])
    uids = []
    for number in range(homes):
        home = village.home("凤山村")
        uids.append(f"cam-{number:02}")
        village.device(uids[-1], home.id, "camera")
    return uids


def home_of(village: Village, uid: str) -> Home:
    return village.homes[int(uid.split("-")[1])]


def ping(village: Village, uid: str) -> None:
    home_of(village, uid).says("patrol", msgspec.json.encode({"id": f"p-{next(_PINGS)}"}), uid=uid)


def live(village: Village, speaking: Collection[str], *, minutes: int, listening: bool = True) -> None:
    """Let time pass in which these cameras look in once a minute, each at its own second. `listening`: our ingest is up."""
    for _ in range(minutes * 60 // STEP_S):
        village.clock.forward(timedelta(seconds=STEP_S))
        now = village.clock.now()
        if listening:
            with village.pool.connection() as connection:
                telemetry.beat(connection, "gateway-bulk", now)
            second = int(now.timestamp()) // STEP_S
            for uid in speaking:
                if second % (PATROL_EVERY_S // STEP_S) == int(uid.split("-")[1]) % (PATROL_EVERY_S // STEP_S):
                    ping(village, uid)
        with village.pool.connection() as connection:
            telemetry.sweep(connection, now)
        judge(village)
        village.settle()


def judge(village: Village) -> None:
    """Let the rules look at what changed."""
    changes = 1
    while changes:
        with village.pool.connection() as connection:
            changes = outages.look(connection, locale="zh-CN", now=village.clock.now())


def warnings(village: Village, *, still_open: bool = True) -> list[tuple[str, str | None]]:
    """Return kind and device of the early warnings, the open ones or all."""
    return [
        (kind, uid)
        for kind, uid in village.all(
            "select kind, device_uid from alerts where state <> 'closed' or not %(open)s order by id", open=still_open
        )
    ]


def test_a_camera_that_falls_silent_is_one_warning_and_clears_itself(village: Village) -> None:
    uids = cameras(village, 3)
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=7)
    assert warnings(village) == [("device_offline", "cam-00")]
    village.phone("lan").expect_sms("设备离线", "cam-00", home_of(village, "cam-00").address)
    alert = home_of(village, "cam-00").alert()
    assert (alert.severity, alert.state) == ("normal", "notified")
    live(village, uids, minutes=3)
    assert warnings(village) == []
    assert alert.now().outcome == "other"
    assert alert.detail("closed")["note"] == "设备已恢复在线。"
    assert warnings(village, still_open=False) == [("device_offline", "cam-00")]


def test_a_short_drop_out_is_nobodys_business(village: Village) -> None:
    uids = cameras(village, 3)
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=4)
    assert (
        village.one("select state from device_latest join devices on id = device_id where uid = 'cam-00'") == "offline"
    )
    live(village, uids, minutes=5)
    assert warnings(village, still_open=False) == []


def test_a_warning_that_somebody_took_ends_when_the_camera_is_heard(village: Village) -> None:
    uids = cameras(village, 3)
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=7)
    village.phone("lan").expect_sms("设备离线").reply("1")
    alert = home_of(village, "cam-00").alert()
    assert alert.state == "accepted"
    live(village, uids, minutes=2)
    assert alert.now().state == "closed"
    assert alert.detail("closed")["note"] == "设备已恢复在线。"


def test_a_warning_that_somebody_closed_comes_again_only_with_the_next_silence(village: Village) -> None:
    uids = cameras(village, 3)
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=7)
    village.phone("lan").expect_sms("设备离线")
    home_of(village, "cam-00").alert().close("other")
    # the neighbour's change has the rules look at the village again
    live(village, uids[2:], minutes=7)
    village.phone("lan").expect_sms("设备离线", "cam-01")
    assert warnings(village) == [("device_offline", "cam-01")]
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=7)
    village.phone("lan").expect_sms("设备离线", "cam-00")


def test_a_village_without_power_is_one_alert_and_not_twelve(village: Village) -> None:
    uids = cameras(village, 12)
    live(village, uids, minutes=3)
    live(village, [], minutes=15)
    assert warnings(village, still_open=False) == [("area_outage", None)]
    village.phone("lan").expect_sms("村内设备大面积离线", "12台设备中有", "凤山村")
    assert village.all("select severity, area, home_id from alerts") == [("high", "凤山村", None)]
    live(village, uids, minutes=3)
    assert warnings(village) == []
    assert village.one("select close_note from alerts where kind = 'area_outage'").startswith("12台设备中已有")
    assert warnings(village, still_open=False) == [("area_outage", None)]
    assert village.one("select count(*) from device_changes") == 0


def test_what_stays_silent_after_an_outage_gets_its_own_warning(village: Village) -> None:
    uids = cameras(village, 12)
    live(village, uids, minutes=3)
    live(village, [], minutes=10)
    village.phone("lan").expect_sms("大面积离线")
    live(village, uids[2:], minutes=5)
    village.phone("lan").expect_sms("设备离线", "cam-00").expect_sms("设备离线", "cam-01")
    assert warnings(village) == [("device_offline", "cam-00"), ("device_offline", "cam-01")]
    live(village, uids, minutes=2)
    assert warnings(village) == []


def test_a_warning_that_is_open_already_goes_into_the_outage(village: Village) -> None:
    uids = cameras(village, 6)
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=6)
    village.phone("lan").expect_sms("设备离线", "cam-00")
    single = home_of(village, "cam-00").alert()
    live(village, [], minutes=6)
    village.phone("lan").expect_sms("大面积离线")
    assert warnings(village) == [("area_outage", None)]
    number = village.one("select id from alerts where kind = 'area_outage'")
    assert single.detail("closed")["note"] == f"已并入大面积离线警报 #{number}。"


def test_an_outage_that_somebody_closed_brings_no_twelve_after_it(village: Village) -> None:
    uids = cameras(village, 12)
    live(village, uids, minutes=3)
    live(village, uids[-1:], minutes=10)
    village.phone("lan").expect_sms("大面积离线")
    village.alert(village.one("select id from alerts")).close("other")
    live(village, [], minutes=8)
    # of the last one nobody knew
    village.phone("lan").expect_sms("设备离线", "cam-11")
    assert warnings(village) == [("device_offline", "cam-11")]


def test_our_own_outage_is_no_village_s(village: Village) -> None:
    uids = cameras(village, 12)
    live(village, uids, minutes=3)
    live(village, [], minutes=30, listening=False)
    live(village, uids, minutes=10)
    assert warnings(village, still_open=False) == []


def test_buttons_that_say_nothing_for_hours_do_not_hide_an_outage(village: Village) -> None:
    uids = cameras(village, 6)
    live(village, uids, minutes=3)
    for home in village.homes:
        home.says("telemetry", b'{"battery": 90}')
        village.device(f"{home.button}-b", home.id, "button")
        home.says("telemetry", b'{"battery": 90}', uid=f"{home.button}-b")
    live(village, [], minutes=6)
    village.phone("lan").expect_sms("大面积离线")
    assert warnings(village, still_open=False) == [("area_outage", None)]


@pytest.mark.parametrize("said", [True, False])
def test_a_device_that_was_never_heard_is_not_offline(village: Village, said: bool) -> None:
    uids = cameras(village, 3)
    if said:
        # the broker kept a Last Will of before it was registered
        home_of(village, "cam-00").says("status", b'{"state": "offline"}', uid="cam-00")
    live(village, uids[1:], minutes=10)
    assert warnings(village, still_open=False) == []


def test_a_device_that_is_taken_away_takes_its_warning_with_it(village: Village) -> None:
    uids = cameras(village, 3)
    live(village, uids, minutes=3)
    live(village, uids[1:], minutes=7)
    village.phone("lan").expect_sms("设备离线")
    alert = home_of(village, "cam-00").alert()
    with village.pool.connection() as connection:
        upkeep.remove_device(connection, "cam-00", village.clock.now())
    judge(village)
    assert alert.now().state == "closed"
    assert alert.detail("closed")["note"] == "设备已不在此处。"


def test_without_a_change_nothing_is_looked_at(village: Village) -> None:
    uids = cameras(village, 2)
    live(village, uids, minutes=3)
    assert village.one("select count(*) from device_changes") == 0
    with village.pool.connection() as connection:
        assert outages.look(connection, locale="zh-CN", now=village.clock.now()) == 0
