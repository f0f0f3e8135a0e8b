"""A home's set replaced on the spot, and a device's credentials given anew or taken away."""

import json

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, device, home, say

__all__ = ["admin", "api"]


def warn(admin: Api, uid: str, kind: str) -> str:
    """Put an open warning about a device on the board; returns its id."""
    admin.run(
        "insert into alerts (kind, severity, state, area, home_id, device_uid, raised_at, pressed_at, policy_started_at,"
        " next_step_at) select %(kind)s, 'normal', 'notified', homes.area, homes.id, uid, %(now)s, %(now)s, %(now)s, %(now)s"
        " from devices join homes on homes.id = home_id where uid = %(uid)s",
        uid=uid, kind=kind,
    )  # fmt: skip
    return str(admin.rows("select max(id) from alerts")[0][0])


def test_a_new_set_takes_over_home_kind_and_periods_and_the_old_ones_history_stays(admin: Api) -> None:
    place = home(admin)
    old = device(admin, "cam-1", place, "camera", patrol_every_s=300, offline_after_s=900)
    say(admin, "cam-1", 5, battery=3)
    made = admin.post("/devices/cam-1/replace", {"uid": "cam-2"}).ok(201)
    assert len(made["mqtt_password"]) == 32
    assert made["mqtt_password"] != old
    assert (made["uid"], made["replaces"], made["home"], made["kind"]) == ("cam-2", "cam-1", place, "camera")
    assert (made["patrol_every_s"], made["offline_after_s"], made["has_password"]) == (300, 900, True)
    assert made["health"]["state"] == "never"
    admin.get("/devices/cam-1").problem(404)
    assert [each["battery"] for each in admin.get("/devices/cam-1/events").items] == [3]
    assert admin.get("/devices/cam-1/series", metric="battery").items[0]["min"] == 3
    assert admin.rows("select password_hash from devices where uid = 'cam-1'") == [(None,)]


def test_history_of_a_set_that_is_gone_is_seen_within_the_area_only(admin: Api) -> None:
    device(admin, "cam-1", home(admin, "anshi"), "camera")
    admin.post("/devices/cam-1/replace", {"uid": "cam-2"}).ok(201)
    admin.being("viewer", "manwan").get("/devices/cam-1/events").problem(404)
    admin.being("viewer", "luodang").get("/devices/cam-1/events").ok()


def test_what_hangs_on_a_hub_hangs_on_the_new_one_and_its_topics_follow(admin: Api) -> None:
    place = home(admin)
    device(admin, "hub-1", place, "hub", format="zigbee2mqtt", topic="z2m/house")
    device(admin, "btn-1", place, hub="hub-1", format="zigbee2mqtt", topic="z2m/house/bed")
    device(admin, "btn-2", place, hub="hub-1", format="zigbee2mqtt", topic="sofa")
    admin.post("/devices/hub-1/replace", {"uid": "hub-2"}).ok(201)
    assert admin.get("/devices/hub-2").ok()["topic"] == "z2m/house"
    assert {each["uid"]: each["topic"] for each in admin.get("/devices", hub="hub-2").items} == {
        "btn-1": "z2m/house/bed", "btn-2": "sofa",
    }  # fmt: skip
    admin.post("/devices/hub-2/replace", {"uid": "hub-3", "topic": "new/base"}).ok(201)
    assert {each["uid"]: each["topic"] for each in admin.get("/devices", hub="hub-3").items} == {
        "btn-1": "new/base/bed", "btn-2": "sofa",
    }  # fmt: skip
    admin.post("/devices/hub-3/replace", {"uid": "cam-1", "kind": "camera"}).problem(422, "btn-1", "only a hub")


def test_another_vendors_set_does_not_inherit_the_topic_and_another_kind_not_the_periods(admin: Api) -> None:
    place = home(admin)
    device(admin, "plug-1", place, "camera", format="shelly", topic="shellyplus1-a8", patrol_every_s=60)
    made = admin.post("/devices/plug-1/replace", {"uid": "btn-9", "kind": "button", "format": "anju"}).ok(201)
    assert (made["topic"], made["patrol_every_s"], made["format"]) == (None, None, "anju")


def test_the_old_sets_warnings_end_and_a_call_for_help_stays(admin: Api) -> None:
    place = home(admin)
    device(admin, "btn-1", place)
    device(admin, "cam-1", place, "camera")
    flat, offline = warn(admin, "btn-1", "battery_low"), warn(admin, "btn-1", "device_offline")
    call, quiet = warn(admin, "btn-1", "help"), warn(admin, "btn-1", "inactivity")
    others = warn(admin, "cam-1", "device_offline")
    admin.post("/devices/btn-1/replace", {"uid": "btn-2"}).ok(201)
    states = {number: admin.get(f"/alerts/{number}").ok()["state"] for number in (flat, offline, call, quiet, others)}
    assert states == {flat: "closed", offline: "closed", call: "notified", quiet: "notified", others: "notified"}
    assert "btn-2" in admin.get(f"/alerts/{flat}").ok()["note"]


def test_whoever_goes_out_may_replace_within_his_area_and_no_further(admin: Api) -> None:
    device(admin, "btn-1", home(admin, "anshi"))
    device(admin, "btn-8", home(admin, "manwan"))
    lan = admin.being("responder", "luodang")
    lan.post("/devices/btn-8/replace", {"uid": "btn-9"}).problem(404)
    admin.being("viewer").post("/devices/btn-1/replace", {"uid": "btn-9"}).problem(403)
    lan.post("/devices/btn-1/replace", {"uid": "btn-2"}).ok(201)


def test_only_an_administrator_gives_the_new_set_more_of_the_broker_than_the_old_one_had(admin: Api) -> None:
    place = home(admin, "anshi")
    device(admin, "btn-1", place)
    device(admin, "plug-1", place, "sensor", format="shelly", topic="shellyplus1-a8")
    device(admin, "hub-1", place, "hub", format="zigbee2mqtt", topic="z2m/one")
    device(admin, "bed-1", place, format="zigbee2mqtt", hub="hub-1", topic="bed")
    lan = admin.being("responder", "luodang")
    for old, more in (
        ("btn-1", {"kind": "hub", "format": "homeassistant", "topic": "homeassistant"}),
        ("btn-1", {"kind": "hub", "topic": "z2m"}),
        ("btn-1", {"format": "frigate", "topic": "frigate"}),
        ("btn-1", {"hub": "hub-1"}),
        ("btn-1", {"topic": "other"}),
        ("plug-1", {"topic": "homeassistant"}),
        ("plug-1", {"topic": "z2m/two"}),
        ("hub-1", {"topic": "zigbee2mqtt"}),
        ("hub-1", {"format": "frigate"}),
        ("bed-1", {"hub": None}),
        ("bed-1", {"hub": None, "topic": "frigate"}),
        ("bed-1", {"format": "anju", "topic": "frigate"}),
    ):
        lan.post(f"/devices/{old}/replace", {"uid": "new-1", **more}).problem(403, "administrator")
    assert admin.get("/devices/new-1").status == 404
    assert (
        lan.post("/devices/plug-1/replace", {"uid": "plug-2", "topic": "shellyplus1-b9"}).ok(201)["format"] == "shelly"
    )
    assert lan.post("/devices/hub-1/replace", {"uid": "hub-2", "topic": "z2m/two"}).ok(201)["kind"] == "hub"
    assert lan.post("/devices/bed-1/replace", {"uid": "bed-2", "topic": "bed 2"}).ok(201)["topic"] == "bed 2"
    lan.post("/devices/plug-2/replace", {"uid": "btn-3", "kind": "button", "format": "anju"}).ok(201)
    admin.post("/devices/btn-1/replace", {"uid": "hub-9", "kind": "hub", "topic": "z2m/nine"}).ok(201)


def test_where_all_devices_make_themselves_known_is_no_topic_for_an_administrator_of_one_area(admin: Api) -> None:
    place = home(admin, "anshi")
    device(admin, "hub-1", place, "hub", format="zigbee2mqtt", topic="z2m/one")
    county = admin.being("admin", "凤庆")
    for topic in ("homeassistant", "homeassistant/sensor", "tasmota", "esphome/discover"):
        body = {"uid": "hub-2", "kind": "hub", "home": place, "format": "homeassistant", "topic": topic}
        county.post("/devices", body).problem(403, "over everything")
        county.patch("/devices/hub-1", {"topic": topic}).problem(403, "over everything")
        county.post("/devices/hub-1/replace", {"uid": "hub-2", "topic": topic}).problem(403, "over everything")
    device(county, "node-1", place, "sensor", format="esphome", topic="esphome/kitchen")
    device(admin, "hub-2", place, "hub", format="homeassistant", topic="homeassistant")
    county.patch("/devices/hub-1", {"patrol_every_s": 60}).ok()


def test_a_refused_replacement_changes_nothing(admin: Api) -> None:
    place = home(admin)
    device(admin, "btn-1", place)
    device(admin, "btn-2", place)
    open_one = warn(admin, "btn-1", "battery_low")
    admin.post("/devices/btn-1/replace", {"uid": "btn-2"}).problem(409, "btn-2", "already")
    admin.post("/devices/btn-1/replace", {"uid": "btn-1"}).problem(422, "itself")
    admin.post("/devices/btn-1/replace", {"uid": "b"}).problem(422)
    admin.post("/devices/btn-1/replace", {"uid": "btn-3", "hub": "btn-2"}).problem(422, "hub")
    assert admin.get("/devices/btn-1").ok()["has_password"]
    assert admin.get(f"/alerts/{open_one}").ok()["state"] == "notified"


def test_a_set_that_went_may_come_back_and_is_then_nobodys_successor(admin: Api) -> None:
    device(admin, "btn-1", home(admin))
    admin.post("/devices/btn-1/replace", {"uid": "btn-2"}).ok(201)
    admin.post("/devices/btn-2/replace", {"uid": "btn-1"}).ok(201)
    assert admin.get("/devices/btn-1").ok()["replaces"] == "btn-2"
    admin.delete("/devices/btn-1").ok(204)
    device(admin, "btn-1", home(admin, "manwan"))
    assert admin.get("/devices/btn-1").ok()["replaces"] is None


def test_a_replacement_is_audited_and_no_password_with_it(admin: Api) -> None:
    place = home(admin)
    device(admin, "btn-1", place)
    password = admin.post("/devices/btn-1/replace", {"uid": "btn-2"}).ok(201)["mqtt_password"]
    assert [(action, thing) for _, action, thing in admin.audit()][-2:] == [
        ("replace", "device btn-1"), ("add", "device btn-2"),
    ]  # fmt: skip
    rows = admin.rows("select detail from audit where action in ('replace', 'add') order by id desc limit 2")
    assert rows[0][0] == {"kind": "button", "home": place, "replaces": "btn-1"}
    everything = json.dumps(admin.rows("select row_to_json(audit)::text from audit"))
    assert password not in everything
    assert password not in str(admin.rows("select row_to_json(devices)::text from devices"))


def test_a_revoked_device_stays_and_has_no_password_until_it_gets_another(admin: Api) -> None:
    old = device(admin, "btn-1", home(admin))
    assert admin.get("/devices/btn-1").ok()["has_password"] is True
    assert admin.post("/devices/btn-1/revoke").ok()["has_password"] is False
    admin.post("/devices/btn-1/revoke").ok()
    assert admin.rows("select password_hash from devices") == [(None,)]
    new = admin.post("/devices/btn-1/password").ok(201)["mqtt_password"]
    assert new != old
    assert admin.get("/devices/btn-1").ok()["has_password"] is True
    assert [action for _, action, thing in admin.audit() if thing == "device btn-1"] == [
        "add", "revoke_password", "new_password",
    ]  # fmt: skip


def test_only_an_administrator_of_the_area_revokes(admin: Api) -> None:
    device(admin, "btn-1", home(admin, "anshi"))
    for caller, status in ((admin.being("operator"), 403), (admin.being("admin", "yun"), 404)):
        caller.post("/devices/btn-1/revoke").problem(status)
        caller.post("/devices/btn-1/password").problem(status)
    assert admin.get("/devices/btn-1").ok()["has_password"] is True
