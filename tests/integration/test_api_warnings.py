"""Which early warnings there are, and what an area, a kind of device, a home or a device has otherwise, by plain HTTP."""

from typing import Any

import pytest

from alerts import warnings
from alerts.warnings import Manner
from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, device, home

__all__ = ["admin", "api"]

BUILT_IN = {
    "patrol_missed", "no_presence", "inactivity", "unusual_activity", "fall", "temperature_low", "temperature_high",
    "device_offline", "device_flapping", "battery_low", "battery_draining", "signal_weak", "firmware_outdated",
    "clock_wrong", "never_seen", "test_call_overdue", "area_outage", "hub_offline", "camera_blind", "frequent_presses",
}  # fmt: skip


def put(caller: Api, rule: str, **body: object) -> Any:
    return caller.send("PUT", f"/warnings/{rule}", json=body)


def rules(caller: Api, **query: object) -> dict[str, Any]:
    return {each["rule"]: each for each in caller.get("/warnings", **query).items}


def own(caller: Api, rule: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rules(caller)[rule]["own"]
    return found


def look(caller: Api) -> None:
    found = 1
    while found:
        with caller.pool.connection() as connection:
            found = warnings.look_at_devices(
                connection, manner=Manner("zh-CN", "Asia/Shanghai"), now=caller.clock.now()
            )


def open_ones(caller: Api) -> list[tuple[Any, ...]]:
    return caller.rows("select kind, device_uid from alerts where state <> 'closed' order by kind, device_uid")


def test_every_rule_explains_itself_in_both_languages(admin: Api) -> None:
    english, chinese = rules(admin, language="en"), rules(admin, language="zh-CN")
    assert set(english) >= BUILT_IN
    for name, rule in english.items():
        for said in (rule["sentence"], chinese[name]["sentence"]):
            assert said
            assert "{" not in said
        assert rule["sentence"] != chinese[name]["sentence"]
        assert rule["name"] != chinese[name]["name"]
        for each in rule["thresholds"]:
            assert each["low"] <= each["usual"] <= each["high"]
    assert english["temperature_low"]["sentence"] == "It is below 8 °C in the home."
    assert {name for name, rule in english.items() if not rule["clears_itself"]} == {"fall"}
    assert english["fall"]["severity"] == "critical"
    admin.headers["Accept-Language"] = "fr, en;q=0.8, zh;q=0.5"
    assert rules(admin)["fall"]["name"] == "Fall"


def test_a_narrower_scope_writes_over_a_wider_one(admin: Api) -> None:
    one, other = home(admin), home(admin, "manwan")
    for uid, place in (("cam-1", one), ("cam-2", one), ("cam-3", other)):
        device(admin, uid, place, "camera")
    admin.run("update device_latest set battery = 40")
    look(admin)
    assert open_ones(admin) == []
    put(admin, "battery_low", area="凤庆", values={"below_pct": 50, "clear_pct": 60}).ok()
    look(admin)
    assert open_ones(admin) == [("battery_low", "cam-1"), ("battery_low", "cam-2")]
    put(admin, "battery_low", device="cam-1", values={"below_pct": 10, "clear_pct": 20}).ok()
    look(admin)
    assert open_ones(admin) == [("battery_low", "cam-2")]
    put(admin, "battery_low", area="anshi", device_kind="camera", enabled=False).ok()
    look(admin)
    assert open_ones(admin) == []
    put(admin, "battery_low", home=one, enabled=True).ok()
    look(admin)
    assert open_ones(admin) == [("battery_low", "cam-2")]
    admin.delete(f"/warnings/battery_low?home={one}").ok(204)
    look(admin)
    assert open_ones(admin) == []
    put(admin, "battery_low", device_kind="camera", values={"below_pct": 45, "clear_pct": 50}).ok()
    look(admin)
    assert open_ones(admin) == [("battery_low", "cam-3")]


def test_what_is_set_is_read_back_and_written_down(admin: Api) -> None:
    body = {"area": "anshi", "device_kind": "sensor", "values": {"below_c": 12}, "enabled": None}
    assert put(admin, "temperature_low", **body).ok().body == {**body, "home": None, "device": None}
    assert own(admin, "temperature_low") == [{**body, "home": None, "device": None}]
    put(admin, "temperature_low", area="anshi", device_kind="sensor", values={"below_c": 13}).ok()
    assert [each["values"] for each in own(admin, "temperature_low")] == [{"below_c": 13}]
    admin.delete("/warnings/temperature_low?area=anshi&device_kind=sensor").ok(204)
    admin.delete("/warnings/temperature_low?area=anshi&device_kind=sensor").problem(404)
    assert own(admin, "temperature_low") == []
    assert [row[1:] for row in admin.audit() if row[2].startswith("warning")] == [
        ("change", "warning temperature_low"), ("change", "warning temperature_low"),
        ("remove", "warning temperature_low"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "body", "field"),
    [
        ("battery_low", {"values": {"below": 10}}, "values.below"),
        ("battery_low", {"values": {"below_pct": 200}}, "values.below_pct"),
        ("battery_low", {"values": {"below_pct": 10.5}}, "values.below_pct"),
        ("battery_low", {"area": "nowhere"}, "area"),
        ("battery_low", {"device": "nobody"}, "device"),
        ("no_presence", {"device": "cam-1"}, "device"),
        ("no_presence", {"area": "anshi", "device_kind": "camera"}, "device_kind"),
        ("area_outage", {"home": "1"}, "home"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_field(admin: Api, rule: str, body: dict[str, Any], field: str) -> None:
    assert [each["field"] for each in put(admin, rule, **body).problem(422)["errors"]] == [field]


def test_an_unknown_rule_and_two_scopes_at_once(admin: Api) -> None:
    put(admin, "nothing", area="anshi").problem(404)
    put(admin, "battery_low", area="anshi", device="cam-1").problem(422)


def test_an_administrator_sets_it_within_his_area_and_sees_what_holds_there(admin: Api) -> None:
    yun, far = admin.being("admin", area="yun"), home(admin, "anshi")
    put(yun, "battery_low", values={"below_pct": 20}).problem(403)
    put(yun, "battery_low", area="anshi", values={"below_pct": 20}).problem(422)
    put(yun, "battery_low", home=far, values={"below_pct": 20}).problem(422)
    put(yun, "battery_low", area="manwan", values={"below_pct": 20}).ok()
    put(admin, "battery_low", area="lincang", values={"below_pct": 21}).ok()
    put(admin, "battery_low", values={"below_pct": 22}).ok()
    put(admin, "battery_low", home=far, values={"below_pct": 23}).ok()
    put(admin, "battery_low", area="anshi", values={"below_pct": 24}).ok()
    assert [each["values"]["below_pct"] for each in own(yun, "battery_low")] == [22, 21, 20]
    viewer = admin.being("viewer", area="yun")
    put(viewer, "battery_low", area="manwan", values={"below_pct": 20}).problem(403)
    assert viewer.get("/warnings").ok()
    admin.anonymous().get("/warnings").problem(401)


def test_what_is_set_for_a_home_or_a_device_is_in_the_audit_log_of_its_area(admin: Api) -> None:
    place = home(admin, "anshi")
    device(admin, "btn-1", place)
    put(admin, "battery_low", home=place, enabled=False).ok()
    put(admin, "battery_low", device="btn-1", enabled=False).ok()
    admin.delete("/warnings/battery_low?device=btn-1").ok(204)
    where = admin.rows("select area from audit where object = 'warning battery_low' order by id")
    assert where == [("anshi",)] * 3
