"""Each early warning is raised by its story, told once, and ends with its cause."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import msgspec
import pytest

from tests.stories.village import Home, Village, step
from tests.stories.warned import look, now_known, open_kinds, pass_time, the

_PINGS = count(1)


@pytest.fixture
def home(village: Village) -> Home:
    """A home with a button and a camera; of low warnings lan reads once a shift, so the stories look at what is open."""
    made = village.home("凤山村", policy=[step(0, "lan"), step("48 h", "mei")])
    village.device("cam-1", made.id, "camera")
    look(village)
    return made


def says(home: Home, uid: str | None = None, **said: object) -> None:
    home.says("telemetry", msgspec.json.encode(said), uid=uid)
    look(home.village)


def sees(home: Home, presence: bool, persons: int | None = None) -> None:
    said = {"id": f"p-{next(_PINGS)}", "presence": presence, "persons": int(presence) if persons is None else persons}
    home.says("patrol", msgspec.json.encode(said), uid="cam-1")
    look(home.village)


def patrols(home: Home, presence: bool, *, hours: int) -> None:
    """Let the camera look in every half hour, and see the same each time."""
    for _ in range(hours * 2):
        pass_time(home.village, minutes=30, every=timedelta(minutes=30))
        sees(home, presence)


def test_a_button_with_a_low_battery_is_a_warning_until_it_has_a_new_one(village: Village, home: Home) -> None:
    says(home, battery=21)
    assert open_kinds(village) == []
    says(home, battery=19)
    assert open_kinds(village) == ["button_battery_low"]
    village.phone("lan").expect_sms("求助按钮电量低", home.button, "19 %", home.address)
    assert the(village, "button_battery_low").severity == "normal"
    # cold nights and warm days
    for battery in (20, 22, 19, 34):
        says(home, battery=battery)
    assert open_kinds(village) == ["button_battery_low"]
    says(home, battery=100)
    alert = the(village, "button_battery_low")
    assert (alert.state, alert.detail("closed")["note"]) == ("closed", "原因已消除。")
    assert home.alerts() == 1


def test_another_device_s_low_battery_waits_for_the_shift_s_text(village: Village, home: Home) -> None:
    says(home, "cam-1", battery=14)
    assert open_kinds(village) == ["battery_low"]
    assert the(village, "battery_low").severity == "low"
    says(home, "cam-1", battery=30)
    assert open_kinds(village) == []


def test_what_a_person_closed_comes_again_only_after_its_cause_was_gone(village: Village, home: Home) -> None:
    says(home, battery=10)
    village.phone("lan").expect_sms("电量低")
    the(village, "button_battery_low").close("other")
    says(home, battery=8)
    pass_time(village, days=1, every=timedelta(hours=3))
    assert open_kinds(village) == []
    says(home, battery=100)
    says(home, battery=10)
    assert open_kinds(village) == ["button_battery_low"]
    village.everybody_has_heard()


@pytest.mark.parametrize(
    ("kind", "fine", "bad", "between", "again"),
    [("temperature_low", 15.0, 7.5, 9.0, 11.0), ("temperature_high", 30.0, 39.5, 37.0, 34.0)],
)
def test_a_home_that_is_too_cold_or_too_hot_is_told_when_it_lasts(
    village: Village, home: Home, kind: str, fine: float, bad: float, between: float, again: float
) -> None:
    village.device("therm", home.id, "sensor")
    says(home, "therm", temperature=fine)
    says(home, "therm", temperature=bad)
    # the door stood open
    says(home, "therm", temperature=between)
    pass_time(village, hours=1)
    assert open_kinds(village) == []
    says(home, "therm", temperature=bad)
    assert open_kinds(village) == []
    pass_time(village, minutes=35)
    assert open_kinds(village) == [kind]
    assert the(village, kind).severity == "high"
    says(home, "therm", temperature=between)
    assert open_kinds(village) == [kind]
    says(home, "therm", temperature=again)
    assert open_kinds(village) == []
    village.everybody_has_heard()


def test_a_camera_whose_picture_is_frozen_or_dark_by_day(village: Village, home: Home) -> None:
    sees(home, True)
    noon = village.clock.now().replace(hour=4, minute=0)
    pass_time(village, minutes=max(0, int((noon - village.clock.now()).total_seconds() // 60)) or 24 * 60)
    sees(home, True)
    now_known(village, "cam-1", picture="frozen", state="online")
    pass_time(village, minutes=40)
    assert "camera_blind" in open_kinds(village)
    now_known(village, "cam-1", picture="shown")
    pass_time(village, minutes=15)
    assert "camera_blind" not in open_kinds(village)
    village.everybody_has_heard()


def test_a_camera_that_is_heard_but_does_not_look_in(village: Village, home: Home) -> None:
    sees(home, False)
    for _ in range(8):
        pass_time(village, minutes=5)
        says(home, "cam-1", rssi=-60)
    assert open_kinds(village) == []
    for _ in range(3):
        pass_time(village, minutes=5)
        says(home, "cam-1", rssi=-60)
    assert open_kinds(village) == ["patrol_missed"]
    village.phone("lan").expect_sms("cam-1")
    sees(home, False)
    assert open_kinds(village) == []


def _drains(village: Village) -> Callable[[], None]:
    flat_on = (village.clock.now() + timedelta(days=8)).date()
    now_known(village, "cam-1", battery=60, battery_flat_on=flat_on)
    return lambda: now_known(village, "cam-1", battery=100, battery_flat_on=None)


def _is_weak(village: Village) -> Callable[[], None]:
    now_known(village, "cam-1", state="online", rssi_smooth=-95, fw="1")
    return lambda: now_known(village, "cam-1", rssi_smooth=-70)


def _is_late(village: Village) -> Callable[[], None]:
    now_known(village, "cam-1", state="online", clock_skew_s=4000, fw="1")
    return lambda: now_known(village, "cam-1", clock_skew_s=2)


def _flaps(village: Village) -> Callable[[], None]:
    now_known(village, "cam-1", flapping_since=village.clock.now())
    return lambda: now_known(village, "cam-1", flapping_since=None)


def _is_old(village: Village) -> Callable[[], None]:
    now_known(village, "cam-1", firmware_outdated=True)
    return lambda: now_known(village, "cam-1", firmware_outdated=False)


@pytest.mark.parametrize(
    ("kind", "begin", "waits"),
    [
        ("battery_draining", _drains, timedelta(hours=36)),
        ("signal_weak", _is_weak, timedelta(hours=6)),
        ("clock_wrong", _is_late, timedelta(hours=1)),
        ("device_flapping", _flaps, timedelta(minutes=10)),
        ("firmware_outdated", _is_old, timedelta(days=7)),
    ],
)
def test_what_is_known_of_a_device_s_health_is_told_when_it_lasts(
    village: Village, home: Home, kind: str, begin: Callable[[Village], Callable[[], None]], waits: timedelta
) -> None:
    end = begin(village)
    look(village)
    assert open_kinds(village) == []
    pass_time(village, minutes=int(waits.total_seconds() // 60) + 5, every=timedelta(minutes=30))
    assert kind in open_kinds(village)
    assert the(village, kind).severity == "low"
    end()
    # it is looked at within the hour, and has to be gone for as long as its rule says
    pass_time(village, hours=8, every=timedelta(minutes=30))
    assert kind not in open_kinds(village)
    village.everybody_has_heard()


def test_what_was_never_heard_is_told_after_two_days(village: Village, home: Home) -> None:
    pass_time(village, hours=47, every=timedelta(hours=1))
    assert open_kinds(village) == []
    pass_time(village, hours=2, every=timedelta(hours=1))
    assert sorted(open_kinds(village)) == ["never_seen", "never_seen"]
    says(home, battery=90)
    assert open_kinds(village) == ["never_seen"]
    village.everybody_has_heard()


def test_a_button_that_nobody_tried_is_told_after_the_period_and_a_week(village: Village, home: Home) -> None:
    says(home, battery=90)
    says(home, "cam-1", rssi=-50)
    pass_time(village, days=36, every=timedelta(hours=12))
    assert "test_call_overdue" not in open_kinds(village)
    pass_time(village, days=2, every=timedelta(hours=12))
    assert "test_call_overdue" in open_kinds(village)
    home.press(test=True)
    home.alert().close("test", spoke_with="张桂英")
    pass_time(village, hours=2)
    assert "test_call_overdue" not in open_kinds(village)
    village.everybody_has_heard()


def test_nobody_seen_for_the_waking_hours_of_a_day(village: Village, home: Home) -> None:
    sees(home, True)
    sees(home, False)
    patrols(home, False, hours=14)
    assert open_kinds(village) == []
    patrols(home, False, hours=12)
    assert open_kinds(village) == ["no_presence"]
    assert the(village, "no_presence").severity == "high"
    village.phone("lan").expect_sms("长时间无人出现", "张桂英", home.address)
    sees(home, True)
    assert open_kinds(village) == []


def test_a_camera_that_does_not_look_says_nothing_of_who_is_there(village: Village, home: Home) -> None:
    sees(home, True)
    sees(home, False)
    home.says("status", b'{"state": "offline"}', uid="cam-1")
    pass_time(village, days=2, every=timedelta(hours=1))
    assert "no_presence" not in open_kinds(village)
    sees(home, False)
    assert "no_presence" not in open_kinds(village)
    village.everybody_has_heard()


def test_somebody_who_is_in_view_for_hours_and_does_not_move(village: Village, home: Home) -> None:
    # eight in the morning
    while village.clock.now().hour != 0:
        pass_time(village, minutes=30, every=timedelta(minutes=30))
    sees(home, False)
    sees(home, True)
    patrols(home, True, hours=8)
    assert open_kinds(village) == []
    patrols(home, True, hours=2)
    assert open_kinds(village) == ["inactivity"]
    village.phone("lan").expect_sms("长时间无活动", home.address)
    sees(home, False)
    assert open_kinds(village) == []


def test_who_sleeps_in_view_of_the_camera_is_no_warning(village: Village, home: Home) -> None:
    # ten in the evening
    while village.clock.now().hour != 14:
        pass_time(village, minutes=30, every=timedelta(minutes=30))
    sees(home, True)
    patrols(home, True, hours=10)
    assert open_kinds(village) == []


def test_a_third_call_within_a_week_is_told_beside_the_calls(village: Village, home: Home) -> None:
    for number in range(3):
        home.press()
        home.alert().close("helped", spoke_with="张桂英")
        if number < 2:
            pass_time(village, days=2, every=timedelta(hours=6))
            assert "frequent_presses" not in open_kinds(village)
    pass_time(village, days=1, every=timedelta(hours=6))
    assert "frequent_presses" in open_kinds(village)
    assert village.one("select text from alerts where kind = 'frequent_presses'") == "3"
    pass_time(village, days=8, every=timedelta(hours=6))
    assert "frequent_presses" not in open_kinds(village)
    village.everybody_has_heard()


def test_a_day_unlike_the_home_s_own_last_two_weeks(village: Village, home: Home) -> None:
    def live(share: float) -> None:
        """A day from morning to morning, seen for a share of it."""
        for hour in range(24):
            pass_time(village, hours=1, every=timedelta(hours=1))
            for nth in range(4):
                sees(home, (hour * 4 + nth) % 10 < share * 10)

    while village.clock.now().hour != 22:
        pass_time(village, hours=1, every=timedelta(hours=1))
    for _ in range(9):
        live(0.8)
    assert "unusual_activity" not in open_kinds(village)
    live(0.1)
    pass_time(village, hours=13, every=timedelta(hours=1))
    assert "unusual_activity" in open_kinds(village)
    for _ in range(2):
        live(0.8)
    assert "unusual_activity" not in open_kinds(village)
    village.everybody_has_heard()


def test_a_device_that_is_taken_away_takes_its_warnings_with_it(village: Village, home: Home) -> None:
    says(home, battery=10)
    village.phone("lan").expect_sms("电量低")
    village.run("update devices set removed_at = %(now)s where uid = %(uid)s", uid=home.button)
    look(village)
    assert open_kinds(village) == []
    assert village.one("select count(*) from warnings") == 0


def test_a_device_that_moves_is_warned_of_where_it_is(village: Village, home: Home) -> None:
    says(home, battery=10)
    other = village.home("凤山村")
    village.run("update devices set home_id = %(home)s where uid = %(uid)s", home=other.id, uid=home.button)
    look(village)
    assert village.all("select home_id, state <> 'closed' from alerts order by id") == [
        (home.id, False), (other.id, True),
    ]  # fmt: skip
    village.everybody_has_heard()


def test_a_home_where_nothing_changes_is_looked_at_a_few_times_a_day(village: Village, home: Home) -> None:
    looked = 0
    for nth in range(24):
        looked += pass_time(village, minutes=30)
        sees(home, nth % 2 == 0)
        looked += pass_time(village, minutes=30)
        sees(home, nth % 2 == 0)
    assert open_kinds(village) == []
    # the button, the camera, and the home several times: who comes into view at any hour may lie there six hours later
    assert looked <= 2 + 8


def test_pings_that_change_nothing_ask_for_no_look(village: Village, home: Home) -> None:
    says(home, "cam-1", battery=80, temperature=20.1)
    sees(home, True)
    before = village.one("select count(*) from device_looks")
    for rssi in range(-70, -60):
        home.says("telemetry", msgspec.json.encode({"battery": 80, "temperature": 20.4, "rssi": rssi}), uid="cam-1")
        home.says("patrol", msgspec.json.encode({"id": f"p-{next(_PINGS)}", "presence": True}), uid="cam-1")
    assert village.one("select count(*) from device_looks") == before
