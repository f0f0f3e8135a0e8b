"""Swaps by plain HTTP: who may ask whom, who may answer, and what it becomes."""

from datetime import timedelta
from typing import Any

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, staff
from tests.integration.test_api_oncall import policy, rota, who

__all__ = ["admin", "api"]

NIGHT = {"from": "2026-11-25T12:00:00Z", "to": "2026-11-25T20:00:00Z"}


def people(admin: Api) -> tuple[str, str, str]:
    """Lan has the 25th, Mei the 26th, Wu works beside them."""
    return staff(admin), staff(admin, "赵梅", phone="+8613800000002"), staff(admin, "吴强", phone="+8613800000003")


def shift(admin: Api, lan: str, mei: str) -> str:
    held = rota(admin, [lan, mei], start="2026-11-25T00:00:00Z")
    policy(admin, {"after_s": 0, "rota": held})
    return held


def test_a_member_asks_and_the_other_takes_it(admin: Api, api: Api) -> None:
    lan, mei, wu = people(admin)
    held = shift(admin, lan, mei)
    asking, asked = api.being("responder", "凤庆", staff=lan), api.being("responder", "凤庆", staff=wu)
    body = {"rota": held, **NIGHT, "staff": wu}
    made = asking.post("/swaps", body).ok(201)
    assert {**body, "asked_by": lan, "state": "asked", "override": None, "area": "luodang"}.items() <= made.body.items()
    assert asked.get(f"/swaps/{made['id']}").ok().body == made.body
    assert [each["id"] for each in asked.get("/swaps", state="asked", staff=wu, rota=held).items] == [made["id"]]
    (text,) = admin.rows("select text from messages where purpose = 'inform' and alert_id is null")
    # China: no reply comes back by Twilio, but the outbox's phones can answer
    assert "李兰请您代班" in text[0]
    asking.post(f"/swaps/{made['id']}/accept").problem(403, "only he, or an operator")
    taken = asked.post(f"/swaps/{made['id']}/accept").ok()
    assert taken["state"] == "accepted"
    override = admin.get(f"/overrides/{taken['override']}").ok()
    assert {"rota": held, **NIGHT, "staff": wu}.items() <= override.body.items()
    assert who(admin, at="2026-11-25T13:00:00Z") == [["吴强"]]
    assert [each["what"] for each in taken["timeline"]] == ["asked", "told", "accepted", "told", "told"]
    told = admin.rows("select staff_id, text from messages where swap_id is not null order by id")
    assert [(str(row[0]), "由您代班" in row[1] or "代您值" in row[1]) for row in told[1:]] == [(lan, True), (wu, True)]
    asked.post(f"/swaps/{made['id']}/decline").problem(409, "is accepted already")
    assert admin.get(f"/swaps/{made['id']}").ok()["decided_at"] == "2026-11-24T02:13:58Z"


def test_who_was_asked_says_no_and_who_asked_takes_it_back(admin: Api, api: Api) -> None:
    lan, mei, wu = people(admin)
    held = shift(admin, lan, mei)
    asking, asked = api.being("responder", "凤庆", staff=lan), api.being("responder", "凤庆", staff=wu)
    first = asking.post("/swaps", {"rota": held, **NIGHT, "staff": wu}).ok(201)["id"]
    assert asked.post(f"/swaps/{first}/decline").ok()["state"] == "declined"
    second = asking.post("/swaps", {"rota": held, **NIGHT, "staff": mei}).ok(201)["id"]
    asked.post(f"/swaps/{second}/decline").problem(403)
    assert asking.post(f"/swaps/{second}/decline").ok()["state"] == "withdrawn"
    assert who(admin, at="2026-11-25T13:00:00Z") == [["李兰"]]
    assert [each["id"] for each in admin.get("/swaps").items] == [second, first]
    assert [len(page) for page in admin.pages("/swaps", limit=1)] == [1, 1]


def test_an_operator_asks_and_answers_for_others(admin: Api, api: Api) -> None:
    lan, mei, wu = people(admin)
    held = shift(admin, lan, mei)
    operator = api.being("operator", "凤庆")
    made = operator.post("/swaps", {"rota": held, **NIGHT, "staff": wu}).ok(201)
    assert made["asked_by"] == lan
    assert operator.post(f"/swaps/{made['id']}/accept").ok()["state"] == "accepted"
    admin.delete(f"/staff/{wu}").problem(409, "overrides that are not over")
    audit = [(action, what) for _, action, what in admin.audit() if what == f"swap {made['id']}"]
    assert audit == [("add", f"swap {made['id']}"), ("accept", f"swap {made['id']}")]


def test_what_cannot_be_asked_is_refused_with_its_reason(admin: Api, api: Api) -> None:
    lan, mei, wu = people(admin)
    held = shift(admin, lan, mei)
    asking = api.being("responder", "凤庆", staff=lan)
    gone = staff(admin, "钱进", phone="+8613800000009")
    admin.run("update staff set opted_out_at = %(now)s where id = %(id)s", id=int(gone))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"staff": lan}, "李兰 has it already"),
        ({"to": "2026-11-26T01:00:00Z"}, "is not one person's"),
        ({"from": "2026-11-26T01:00:00Z", "to": "2026-11-26T02:00:00Z"}, "is 赵梅's then"),
        ({"from": "2026-11-24T01:00:00Z", "to": "2026-11-24T02:00:00Z"}, "has begun already"),
        ({"to": NIGHT["from"]}, "is not after `from`"),
        ({"staff": gone}, "wants no messages"),
        ({"staff": "4711"}, "staff 4711"),
        ({"rota": "4711"}, "rota 4711"),
    ]
    for changed, words in wrong:
        asking.post("/swaps", {"rota": held, **NIGHT, "staff": wu, **changed}).problem(422, words)
    api.being("responder", "凤庆").post("/swaps", {"rota": held, **NIGHT, "staff": wu}).problem(403, "not linked")
    api.being("viewer").post("/swaps", {}).problem(403)
    assert admin.rows("select count(*) from swaps") == [(0,)]


def test_a_swap_of_a_neighbour_is_as_if_it_was_not_there(admin: Api, api: Api) -> None:
    lan, mei, wu = people(admin)
    made = admin.post("/swaps", {"rota": shift(admin, lan, mei), **NIGHT, "staff": wu}).ok(201)["id"]
    neighbour = api.being("operator", "yun")
    neighbour.get(f"/swaps/{made}").problem(404)
    neighbour.post(f"/swaps/{made}/accept").problem(404)
    assert neighbour.get("/swaps").items == []
    # but whoever was asked may answer wherever his user is
    lent = api.being("responder", "yun", staff=wu)
    assert [each["id"] for each in lent.get("/swaps").items] == [made]
    assert lent.post(f"/swaps/{made}/accept").ok()["state"] == "accepted"


def test_a_swap_that_has_begun_is_over(admin: Api, api: Api) -> None:
    lan, mei, wu = people(admin)
    body = {"rota": shift(admin, lan, mei), "from": "2026-11-25T03:00:00Z", "to": "2026-11-25T04:00:00Z", "staff": wu}
    made = admin.post("/swaps", body).ok(201)["id"]
    admin.clock.forward(timedelta(hours=25))
    later = api.being("operator")
    later.post(f"/swaps/{made}/accept").problem(409, "is expired already")
