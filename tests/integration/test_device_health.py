"""What is known of a device's health, from what it says: its clock, its starts, its signal, its coming and going."""

from datetime import timedelta
from itertools import pairwise

import pytest

from devices.model import Picture, StatusChange, Telemetry
from tests.integration.fleet_fixtures import Street, street

__all__ = ["street"]


# Clock ----------------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_right_is_not_wrong_for_a_message_that_came_late(street: Street) -> None:
    cam = street.device("cam-1")
    for _ in range(5):
        street.forward(minutes=1)
        street.ping(cam, at=street.clock.now() - timedelta(seconds=0.3))
    street.forward(minutes=40)
    # the line was cut: what the camera kept comes at once, the oldest first
    for minutes in range(40, 0, -1):
        street.ping(cam, at=street.clock.now() - timedelta(minutes=minutes))
    assert street.latest(cam)["clock_skew_s"] == pytest.approx(0.3)
    assert "clock_wrong" not in street.problems(cam)


def test_a_clock_that_goes_wrong_shows_within_minutes_and_is_right_again_at_once(street: Street) -> None:
    cam = street.device("cam-1")
    street.ping(cam)
    for _ in range(4):
        street.forward(minutes=1)
        street.ping(cam, at=street.clock.now() - timedelta(hours=8))
    assert "clock_wrong" in street.problems(cam)
    street.forward(minutes=1)
    street.ping(cam, at=street.clock.now() - timedelta(seconds=1))
    assert street.problems(cam) == []


def test_a_clock_that_is_ahead_shows_at_once(street: Street) -> None:
    cam = street.device("cam-1")
    street.ping(cam, at=street.clock.now() + timedelta(hours=1))
    assert street.latest(cam)["clock_skew_s"] == pytest.approx(-3600)
    assert street.problems(cam) == ["clock_wrong"]


def test_a_clock_that_began_at_1970_is_wrong_at_once(street: Street) -> None:
    cam = street.device("cam-1")
    street.ping(cam)
    street.forward(minutes=1)
    street.ping(cam, at=street.clock.now() - timedelta(days=56 * 365))
    assert street.problems(cam) == ["clock_wrong"]


def test_a_last_will_tells_nothing_of_the_clock(street: Street) -> None:
    cam = street.device("cam-1")
    street.ping(cam)
    street.forward(hours=9)
    street.goes(cam, online=False, at=street.clock.now() - timedelta(hours=9))
    assert street.latest(cam)["clock_skew_s"] == pytest.approx(0)


# Starts, presence, signal, picture --------------------------------------------------------------------------------------


def test_starts_are_counted_by_an_uptime_that_goes_back(street: Street) -> None:
    plug = street.device("plug-1", "sensor")
    for uptime in (5000, 5600, 30, 630, 1230, 5):
        street.forward(minutes=10)
        street.tells(plug, extra={"uptime": uptime})
    found = street.latest(plug)
    assert found["reboots_today"] == 2
    assert found["booted_at"] == street.clock.now() - timedelta(seconds=5)


def test_the_first_uptime_is_no_start_and_a_late_message_is_none(street: Street) -> None:
    plug = street.device("plug-1", "sensor")
    street.tells(plug, extra={"uptime": 5000})
    street.forward(minutes=10)
    street.tells(plug, at=street.clock.now() - timedelta(minutes=8), extra={"uptime": 5120})
    assert street.latest(plug)["reboots_today"] == 0


def test_presence_is_remembered_and_a_sensor_that_feels_somebody_counts(street: Street) -> None:
    cam, sensor = street.device("cam-1"), street.device("pir-1", "sensor")
    street.ping(cam, presence=True)
    seen_at = street.clock.now()
    street.forward(minutes=1)
    street.ping(cam, presence=False, persons=0)
    street.tells(sensor, extra={"occupancy": True})
    felt_at = street.clock.now()
    street.forward(minutes=1)
    street.tells(sensor, extra={"occupancy": False})
    assert street.latest(cam)["last_presence_at"] == seen_at
    assert street.latest(sensor)["last_presence_at"] == felt_at


def test_one_bad_message_is_no_bad_line(street: Street) -> None:
    cam = street.device("cam-1")
    for rssi in (-60, -60, -60, -95):
        street.forward(minutes=1)
        street.ping(cam, rssi=rssi)
    assert street.latest(cam)["rssi"] == -95
    assert street.problems(cam) == []
    for _ in range(6):
        street.forward(minutes=1)
        street.ping(cam, rssi=-95)
    assert street.problems(cam) == ["signal_weak"]


def test_a_blind_camera_and_one_that_somebody_switched_off(street: Street) -> None:
    cam, off = street.device("cam-1"), street.device("cam-2")
    street.says(Telemetry(cam, picture=Picture.FROZEN), StatusChange(off, online=False, on_purpose=True))
    assert street.problems(cam) == ["camera_blind"]
    assert (street.latest(off)["state"], street.problems(off)) == ("offline", [])
    street.says(Telemetry(cam, picture=Picture.SHOWN), StatusChange(off, online=False))
    assert street.problems(cam) == []
    assert street.problems(off) == ["offline"]


# Coming and going -------------------------------------------------------------------------------------------------------


def test_a_device_that_comes_and_goes_is_flapping_until_it_was_calm_for_an_hour(street: Street) -> None:
    cam = street.device("cam-1")
    for online in (True, False, True, False, True, False, True):
        street.forward(minutes=3)
        street.goes(cam, online=online)
    assert street.problems(cam) == ["device_flapping"]
    assert street.latest(cam)["changes_today"] == 6
    street.forward(minutes=30)
    assert street.problems(cam) == ["device_flapping"]
    street.forward(minutes=40)
    assert street.problems(cam) == []


def test_a_device_that_drops_out_twice_a_day_is_not(street: Street) -> None:
    cam = street.device("cam-1")
    for _ in range(6):
        street.forward(hours=6)
        street.goes(cam, online=False)
        street.forward(minutes=5)
        street.goes(cam, online=True)
    assert street.problems(cam) == []


def test_behind_a_hub_that_is_offline_a_device_keeps_its_state_and_has_its_hubs_problem(street: Street) -> None:
    hub = street.device("hub-1", "hub")
    sos = street.device("sos-1", "button", hub_uid=hub)
    street.goes(hub, online=True)
    street.tells(sos, battery=90)
    assert street.problems(sos) == []
    street.goes(hub, online=False)
    assert street.problems(sos) == ["hub_offline"]
    assert (street.latest(sos)["state"], street.problems(hub)) == ("online", ["offline"])
    street.goes(hub, online=True)
    assert street.problems(sos) == []


def test_a_device_that_was_never_heard_is_a_problem_after_a_day(street: Street) -> None:
    cam = street.device("cam-1")
    street.end_day()
    assert street.problems(cam) == []
    street.forward(hours=25)
    street.end_day()
    assert street.problems(cam) == ["never_seen"]
    street.ping(cam)
    assert street.problems(cam) == []


# Silence ----------------------------------------------------------------------------------------------------------------


def teach(street: Street, uid: str, *, every_minutes: int, days: int) -> None:
    """Let a device speak regularly for some days, each of which is ended."""
    for _ in range(days * 24 * 60 // every_minutes):
        before = street.clock.now() + timedelta(hours=8)
        street.forward(minutes=every_minutes)
        if (street.clock.now() + timedelta(hours=8)).date() != before.date():
            street.end_day()
        street.tells(uid)


def test_a_period_that_nobody_named_is_learnt_in_a_week(street: Street) -> None:
    sensor = street.device("t-1", "sensor")
    teach(street, sensor, every_minutes=120, days=9)
    assert street.latest(sensor)["usual_gap_s"] == 7200
    states = []
    for _ in range(8):
        street.forward(hours=1)
        street.sweep()
        states.append(street.latest(sensor)["state"])
    assert states == ["online", "online", "online", "late", "late", "late", "offline", "offline"]
    assert street.problems(sensor) == ["offline"]


def test_a_button_that_speaks_once_a_day_never_flaps(street: Street) -> None:
    button = street.device("btn-1", "button")
    states = set()
    for number in range(20):
        # now an hour early, now an hour late
        for _ in range(25 if number % 2 else 23):
            street.forward(hours=1)
            street.end_day()
            street.sweep()
            if number > 8:
                states.add(street.latest(button)["state"])
        street.tells(button)
    assert street.latest(button)["usual_gap_s"] == 25 * 3600
    assert states == {"online"}


@pytest.mark.parametrize("learnt", [False, True], ids=["by the registry", "learnt"])
def test_after_an_outage_of_ours_nobody_is_offline_before_it_had_its_time_to_speak(
    street: Street, learnt: bool
) -> None:
    cam, sensor, button = street.device("cam-1"), street.device("t-1", "sensor"), street.device("btn-1", "button")
    if learnt:
        street.run(
            "update device_latest set usual_gap_s = 3600 where device_id in (select id from devices where kind = 'sensor')"
        )
    street.says(Telemetry(cam), Telemetry(sensor), Telemetry(button))
    street.forward(minutes=1)
    street.down(hours=3)
    street.sweep()
    assert {street.latest(uid)["state"] for uid in (cam, sensor, button)} == {"online"}
    street.forward(seconds=181)
    street.sweep()
    assert street.latest(cam)["state"] == "offline"
    assert {street.latest(uid)["state"] for uid in (sensor, button)} == {"online"}
    street.forward(minutes=170)
    street.sweep()
    assert street.latest(sensor)["state"] == ("late" if learnt else "online")
    street.forward(minutes=15)
    street.sweep()
    assert street.latest(sensor)["state"] == ("offline" if learnt else "online")
    street.forward(hours=21)
    street.sweep()
    assert street.latest(button)["state"] == "online"


def test_our_outage_teaches_no_silence(street: Street) -> None:
    sensor = street.device("t-1", "sensor")
    street.tells(sensor)
    street.forward(minutes=10)
    street.tells(sensor)
    street.down(hours=5)
    street.tells(sensor)
    assert street.latest(sensor)["gap_max_today_s"] == 600


# Days -------------------------------------------------------------------------------------------------------------------


def days_of(street: Street, uid: str) -> list[dict[str, object]]:
    return street.rows(
        "select device_days.* from device_days join devices on id = device_id where uid = %(uid)s order by day", uid=uid
    )


def test_a_day_counts_when_a_device_was_offline_and_not_when_we_were_down(street: Street) -> None:
    cam = street.device("cam-1")
    street.to(0, 1)
    street.ping(cam, battery=80, rssi=-61)
    street.end_day()
    street.to(6)
    street.goes(cam, online=False)
    street.to(8)
    street.ping(cam, battery=79, rssi=-61)
    street.to(10)
    street.down(hours=3)
    street.ping(cam, battery=81, rssi=-61)
    street.to(22)
    street.goes(cam, online=False)
    street.to(0, 5)
    street.end_day()
    (day,) = days_of(street, cam)
    minute = 60
    assert day["offline_s"] == 4 * 60 * minute
    assert day["ours_down_s"] == 3 * 60 * minute
    assert day["online_s"] == (24 * 60 - 1 - 7 * 60) * minute
    assert (day["pings"], day["went_offline"], day["battery_min"], day["battery_last"]) == (5, 2, 79, 81)
    assert day["rssi_avg"] == -61
    latest = street.latest(cam)
    assert (latest["pings_today"], latest["changes_today"], latest["battery_min_today"]) == (0, 0, None)


def test_an_outage_of_ours_while_a_device_was_offline_counts_for_neither(street: Street) -> None:
    cam = street.device("cam-1")
    street.to(0, 1)
    street.ping(cam)
    street.end_day()
    street.to(6)
    street.goes(cam, online=False)
    street.forward(hours=1)
    street.down(hours=2)
    street.forward(hours=1)
    street.ping(cam)
    street.to(0, 5)
    street.end_day()
    (day,) = days_of(street, cam)
    assert (day["offline_s"], day["ours_down_s"]) == (2 * 3600, 2 * 3600)


def test_a_device_counts_from_when_it_was_first_heard(street: Street) -> None:
    cam, silent = street.device("cam-1"), street.device("cam-2")
    street.end_day()
    street.to(18)
    street.ping(cam)
    street.to(0, 1)
    street.end_day()
    (day,) = days_of(street, cam)
    assert (day["online_s"], day["offline_s"]) == (6 * 3600, 0)
    assert days_of(street, silent) == []


def test_whoever_ends_the_day_again_finds_nothing_to_do(street: Street) -> None:
    cam = street.device("cam-1")
    street.ping(cam)
    for _ in range(3):
        street.to(0, 1)
        street.end_day()
        street.end_day()
        street.ping(cam)
    found = days_of(street, cam)
    assert len(found) == 3
    assert all(later["day"] - sooner["day"] == timedelta(days=1) for sooner, later in pairwise(found))  # type: ignore[operator]
    assert [day["online_s"] for day in found[1:]] == [86_400, 86_400]
    (area,) = street.rows("select * from fleet_days order by day desc limit 1")
    assert (area["devices"], area["heard"], area["online_s"]) == (1, 1, 86_400)


def test_a_battery_that_loses_a_point_a_day_is_known_to_end(street: Street) -> None:
    button = street.device("btn-1", "button")
    for battery in range(30, 19, -1):
        street.to(12)
        street.end_day()
        street.tells(button, battery=battery)
    street.to(1)
    street.end_day()
    latest = street.latest(button)
    flat_in = (latest["battery_flat_on"] - street.clock.now().date()).days
    assert flat_in == pytest.approx(20, abs=2)
    assert street.problems(button) == []
    for battery in range(19, 11, -1):
        street.to(12)
        street.end_day()
        street.tells(button, battery=battery)
        street.to(1)
        street.end_day()
    assert street.problems(button) == ["battery_low", "battery_draining"]
    street.tells(button, battery=100)
    assert "battery_low" not in street.problems(button)
    street.to(1)
    street.end_day()
    street.tells(button, battery=100)
    street.to(1)
    street.end_day()
    assert street.latest(button)["battery_flat_on"] is None
    assert street.problems(button) == []


def test_only_a_gap_of_the_lanes_beat_is_an_outage(street: Street) -> None:
    street.clock.forward(timedelta(seconds=15))
    street.beat()
    assert street.rows("select from ingest_outages") == []
    began = street.clock.now()
    street.down(minutes=5)
    (outage,) = street.rows("select * from ingest_outages")
    assert (outage["role"], outage["down_from"], outage["down_until"]) == (
        "gateway-bulk", began, began + timedelta(minutes=5)
    )  # fmt: skip
