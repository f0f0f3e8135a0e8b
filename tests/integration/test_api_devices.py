"""Devices by plain HTTP: how they are wired, how they come back, and what they said."""

import json
from datetime import timedelta

import pytest

from devices import formats
from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, device, home, say

__all__ = ["admin", "api"]


# Devices --------------------------------------------------------------------------------------------------------------


def test_the_base_topics_of_two_hubs_never_lie_within_each_other(admin: Api) -> None:
    place = home(admin)
    device(admin, "hub-1", place, "hub", format="zigbee2mqtt", topic="z2m/house")
    body = {"uid": "hub-2", "kind": "hub", "home": place, "format": "zigbee2mqtt"}
    for topic in ("z2m/house", "z2m", "z2m/house/attic"):
        admin.post("/devices", {**body, "topic": topic}).problem(409, f"topic {topic}:", "a base topic of its own")
    admin.post("/devices", {**body, "topic": "z2m/house2"}).ok(201)
    admin.patch("/devices/hub-2", {"topic": "z2m/house/x"}).problem(409)
    admin.patch("/devices/hub-2", {"topic": "z2m/house2/x"}).ok()
    admin.delete("/devices/hub-1").ok(204)
    admin.patch("/devices/hub-2", {"topic": "z2m/house/x"}).ok()


def test_no_two_devices_may_speak_in_the_same_place(admin: Api) -> None:
    place = home(admin)
    device(admin, "hub-1", place, "hub", format="zigbee2mqtt", topic="z2m/house")
    device(admin, "tas-1", place, "button", format="tasmota", topic="tas1")
    device(admin, "shelly-1", place, "button", format="shelly", topic="shelly/one")

    def taken(topic: str, spoken: str, kind: str = "button", **more: str) -> None:
        body = {"uid": "new-1", "kind": kind, "home": place, "format": spoken, "topic": topic, **more}
        admin.post("/devices", body).problem(409, f"topic {topic}:")

    # a device of its own within a hub's base, or a hub around a device's
    taken("z2m/house/bedroom", "zigbee2mqtt")
    taken("shelly", "shelly", "hub")
    taken("shelly/one", "esphome")
    # Tasmota speaks below tele/, stat/ and cmnd/, whatever its base is
    taken("tele", "zigbee2mqtt", "hub")
    taken("stat/tas1", "shelly")
    taken("tas1", "tasmota")
    # what speaks through a hub is granted nothing: its topic only names it
    device(admin, "btn-1", place, "button", format="zigbee2mqtt", hub="hub-1", topic="z2m/house/bedroom")
    device(admin, "shelly-2", place, "button", format="shelly", topic="shelly/two")
    device(admin, "tas-2", place, "button", format="tasmota", topic="tas2")
    body = {"uid": "new-1", "kind": "button", "home": place, "format": "shelly", "topic": "shelly/living room"}
    assert admin.post("/devices", body).problem(422)["errors"][0]["field"] == "topic"


def test_a_topic_that_could_speak_for_others_is_refused(admin: Api) -> None:
    place = home(admin)
    for topic in (
        "a/+",
        "a/#",
        "/a",
        "a/",
        "a//b",
        "$SYS",
        "anju",
        "anju/v1/btn-1/help",
        "a\u0007",
        "*",
        "a/>",
        "_INBOX",
        "a b",
    ):
        body = {"uid": "hub-2", "kind": "hub", "home": place, "topic": topic}
        assert admin.post("/devices", body).problem(422)["errors"][0]["field"] == "topic"


def test_a_device_speaks_one_of_the_formats_that_are_installed(admin: Api) -> None:
    place = home(admin)
    body = {"uid": "btn-2", "kind": "button", "home": place, "topic": "homes/7"}
    for unknown in ("morse", "Shelly", "", None, 5):
        (error,) = admin.post("/devices", {**body, "format": unknown}).problem(422)["errors"]
        assert error["field"] == "format"
    (error,) = admin.post("/devices", {**body, "format": "morse"}).problem(422)["errors"]
    assert "use one of anju, zigbee2mqtt, frigate, shelly, tasmota, esphome" in error["message"]
    for known in formats.names():
        other = {**body, "uid": f"btn-{known}", "topic": f"homes/{known}", "format": known}
        assert admin.post("/devices", other).ok(201)["format"] == known
    admin.patch("/devices/btn-shelly", {"format": "morse"}).problem(422, "format")
    assert admin.patch("/devices/btn-shelly", {"format": "tasmota"}).ok()["format"] == "tasmota"


def test_only_a_hub_can_be_spoken_through(admin: Api) -> None:
    place = home(admin)
    device(admin, "btn-1", place)
    admin.post("/devices", {"uid": "btn-2", "kind": "button", "home": place, "hub": "btn-1"}).problem(422, "no hub")
    device(admin, "hub-1", place, "hub")
    device(admin, "btn-2", place, hub="hub-1")
    admin.delete("/devices/hub-1").problem(409, "btn-2")
    admin.patch("/devices/hub-1", {"kind": "camera"}).problem(409, "btn-2")
    admin.patch("/devices/btn-2", {"hub": None}).ok()
    admin.delete("/devices/hub-1").ok(204)


def test_a_removed_device_is_gone_and_may_come_back_under_its_uid(admin: Api) -> None:
    first, second = home(admin), home(admin, "manwan")
    old = device(admin, "btn-1", first)
    admin.run("update device_latest set state = 'online', battery = 3, last_seen = %(now)s, expected_by = %(now)s")
    admin.delete("/devices/btn-1").ok(204)
    admin.get("/devices/btn-1").problem(404)
    assert admin.get("/devices").items == []
    assert admin.rows("select password_hash, expected_by from devices join device_latest on device_id = id") == [
        (None, None)
    ]
    new = device(admin, "btn-1", second, "pendant")
    assert new != old
    read = admin.get("/devices/btn-1").ok()
    assert (read["home"], read["kind"], read["health"]["state"]) == (second, "pendant", "never")
    assert read["health"]["battery"] is None
    assert admin.rows("select count(*) from devices") == [(1,)]
    admin.post("/devices", {"uid": "btn-1", "kind": "button", "home": first}).problem(
        409, "device btn-1 is there already"
    )


def test_a_shorter_period_counts_from_when_the_device_was_last_heard(admin: Api) -> None:
    device(admin, "cam-1", home(admin), "camera", patrol_every_s=3600)
    admin.run(
        "update device_latest set state = 'online', last_seen = %(now)s, expected_by = %(now)s::timestamptz + '90 min'"
    )
    admin.patch("/devices/cam-1", {"patrol_every_s": 60}).ok()
    assert admin.rows("select expected_by - last_seen from device_latest")[0][0].total_seconds() == 90


# What devices said ----------------------------------------------------------------------------------------------------


def test_events_come_newest_first_in_pages(admin: Api) -> None:
    device(admin, "cam-1", home(admin), "camera")
    for minute in range(10):
        say(
            admin,
            "cam-1",
            minute,
            kind=1,
            persons=minute,
            presence=minute > 0,
            extra=json.dumps({"snapshot": "https://x"}),
        )
    say(admin, "cam-1", 2, battery=80)
    events = admin.get("/devices/cam-1/events").items
    assert [each["persons"] for each in events] == [0, 1, None, 2, 3, 4, 5, 6, 7, 8, 9]
    assert events[1] == {
        "id": "1", "at": "2026-11-24T02:12:58Z", "kind": "patrol", "received_at": "2026-11-24T02:12:58Z", "battery": None,
        "rssi": None, "persons": 1, "presence": True, "temperature": None, "extra": {"snapshot": "https://x"},
    }  # fmt: skip
    assert admin.all("/devices/cam-1/events", limit=3) == events
    assert [each["battery"] for each in admin.get("/devices/cam-1/events", kind="telemetry").items] == [80]
    window = {"from_": "2026-11-24T10:10:58+08:00", "to": "2026-11-24T10:12:58+08:00"}
    assert [each["persons"] for each in admin.get("/devices/cam-1/events", **window).items] == [None, 2, 3]
    admin.get("/devices/cam-1/events", kind="gossip").problem(422)
    admin.get("/devices/cam-2/events").problem(404)


def test_a_series_has_a_bucket_for_each_width_that_was_heard_in(admin: Api) -> None:
    device(admin, "cam-1", home(admin), "camera")
    for minutes_ago, battery in ((1, 10), (10, 20), (70, 40), (75, 50), (500, 90)):
        say(admin, "cam-1", minutes_ago, battery=battery)
    hourly = admin.get("/devices/cam-1/series", metric="battery", bucket="1h").items
    assert hourly == [
        {"at": "2026-11-23T17:00:00Z", "min": 90, "max": 90, "avg": 90, "count": 1},
        {"at": "2026-11-24T00:00:00Z", "min": 50, "max": 50, "avg": 50, "count": 1},
        {"at": "2026-11-24T01:00:00Z", "min": 40, "max": 40, "avg": 40, "count": 1},
        {"at": "2026-11-24T02:00:00Z", "min": 10, "max": 20, "avg": 15, "count": 2},
    ]
    assert admin.all("/devices/cam-1/series", metric="battery", bucket="PT1H", limit=1) == hourly
    assert len(admin.get("/devices/cam-1/series", metric="battery", bucket="5m").items) == 5
    # a day begins at midnight in Lincang
    daily = admin.get("/devices/cam-1/series", metric="battery", bucket="1d").items
    assert [(each["at"], each["count"]) for each in daily] == [("2026-11-23T16:00:00Z", 5)]
    since = admin.get("/devices/cam-1/series", metric="battery", bucket="1h", from_="2026-11-24T02:00:00Z").items
    assert since == hourly[-1:]


def test_a_series_of_presence_is_the_share_of_looks_that_saw_somebody(admin: Api) -> None:
    device(admin, "cam-1", home(admin), "camera")
    for minutes_ago, presence in ((1, True), (2, True), (3, False), (4, None)):
        say(admin, "cam-1", minutes_ago, kind=1, presence=presence)
    (bucket,) = admin.get("/devices/cam-1/series", metric="presence", bucket="1h").items
    assert (bucket["min"], bucket["max"], bucket["count"]) == (0, 1, 3)
    assert bucket["avg"] == pytest.approx(2 / 3)


def test_a_width_that_makes_no_sense_is_refused(admin: Api) -> None:
    device(admin, "cam-1", home(admin), "camera")
    for bucket in ("", "1", "h", "0m", "-1h", "1y", "P10Y", "PT0S", "2e3s", "999999w"):
        admin.get("/devices/cam-1/series", metric="battery", bucket=bucket).problem(422, "bucket")


def test_what_a_device_said_in_another_home_is_not_shown_in_this_one(admin: Api) -> None:
    first, second = home(admin), home(admin, "manwan")
    device(admin, "cam-1", first, "camera")
    say(admin, "cam-1", 5, kind=1, persons=2)
    admin.patch("/devices/cam-1", {"patrol_every_s": 60}).ok()
    assert len(admin.get("/devices/cam-1/events").items) == 1
    admin.patch("/devices/cam-1", {"home": second}).ok()
    assert admin.get("/devices/cam-1/events").items == []
    assert admin.get("/devices/cam-1/series", metric="persons").items == []
    admin.clock.forward(timedelta(minutes=10))
    say(admin, "cam-1", 5, kind=1, persons=1)
    assert [each["persons"] for each in admin.get("/devices/cam-1/events").items] == [1]
    assert admin.rows("select count(*) from events") == [(2,)]
