"""Who must be seen, by plain HTTP: due, calls that are noted, standards and occasions, and the case of a gap to its end."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.api_client import PASSWORD, Api
from tests.integration.registry_fixtures import RESIDENT, admin, api, home, staff
from tests.stories.village import Village
from tests.stories.warned import look

__all__ = ["admin", "api"]


def resident(caller: Api, area: str = "anshi", **more: object) -> str:
    """Add a resident who lives alone and is over 80; returns his id."""
    body = {**RESIDENT, "home": home(caller, area), **more}
    return str(caller.post("/residents", body).ok(201)["id"])


def days(caller: Api, number: int) -> Api:
    """Let days pass, with a look each half day; returns the caller with a session of the new day."""
    for _ in range(number * 2):
        caller.clock.forward(timedelta(hours=12))
        worked_out(caller)
    return caller.logged_in(str(caller.username), PASSWORD)


def worked_out(caller: Api) -> None:
    """Let the alerts role look at what is due."""
    bare = Village.__new__(Village)
    bare.pool, bare.clock, bare.phones = caller.pool, caller.clock, {}
    look(bare)


@pytest.fixture
def gap(admin: Api) -> tuple[Api, str, dict[str, Any]]:
    """A resident who was not seen for over a week; with the administrator, his id, and his case."""
    number = resident(admin)
    worked_out(admin)
    admin = days(admin, 8)
    (case,) = admin.get("/care/cases").items
    return admin, number, case


def test_who_is_due_when_and_why_in_both_languages(admin: Api) -> None:
    alone = resident(admin)
    resident(admin, "manwan", category=[], birth_date=None, name="李四")
    assert admin.get("/care/due", state="overdue").items == []
    worked_out(admin)
    (due,) = admin.get("/care/due", within_days=30).items
    assert (due["resident"], due["state"], due["high_risk"]) == (alone, "due", True)
    assert due["why"] == {
        "zh-CN": "独居、80 岁及以上：每 7 天要见一次。", "en": "lives alone, 80 years or older: to be seen every 7 days.",
    }  # fmt: skip
    assert due["due_at"] == "2026-12-01T09:00:00Z"
    assert (due["seen_at"], due["case"], due["noted"]) == (None, None, False)
    assert [each["name"] for each in admin.all("/care/due", within_days=100, limit=1)] == ["张桂英", "李四"]
    admin = days(admin, 8)
    (late,) = admin.get("/care/due", area="凤庆").items
    assert (late["state"], late["case"] is not None, late["alert"] is not None) == ("overdue", True, True)
    assert admin.audit()[-1][1:] == ("read", "care due")
    admin.get("/care/due", state="never").problem(422, "overdue")
    yun = admin.being("viewer", area="yun")
    assert yun.get("/care/due").items == []
    yun.get("/care/due", area="anshi").problem(422)
    yun.get(f"/residents/{alone}/care").problem(404)
    admin.anonymous().get("/care/due").problem(401)


def test_a_telephone_call_is_noted_and_counts(gap: tuple[Api, str, dict[str, Any]]) -> None:
    admin, number, case = gap
    lan = admin.being("responder", area="凤庆", staff=staff(admin))
    noted = lan.post(f"/residents/{number}/seen", {"how": "telephone", "note": "她很好"}).ok(201)
    assert (noted["how"], noted["who"]) == ("telephone", "李兰")
    (due,) = admin.get("/care/due").items
    assert due["noted"]
    worked_out(admin)
    assert admin.get("/care/due", state="overdue").items == []
    assert admin.get(f"/alerts/{case['alert']}")["state"] == "closed"
    made = admin.get(f"/care/cases/{case['id']}").body
    assert (made["state"], made["made_good_how"], made["made_good_by"]) == ("made_good", "telephone", "李兰")
    read = admin.get(f"/residents/{number}/care").ok()
    assert (read["seen_by"], read["contacts"][0]["note"]) == ("telephone", "她很好")
    assert admin.being("viewer").get(f"/residents/{number}/care")["contacts"][0]["note"] is None
    assert ("seen", f"resident {number}") in [row[1:] for row in admin.audit()]
    assert "她很好" not in str(admin.rows("select detail from audit"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"how": "letter"}, "telephone"),
        ({"how": "telephone", "at": "2026-12-09T02:13:58Z"}, "ahead"),
        ({"how": "telephone", "at": "2026-09-01T00:00:00Z"}, "31 days"),
        ({"how": "telephone", "when": "now"}, "when"),
    ],
)
def test_a_call_that_cannot_be_is_refused(admin: Api, body: dict[str, Any], words: str) -> None:
    number = resident(admin)
    admin.post(f"/residents/{number}/seen", body).problem(422, words)
    assert admin.rows("select id from care_contacts") == []
    admin.being("viewer").post(f"/residents/{number}/seen", {"how": "telephone"}).problem(403)
    admin.being("responder", area="yun").post(f"/residents/{number}/seen", {"how": "telephone"}).problem(404)
    admin.post("/residents/nobody/seen", {"how": "telephone"}).problem(404)


def test_a_case_is_assigned_made_good_confirmed_by_somebody_else_and_reported(
    gap: tuple[Api, str, dict[str, Any]],
) -> None:
    admin, number, case = gap
    operator, other, lan = admin.being("operator"), admin.being("operator"), staff(admin)
    path = f"/care/cases/{case['id']}"
    assert (case["state"], case["due_on"], case["severity"]) == ("found", "2026-12-01", "high")
    for step in ("confirm", "report"):
        operator.post(f"{path}/{step}").problem(409, "is found")
    assigned = operator.post(f"{path}/assign", {"staff": lan}).ok()
    assert (assigned["state"], assigned["assigned_name"]) == ("assigned", "李兰")
    alert = admin.get(f"/alerts/{case['alert']}")
    assert (alert["state"], alert["accepted_by"]) == ("accepted", lan)
    operator.post(f"{path}/assign", {"staff": "999"}).problem(422)
    operator.post(f"{path}/made-good", {}).problem(422, "one of them")
    operator.post(f"{path}/made-good", {"visit": "12"}).problem(422, "visit 12")
    operator.post(f"{path}/made-good", {"look": "x"}).problem(422)
    operator.post(f"{path}/made-good", {"not_needed": True}).problem(422, "note")
    contact = operator.post(f"/residents/{number}/seen", {"how": "in_person"}).ok(201)["id"]
    made = operator.post(f"{path}/made-good", {"contact": contact, "note": "门口见到"}).ok()
    assert (made["state"], made["made_good_how"], made["made_good_ref"]) == ("made_good", "in_person", contact)
    operator.post(f"{path}/made-good", {"contact": contact}).problem(409, "made good already")
    operator.post(f"{path}/confirm").problem(409, "somebody else")
    assert other.post(f"{path}/confirm", {"note": "问过邻居"}).ok()["state"] == "confirmed"
    other.post(f"{path}/confirm").problem(409, "confirmed already")
    assert other.post(f"{path}/report").ok()["reported_month"] == "2026-12"
    other.post(f"{path}/report", {"month": "2026-13"}).problem(422)
    other.post(f"{path}/report", {"month": "2026-12"}).problem(409, "list already")
    assert [each["id"] for each in admin.get("/care/cases", month="2026-12", state="reported").items] == [case["id"]]
    assert admin.get("/care/cases", state="open").items == []
    assert [row[1] for row in admin.audit() if row[2] == f"care case {case['id']}"] == [
        "assign", "made good", "confirm", "report",
    ]  # fmt: skip


def test_who_accepts_the_alert_has_the_case(gap: tuple[Api, str, dict[str, Any]]) -> None:
    admin, _, case = gap
    lan = admin.being("responder", area="凤庆", staff=staff(admin))
    lan.post(f"/alerts/{case['alert']}/accept").ok()
    assert admin.get(f"/care/cases/{case['id']}")["assigned_name"] == "李兰"
    lan.post(f"/care/cases/{case['id']}/confirm").problem(403)
    yun = admin.being("operator", area="yun")
    assert yun.get("/care/cases").items == []
    yun.get(f"/care/cases/{case['id']}").problem(404)
    yun.post(f"/care/cases/{case['id']}/confirm").problem(404)
    admin.post("/care/cases/x/confirm").problem(404)


def put(caller: Api, **body: object) -> Any:
    return caller.send("PUT", "/care/standards", json=body)


def test_an_area_sets_its_own_standard_and_takes_it_back(admin: Api) -> None:
    resident(admin)
    put(admin, area="凤庆", category="lives_alone", from_age=80, every_days=2).ok()
    worked_out(admin)
    assert admin.get("/care/due").items[0]["due_at"] == "2026-11-26T09:00:00Z"
    listed = admin.get("/care/standards")
    assert len(listed["shipped"]) == 8
    assert [(each["area"], each["every_days"], each["remote"]) for each in listed.items] == [("凤庆", 2, False)]
    assert put(admin, area="凤庆", risk="low", every_days=60).ok()["remote"]
    yun = admin.being("admin", area="yun")
    assert yun.get("/care/standards").items == []
    put(yun, every_days=10).problem(403)
    put(yun, area="anshi", every_days=10).problem(422)
    put(admin.being("operator"), area="anshi", every_days=10).problem(403)
    put(admin, area="anshi", every_days=0).problem(422)
    put(admin, area="anshi", every_days=10, risk="grave").problem(422)
    admin.delete("/care/standards?area=凤庆&category=lives_alone&from_age=80").ok(204)
    admin.delete("/care/standards?area=凤庆&category=lives_alone&from_age=80").problem(404)
    worked_out(admin)
    assert admin.get("/care/due", within_days=8).items[0]["due_at"] == "2026-12-01T09:00:00Z"
    assert [row[1] for row in admin.audit() if row[2] == "care standard"] == ["change", "change", "remove"]


def test_an_operator_sets_a_warning_of_the_weather_and_takes_it_back(admin: Api) -> None:
    resident(admin)
    operator = admin.being("operator", area="凤庆")
    cold = {
        "name": "寒潮",
        "area": "anshi",
        "from": "2026-11-24T00:00:00Z",
        "to": "2026-11-30T00:00:00Z",
        "every_days": 1,
    }
    made = operator.post("/care/occasions", cold).ok(201)
    assert (made["from"], made["kind"], made["by"]) == ("2026-11-24T00:00:00Z", "weather", operator.username)
    worked_out(admin)
    (due,) = admin.get("/care/due").items
    assert (due["due_at"], due["why"]["zh-CN"]) == ("2026-11-25T09:00:00Z", "寒潮期间：每 1 天要见一次。")
    operator.post("/care/occasions", {**cold, "factor": 2}).problem(422, "one of the two")
    operator.post("/care/occasions", {**cold, "to": "2026-11-01T00:00:00Z"}).problem(422, "mend the times")
    operator.post("/care/occasions", {**cold, "area": "manwan"}).problem(422)
    operator.post("/care/occasions", {**cold, "area": None}).problem(403)
    admin.being("operator", area="yun").delete(f"/care/occasions/{made['id']}").problem(404)
    assert [each["name"] for each in operator.get("/care/occasions").items] == ["寒潮"]
    operator.delete(f"/care/occasions/{made['id']}").ok(204)
    operator.delete(f"/care/occasions/{made['id']}").problem(404)
    worked_out(admin)
    assert admin.get("/care/due", within_days=8).items[0]["due_at"] == "2026-12-01T09:00:00Z"


def test_a_visit_in_doubt_is_confirmed_by_an_operator(admin: Api) -> None:
    place, lan = home(admin, lat=24.5, lon=99.9), staff(admin)
    admin.post("/services", {"code": "meal", "name": "送餐"}).ok(201)
    now = admin.clock.now().isoformat()
    body = {"home": place, "service": "meal", "due_from": now, "due_to": now, "staff": lan}
    visit = admin.post("/visits", body).ok(201)["id"]
    admin.post(f"/care/visits/{visit}/confirm").problem(409, "not completed")
    admin.post(f"/visits/{visit}/arrive", {"lat": 24.6, "lon": 99.9}).ok()
    admin.post(f"/visits/{visit}/complete", {"outcome": "helped"}).ok()
    worked_out(admin)
    assert [each["kind"] for each in admin.get("/alerts", state="open").items] == ["visit_elsewhere"]
    admin.being("operator", area="yun").post(f"/care/visits/{visit}/confirm").problem(404)
    admin.post(f"/care/visits/{visit}/confirm", {"note": "GPS 漂移"}).ok(204)
    admin.post(f"/care/visits/{visit}/confirm").ok(204)
    worked_out(admin)
    assert admin.get("/alerts", state="open").items == []
