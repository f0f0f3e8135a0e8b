"""The registry by plain HTTP: the contract's bodies, what PATCH leaves alone, errors, lists, removal."""

from typing import Any

import bcrypt

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import RESIDENT, admin, api, device, home, staff

__all__ = ["admin", "api"]


# The contract's bodies ------------------------------------------------------------------------------------------------


def test_an_area_is_read_back_as_it_was_written(admin: Api) -> None:
    body = {"code": "凤山镇", "name": "凤山镇", "level": "township", "parent": "凤庆"}
    made = admin.post("/areas", body).ok(201)
    assert made.body == {"id": "凤山镇", "shift_test": False, **body}
    assert admin.get("/areas/凤山镇").ok().body == made.body


def test_a_home_is_read_back_as_it_was_written(admin: Api) -> None:
    body = {"address": "3组 12号", "area": "anshi", "lat": 24.58, "lon": 99.92, "key_note": "钥匙在李兰处"}
    made = admin.post("/homes", body).ok(201)
    assert isinstance(made["id"], str)
    assert body.items() <= made.body.items()
    assert admin.get(f"/homes/{made['id']}").ok().body == made.body


def test_a_resident_is_read_back_as_he_was_written(admin: Api) -> None:
    body = {**RESIDENT, "home": home(admin)}
    made = admin.post("/residents", body).ok(201)
    wanted: dict[str, Any] = {
        **body, "area": "anshi", "contacts": [{"name": "张伟", "phone": "+8613800000009", "relation": "儿子"}],
    }  # fmt: skip
    assert wanted.items() <= made.body.items()
    assert admin.get(f"/residents/{made['id']}").ok().body == made.body


def test_a_resident_needs_no_more_than_a_name_and_a_home(admin: Api) -> None:
    made = admin.post("/residents", {"name": "李兰英", "home": home(admin)}).ok(201)
    assert (made["category"], made["contacts"], made["phone"], made["birth_date"]) == ([], [], None, None)


def test_only_the_answer_to_adding_a_device_has_its_password(admin: Api) -> None:
    place = home(admin)
    body = {"uid": "cam-1", "kind": "camera", "home": place, "patrol_every_s": 120, "offline_after_s": 600}
    made = admin.post("/devices", body).ok(201)
    password = made["mqtt_password"]
    assert len(password) == 32
    assert {**body, "format": "anju", "topic": None, "hub": None, "id": "cam-1"}.items() <= made.body.items()
    read = admin.get("/devices/cam-1").ok()
    assert "mqtt_password" not in read.body
    assert read["health"] == {
        "state": "never", "last_seen": None, "battery": None, "rssi": None, "fw": None, "problems": [],
        "battery_flat_on": None, "linkquality": None, "clock_skew_s": None, "booted_at": None, "usual_gap_s": None,
    }  # fmt: skip
    (stored,) = admin.rows("select password_hash from devices")[0]
    assert bcrypt.checkpw(password.encode(), stored.encode())


def test_a_lost_device_password_is_replaced(admin: Api) -> None:
    old = device(admin, "cam-1", home(admin))
    new = admin.post("/devices/cam-1/password").ok(201)["mqtt_password"]
    (stored,) = admin.rows("select password_hash from devices")[0]
    assert bcrypt.checkpw(new.encode(), stored.encode())
    assert not bcrypt.checkpw(old.encode(), stored.encode())


def test_a_service_is_read_back_as_it_was_written(admin: Api) -> None:
    body = {
        "code": "meal", "name": "送餐", "name_en": "Meal", "usual_minutes": 20, "needs": "cooking", "every_days": 1,
    }  # fmt: skip
    assert admin.post("/services", body).ok(201).body == {"id": "meal", **body}
    assert admin.patch("/services/meal", {"name_en": None}).ok().body == {"id": "meal", **body, "name_en": None}
    admin.post("/services", body).problem(409, "service meal is there already")


# PATCH ----------------------------------------------------------------------------------------------------------------


def test_a_patch_leaves_alone_what_it_does_not_name(admin: Api) -> None:
    place = home(admin, lat=24.5, lon=99.9, key_note="左边花盆下")
    changed = admin.patch(f"/homes/{place}", {"address": "4组 1号"}).ok()
    assert (changed["address"], changed["lat"], changed["key_note"]) == ("4组 1号", 24.5, "左边花盆下")


def test_null_takes_a_value_away_where_there_may_be_none(admin: Api) -> None:
    place = home(admin, lat=24.5, lon=99.9, key_note="左边花盆下")
    changed = admin.patch(f"/homes/{place}", {"lat": None, "lon": None, "key_note": None}).ok()
    assert (changed["lat"], changed["lon"], changed["key_note"]) == (None, None, None)
    for field in ("address", "area"):
        refused = admin.patch(f"/homes/{place}", {field: None}).problem(422)
        assert refused["errors"][0]["field"] == field


def test_an_empty_patch_changes_nothing_and_is_not_audited(admin: Api) -> None:
    place = home(admin)
    before = admin.audit()
    admin.patch(f"/homes/{place}", {}).ok()
    assert admin.audit() == before


def test_a_resident_moves_to_another_home(admin: Api) -> None:
    first, second = home(admin), home(admin, "manwan")
    made = admin.post("/residents", {**RESIDENT, "home": first}).ok(201)
    moved = admin.patch(f"/residents/{made['id']}", {"home": second, "contacts": [], "birth_date": None}).ok()
    assert (moved["home"], moved["area"], moved["contacts"], moved["birth_date"]) == (second, "manwan", [], None)
    assert (moved["notes"], moved["category"]) == (RESIDENT["notes"], RESIDENT["category"])
    admin.patch(f"/residents/{made['id']}", {"contacts": None}).problem(422)


def test_a_code_and_a_uid_cannot_be_changed(admin: Api) -> None:
    device(admin, "btn-1", home(admin))
    admin.patch("/areas/anshi", {"code": "other"}).problem(422, "there is no such key here")
    admin.patch("/devices/btn-1", {"uid": "other"}).problem(422, "there is no such key here")


# Errors ---------------------------------------------------------------------------------------------------------------


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("/homes", {"address": "x", "area": "nowhere"}, "area", "there is none with that code within yours"),
    ("/homes", {"address": "x", "area": "anshi", "lat": 24.5}, "lon", "lat and lon go together"),
    ("/homes", {"address": "x", "area": "anshi", "lat": 91, "lon": 0}, "lat", "90"),
    ("/homes", {"address": " ", "area": "anshi"}, "address", "is empty"),
    ("/homes", {"area": "anshi"}, "address", "is missing"),
    ("/homes", {"address": "x", "area": "anshi", "adress": "y"}, "adress", "mend its spelling"),
    ("/residents", {"name": "x", "home": "4711"}, "home", "home 4711: there is none"),
    ("/residents", {"name": "x", "home": "HOME", "birth_date": "2126-01-01"}, "birth_date", "mend the year"),
    ("/residents", {"name": "x", "home": "HOME", "birth_date": "1941-02-30"}, "birth_date", ""),
    ("/residents", {"name": "x", "home": "HOME", "phone": "call me"}, "phone", "is not a phone number"),
    ("/residents", {"name": "x\u0000", "home": "HOME"}, "name", "NUL"),
    ("/devices", {"uid": "a!", "kind": "button", "home": "HOME"}, "uid", ""),
    ("/devices", {"uid": "btn-1", "kind": "toaster", "home": "HOME"}, "kind", "'pendant'"),
    ("/devices", {"uid": "btn-1", "kind": "button", "home": "4711"}, "home", "there is none"),
    ("/devices", {"uid": "btn-1", "kind": "button", "home": "HOME", "hub": "hub-9"}, "hub", "there is none"),
    ("/devices", {"uid": "btn-1", "kind": "button", "home": "HOME", "patrol_every_s": 0}, "patrol_every_s", ""),
    ("/staff", {"name": "x", "phone": "13800000001", "area": "anshi"}, "phone", "+86 138 0000 0001"),
    ("/staff", {"name": "x", "phone": "+8613800000001", "area": "anshi", "language": "fr"}, "language", ""),
]  # fmt: skip


def test_a_wrong_value_is_told_with_its_field_and_the_mend(admin: Api) -> None:
    place = home(admin)
    for path, body, field, words in WRONG:
        sent = {**body, "home": place} if body.get("home") == "HOME" else body
        refused = admin.post(path, sent).problem(422, words)
        assert [each["field"] for each in refused["errors"]] == [field], (path, body)
        told = refused["errors"][0]["value"]
        assert told is None or told == body[field]


def test_all_wrong_values_are_told_at_once(admin: Api) -> None:
    refused = admin.post("/homes", {"address": "", "area": "a b", "lat": "north", "lon": None}).problem(422)
    assert {each["field"] for each in refused["errors"]} == {"address", "area", "lat"}


def test_what_is_not_there_is_a_404_for_every_method(admin: Api) -> None:
    for path in (
        "/areas/nowhere", "/homes/4711", "/homes/x", "/homes/0", "/homes/99999999999999999999", "/residents/4711",
        "/devices/nothing-1", "/devices/!", "/staff/4711", "/services/none", "/services/NONE", "/rotas/1", "/overrides/1",
        "/policies/1", "/users/4711",
    ):  # fmt: skip
        admin.get(path).problem(404, path.rpartition("/")[2])
        admin.patch(path, {}).problem(404)
        admin.delete(path).problem(404)


# Lists ----------------------------------------------------------------------------------------------------------------


def test_120_homes_come_in_three_pages_of_50_though_some_come_and_go_meanwhile(admin: Api) -> None:
    made = [home(admin, address=f"{number}号") for number in range(120)]
    first = admin.get("/homes", limit=50).ok()
    admin.delete(f"/homes/{made[0]}").ok(204)
    second = admin.get("/homes", limit=50, cursor=first["next"]).ok()
    third = admin.get("/homes", limit=50, cursor=second["next"]).ok()
    assert [len(page.items) for page in (first, second, third)] == [50, 50, 20]
    assert third["next"] is None
    assert [each["id"] for page in (first, second, third) for each in page.items] == made


def test_every_list_ends_and_refuses_a_cursor_of_another(admin: Api) -> None:
    place = home(admin)
    for number in range(5):
        admin.post("/areas", {"code": f"v{number}", "name": "x", "level": "village", "parent": "luodang"}).ok(201)
        home(admin, address=f"{number}号")
        admin.post("/residents", {"name": "x", "home": place}).ok(201)
        device(admin, f"btn-{number}", place)
        staff(admin)
        admin.post("/services", {"code": f"s{number}", "name": "x"}).ok(201)
        admin.post("/users", {"username": f"u{number}", "role": "viewer"}).ok(201)
    for path in ("/areas", "/homes", "/residents", "/devices", "/staff", "/services", "/users"):
        everything = [each["id"] for each in admin.get(path, limit=500).items]
        assert len(everything) >= 5
        assert len(set(everything)) == len(everything)
        assert [each["id"] for each in admin.all(path, limit=2)] == everything
        for cursor in ("nonsense", "W10", "WzEsMl0"):
            admin.get(path, cursor=cursor).problem(422, "is not one of this list")
        admin.get(path, limit=0).problem(422)
        admin.get(path, limit=501).problem(422)


def test_lists_keep_to_what_is_asked_for(admin: Api) -> None:
    first, second = home(admin, address="凤山路 1号"), home(admin, "manwan", address="漫湾 2号")
    zhang = admin.post("/residents", {**RESIDENT, "home": first}).ok(201)["id"]
    wang = admin.post("/residents", {"name": "王秀英", "home": second}).ok(201)["id"]
    device(admin, "hub-1", first, "hub", format="zigbee2mqtt", topic="zigbee2mqtt")
    device(admin, "btn-1", first, hub="hub-1", topic="zigbee2mqtt/bed")
    device(admin, "btn-2", second)

    def ids(path: str, **query: object) -> list[str]:
        return [each["id"] for each in admin.get(path, **query).items]

    assert ids("/homes", q="凤山") == [first]
    assert ids("/homes", area="yun") == [second]
    assert ids("/residents", home=second) == [wang]
    assert ids("/residents", q="张") == [zhang]
    assert ids("/residents", category="lives_alone") == [zhang]
    assert ids("/residents", area="凤庆") == [zhang]
    assert ids("/devices", kind="button") == ["btn-1", "btn-2"]
    assert ids("/devices", hub="hub-1") == ["btn-1"]
    assert ids("/devices", home=first) == ["btn-1", "hub-1"]
    assert ids("/devices", state="online") == []
    assert ids("/devices", state="never", area="yun") == ["btn-2"]
    assert ids("/devices", q="HUB") == ["hub-1"]
    admin.get("/homes", area="nowhere").problem(422, "there is none with that code")


# Removal --------------------------------------------------------------------------------------------------------------


def test_a_home_in_use_is_not_removed_and_says_by_what(admin: Api) -> None:
    place = home(admin)
    resident = admin.post("/residents", {**RESIDENT, "home": place}).ok(201)["id"]
    device(admin, "btn-1", place)
    refused = admin.delete(f"/homes/{place}").problem(
        409, f"home {place}", "devices: 1 (btn-1)", f"residents: 1 ({resident})"
    )
    assert refused["in_use"] == {"residents": 1, "devices": 1}
    admin.delete("/devices/btn-1").ok(204)
    admin.delete(f"/residents/{resident}").ok(204)
    admin.delete(f"/homes/{place}").ok(204)
    for path in (f"/homes/{place}", f"/residents/{resident}", "/devices/btn-1"):
        admin.get(path).problem(404)
        admin.delete(path).problem(404)
    assert admin.get("/homes").items == []
    assert admin.rows("select count(*) from homes where removed_at is not null") == [(1,)]
    admin.post("/residents", {**RESIDENT, "home": place}).problem(422, "there is none with that id")
    admin.post("/devices", {"uid": "btn-2", "kind": "button", "home": place}).problem(422, "there is none")


def test_a_home_with_an_open_alert_is_not_removed(admin: Api) -> None:
    place = home(admin)
    admin.run(
        "insert into alerts (kind, severity, state, area, home_id, raised_at, pressed_at, policy_started_at, next_step_at)"
        " values ('help', 'critical', 'raised', 'anshi', %(home)s, %(now)s, %(now)s, %(now)s, %(now)s)",
        home=place,
    )
    admin.delete(f"/homes/{place}").problem(409, "open alerts: 1")


def test_an_area_with_anything_in_it_is_not_removed(admin: Api) -> None:
    place = home(admin)
    staff(admin)
    admin.delete("/areas/luodang").problem(409, "areas below it: 1 (anshi)")
    admin.delete("/areas/anshi").problem(409, f"homes (removed ones count): 1 ({place})", "staff")
    admin.delete("/areas/manwan").ok(204)
    admin.get("/areas/manwan").problem(404)
