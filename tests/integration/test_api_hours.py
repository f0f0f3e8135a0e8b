"""When a rota holds, and who has it then, by plain HTTP: windows, holidays, pauses, and the list of shifts."""

from itertools import pairwise
from typing import Any

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, staff
from tests.integration.test_api_oncall import policy, rota, who

__all__ = ["admin", "api"]

NIGHT = {"from": "20:00", "to": "08:00"}


def shifts(caller: Api, rota_id: str, from_: str, to: str) -> list[tuple[str, str, str | None]]:
    """Return (from, to, name or why not) of each, in local time without its year and offset."""
    found = caller.get(f"/rotas/{rota_id}/shifts", from_=from_, to=to).items
    for each, following in pairwise(found):
        assert each["to"] == following["from"]
    assert all((each["staff"] is None) == (each["why"] is not None) for each in found)
    return [(each["from"][5:16], each["to"][5:16], each["name"] or each["why"]) for each in found]


def test_a_night_rota_is_read_back_as_it_was_written(admin: Api) -> None:
    lan = staff(admin)
    night = rota(admin, [lan], windows=[NIGHT, {"weekdays": [6, 7], "from": "08:00", "to": "20:00"}])
    found = admin.get(f"/rotas/{night}").ok()
    assert found["windows"] == [
        {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "20:00", "to": "08:00"},
        {"weekdays": [6, 7], "from": "08:00", "to": "20:00"},
    ]
    assert (found["days"], found["holidays"]) == ("every", None)
    changed = admin.patch(f"/rotas/{night}", {"days": "off", "holidays": "CN"}).ok()
    assert (changed["windows"], changed["days"], changed["holidays"]) == (found["windows"], "off", "CN")
    assert admin.patch(f"/rotas/{night}", {"windows": []}).ok()["windows"] == []
    admin.patch(f"/rotas/{night}", {"holidays": None}).problem(422, "needs to know which those are")


def test_outside_of_its_hours_nobody_of_a_rota_answers(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    night = rota(admin, [lan], windows=[NIGHT])
    policy(admin, {"after_s": 0, "rota": night}, {"after_s": 60, "staff": mei})
    assert who(admin, at="2026-11-25T19:59:59+08:00") == [[], ["赵梅"]]
    assert who(admin, at="2026-11-25T20:00:00+08:00") == [["李兰"], ["赵梅"]]
    assert who(admin, at="2026-11-26T07:59:59+08:00") == [["李兰"], ["赵梅"]]
    assert who(admin, at="2026-11-26T08:00:00+08:00") == [[], ["赵梅"]]
    # its turn ends at 08:00 with the window; until then is when the shift ends
    until = admin.get("/oncall", area="anshi", at="2026-11-25T23:00:00+08:00").ok()["steps"][0]["responders"][0][
        "until"
    ]
    assert until == "2026-11-26T00:00:00Z"


def test_a_rota_of_work_days_rests_on_holidays_and_works_on_the_saturday_that_pays_for_one(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    start = "2026-01-01T08:00:00+08:00"
    working = rota(admin, [lan], days="work", holidays="CN", start=start)
    resting = rota(admin, [mei], days="off", holidays="CN", start=start)
    policy(admin, {"after_s": 0, "rota": working}, {"after_s": 0, "rota": resting})
    held = {
        "2026-09-30": ["李兰"],
        "2026-10-01": ["赵梅"],
        "2026-10-08": ["李兰"],
        "2026-10-10": ["李兰"],
        "2026-10-11": ["赵梅"],
    }
    assert {day: who(admin, at=f"{day}T12:00:00+08:00")[0] for day in held} == held


def test_a_paused_member_is_passed_over_until_he_goes_on(admin: Api) -> None:
    lan, mei, wu = staff(admin), staff(admin, "赵梅"), staff(admin, "吴强")
    shift = rota(admin, [lan, mei, wu])
    policy(admin, {"after_s": 0, "rota": shift})
    body = {"staff": mei, "from": "2026-11-24T00:00:00Z"}
    made = admin.post(f"/rotas/{shift}/pauses", body).ok(201)
    assert {**body, "rota": shift, "to": None, "area": "luodang"}.items() <= made.body.items()
    assert admin.get(f"/rotas/{shift}/pauses/{made['id']}").ok().body == made.body
    turns = [who(admin, at=f"2026-11-{day}T12:00:00+08:00")[0][0] for day in (23, 24, 25, 26, 27)]
    assert turns == ["李兰", "吴强", "吴强", "李兰", "吴强"]
    admin.patch(f"/rotas/{shift}/pauses/{made['id']}", {"to": "2026-11-26T00:00:00Z"}).ok()
    assert who(admin, at="2026-11-27T12:00:00+08:00") == [["赵梅"]]
    assert [each["id"] for each in admin.get(f"/rotas/{shift}/pauses").items] == [made["id"]]
    admin.delete(f"/rotas/{shift}/pauses/{made['id']}").ok(204)
    assert who(admin, at="2026-11-24T12:00:00+08:00") == [["赵梅"]]
    assert ("admin", "remove", f"pause {made['id']}") in [(who[:5], *rest) for who, *rest in admin.audit()]


def test_shifts_are_listed_with_the_hours_outside_and_the_holes(admin: Api) -> None:
    lan, mei, wu = staff(admin), staff(admin, "赵梅"), staff(admin, "吴强")
    night = rota(admin, [lan, mei], windows=[NIGHT])
    override = {"rota": night, "from": "2026-11-24T15:00:00Z", "to": "2026-11-24T18:00:00Z", "staff": wu}
    admin.post("/overrides", override).ok(201)
    for member in (lan, mei):
        admin.post(f"/rotas/{night}/pauses", {"staff": member, "from": "2026-11-25T16:00:00Z"}).ok(201)
    assert shifts(admin, night, "2026-11-24T16:30:00Z", "2026-11-26T03:00:00Z") == [
        # whole, though it began before
        ("11-24T15:00", "11-24T18:00", "吴强"),
        ("11-24T18:00", "11-25T00:00", "赵梅"),
        ("11-25T00:00", "11-25T12:00", "outside"),
        ("11-25T12:00", "11-25T16:00", "李兰"),
        ("11-25T16:00", "11-26T00:00", "nobody"),
        ("11-26T00:00", "11-26T03:00", "outside"),
    ]
    admin.get(f"/rotas/{night}/shifts", to="2028-01-01T00:00:00Z").problem(422, "ask for less at once")
    admin.run("update staff set opted_out_at = %(now)s where id = %(id)s", id=int(mei))
    found = admin.get(f"/rotas/{night}/shifts", from_="2026-11-24T18:00:00Z", to="2026-11-24T19:00:00Z").items
    assert [(each["staff"], each["reachable"]) for each in found] == [(mei, False)]


def test_a_weekly_turn_that_began_long_ago_is_listed_whole(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    weekly = rota(admin, [lan, mei], kind="weekly")
    early = {"rota": weekly, "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z", "staff": mei}
    admin.post("/overrides", early).ok(201)
    (found,) = shifts(admin, weekly, "2026-11-27T00:00:00Z", "2026-11-27T01:00:00Z")
    assert found == ("11-24T00:00", "11-30T00:00", "李兰")


def test_a_wrong_value_of_a_rotas_hours_is_told_with_its_field(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    mine = rota(admin, [lan])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"windows": [{"from": "8:00", "to": "20:00"}]}, "windows.0.from"),
        ({"windows": [{"from": "08:00", "to": "24:00"}]}, "windows.0.to"),
        ({"windows": [{"from": "08:00", "to": "20:00", "weekdays": [0]}]}, "windows.0.weekdays.0"),
        ({"windows": [{"from": "08:00", "to": "20:00", "weekdays": []}]}, "windows.0.weekdays"),
        ({"holidays": "ZZ"}, "holidays"),
        ({"days": "work"}, "holidays"),
        ({"days": "never"}, "days"),
    ]
    for body, field in wrong:
        refused = admin.patch(f"/rotas/{mine}", body).problem(422)
        assert [each["field"] for each in refused["errors"]] == [field], body
    pauses = f"/rotas/{mine}/pauses"
    admin.post(pauses, {"staff": mei, "from": "2026-11-24T00:00:00Z"}).problem(422, "is no member of rota")
    admin.post(pauses, {"staff": lan, "from": "2026-11-24T00:00:00Z", "to": "2026-11-23T00:00:00Z"}).problem(422, "to")


def test_a_neighbours_pauses_and_shifts_are_as_if_they_were_not_there(admin: Api, api: Api) -> None:
    wu = staff(admin, "吴强", "manwan")
    away = rota(admin, [wu], "yun")
    pause = admin.post(f"/rotas/{away}/pauses", {"staff": wu, "from": "2026-11-24T00:00:00Z"}).ok(201)["id"]
    operator = api.being("operator", "凤庆")
    operator.get(f"/rotas/{away}/shifts").problem(404)
    operator.get(f"/rotas/{away}/pauses").problem(404)
    operator.post(f"/rotas/{away}/pauses", {"staff": wu, "from": "2026-11-24T00:00:00Z"}).problem(404)
    mine = rota(operator, [staff(operator)])
    for path in (f"/rotas/{away}/pauses/{pause}", f"/rotas/{mine}/pauses/{pause}"):
        operator.get(path).problem(404)
        operator.patch(path, {}).problem(404)
        operator.delete(path).problem(404)
    api.being("viewer", "凤庆").post(f"/rotas/{mine}/pauses", {}).problem(403)
