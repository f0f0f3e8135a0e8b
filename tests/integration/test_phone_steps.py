"""Steps that a phone kept, over real HTTP: in order, once, with their own times; a refusal is said, and holds nothing back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Answer, Api, calling
from tests.stories.village import Home, Village, step


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        yield caller


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    made = Village(pool, clock)
    made.run("insert into services (code, name) values ('meal', '送餐') on conflict do nothing")
    return made


@pytest.fixture
def lan(api: Api, village: Village) -> Api:
    return api.being("responder", area="town", staff=village.phone("兰晓").staff_id, username="lan").outside()


def visit_for(village: Village, name: str = "兰晓") -> tuple[Home, int]:
    """Return a home, and a visit on demand that was given to somebody."""
    home = village.home("凤山村")
    visit_id = village.one(
        "insert into visits (home_id, area, service, staff_id, state, requested_at, assigned_at, told_at)"
        " values (%(home)s, %(area)s, 'meal', %(staff)s, 'assigned', %(now)s, %(now)s, %(now)s) returning id",
        home=home.id, area=home.area, staff=village.phone(name).staff_id,
    )  # fmt: skip
    return home, visit_id


def kept(visit_id: int, what: str, at: datetime, **more: object) -> dict[str, object]:
    """Return a step as a phone keeps it."""
    if what == "complete":
        more.setdefault("outcome", "helped")
    return {"key": str(uuid4()), "visit": str(visit_id), "step": what, "at": at.isoformat(), **more}


def came(answer: Answer) -> list[tuple[str, str | None]]:
    """Return (result, state) of each step."""
    return [(each["result"], each["state"]) for each in answer.ok()["results"]]


def times(village: Village, visit_id: int) -> list[datetime | None]:
    """Return when he set out, arrived and was done."""
    return list(
        village.all("select departed_at, arrived_at, completed_at from visits where id = %(id)s", id=visit_id)[0]
    )


def test_steps_hours_old_keep_their_own_times(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    begin = village.clock.now()
    at = [begin + timedelta(minutes=minutes) for minutes in (5, 20, 65)]
    village.clock.forward(timedelta(hours=9))
    steps = [
        kept(visit_id, "depart", at[0]),
        kept(visit_id, "arrive", at[1], lat=24.58, lon=99.92, code="A1B2"),
        kept(visit_id, "complete", at[2], note="吃得很好"),
    ]
    assert came(lan.post("/my/steps", steps)) == [("done", "en_route"), ("done", "arrived"), ("done", "completed")]
    assert times(village, visit_id) == at
    proof = village.one("select arrived_proof from visits where id = %(id)s", id=visit_id)
    assert (proof["lat"], proof["lon"], proof["code"]) == (24.58, 99.92, "A1B2")
    assert datetime.fromisoformat(proof["recorded_at"]) == village.clock.now()
    rows = village.all("select step, at, received_at, result, note from phone_steps order by at")
    assert rows == [
        ("depart", at[0], village.clock.now(), "done", None),
        ("arrive", at[1], village.clock.now(), "done", None),
        ("complete", at[2], village.clock.now(), "done", "吃得很好"),
    ]


def test_what_is_sent_twice_is_answered_as_the_first_time(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    steps = [kept(visit_id, "depart", village.clock.now()), kept(visit_id, "arrive", village.clock.now())]
    first = lan.post("/my/steps", steps).ok().body
    was = times(village, visit_id)
    village.clock.forward(timedelta(minutes=30))
    assert lan.post("/my/steps", steps).ok().body == first
    assert times(village, visit_id) == was


def test_two_tabs_that_send_at_once_do_it_once(village: Village, lan: Api) -> None:
    home = village.home("凤山村", policy=[step(0, "兰晓")])
    home.press()
    village.phone("兰晓").reply("1")
    sent = [
        kept(int(home.alert().visit() or 0), what, village.clock.now()) for what in ("depart", "arrive", "complete")
    ]
    with ThreadPoolExecutor(4) as tabs:
        answers = [each.ok().body for each in tabs.map(lambda _: lan.post("/my/steps", sent), range(4))]
    assert all(answer == answers[0] for answer in answers)
    timeline = home.alert().timeline()
    assert [timeline.count(what) for what in ("en_route", "arrived", "visit_completed", "closed")] == [1, 1, 1, 1]
    assert home.heard() == ["accepted", "en_route", "arrived", "closed"]


def test_times_that_run_backwards_are_refused_in_words_and_change_nothing(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    begin = village.clock.now()
    village.clock.forward(timedelta(hours=2))
    steps = [
        kept(visit_id, "arrive", begin + timedelta(minutes=50)),
        kept(visit_id, "complete", begin + timedelta(minutes=10)),
        kept(visit_id, "complete", begin + timedelta(minutes=70)),
    ]
    answer = lan.post("/my/steps", steps)
    assert came(answer) == [("done", "arrived"), ("refused", "arrived"), ("done", "completed")]
    assert answer["results"][1]["words"] == "这一步的时间早于上一步。请校准手机时间，并告诉值班室。"
    assert times(village, visit_id)[1:] == [begin + timedelta(minutes=50), begin + timedelta(minutes=70)]


def test_a_time_that_is_still_to_come_is_now(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    assert came(lan.post("/my/steps", [kept(visit_id, "arrive", village.clock.now() + timedelta(days=1))]))
    assert times(village, visit_id)[1] == village.clock.now()


def test_somebody_else_has_it_now_and_what_is_behind_still_goes(village: Village, lan: Api, api: Api) -> None:
    _, taken = visit_for(village)
    _, mine = visit_for(village)
    begin = village.clock.now()
    api.being("operator").post(f"/visits/{taken}/assign", {"staff": str(village.phone("梅芳").staff_id)}).ok()
    answer = lan.post("/my/steps", [kept(taken, "arrive", begin), kept(mine, "arrive", begin)])
    assert came(answer) == [("refused", None), ("done", "arrived")]
    assert "梅芳" in answer["results"][0]["words"]
    assert times(village, taken) == [None, None, None]


def test_a_cancelled_visit_is_said_and_one_out_of_sight_is_not_there(village: Village, lan: Api, api: Api) -> None:
    _, visit_id = visit_for(village)
    api.being("operator").post(f"/visits/{visit_id}/cancel").ok()
    village.area("other", parent="county", level="township")
    village.area("far", parent="other")
    far = village.home("far")
    hidden = village.one(
        "insert into visits (home_id, area, state, requested_at) values (%(home)s, 'far', 'requested', %(now)s)"
        " returning id",
        home=far.id,
    )
    sent = [kept(each, "arrive", village.clock.now()) for each in (visit_id, hidden, 987654)]
    answer = lan.post("/my/steps", sent)
    assert came(answer) == [("refused", "cancelled"), ("refused", None), ("refused", None)]
    said = [each["words"] for each in answer["results"]]
    assert "已取消" in said[0]
    assert said[1] == said[2]


def test_what_an_operator_wrote_down_meanwhile_is_no_mistake(village: Village, lan: Api, api: Api) -> None:
    _, visit_id = visit_for(village)
    begin = village.clock.now()
    village.clock.forward(timedelta(minutes=30))
    api.being("operator").post(f"/visits/{visit_id}/arrive").ok()
    sent = [kept(visit_id, "arrive", begin), kept(visit_id, "complete", village.clock.now())]
    assert came(lan.post("/my/steps", sent)) == [("already", "arrived"), ("done", "completed")]


def test_a_visit_that_could_not_be_done_says_why(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    at = village.clock.now() + timedelta(minutes=40)
    village.clock.forward(timedelta(hours=5))
    sent = [kept(visit_id, "fail", at, kind="nobody_home", note="敲了三次门")]
    assert came(lan.post("/my/steps", sent)) == [("done", "failed")]
    assert village.all("select fail_kind, fail_reason from visits where id = %(id)s", id=visit_id) == [
        ("nobody_home", "敲了三次门")
    ]
    assert village.all("select at, recorded_at from visit_timeline where what = 'failed'") == [
        (at, village.clock.now())
    ]


def test_the_service_may_begin_later_than_he_arrives(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    at = [village.clock.now() + timedelta(minutes=minutes) for minutes in (5, 10, 40)]
    village.clock.forward(timedelta(hours=5))
    steps = [kept(visit_id, what, when) for what, when in zip(("arrive", "begin", "complete"), at, strict=True)]
    assert came(lan.post("/my/steps", steps)) == [("done", "arrived"), ("done", "in_service"), ("done", "completed")]
    assert village.one("select started_at from visits where id = %(id)s", id=visit_id) == at[1]


def test_what_makes_no_sense_is_refused_whole_and_nothing_of_it_is_kept(village: Village, lan: Api) -> None:
    _, visit_id = visit_for(village)
    good = kept(visit_id, "arrive", village.clock.now())
    wrong: list[tuple[object, str]] = [
        ({**good, "key": "7"}, "0.key"),
        ({**good, "step": "fly"}, "0.step"),
        ({**good, "at": "yesterday"}, "0.at"),
        ({**good, "at": "2026-11-24T10:00:00"}, "0.at"),
        ({**good, "lat": 95.0, "lon": 1.0}, "0.lat"),
        ({**good, "lat": 24.5}, "0"),
        ({**good, "colour": "red"}, "0.colour"),
        (kept(visit_id, "complete", village.clock.now(), outcome="fine"), "0.outcome"),
        (kept(visit_id, "complete", village.clock.now(), outcome=None), "0"),
    ]
    for body, field in wrong:
        refused = lan.post("/my/steps", [body, good]).problem(422)
        assert refused["errors"][0]["field"] == field, refused.text
    lan.post("/my/steps", [good] * 51).problem(422)
    lan.post("/my/steps", {"steps": []}).problem(422)
    assert village.all("select 1 from phone_steps") == []
    assert times(village, visit_id) == [None, None, None]


def test_one_phones_key_is_nothing_to_another(village: Village, lan: Api, api: Api) -> None:
    _, visit_id = visit_for(village)
    sent = [kept(visit_id, "arrive", village.clock.now())]
    lan.post("/my/steps", sent).ok()
    mei = api.being("responder", area="town", staff=village.phone("梅芳").staff_id).outside()
    assert came(mei.post("/my/steps", sent)) == [("refused", None)]


def test_steps_take_a_session_of_somebody_who_goes(village: Village, api: Api) -> None:
    _, visit_id = visit_for(village)
    sent = [kept(visit_id, "arrive", village.clock.now())]
    api.outside().post("/my/steps", sent).problem(401)
    api.being("viewer").outside().post("/my/steps", sent).problem(403)
    assert times(village, visit_id) == [None, None, None]


def test_the_page_is_for_its_user_and_later_visits_tell_nothing_of_the_door(
    village: Village, lan: Api, api: Api
) -> None:
    village.run("update homes set key_note = 'unused'")
    for hours, key in ((30, "under the third pot"), (3, "with the neighbour"), (1, "on the nail")):
        home, visit_id = visit_for(village)
        due = village.clock.now() + timedelta(hours=hours)
        village.run("update homes set key_note = %(key)s where id = %(id)s", key=key, id=home.id)
        village.run("update visits set due_from = %(due)s, due_to = %(due)s where id = %(id)s", due=due, id=visit_id)
    page = lan.get("/my").ok()
    assert page.headers["x-anju-user"] == str(village.one("select id from users where username = 'lan'"))
    assert page.headers["cache-control"] == "no-store"
    assert page.text.index("on the nail") < page.text.index("with the neighbour")
    assert "third pot" not in page.text
    assert "x-anju-user" not in api.being("operator").outside().get("/my").ok().headers


def test_a_doors_label_is_no_device(lan: Api) -> None:
    for scanned, leads_to in (
        ("https://anju.example/my/door/4F1C22A0B3D9", "/my/door/4F1C22A0B3D9"),
        ("https://anju.example/my/scan/btn-7?kind=button", "/my/scan/btn-7?kind=button"),
    ):
        answer = lan.send("GET", "/my/scan", params={"uid": scanned})
        assert (answer.status, answer.headers["location"]) == (303, leads_to)
    assert lan.send("GET", "/my/scan", params={"uid": "https://elsewhere.example/my/door/../x y"}).status == 422
