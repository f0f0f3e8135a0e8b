"""Staff, rotas, overrides and policies by plain HTTP, and who answers at which instant."""

from datetime import timedelta
from typing import Any

from alerts import unreachable
from alerts.channels.failures import Fault
from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, staff

__all__ = ["admin", "api"]


def rota(caller: Api, members: list[str], area: str = "luodang", **more: object) -> str:
    """Add a rota that hands over at 08:00 in Shanghai every day; returns its id."""
    body = {
        "name": "日班", "area": area, "timezone": "Asia/Shanghai", "kind": "daily", "length": 1,
        "start": "2026-11-23T08:00:00+08:00", "members": members, **more,
    }  # fmt: skip
    return str(caller.post("/rotas", body).ok(201)["id"])


def policy(caller: Api, *steps: dict[str, object], area: str = "luodang", **more: object) -> str:
    """Add a policy; returns its id."""
    return str(caller.post("/policies", {"area": area, "steps": list(steps), **more}).ok(201)["id"])


def who(caller: Api, area: str = "anshi", **query: object) -> list[list[str]]:
    """Return the names at each step."""
    found = caller.get("/oncall", area=area, **query).ok()
    return [[each["name"] for each in step["responders"]] for step in found["steps"]]


# The contract's bodies ----------------------------------------------------------------------------------------------


def test_staff_are_read_back_as_they_were_written(admin: Api) -> None:
    body = {"name": "李兰", "phone": "+86 138-0000-0001", "area": "anshi", "language": "zh-CN"}
    made = admin.post("/staff", body).ok(201)
    assert {**body, "phone": "+8613800000001", "opted_out_at": None}.items() <= made.body.items()
    assert admin.get(f"/staff/{made['id']}").ok().body == made.body
    changed = admin.patch(f"/staff/{made['id']}", {"language": None, "area": "yun"}).ok()
    assert (changed["language"], changed["area"], changed["phone"]) == (None, "yun", "+8613800000001")


def test_a_rota_is_read_back_as_it_was_written(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    body = {
        "name": "日班", "area": "luodang", "timezone": "Asia/Shanghai", "kind": "weekly", "length": 2,
        "start": "2026-11-23T08:00:00+08:00", "members": [lan, mei, lan],
    }  # fmt: skip
    made = admin.post("/rotas", body).ok(201)
    assert {**body, "start": "2026-11-23T00:00:00Z"}.items() <= made.body.items()
    assert admin.get(f"/rotas/{made['id']}").ok().body == made.body
    assert admin.patch(f"/rotas/{made['id']}", {"members": [mei]}).ok()["members"] == [mei]
    assert admin.patch(f"/rotas/{made['id']}", {"members": [lan, mei]}).ok()["members"] == [lan, mei]
    assert admin.patch(f"/rotas/{made['id']}", {"name": "夜班"}).ok()["members"] == [lan, mei]


def test_an_override_is_read_back_as_it_was_written(admin: Api) -> None:
    lan = staff(admin)
    body = {"rota": rota(admin, []), "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T04:00:00Z", "staff": lan}
    made = admin.post("/overrides", body).ok(201)
    assert {**body, "area": "luodang"}.items() <= made.body.items()
    assert admin.get(f"/overrides/{made['id']}").ok().body == made.body
    assert admin.patch(f"/overrides/{made['id']}", {"to": "2026-11-24T03:00:00Z"}).ok()["from"] == body["from"]
    admin.patch(f"/overrides/{made['id']}", {"from": "2026-11-24T03:00:00Z"}).problem(422, "is not after `from`")
    admin.patch(f"/overrides/{made['id']}", {"from": None}).problem(422)
    assert [each["id"] for each in admin.get("/overrides", rota=body["rota"], staff=lan).items] == [made["id"]]
    assert admin.get("/overrides", from_="2026-11-24T03:00:00Z").items == []
    assert admin.get("/overrides", to="2026-11-24T02:00:00Z").items == []
    admin.delete(f"/overrides/{made['id']}").ok(204)
    admin.get(f"/overrides/{made['id']}").problem(404)


def test_a_policy_is_read_back_as_it_was_written(admin: Api) -> None:
    lan = staff(admin)
    by_rota = {"after_s": 0, "rota": rota(admin, [lan]), "channels": ["sms", "voice"]}
    body = {
        "area": "luodang",
        "kinds": ["help", "fall"],
        "steps": [by_rota, {"after_s": 120, "staff": lan}],
        "repeat": 2,
    }
    made = admin.post("/policies", body).ok(201)
    more = {"rotas": None, "channel_delay_s": 0}
    steps = [
        {**by_rota, "staff": None, **more},
        {"after_s": 120, "rota": None, "staff": lan, "channels": ["sms"], **more},
    ]
    assert made.body == {"id": made["id"], **body, "steps": steps, "severities": None, "hours": None}
    assert admin.get(f"/policies/{made['id']}").ok().body == made.body
    changed = admin.patch(f"/policies/{made['id']}", {"kinds": None}).ok()
    assert (changed["kinds"], changed["steps"], changed["repeat"]) == (None, steps, 2)
    one = [{"after_s": 0, "staff": lan}]
    assert len(admin.patch(f"/policies/{made['id']}", {"steps": one}).ok()["steps"]) == 1


def test_a_wrong_value_is_told_with_its_field(admin: Api) -> None:
    lan = staff(admin)
    night = rota(admin, [lan])
    rota_body = {
        "name": "x", "area": "luodang", "timezone": "Asia/Shanghai", "kind": "daily", "length": 1,
        "start": "2026-11-23T08:00:00+08:00", "members": [lan],
    }  # fmt: skip
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("/rotas", {**rota_body, "timezone": "Mars/Base"}, "timezone"),
        ("/rotas", {**rota_body, "start": "2026-11-23T08:00:00"}, "start"),
        ("/rotas", {**rota_body, "start": "soon"}, "start"),
        ("/rotas", {**rota_body, "length": 0}, "length"),
        ("/rotas", {**rota_body, "kind": "yearly"}, "kind"),
        ("/rotas", {**rota_body, "members": [lan, "4711"]}, "members.1"),
        ("/overrides", {"rota": "4711", "from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z", "staff": lan}, "rota"),
        ("/overrides", {"rota": night, "from": "2026-11-25T00:00:00Z", "to": "2026-11-24T00:00:00Z", "staff": lan}, "to"),
        ("/policies", {"area": "luodang", "steps": []}, "steps"),
        ("/policies", {"area": "luodang", "steps": [{"after_s": 0}]}, "steps.0"),
        ("/policies", {"area": "luodang", "steps": [{"after_s": 0, "rota": night, "staff": lan}]}, "steps.0"),
        ("/policies", {"area": "luodang", "steps": [{"after_s": -1, "staff": lan}]}, "steps.0.after_s"),
        ("/policies", {"area": "luodang", "steps": [{"after_s": 0, "staff": lan, "channels": ["fax"]}]}, "steps.0.channels.0"),
        ("/policies", {"area": "luodang", "steps": [{"after_s": 0, "rota": "99"}]}, "steps.0.rota"),
    ]  # fmt: skip
    for path, body, field in wrong:
        refused = admin.post(path, body).problem(422)
        assert [each["field"] for each in refused["errors"]] == [field], body


# Who answers --------------------------------------------------------------------------------------------------------


def test_where_no_policy_holds_nobody_answers(admin: Api) -> None:
    assert admin.get("/oncall", area="anshi").ok().body == {"policy": None, "steps": []}


def test_who_answers_now_and_until_when(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    held = policy(admin, {"after_s": 0, "rota": rota(admin, [lan, mei])}, {"after_s": 300, "staff": lan})
    # 10:13 in Shanghai on the second day: it is Mei's
    assert admin.get("/oncall", area="anshi").ok().body == {
        "policy": held,
        "steps": [
            {"after_s": 0, "responders": [{"id": mei, "name": "赵梅", "until": "2026-11-25T00:00:00Z"}]},
            {"after_s": 300, "responders": [{"id": lan, "name": "李兰", "until": None}]},
        ],
    }


def test_the_past_and_the_future_over_a_change_of_shift_and_an_override(admin: Api) -> None:
    lan, mei, wu = staff(admin), staff(admin, "赵梅"), staff(admin, "吴强")
    shift = rota(admin, [lan, mei])
    policy(admin, {"after_s": 0, "rota": shift})
    body = {"rota": shift, "from": "2026-11-24T23:00:00Z", "to": "2026-11-25T01:00:00Z", "staff": wu}
    admin.post("/overrides", body).ok(201)
    held = {
        "2026-11-23T07:59:59+08:00": [], "2026-11-23T08:00:00+08:00": ["李兰"], "2026-11-24T07:59:59+08:00": ["李兰"],
        "2026-11-24T08:00:00+08:00": ["赵梅"], "2026-11-25T06:59:59+08:00": ["赵梅"],
        "2026-11-25T07:00:00+08:00": ["吴强"], "2026-11-25T08:30:00+08:00": ["吴强"],
        "2026-11-25T09:00:00+08:00": ["李兰"], "2027-11-24T12:00:00+08:00": ["李兰"],
    }  # fmt: skip
    assert {at: who(admin, at=at)[0] for at in held} == held
    until = admin.get("/oncall", area="anshi", at="2026-11-24T22:00:00Z").ok()["steps"][0]["responders"][0]["until"]
    assert until == "2026-11-24T23:00:00Z"
    admin.clock.forward(timedelta(days=1))
    assert who(admin.being("viewer")) == [["李兰"]]


def test_the_nearest_policy_up_the_tree_holds_and_one_for_the_kind_before_one_for_all(admin: Api) -> None:
    lan, mei, wu = staff(admin), staff(admin, "赵梅"), staff(admin, "吴强")
    policy(admin, {"after_s": 0, "staff": lan}, area="lincang")
    assert who(admin) == [["李兰"]]
    mine = policy(admin, {"after_s": 0, "staff": mei}, area="anshi")
    assert who(admin) == [["赵梅"]]
    assert who(admin, "manwan") == [["李兰"]]
    policy(admin, {"after_s": 0, "staff": wu}, area="anshi", kinds=["device_offline"])
    assert who(admin) == [["赵梅"]]
    assert who(admin, kind="device_offline") == [["吴强"]]
    assert [each["id"] for each in admin.get("/policies", area="凤庆", kind="help").items] == [mine]
    admin.delete(f"/policies/{mine}").ok(204)
    assert who(admin) == [["李兰"]]


def test_whoever_cannot_be_told_is_not_on_call(admin: Api) -> None:
    lan = staff(admin)
    policy(admin, {"after_s": 0, "staff": lan})
    admin.run("update staff set opted_out_at = %(now)s")
    assert who(admin) == [[]]
    assert admin.get(f"/staff/{lan}")["opted_out_at"] == "2026-11-24T02:13:58Z"


def test_a_number_that_wants_no_messages_keeps_that_whoever_gets_it(admin: Api) -> None:
    lan = staff(admin)
    admin.run("update staff set opted_out_at = %(now)s")
    mei = staff(admin, "赵梅")
    assert admin.get(f"/staff/{mei}")["opted_out_at"] is not None
    assert admin.patch(f"/staff/{mei}", {"phone": "+8613800000002"}).ok()["opted_out_at"] is None
    assert admin.patch(f"/staff/{lan}", {"name": "李小兰"}).ok()["opted_out_at"] is not None


def test_the_area_may_be_left_out_by_those_who_have_one(admin: Api, api: Api) -> None:
    policy(admin, {"after_s": 0, "staff": staff(admin)})
    viewer = api.being("viewer", "anshi")
    assert len(viewer.get("/oncall").ok()["steps"]) == 1
    admin.get("/oncall").problem(422, "of which area")
    admin.get("/oncall", area="anshi", at="yesterday").problem(422, "at")
    # an unescaped + is a space in an address
    assert admin.send("GET", "/oncall?area=anshi&at=2026-11-24T08:00:00+08:00").ok()["policy"] is not None


# Who may ------------------------------------------------------------------------------------------------------------


def test_an_operator_staffs_his_own_area_and_no_other(admin: Api, api: Api) -> None:
    wu = staff(admin, "吴强", "manwan")
    away = rota(admin, [wu], "yun")
    override = admin.post(
        "/overrides", {"rota": away, "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T04:00:00Z", "staff": wu}
    ).ok(201)["id"]
    held = policy(admin, {"after_s": 0, "rota": away}, area="yun")
    operator = api.being("operator", "凤庆")
    for path in (f"/staff/{wu}", f"/rotas/{away}", f"/overrides/{override}", f"/policies/{held}"):
        operator.get(path).problem(404)
        operator.patch(path, {}).problem(404)
        operator.delete(path).problem(404)
    for path in ("/staff", "/rotas", "/overrides", "/policies"):
        assert operator.get(path).items == []
    operator.get("/oncall", area="yun").problem(422)
    lan = staff(operator)
    mine = rota(operator, [lan])
    policy(operator, {"after_s": 0, "rota": mine})
    for path, body in (
        ("/staff", {"name": "x", "phone": "+8613800000001", "area": "yun"}),
        ("/policies", {"area": "yun", "steps": [{"after_s": 0, "staff": lan}]}),
        ("/policies", {"area": "anshi", "steps": [{"after_s": 0, "staff": wu}]}),
        ("/policies", {"area": "anshi", "steps": [{"after_s": 0, "rota": away}]}),
        ("/overrides", {"rota": away, "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T04:00:00Z", "staff": lan}),
        ("/overrides", {"rota": mine, "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T04:00:00Z", "staff": wu}),
    ):
        operator.post(path, body).problem(422)
    operator.patch(f"/rotas/{mine}", {"members": [lan, wu]}).problem(422, f"staff {wu}")
    operator.patch(f"/rotas/{mine}", {"area": "yun"}).problem(422)
    operator.patch(f"/staff/{lan}", {"area": "yun"}).problem(422)


def test_whom_somebody_above_has_named_may_stay(admin: Api, api: Api) -> None:
    wu, lan = staff(admin, "吴强", "lincang"), staff(admin)
    shared = rota(admin, [lan, wu], "anshi")
    held = policy(admin, {"after_s": 0, "rota": rota(admin, [wu], "lincang")}, area="anshi")
    operator = api.being("operator", "anshi")
    assert operator.patch(f"/rotas/{shared}", {"members": [wu, lan]}).ok()["members"] == [wu, lan]
    steps = operator.get(f"/policies/{held}").ok()["steps"]
    longer = operator.patch(f"/policies/{held}", {"steps": [*steps, {"after_s": 60, "staff": lan}], "repeat": 1}).ok()
    assert len(longer["steps"]) == 2
    operator.post("/policies", {"area": "anshi", "steps": steps}).problem(422)


def test_below_an_operator_one_reads_only(admin: Api, api: Api) -> None:
    lan = staff(admin)
    mine = rota(admin, [lan])
    held = policy(admin, {"after_s": 0, "rota": mine})
    for role in ("viewer", "responder"):
        caller = api.being(role, "凤庆")
        for path in ("/staff", "/rotas", "/overrides", "/policies"):
            caller.post(path, {}).problem(403, "this takes the role operator")
        for path in (f"/staff/{lan}", f"/rotas/{mine}", f"/policies/{held}"):
            caller.get(path).ok()
            caller.patch(path, {}).problem(403)
            caller.delete(path).problem(403)


# Removal ------------------------------------------------------------------------------------------------------------


def test_staff_on_whom_something_counts_are_not_removed(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    shift = rota(admin, [lan, mei, lan])
    held = policy(admin, {"after_s": 0, "rota": shift}, {"after_s": 60, "staff": lan})
    body = {"rota": shift, "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T04:00:00Z", "staff": lan}
    override = admin.post("/overrides", body).ok(201)["id"]
    user = admin.post("/users", {"username": "lan", "role": "responder", "area": "anshi", "staff": lan}).ok(201)["id"]
    refused = admin.delete(f"/staff/{lan}").problem(409, f"staff {lan}", f"rotas: 1 ({shift})", f"policies: 1 ({held})")
    assert refused["in_use"] == {"rotas": 1, "policies": 1, "overrides that are not over": 1, "users": 1}
    admin.delete(f"/rotas/{shift}").problem(409, f"policies: 1 ({held})")
    admin.clock.forward(timedelta(hours=2))
    admin.patch(f"/rotas/{shift}", {"members": [mei]}).ok()
    admin.delete(f"/policies/{held}").ok(204)
    admin.delete(f"/users/{user}").ok(204)
    admin.delete(f"/staff/{lan}").ok(204)
    admin.get(f"/staff/{lan}").problem(404)
    # who had the shift stays known
    assert admin.get(f"/overrides/{override}")["staff"] == lan
    admin.post("/rotas", {**admin.get(f"/rotas/{shift}").body, "id": None}).problem(422)
    admin.patch(f"/rotas/{shift}", {"members": [lan]}).problem(422, f"staff {lan}: there is none")
    admin.delete(f"/rotas/{shift}").ok(204)
    assert admin.get("/overrides").items == []


def test_every_write_is_written_down(admin: Api, api: Api) -> None:
    operator = api.being("operator", "凤庆")
    lan = staff(operator)
    shift = rota(operator, [lan])
    held = policy(operator, {"after_s": 0, "rota": shift})
    operator.patch(f"/policies/{held}", {"repeat": 3}).ok()
    operator.patch(f"/staff/{lan}", {"phone": "+8613800000002", "name": "李小兰"}).ok()
    operator.delete(f"/policies/{held}").ok(204)
    written = "select action, object, area, detail from audit where who = %(who)s order by id"
    assert admin.rows(written, who=operator.username) == [
        ("add", f"staff {lan}", "anshi", None),
        ("add", f"rota {shift}", "luodang", None),
        ("add", f"policy {held}", "luodang", None),
        ("change", f"policy {held}", "luodang", {"repeat": [0, 3]}),
        ("change", f"staff {lan}", "anshi", {"name": ["李兰", "李小兰"], "phone": "changed"}),
        ("remove", f"policy {held}", "luodang", None),
    ]  # fmt: skip


def test_a_new_number_closes_the_alert_about_the_old_one(admin: Api) -> None:
    lan = staff(admin)
    policy(admin, {"after_s": 0, "staff": lan})
    with admin.pool.connection() as connection:
        unreachable.fault_found(connection, phone="+8613800000001", fault=Fault.BAD, now=admin.clock.now())
    (alert,) = admin.get("/alerts", kind="responder_unreachable").items
    assert (alert["severity"], alert["area"]) == ("high", "凤庆")
    admin.patch(f"/staff/{lan}", {"name": "李兰兰"}).ok()
    assert admin.get(f"/alerts/{alert['id']}").ok()["state"] != "closed"
    admin.patch(f"/staff/{lan}", {"phone": "+8613800000002"}).ok()
    assert admin.get(f"/alerts/{alert['id']}").ok()["state"] == "closed"
