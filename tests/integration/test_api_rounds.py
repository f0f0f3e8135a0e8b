"""Patrol rounds over real HTTP: who looks in on whom by video, and what follows when nobody answers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.api_client import Api
from tests.integration.work_fixtures import api, village
from tests.stories.village import Home, Village, step

__all__ = ["api", "village"]


def with_camera(village: Village, area: str = "凤山村", **more: Any) -> Home:
    home = village.home(area, **more)
    village.device(f"cam-{home.id:04}", home.id, "camera")
    return home


def look(api: Api, patrol: str, home: Home, result: str, **more: object) -> dict[str, Any]:
    body: dict[str, Any] = api.post(f"{patrol}/looks", {"home": str(home.id), "result": result, **more}).ok(201).body
    return body


def began(api: Api, *homes: Home) -> str:
    """Begin a round in the town; return its path."""
    round_ = api.post("/patrol-rounds", {"area": "town", "homes": [str(home.id) for home in homes]}).ok(201)
    return f"/patrol-rounds/{round_['id']}"


def test_a_round_goes_to_all_homes_with_a_camera_and_ends_with_the_last_look(api: Api, village: Village) -> None:
    homes = [with_camera(village), with_camera(village, "安石村"), village.home("凤山村")]
    lan = api.being("responder", staff=village.phone("lan").staff_id)
    patrol = lan.post("/patrol-rounds", {"area": "town", "name": "morning"}).ok(201)
    assert {key: patrol[key] for key in ("area", "name", "staff_name", "started_by", "homes", "looks")} == {
        "area": "town", "name": "morning", "staff_name": "lan", "started_by": "lan",
        "homes": [str(home.id) for home in homes[:2]], "looks": [],
    }  # fmt: skip
    path = f"/patrol-rounds/{patrol['id']}"
    first = look(lan, path, homes[0], "well", note="drinking tea")
    assert (first["home"], first["result"], first["note"], first["who"], first["alert"]) == (
        str(homes[0].id), "well", "drinking tea", "lan", None,
    )  # fmt: skip
    assert lan.get(path).ok()["finished_at"] is None
    village.clock.forward(timedelta(minutes=5))
    look(lan, path, homes[1], "camera_down")
    done = lan.get(path).ok()
    assert done["finished_at"].startswith(village.clock.now().isoformat()[:19])
    assert [(each["home"], each["result"]) for each in done["looks"]] == [
        (str(homes[0].id), "well"), (str(homes[1].id), "camera_down"),
    ]  # fmt: skip


def test_a_round_is_called_like_its_area_where_nobody_names_it(api: Api, village: Village) -> None:
    with_camera(village)
    patrol = api.being("operator").post("/patrol-rounds", {"area": "凤山村"}).ok(201)
    assert (patrol["name"], patrol["staff"]) == ("凤山村", None)


def test_nobody_answers_twice_in_a_row_and_somebody_is_told(api: Api, village: Village) -> None:
    home = with_camera(village, policy=[step(0, "lan")])
    operator = api.being("operator", username="wang")
    assert look(operator, began(operator, home), home, "no_answer")["alert"] is None
    village.clock.forward(timedelta(hours=1))
    alert = look(operator, began(operator, home), home, "no_answer", note="rang for a minute")["alert"]
    raised = operator.get(f"/alerts/{alert}").ok()
    assert (raised["kind"], raised["home"], raised["text"]) == ("no_answer", str(home.id), "rang for a minute")
    assert [(row["what"], row["who"]) for row in raised["timeline"]] == [("raised", "wang")]
    village.settle()
    village.phone("lan").expect_sms("无人应答", home.address)


def test_the_third_time_joins_the_alert_that_is_open(api: Api, village: Village) -> None:
    home = with_camera(village)
    operator = api.being("operator")
    patrol = began(operator, home)
    alerts = [look(operator, patrol, home, "no_answer")["alert"] for _ in range(4)]
    assert alerts[0] is None
    assert alerts[1:] == [alerts[1]] * 3
    assert home.alert().timeline() == ["raised", "no_answer_again", "no_answer_again"]
    operator.post(f"/alerts/{alerts[1]}/close", {"outcome": "other"}).ok()
    assert look(operator, patrol, home, "no_answer")["alert"] not in (None, alerts[1])


@pytest.mark.parametrize("between", ["well", "concern", "camera_down"])
def test_not_in_a_row_is_not_twice(api: Api, village: Village, between: str) -> None:
    home = with_camera(village)
    operator = api.being("operator")
    patrol = began(operator, home)
    assert [look(operator, patrol, home, each)["alert"] for each in ("no_answer", between, "no_answer")] == [None] * 3


def test_a_look_that_is_told_late_does_not_undo_a_later_one(api: Api, village: Village) -> None:
    home = with_camera(village)
    operator = api.being("operator")
    patrol = began(operator, home)
    times = []
    for _ in range(3):
        village.clock.forward(timedelta(minutes=10))
        times.append(village.clock.now().isoformat())
    look(operator, patrol, home, "no_answer", at=times[0])
    look(operator, patrol, home, "well", at=times[2])
    assert look(operator, patrol, home, "no_answer", at=times[1])["alert"] is None


def test_two_looks_of_the_same_moment_raise_one_alert(api: Api, village: Village) -> None:
    home = with_camera(village)
    operators = [api.being("operator") for _ in range(4)]
    rounds = [began(each, home) for each in operators]
    with ThreadPoolExecutor(4) as threads:
        alerts = list(
            threads.map(
                lambda each: look(each[0], each[1], home, "no_answer")["alert"], zip(operators, rounds, strict=True)
            )
        )
    assert len([each for each in alerts if each is None]) == 1
    assert len({each for each in alerts if each is not None}) == 1
    assert home.alerts() == 1


def test_every_look_is_in_the_audit_log(api: Api, village: Village) -> None:
    home = with_camera(village)
    operator = api.being("operator", username="wang")
    look(operator, began(operator, home), home, "well")
    assert ("wang", "look", f"home {home.id}") in api.audit()


def test_what_a_round_refuses(api: Api, village: Village) -> None:
    here, there = with_camera(village), with_camera(village, "安石村")
    operator = api.being("operator")
    patrol = began(operator, here)
    for result, home in (("asleep", here), ("well", there)):
        operator.post(f"{patrol}/looks", {"home": str(home.id), "result": result}).problem(422)
    operator.post(f"{patrol}/looks", {"home": "x", "result": "well"}).problem(422, "not in patrol round")
    early = (village.clock.now() - timedelta(minutes=5)).isoformat()
    operator.post(f"{patrol}/looks", {"home": str(here.id), "result": "well", "at": early}).problem(422, "before")
    for sent in (
        {}, {"area": "nowhere"}, {"area": "安石村", "homes": [str(here.id)]}, {"area": "town", "homes": []},
        {"area": "town", "homes": ["x"]}, {"area": "town", "staff": "x"}, {"area": "town", "name": " "},
    ):  # fmt: skip
        operator.post("/patrol-rounds", sent).problem(422)
    village.area("空村")
    operator.post("/patrol-rounds", {"area": "空村"}).problem(422, "no home there has a camera")
    assert api.rows("select count(*) from looks")[0][0] == 0


def test_who_may(api: Api, village: Village) -> None:
    home = with_camera(village)
    with_camera(village, "安石村")
    operator = api.being("operator")
    patrol = began(operator, home)
    viewer, lan = api.being("viewer"), api.being("responder", staff=village.phone("lan").staff_id)
    neighbour = api.being("operator", area="安石村")
    viewer.get(patrol).ok()
    viewer.post("/patrol-rounds", {"area": "town"}).problem(403)
    viewer.post(f"{patrol}/looks", {"home": str(home.id), "result": "well"}).problem(403)
    lan.post("/patrol-rounds", {"area": "town", "staff": str(village.phone("mei").staff_id)}).problem(403)
    look(lan, patrol, home, "well")
    neighbour.get(patrol).problem(404)
    neighbour.post(f"{patrol}/looks", {"home": str(home.id), "result": "well"}).problem(404)
    neighbour.post("/patrol-rounds", {"area": "town"}).problem(422)
    assert neighbour.get("/patrol-rounds").items == []
    neighbour.post("/patrol-rounds", {"area": "安石村"}).ok(201)


def test_rounds_are_listed_the_newest_first(api: Api, village: Village) -> None:
    home = with_camera(village)
    operator = api.being("operator")
    mei = str(village.phone("mei").staff_id)
    made = []
    for number in range(5):
        village.clock.forward(timedelta(hours=1))
        more = {"staff": mei} if number % 2 else {}
        made.append(operator.post("/patrol-rounds", {"area": "凤山村", **more}).ok(201)["id"])
    look(operator, f"/patrol-rounds/{made[4]}", home, "well")
    listed = operator.all("/patrol-rounds", limit=2)
    assert [each["id"] for each in listed] == made[::-1]
    assert [each["result"] for each in listed[0]["looks"]] == ["well"]
    assert [each["id"] for each in operator.all("/patrol-rounds", staff=mei)] == [made[3], made[1]]
    assert (
        operator.get("/patrol-rounds", area="county", from_=village.clock.now().isoformat()).items[0]["id"] == made[4]
    )
