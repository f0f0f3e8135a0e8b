"""How closely a resident is watched over, his leaving and his past: over HTTP, and for care at once."""

from datetime import timedelta

from tests.integration.api_client import Api
from tests.integration.work_fixtures import api, village
from tests.stories.village import Village

__all__ = ["api", "village"]


def resident_of(village: Village) -> str:
    return str(village.one(f"select id from residents where home_id = {village.home('凤山村').id}"))


def test_a_change_of_standing_is_kept_with_who_and_why(api: Api, village: Village) -> None:
    path = f"/residents/{resident_of(village)}"
    operator = api.being("operator")
    assert operator.post(f"{path}/standing", {"risk": "high"}).ok()["risk"] == "high"
    operator.post(f"{path}/standing", {"risk": "low"}).problem(422, "say why")
    operator.post(f"{path}/standing", {"risk": "low", "why": "his daughter is back"}).ok()
    worse = operator.post(f"{path}/standing", {"worse": True}).ok()
    assert worse["risk"] == "low"
    assert worse["worse_since"] is not None
    past = operator.all(f"{path}/history")
    assert [(row["field"], row["was"], row["became"], row["why"]) for row in past] == [
        ("worse_since", None, past[0]["became"], None),
        ("risk", "high", "low", "his daughter is back"),
        ("risk", None, "high", None),
    ]
    assert {row["who"] for row in past} == {operator.get("/session").ok()["username"]}
    assert [row["object"] for row in api.being("admin").all("/audit")].count(f"history of resident {path[11:]}") == 1


def test_whoever_left_is_in_no_list_of_the_living_and_can_come_back(api: Api, village: Village) -> None:
    number = resident_of(village)
    path, operator = f"/residents/{number}", api.being("operator")
    operator.post(f"{path}/standing", {"left": {"why": "died"}}).problem(422, "say why")
    later = (village.clock.now() + timedelta(days=1)).isoformat()
    operator.post(f"{path}/standing", {"left": {"why": "died", "at": later}, "why": "x"}).problem(422, "lies ahead")
    gone = operator.post(f"{path}/standing", {"left": {"why": "moved_away"}, "why": "lives with her son"}).ok()
    assert gone["left_why"] == "moved_away"
    assert operator.all("/residents") == []
    assert [row["id"] for row in operator.all("/residents", left="true")] == [number]
    assert operator.get("/reports/coverage").ok()["total"]["residents"] == 0
    assert operator.post(f"{path}/standing", {"left": None}).ok()["left_at"] is None
    assert [row["id"] for row in operator.all("/residents")] == [number]
    assert [row["field"] for row in operator.all(f"{path}/history", limit="2")][:2] == ["left_why", "left_at"]


def test_a_press_where_everybody_left_is_help_all_the_same(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    number = village.one(f"select id from residents where home_id = {home.id}")
    body = {"left": {"why": "died"}, "why": "told by the village"}
    api.being("operator").post(f"/residents/{number}/standing", body).ok()
    home.press()
    alert = api.being("operator").get(f"/alerts/{home.alert().id}").ok()
    assert (alert["state"], alert["home"], alert["resident"]) == ("raised", str(home.id), None)


def test_what_is_changed_elsewhere_is_in_his_past_too(api: Api, village: Village) -> None:
    number = resident_of(village)
    other = village.home("安石村")
    admin = api.being("admin")
    admin.patch(f"/residents/{number}", {"home": str(other.id), "category": ["disabled"]}).ok()
    village.run("update residents set risk = 'high' where id = %(id)s", id=int(number))
    past = {row["field"]: row for row in admin.all(f"/residents/{number}/history")}
    assert past["home"]["became"] == str(other.id)
    assert past["category"]["became"] == "disabled"
    assert past["home"]["who"] is not None
    assert past["risk"]["who"] is None


def test_risk_is_not_for_viewers_and_standing_not_theirs_to_set(api: Api, village: Village) -> None:
    path = f"/residents/{resident_of(village)}"
    village.home("安石村")
    api.being("operator").post(f"{path}/standing", {"risk": "high", "worse": True}).ok()
    seen = api.being("viewer").get(path).ok()
    assert (seen["risk"], seen["worse_since"], seen["left_why"]) == (None, None, None)
    for role in ("viewer", "responder"):
        api.being(role).post(f"{path}/standing", {"risk": "low", "why": "x"}).problem(403)
        api.being(role).get(f"{path}/history").problem(403)
    api.being("operator", area="安石村").post(f"{path}/standing", {"risk": "low", "why": "x"}).problem(404)
