"""What hubs and discoveries name waits for an administrator of the area, who lets it in or dismisses it."""

import json

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, device, home

__all__ = ["admin", "api"]


def named(admin: Api, name: str, hub: str | None = None, **more: object) -> str:
    """Put something on the list as the gateway does; returns its id."""
    given = {
        "format": "zigbee2mqtt", "address": name, "topic": None, "kind": None, "model": "TS0215A_sos", "maker": "Tuya",
        "fw": None, "said": {"battery": 100}, **more,
    }  # fmt: skip
    (row,) = admin.rows(
        "insert into discovered (format, hub_uid, address, topic, name, kind, model, maker, fw, first_seen, last_seen, said)"
        " values (%(format)s, %(hub)s, %(address)s, %(topic)s, %(name)s, %(kind)s, %(model)s, %(maker)s, %(fw)s, %(now)s,"
        " %(now)s, %(said)s) returning id",
        **{**given, "said": json.dumps(given["said"])}, name=name, hub=hub, now=admin.clock.now(),
    )  # fmt: skip
    return str(row[0])


def hubs(admin: Api) -> tuple[str, str]:
    """A hub in each county; returns their homes."""
    first, second = home(admin, "anshi"), home(admin, "manwan")
    device(admin, "hub-1", first, "hub", format="zigbee2mqtt", topic="z2m/one")
    device(admin, "hub-2", second, "hub", format="zigbee2mqtt", topic="z2m/two")
    return first, second


def test_each_administrator_sees_what_waits_in_his_area_and_at_the_top_what_has_no_place(admin: Api) -> None:
    hubs(admin)
    named(admin, "bed", "hub-1")
    named(admin, "sofa", "hub-2")
    named(admin, "stray", format="tasmota", topic="tasmota_A8")
    assert [each["name"] for each in admin.get("/discovered").items] == ["stray", "sofa", "bed"]
    assert [each["name"] for each in admin.all("/discovered", limit=1)] == ["stray", "sofa", "bed"]
    assert [each["name"] for each in admin.get("/discovered", area="yun").items] == ["sofa"]
    assert [each["name"] for each in admin.get("/discovered", hub="hub-1").items] == ["bed"]
    assert [each["name"] for each in admin.being("admin", "凤庆").get("/discovered").items] == ["bed"]
    for role in ("operator", "responder", "viewer"):
        admin.being(role).get("/discovered").problem(403)


def test_what_is_let_in_behind_a_hub_stands_in_the_hubs_home_and_speaks_under_its_own_name(admin: Api) -> None:
    first, _ = hubs(admin)
    waiting = named(admin, "bedroom/sos 1", "hub-1", kind="button")
    (shown,) = admin.get("/discovered").items
    assert (shown["home"], shown["kind"], shown["proposed_uid"], shown["said"]) == (
        first, "button", "bedroom-sos-1", {"battery": 100},
    )  # fmt: skip
    made = admin.post(f"/discovered/{waiting}/approve", {}).ok(201)
    assert (made["uid"], made["hub"], made["topic"]) == ("bedroom-sos-1", "hub-1", "bedroom/sos 1")
    assert (made["home"], made["kind"], made["format"]) == (first, "button", "zigbee2mqtt")
    assert admin.get("/discovered").items == []
    admin.post(f"/discovered/{waiting}/approve", {}).problem(404)
    assert admin.audit()[-1][1:] == ("approve", "device bedroom-sos-1")
    assert made["mqtt_password"] not in str(admin.rows("select detail from audit"))


def test_what_speaks_for_itself_keeps_its_topic_and_needs_a_home(admin: Api) -> None:
    place = home(admin)
    waiting = named(admin, "灯", format="tasmota", topic="tasmota_A8", address="A8F1")
    admin.post(f"/discovered/{waiting}/approve", {"kind": "sensor"}).problem(422, "home")
    admin.post(f"/discovered/{waiting}/approve", {"home": place}).problem(422, "kind")
    made = admin.post(f"/discovered/{waiting}/approve", {"kind": "sensor", "home": place}).ok(201)
    assert (made["uid"], made["hub"], made["topic"], made["format"]) == ("A8F1", None, "tasmota_A8", "tasmota")


def test_a_uid_that_is_taken_is_not_proposed_and_not_taken_twice(admin: Api) -> None:
    first, _ = hubs(admin)
    device(admin, "sofa", first)
    admin.delete("/devices/sofa").ok(204)
    waiting = named(admin, "sofa", "hub-1", kind="button")
    named(admin, "Sofa!", "hub-2", kind="button")
    named(admin, "sofa?", "hub-1", kind="button")
    assert [each["proposed_uid"] for each in admin.get("/discovered").items] == ["sofa-2", "Sofa", "sofa-3"]
    admin.post(f"/discovered/{waiting}/approve", {"uid": "hub-2"}).problem(409, "hub-2")
    assert len(admin.get("/discovered").items) == 3


def test_a_home_of_a_neighbours_county_is_no_place_for_it(admin: Api) -> None:
    _, second = hubs(admin)
    waiting = named(admin, "bed", "hub-1", kind="button")
    mine = admin.being("admin", "凤庆")
    mine.post(f"/discovered/{waiting}/approve", {"home": second}).problem(422, "home")
    for path in ("", "/approve", "/dismiss", "/recall"):
        theirs = admin.being("admin", "yun")
        (theirs.post(f"/discovered/{waiting}{path}", {}) if path else theirs.get(f"/discovered/{waiting}")).problem(404)


def test_what_is_dismissed_is_off_the_list_and_can_come_back(admin: Api) -> None:
    hubs(admin)
    waiting = named(admin, "王奶奶 bed", "hub-1")
    assert admin.post(f"/discovered/{waiting}/dismiss").ok()["dismissed_at"]
    admin.post(f"/discovered/{waiting}/dismiss").ok()
    assert admin.get("/discovered").items == []
    assert [each["name"] for each in admin.get("/discovered", dismissed=True).items] == ["王奶奶 bed"]
    assert admin.post(f"/discovered/{waiting}/recall").ok()["dismissed_at"] is None
    assert [each["name"] for each in admin.get("/discovered").items] == ["王奶奶 bed"]
    done = [action for _, action, thing in admin.audit() if thing == f"discovered {waiting}"]
    assert done == ["dismiss", "recall"]
    # what a family calls it is in no audit row, also where it is let in
    admin.post(f"/discovered/{waiting}/approve", {"kind": "button"}).ok(201)
    assert "王奶奶" not in str(admin.rows("select object, detail from audit"))


def test_ids_that_make_no_sense_are_not_there(admin: Api) -> None:
    for wrong in ("0", "x", "99999", "9" * 30):
        admin.get(f"/discovered/{wrong}").problem(404)
        admin.post(f"/discovered/{wrong}/approve", {}).problem(404)


def test_what_a_removed_hub_named_waits_no_longer(admin: Api) -> None:
    hubs(admin)
    named(admin, "bed", "hub-1")
    admin.delete("/devices/hub-1").ok(204)
    assert admin.get("/discovered").items == []
