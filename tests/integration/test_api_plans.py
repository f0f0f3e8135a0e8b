"""Plans over real HTTP, and the visits that they make: each once, whoever looks, and none left of a plan that changed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import planning
from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Api, calling
from tests.stories.village import Home, Village


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        yield caller


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    made = Village(pool, clock)
    made.run("insert into services (code, name) values ('meal', '送餐'), ('bath', '助浴') on conflict do nothing")
    return made


def made(village: Village, look: int = 1) -> int:
    """Let the engine look, and return how many visits of plans are open."""
    for _ in range(look):
        with village.pool.connection() as connection:
            planning.make_visits(connection, locale="zh-CN", now=village.clock.now())
    return int(
        village.one(
            "select count(*) from visits join visit_plan_visits on visit_id = id where state not in ('cancelled', 'completed')"
        )
    )


def body(home: Home, **more: object) -> dict[str, object]:
    return {"home": str(home.id), "service": "meal", "rule": "FREQ=DAILY", "start": "11:30", "minutes": 45, **more}


def begun(api: Api, village: Village, **more: object) -> tuple[Api, str]:
    operator = api.being("operator")
    plan = operator.post("/plans", body(village.home("凤山村"), **more)).ok(201)
    return operator, f"/plans/{plan['id']}"


def test_a_plan_is_read_as_it_was_written(api: Api, village: Village) -> None:
    operator, path = begun(
        api, village, rule="RRULE:freq=weekly;byday=mo,th", payer="government", fee="12.50", note="软饭"
    )
    plan = operator.get(path).ok()
    assert (plan["rule"], plan["start"], plan["timezone"]) == ("FREQ=WEEKLY;BYDAY=MO,TH", "11:30:00", "Asia/Shanghai")
    assert (plan["payer"], plan["fee"], plan["note"], plan["paused"], plan["ended_at"]) == (
        "government", "12.50", "软饭", False, None,
    )  # fmt: skip
    assert [each["id"] for each in operator.get("/plans").items] == [plan["id"]]


def test_its_visits_are_made_a_fortnight_ahead_each_once(api: Api, village: Village) -> None:
    operator, path = begun(api, village, note="软饭")
    assert made(village, look=3) == 15
    shown = operator.get(f"{path}/occurrences").items
    assert [each["state"] for each in shown[:15]] == ["requested"] * 15
    assert [each["visit"] for each in shown[15:]] == [None] * (len(shown) - 15)
    visit = operator.get(f"/visits/{shown[0]['visit']}").ok()
    assert (visit["due_from"], visit["service"], visit["note"]) == (shown[0]["at"], "meal", "软饭")
    village.clock.forward(timedelta(days=1, hours=1))
    assert made(village, look=2) == 16
    assert (
        village.one("select count(*) from (select 1 from visits group by home_id, due_from having count(*) > 1) a") == 0
    )


def test_two_engines_at_once_make_a_visit_once(api: Api, village: Village) -> None:
    begun(api, village)
    with village.pool.connection() as one, village.pool.connection() as other:
        assert planning.make_visits(one, locale="en", now=village.clock.now()) == 1
        assert planning.make_visits(other, locale="en", now=village.clock.now()) == 0
        one.commit()
        assert planning.make_visits(other, locale="en", now=village.clock.now()) == 0
    assert made(village) == 15


def test_a_plan_that_changes_leaves_no_old_visit_behind(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    made(village)
    first = operator.get(f"{path}/occurrences").items[0]
    visit = f"/visits/{first['visit']}"
    operator.post(f"{visit}/assign", {"staff": str(village.phone("lan").staff_id)}).ok()
    operator.post(f"{visit}/accept").ok()
    operator.patch(path, {"start": "17:00"}).ok()
    assert made(village) == 15
    hours = village.all(
        "select to_char(due_from at time zone 'Asia/Shanghai', 'HH24:MI'), count(*) from visits where state <> 'cancelled'"
        " group by 1 order by 1"
    )
    assert hours == [("11:30", 1), ("17:00", 14)]


def test_who_pays_may_change_without_making_anything_anew(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    made(village)
    operator.patch(path, {"payer": "points", "fee": "3"}).ok()
    assert village.one("select count(*) from visits where state = 'cancelled'") == 0


def test_a_plan_that_ends_or_pauses_cancels_what_nobody_took(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    made(village)
    operator.patch(path, {"paused": True}).ok()
    assert made(village) == 0
    operator.patch(path, {"paused": False}).ok()
    assert made(village) == 15
    assert operator.delete(path).status == 204
    assert made(village) == 0
    assert operator.get("/plans").items == []
    operator.delete(path).problem(409, "has ended")


def test_one_day_is_skipped_and_one_is_moved(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    made(village)
    first, second, *_ = operator.get(f"{path}/occurrences").items
    operator.post(f"{path}/exceptions", {"occurrence": first["occurrence"]}).ok(201)
    later = (village.clock.now() + timedelta(days=3, hours=2)).isoformat()
    operator.post(f"{path}/exceptions", {"occurrence": second["occurrence"], "moved_to": later}).ok(201)
    assert made(village, look=2) == 14
    moved = next(
        each for each in operator.get(f"{path}/occurrences").items if each["occurrence"] == second["occurrence"]
    )
    assert moved["at"] != second["at"]
    assert operator.get(f"/visits/{moved['visit']}").ok()["due_from"] == moved["at"]
    operator.post(f"{path}/exceptions", {"occurrence": later}).problem(422, "does not come at")


def test_a_day_that_somebody_took_is_not_skipped(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    made(village)
    first = operator.get(f"{path}/occurrences").items[0]
    operator.post(f"/visits/{first['visit']}/assign", {"staff": str(village.phone("lan").staff_id)}).ok()
    operator.post(f"/visits/{first['visit']}/accept").ok()
    operator.post(f"{path}/exceptions", {"occurrence": first["occurrence"]}).problem(409, "was taken already")


def test_whoever_is_preferred_is_sent_and_who_left_is_not_waited_for(api: Api, village: Village) -> None:
    lan = village.phone("lan").staff_id
    begun(api, village, staff=str(lan))
    village.run("update staff set removed_at = %(now)s where id = %(id)s", id=lan)
    assert made(village) == 15
    assert village.one("select count(*) from visits where staff_id is not null") == 0


def test_a_plan_that_cannot_make_its_visits_says_so(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    village.run("update services set removed_at = %(now)s where code = 'meal'")
    assert made(village) == 0
    plan = operator.get(path).ok()
    assert plan["paused"]
    assert "meal" in plan["paused_why"]
    assert [each["kind"] for each in operator.get("/alerts").items] == ["plan_stuck"]


def test_a_plan_ends_with_whoever_died(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    village.run("update residents set left_at = %(now)s, left_why = 'died'")
    assert made(village) == 0
    assert operator.get(path).ok()["ended_at"] is not None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rule": "FREQ=MINUTELY"}, ("once an hour",)),
        ({"rule": "daily"}, ("cannot be read",)),
        ({"rule": "FREQ=DAILY;COUNT=2;UNTIL=20300101"}, ("leave one out",)),
        ({"service": "gold"}, ("gold", "GET /services")),
        ({"home": "999"}, ("999",)),
        ({"staff": "999"}, ("999",)),
        ({"start": "25:00"}, ()),
        ({"timezone": "Mars/Olympus"}, ("IANA",)),
        ({"from": "2030-01-02", "until": "2030-01-01"}, ("swap",)),
        ({"fee": "-1"}, ()),
    ],
)
def test_wrong_input_is_refused_and_nothing_is_stored(
    api: Api, village: Village, wrong: dict[str, object], words: tuple[str, ...]
) -> None:
    api.being("operator").post("/plans", body(village.home("凤山村")) | wrong).problem(422, *words)
    assert village.one("select count(*) from visit_plans") == 0


def test_who_does_not_see_the_area_does_not_see_the_plan(api: Api, village: Village) -> None:
    _, path = begun(api, village)
    village.area("安乐村")
    stranger = api.being("operator", area="安乐村")
    assert stranger.get("/plans").items == []
    for refused in (stranger.get(path), stranger.patch(path, {"paused": True}), stranger.delete(path),
                    stranger.get(f"{path}/occurrences")):  # fmt: skip
        refused.problem(404)
    api.being("viewer").patch(path, {"paused": True}).problem(403)


def test_what_is_changed_is_in_the_audit_log(api: Api, village: Village) -> None:
    operator, path = begun(api, village)
    operator.patch(path, {"minutes": 30}).ok()
    operator.delete(path)
    name = f"plan {path.rpartition('/')[2]}"
    assert [(action, what) for _, action, what in api.audit() if what == name] == [
        ("add", name), ("change", name), ("remove", name),
    ]  # fmt: skip
