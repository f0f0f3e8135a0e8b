"""Policies for a case and an hour, silences, snoozes, limits and times of areas, by plain HTTP."""

from datetime import timedelta

from alerts import engine
from alerts.engine import EngineSettings
from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, home, staff
from tests.integration.test_api_oncall import policy, rota

__all__ = ["admin", "api"]
SETTINGS = EngineSettings(locale="zh-CN", public_url="https://anju.example", sms="outbox")


def decide(caller: Api) -> None:
    """Let the engine do what is due."""
    with caller.pool.connection() as connection:
        while engine.run_due(connection, settings=SETTINGS, now=caller.clock.now()):
            pass


def warn(caller: Api, kind: str = "device_offline", area: str = "anshi") -> str:
    """Raise a warning in a new home and let the engine see it; returns its id."""
    alert_id = str(caller.post("/alerts", {"kind": kind, "home": home(caller, area)}).ok(201)["id"])
    decide(caller)
    return alert_id


def lines(caller: Api, alert_id: str) -> list[str]:
    """Return what happened to an alert."""
    return [row["what"] for row in caller.get(f"/alerts/{alert_id}").ok()["timeline"]]


def test_a_policy_for_a_case_and_an_hour_is_read_back_as_it_was_written(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    days, nights = rota(admin, [lan]), rota(admin, [mei])
    steps = [
        {"after_s": 0, "rotas": [days, nights], "staff": [mei], "channels": ["sms", "voice"], "channel_delay_s": 45},
        {"after_s": 0, "staff": [lan], "channels": ["sms"]},
        {"after_s": 60, "staff": lan, "channels": ["voice"]},
    ]
    body = {
        "area": "luodang", "severities": ["critical", "high"], "steps": steps,
        "hours": {"from": "20:00", "to": "08:00", "timezone": "Asia/Shanghai"},
    }  # fmt: skip
    made = admin.post("/policies", body).ok(201)
    assert made["severities"] == body["severities"]
    assert made["hours"] == body["hours"]
    for read, written in zip(made["steps"], steps, strict=True):
        assert written.items() <= read.items()
    assert admin.patch(f"/policies/{made['id']}", {"repeat": 1}).ok()["steps"] == made["steps"]
    assert admin.patch(f"/policies/{made['id']}", {"hours": None}).ok()["hours"] is None
    assert len(admin.get("/oncall", area="anshi").ok()["steps"][0]["responders"]) == 2


def test_a_wrong_policy_is_told_with_its_field(admin: Api) -> None:
    lan = staff(admin)
    fine = {"after_s": 0, "staff": lan}
    wrong = [
        ({"hours": {"from": "20:00", "to": "20:00", "timezone": "Asia/Shanghai"}}, "hours.to"),
        ({"hours": {"from": "25:00", "to": "20:00", "timezone": "Asia/Shanghai"}}, "hours.from"),
        ({"severities": ["urgent"]}, "severities.0"),
        ({"steps": [{"after_s": 0, "rotas": ["99"]}]}, "steps.0.rotas.0"),
        ({"steps": [{"after_s": 0, "staff": lan, "rotas": [rota(admin, [lan])]}]}, "steps.0"),
    ]
    for more, field in wrong:
        refused = admin.post("/policies", {"area": "luodang", "steps": [fine], **more}).problem(422)
        assert [each["field"] for each in refused["errors"]] == [field], more


def test_a_silence_holds_and_is_seen(admin: Api) -> None:
    policy(admin, {"after_s": 0, "staff": staff(admin)})
    until = (admin.clock.now() + timedelta(hours=2)).isoformat()
    body = {"area": "凤庆", "kinds": ["device_offline"], "to": until, "reason": "停电检修"}
    made = admin.post("/silences", body).ok(201)
    alert_id = warn(admin)
    alert = admin.get(f"/alerts/{alert_id}").ok()
    assert (alert["state"], alert["silenced_until"]) == ("raised", made["to"])
    assert lines(admin, alert_id) == ["raised", "silenced"]
    assert alert["timeline"][1]["detail"]["reason"] == "停电检修"
    assert admin.get("/silences", area="luodang").items == []
    assert [each["alerts"] for each in admin.get("/silences").items] == [1]
    admin.delete(f"/silences/{made['id']}").ok(204)
    admin.clock.forward(timedelta(seconds=1))
    decide(admin)
    assert lines(admin, alert_id) == ["raised", "silenced", "silence_ended", "told"]
    assert admin.get("/silences").items == []
    assert [(action, what) for _, action, what in admin.audit() if what.startswith("silence")] == [
        ("add", f"silence {made['id']}"), ("remove", f"silence {made['id']}"),
    ]  # fmt: skip


def test_calls_for_help_are_never_silenced_nor_snoozed(admin: Api) -> None:
    policy(admin, {"after_s": 0, "staff": staff(admin)})
    until = (admin.clock.now() + timedelta(hours=2)).isoformat()
    silence = {"area": "lincang", "to": until, "reason": "x"}
    admin.post("/silences", {**silence, "kinds": ["help"]}).problem(422, "help")
    admin.post("/silences", silence).ok(201)
    alert_id = warn(admin, "help")
    assert lines(admin, alert_id) == ["raised", "told"]
    admin.post(f"/alerts/{alert_id}/snooze", {"until": until}).problem(409, "never snoozed")


def test_whoever_may_not_silence_does_not(admin: Api, api: Api) -> None:
    until = (admin.clock.now() + timedelta(hours=2)).isoformat()
    body = {"area": "yun", "to": until, "reason": "x"}
    api.being("responder").post("/silences", body).problem(403)
    api.being("operator", area="凤庆").post("/silences", body).problem(422, "yun")
    made = admin.post("/silences", body).ok(201)
    api.being("operator", area="凤庆").delete(f"/silences/{made['id']}").problem(404)
    over = {**body, "to": (admin.clock.now() - timedelta(hours=1)).isoformat()}
    admin.post("/silences", over).problem(422, "ends")


def test_a_snoozed_alert_shows_until_when(admin: Api) -> None:
    policy(admin, {"after_s": 0, "staff": staff(admin)})
    alert_id = warn(admin)
    until = admin.clock.now() + timedelta(hours=1)
    shown = admin.post(f"/alerts/{alert_id}/snooze", {"until": until.isoformat()}).ok()
    assert shown["snoozed_until"] == shown["next_step_at"] == until.isoformat().replace("+00:00", "Z")
    assert shown["timeline"][-1]["who"] == admin.username
    admin.post(f"/alerts/{alert_id}/escalate").ok()
    decide(admin)
    assert admin.get(f"/alerts/{alert_id}").ok()["snoozed_until"] is None


def test_a_closed_alert_is_opened_again_by_an_operator(admin: Api, api: Api) -> None:
    policy(admin, {"after_s": 0, "staff": staff(admin)})
    alert_id = warn(admin)
    admin.post(f"/alerts/{alert_id}/reopen").problem(409, "open")
    admin.post(f"/alerts/{alert_id}/close", {"outcome": "other"}).ok()
    api.being("responder").post(f"/alerts/{alert_id}/reopen").problem(403)
    again = admin.post(f"/alerts/{alert_id}/reopen").ok()
    assert (again["id"], again["state"], again["outcome"], again["closed_at"]) == (alert_id, "raised", None, None)
    admin.post(f"/alerts/{alert_id}/close", {"outcome": "other"}).ok()
    admin.clock.forward(timedelta(days=1, seconds=1))
    admin = api.being("admin")
    admin.post(f"/alerts/{alert_id}/reopen").problem(409, "over a day ago")


def test_limits_are_one_table_that_is_read_and_set(admin: Api, api: Api) -> None:
    shipped = admin.get("/limits").ok()["items"]
    assert {"channel": "sms", "purpose": "tell", "at_most": 5, "within_s": 900} in shipped
    only = [{"channel": "sms", "purpose": "any", "at_most": 1, "within_s": 600}]
    assert admin.send("PUT", "/limits", json={"items": only}).ok()["items"] == only
    admin.send("PUT", "/limits", json={"items": only * 2}).problem(422)
    api.being("operator").send("PUT", "/limits", json={"items": []}).problem(403)
    api.being("admin", area="yun").send("PUT", "/limits", json={"items": []}).problem(403)
    policy(admin, {"after_s": 0, "staff": staff(admin)})
    first, second, third = warn(admin), warn(admin), warn(admin)
    assert [each["alert"] for each in admin.get("/messages", state="held").items] == [third, second]
    assert lines(admin, second) == ["raised", "held"]
    assert admin.get(f"/alerts/{first}").ok()["state"] == "notified"
    admin.clock.forward(timedelta(minutes=10))
    decide(admin)
    assert [each["alert"] for each in admin.get("/messages", state="bundled").items] == [third, second]
    assert lines(admin, third)[:3] == ["raised", "held", "told_bundled"]


def test_an_area_has_its_own_times_and_hour(admin: Api, api: Api) -> None:
    lan = staff(admin)
    policy(admin, {"after_s": 0, "staff": lan})
    own = {
        "times": {"normal": {"accepted_s": 600, "en_route_s": 600, "arrived_s": 600, "asked_s": 120}},
        "digest": {"at": "11:00", "timezone": "Asia/Shanghai"},
    }
    api.being("operator").send("PUT", "/answer-times/luodang", json=own).problem(403)
    assert admin.send("PUT", "/answer-times/luodang", json=own).ok().body == {**own, "area": "luodang"}
    assert admin.get("/answer-times").ok()["items"] == [{**own, "area": "luodang"}]
    alert_id = warn(admin)
    shown = admin.post(f"/alerts/{alert_id}/accept", {"staff": lan}).ok()
    assert shown["next_step_at"] == (admin.clock.now() + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    low = admin.get(f"/alerts/{warn(admin, 'battery_low')}").ok()
    assert (low["severity"], low["collected_for"]) == ("low", "2026-11-24T03:00:00Z")
    gone = admin.send("PUT", "/answer-times/luodang", json={}).ok()
    assert (gone["times"], gone["digest"]) == ({}, None)
    assert admin.get("/answer-times").ok()["items"] == []
