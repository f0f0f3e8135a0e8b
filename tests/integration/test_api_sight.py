"""Who sees and touches what in the registry, and what is written down of it."""

import json

import pytest

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import RESIDENT, admin, api, device, home, say, staff

__all__ = ["admin", "api"]


# Who sees what --------------------------------------------------------------------------------------------------------


def test_a_county_sees_and_touches_nothing_of_its_neighbour(admin: Api, api: Api) -> None:
    place = home(admin, "manwan")
    resident = admin.post("/residents", {**RESIDENT, "home": place}).ok(201)["id"]
    device(admin, "btn-1", place)
    lan = staff(admin, area="manwan")
    county = api.being("admin", "凤庆")
    for path in ("/homes", "/residents", "/devices", "/staff"):
        assert county.get(path).items == []
        county.get(path, area="yun").problem(422, "there is none with that code within yours")
    assert {each["code"] for each in county.get("/areas").items} == {"凤庆", "luodang", "anshi"}
    for path in (
        f"/homes/{place}",
        f"/residents/{resident}",
        "/devices/btn-1",
        f"/staff/{lan}",
        "/areas/yun",
        "/areas/lincang",
    ):
        county.get(path).problem(404)
        county.patch(path, {}).problem(404)
        county.delete(path).problem(404)
    for path in ("/devices/btn-1/events", "/devices/btn-1/series?metric=battery"):
        county.get(path).problem(404)
    county.post("/devices/btn-1/password").problem(404)
    county.post("/homes", {"address": "x", "area": "manwan"}).problem(422)
    county.post("/residents", {"name": "x", "home": place}).problem(422)
    county.post("/devices", {"uid": "btn-2", "kind": "button", "home": place}).problem(422)
    county.post("/areas", {"code": "x", "name": "x", "level": "village", "parent": "yun"}).problem(422)
    own = home(county)
    county.patch(f"/homes/{own}", {"area": "manwan"}).problem(422)
    mine = county.post("/residents", {**RESIDENT, "home": own}).ok(201)["id"]
    county.patch(f"/residents/{mine}", {"home": place}).problem(422)
    county.get("/residents", home=place).problem(422)


def test_nobody_hears_whether_a_neighbours_thing_exists(admin: Api, api: Api) -> None:
    place = home(admin, "manwan")
    county = api.being("admin", "凤庆")
    there = county.post("/residents", {"name": "x", "home": place}).problem(422)["detail"].replace(place, "ID")
    nowhere = county.post("/residents", {"name": "x", "home": "4711"}).problem(422)["detail"].replace("4711", "ID")
    assert there == nowhere
    assert county.get(f"/homes/{place}")["detail"].replace(place, "ID") == county.get("/homes/4711")["detail"].replace(
        "4711", "ID"
    )


def test_no_administrator_of_a_part_reaches_out_of_it_by_moving_the_tree(admin: Api, api: Api) -> None:
    county = api.being("admin", "凤庆")
    city = api.being("admin", "lincang")
    county.patch("/areas/凤庆", {"parent": None}).problem(403, "administrator over everything")
    county.patch("/areas/luodang", {"parent": None}).problem(403)
    county.patch("/areas/凤庆", {"parent": "yun"}).problem(403)
    county.patch("/areas/luodang", {"parent": "yun"}).problem(422)
    county.post("/areas", {"code": "x", "name": "x", "level": "city"}).problem(403)
    city.post("/areas", {"code": "x", "name": "x", "level": "city"}).problem(403)
    county.delete("/areas/凤庆").problem(409)
    city.patch("/areas/luodang", {"parent": "yun"}).ok()
    county.get("/areas/luodang").problem(404)


def test_viewers_read_but_not_what_is_private(admin: Api, api: Api) -> None:
    place = home(admin, key_note="左边花盆下")
    resident = admin.post("/residents", {**RESIDENT, "home": place}).ok(201)["id"]
    lan = staff(admin)
    device(admin, "cam-1", place, "camera")
    say(admin, "cam-1", 1, kind=1, presence=True, extra=json.dumps({"snapshot": "https://x"}))
    for role, sees in (("viewer", False), ("responder", True), ("operator", True), ("admin", True)):
        reader = api.being(role, "凤庆")
        one, (listed,) = reader.get(f"/residents/{resident}").ok().body, reader.get("/residents").items
        assert one == listed
        assert (one["name"], one["category"]) == (RESIDENT["name"], RESIDENT["category"])
        assert [one[field] is not None for field in ("notes", "phone", "contacts")] == [sees] * 3
        assert (reader.get(f"/homes/{place}")["key_note"] is not None) is sees
        assert (reader.get("/homes").items[0]["key_note"] is not None) is sees
        assert (reader.get(f"/staff/{lan}")["phone"] is not None) is sees
        assert (reader.get("/staff").items[0]["phone"] is not None) is sees
        assert (reader.get("/devices/cam-1/events").items[0]["extra"] is not None) is sees


def test_the_registry_is_written_by_administrators_only(admin: Api, api: Api) -> None:
    place = home(admin)
    resident = admin.post("/residents", {**RESIDENT, "home": place}).ok(201)["id"]
    device(admin, "btn-1", place)
    admin.post("/services", {"code": "meal", "name": "送餐"}).ok(201)
    for role in ("viewer", "responder", "operator"):
        caller = api.being(role)
        for path, body in (
            ("/areas", {"code": "x", "name": "x", "level": "village", "parent": "luodang"}),
            ("/homes", {"address": "x", "area": "anshi"}),
            ("/residents", {"name": "x", "home": place}),
            ("/devices", {"uid": "btn-2", "kind": "button", "home": place}),
            ("/services", {"code": "x", "name": "x"}),
            ("/devices/btn-1/password", None),
        ):
            caller.post(path, body).problem(403, "this takes the role admin", role)
        for path in ("/areas/anshi", f"/homes/{place}", f"/residents/{resident}", "/devices/btn-1", "/services/meal"):
            caller.patch(path, {}).problem(403)
            caller.delete(path).problem(403)
            caller.get(path).ok()


def test_services_are_written_by_those_who_write_for_all(admin: Api, api: Api) -> None:
    county = api.being("admin", "凤庆")
    county.post("/services", {"code": "meal", "name": "送餐"}).problem(403, "the same everywhere")
    api.being("admin", "lincang").post("/services", {"code": "meal", "name": "送餐"}).ok(201)
    assert "meal" in [each["code"] for each in county.get("/services").items]
    county.delete("/services/meal").problem(403)
    admin.delete("/services/meal").ok(204)
    admin.get("/services/meal").problem(404)
    admin.post("/services", {"code": "meal", "name": "送饭"}).ok(201)


def test_without_a_session_nothing_is_told(admin: Api, api: Api) -> None:
    for path in (
        "/areas",
        "/homes",
        "/residents/1",
        "/devices/x-1",
        "/staff",
        "/services",
        "/rotas",
        "/oncall",
        "/users",
    ):
        api.get(path).problem(401, "log in first")


# The audit log --------------------------------------------------------------------------------------------------------


def test_every_write_and_every_look_at_a_person_is_written_down(admin: Api, api: Api) -> None:
    place = home(admin, key_note="左边花盆下")
    resident = admin.post("/residents", {**RESIDENT, "home": place}).ok(201)["id"]
    admin.patch(f"/residents/{resident}", {"notes": "新的秘密", "phone": None}).ok()
    viewer = api.being("viewer", "凤庆")
    viewer.get("/residents").ok()
    viewer.get(f"/residents/{resident}").ok()
    viewer.get(f"/homes/{place}").ok()
    admin.get("/homes").ok()
    admin.patch(f"/homes/{place}", {"address": "5组 1号"}).ok()
    admin.delete(f"/residents/{resident}").ok(204)
    written = admin.rows(
        "select who, role, action, object, area, detail from audit where object not like 'area%%' order by id"
    )
    assert written == [
        (admin.username, "admin", "add", f"home {place}", "anshi", None),
        (admin.username, "admin", "add", f"resident {resident}", "anshi", None),
        (admin.username, "admin", "change", f"resident {resident}", "anshi", {"notes": "changed", "phone": "changed"}),
        (viewer.username, "viewer", "read", "residents", "凤庆", {"residents": [resident]}),
        (viewer.username, "viewer", "read", f"resident {resident}", "anshi", None),
        (viewer.username, "viewer", "read", f"home {place}", "anshi", None),
        (admin.username, "admin", "read", "homes", None, {"homes": [place]}),
        (admin.username, "admin", "change", f"home {place}", "anshi", {"address": ["3组 12号", "5组 1号"]}),
        (admin.username, "admin", "remove", f"resident {resident}", "anshi", None),
    ]


def test_neither_the_audit_log_nor_the_log_holds_a_secret_or_a_private_word(
    admin: Api, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    place = home(admin, key_note="KEYNOTE")
    secret = device(admin, "btn-1", place)
    again = admin.post("/devices/btn-1/password").ok(201)["mqtt_password"]
    resident = admin.post(
        "/residents",
        {"name": "NAME", "home": place, "notes": "NOTES", "phone": "0883-4210001", "contacts": [
            {"name": "CONTACT", "phone": "+8613800000009"}]},
    ).ok(201)["id"]  # fmt: skip
    admin.patch(f"/residents/{resident}", {"name": "OTHER", "notes": "MORE", "birth_date": "1941-03-02"}).ok()
    admin.patch(f"/homes/{place}", {"key_note": "ELSEWHERE"}).ok()
    admin.get("/residents", q="OTHER").ok()
    admin.get("/homes", q="3组").ok()
    lan = staff(admin, phone="+8613800000077")
    admin.patch(f"/staff/{lan}", {"phone": "+8613800000078"}).ok()
    made = admin.post("/users", {"username": "wang", "role": "viewer"}).ok(201)
    renewed = admin.post(f"/users/{made['id']}/password").ok(201)["password"]
    audit = str(admin.rows("select object, detail::text from audit"))
    shown = capfd.readouterr()
    # but for the client of this test, which is not ours
    logged = "".join(each.getMessage() for each in caplog.records if not each.name.startswith("http"))
    for word in (
        secret, again, made["password"], renewed, "KEYNOTE", "ELSEWHERE", "NAME", "OTHER", "NOTES", "MORE", "CONTACT",
        "1941", "4210001", "8613800000009", "8613800000077", "8613800000078", "$2b$", "argon2",
    ):  # fmt: skip
        for place_of_record in (audit, logged, shown.out, shown.err):
            assert word not in place_of_record
