"""Visits over real HTTP: asked for, assigned, made step by step with their proof, and by whom."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

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
    made.run("insert into services (code, name) values ('meal', '送餐'), ('bath', '助浴')")
    return made


def body(village: Village, home: Home, **more: object) -> dict[str, object]:
    """Return a wish for a meal in two hours."""
    now = village.clock.now()
    due = {"due_from": (now + timedelta(hours=2)).isoformat(), "due_to": (now + timedelta(hours=3)).isoformat()}
    return {"home": str(home.id), "service": "meal", **due, **more}


def staff(api: Api, village: Village, name: str, area: str | None = None) -> Api:
    """Return a responder's caller, with that phone."""
    return api.being("responder", area=area, staff=village.phone(name).staff_id)


def asked(api: Api, village: Village, name: str | None = None, **more: object) -> str:
    """Ask for a visit, for somebody where he is named; return its path."""
    home = village.home("凤山村")
    if name is not None:
        more["staff"] = str(village.phone(name).staff_id)
    return f"/visits/{api.being('operator').post('/visits', body(village, home, **more)).ok(201)['id']}"


# On demand ------------------------------------------------------------------------------------------------------------


def test_a_visit_on_demand_from_the_wish_to_its_end(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    operator, lan = api.being("operator", username="wang"), staff(api, village, "lan")
    wish = body(village, home, note="no salt")
    visit = operator.post("/visits", wish).ok(201)
    assert {key: visit[key] for key in ("home", "service", "note")} == {
        "home": str(home.id), "service": "meal", "note": "no salt",
    }  # fmt: skip
    assert (visit["state"], visit["area"], visit["staff"], visit["alert"]) == ("requested", "凤山村", None, None)
    path = f"/visits/{visit['id']}"
    assigned = operator.post(f"{path}/assign", {"staff": str(village.phone("lan").staff_id)}).ok()
    assert (assigned["state"], assigned["staff_name"]) == ("assigned", "lan")
    states = []
    for verb, sent in [("accept", None), ("depart", None), ("arrive", None), ("complete", {"outcome": "helped"})]:
        village.clock.forward(timedelta(minutes=10))
        states.append(lan.post(f"{path}/{verb}", sent).ok()["state"])
    assert states == ["accepted", "en_route", "arrived", "completed"]
    done = operator.get(path).ok()
    times = [done[key] for key in ("requested_at", "accepted_at", "departed_at", "arrived_at", "completed_at")]
    assert times == sorted(set(times))
    assert (done["outcome"], done["ended_at"]) == ("helped", done["completed_at"])


def test_a_visit_for_somebody_is_assigned_at_once(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    assert api.being("viewer").get(path).ok()["state"] == "assigned"


@pytest.mark.parametrize(
    "change",
    [
        {"service": "knitting"}, {"home": "999"}, {"home": None}, {"staff": "999"}, {"staff": "me"},
        {"due_to": "2026-11-24T00:00:00+08:00"}, {"due_from": "soon"}, {"due_from": 1732400000}, {"due_to": None},
        {"due_from": "2026-11-24T12:00:00"}, {"note": 3}, {"color": "red"},
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_refused(api: Api, village: Village, change: dict[str, object]) -> None:
    home = village.home("凤山村")
    api.being("operator").post("/visits", body(village, home) | change).problem(422)
    assert api.rows("select count(*) from visits")[0][0] == 0


def test_a_visit_can_be_given_to_somebody_else_until_somebody_is_there(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    operator, lan, mei = api.being("operator"), staff(api, village, "lan"), staff(api, village, "mei")
    lan.post(f"{path}/accept").ok()
    lan.post(f"{path}/depart").ok()
    to_mei = {"staff": str(village.phone("mei").staff_id)}
    given = operator.post(f"{path}/assign", to_mei).ok()
    assert (given["state"], given["staff_name"], given["departed_at"]) == ("assigned", "mei", None)
    lan.post(f"{path}/arrive").problem(403, "somebody else's")
    mei.post(f"{path}/arrive").ok()
    operator.post(f"{path}/assign", to_mei).problem(409, "somebody is there already")


def test_a_visit_that_is_not_needed_any_more(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    staff(api, village, "lan").post(f"{path}/cancel").problem(403)
    cancelled = api.being("operator").post(f"{path}/cancel", {"reason": "went to her daughter"}).ok()
    assert (cancelled["state"], cancelled["fail_reason"]) == ("cancelled", "went to her daughter")
    staff(api, village, "lan").post(f"{path}/depart").problem(409, "it is over")


# Steps ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "verb", "mend"),
    [
        ([], "complete", "arrive first"),
        (["accept"], "accept", "assign it first"),
        (["accept", "depart"], "complete", "arrive first"),
        (["accept", "depart"], "depart", "assign it first"),
        (["arrive"], "depart", "assign it first"),
        (["arrive"], "arrive", "assign it first"),
        (["arrive", "complete"], "complete", "it is over"),
        (["arrive", "complete"], "fail", "it is over"),
        (["fail"], "arrive", "it is over"),
    ],
)
def test_steps_in_the_wrong_order_are_refused(
    api: Api, village: Village, before: list[str], verb: str, mend: str
) -> None:
    path = asked(api, village, "lan")
    lan = staff(api, village, "lan")
    bodies = {"complete": {"outcome": "helped"}}
    for each in before:
        lan.post(f"{path}/{each}", bodies.get(each)).ok()
    as_it_was = lan.get(path).body
    lan.post(f"{path}/{verb}", bodies.get(verb)).problem(409, mend)
    assert lan.get(path).body == as_it_was


@pytest.mark.parametrize("verb", ["depart", "arrive", "complete"])
def test_nobody_assigned_means_nobody_moves(api: Api, village: Village, verb: str) -> None:
    path = asked(api, village)
    sent = {"outcome": "helped"} if verb == "complete" else None
    api.being("operator").post(f"{path}/{verb}", sent).problem(409, "assign it first")


def test_times_that_run_backwards_are_refused(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    lan = staff(api, village, "lan")
    village.clock.forward(timedelta(minutes=30))
    lan.post(f"{path}/accept").ok()

    def at(minutes: int) -> str:
        return (village.clock.now() + timedelta(minutes=minutes)).isoformat()

    lan.post(f"{path}/depart", {"at": at(-60)}).problem(422, "lies before the step it follows", "mend the time")
    lan.post(f"{path}/depart", {"at": at(-10)}).ok()
    lan.post(f"{path}/arrive", {"at": at(-20)}).problem(422, "lies before")
    assert lan.post(f"{path}/arrive", {"at": at(-5)}).ok()["arrived_at"].startswith(at(-5)[:19])
    lan.post(f"{path}/complete", {"at": at(-15), "outcome": "helped"}).problem(422, "lies before")


def test_a_phone_whose_clock_is_ahead_does_not_make_times_of_the_future(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    lan = staff(api, village, "lan")
    now = village.clock.now()
    ahead = (now + timedelta(hours=3)).isoformat()
    arrived = lan.post(f"{path}/arrive", {"at": ahead}).ok()
    assert arrived["arrived_at"].startswith(now.isoformat()[:19])
    assert arrived["arrived_proof"] == {"at": ahead, "recorded_at": now.isoformat()}


@pytest.mark.parametrize(
    "proof",
    [
        {"lat": 24.6}, {"lon": 99.9}, {"lat": 91, "lon": 0}, {"lat": 0, "lon": 181}, {"lat": "24", "lon": "99"},
        {"code": 7}, {"code": "x" * 201}, {"at": "now"}, {"photo": "x"},
    ],
)  # fmt: skip
def test_a_proof_that_proves_nothing_is_refused(api: Api, village: Village, proof: dict[str, object]) -> None:
    path = asked(api, village, "lan")
    lan = staff(api, village, "lan")
    lan.post(f"{path}/arrive", proof).problem(422)
    lan.post(f"{path}/arrive").ok()
    lan.post(f"{path}/complete", {**proof, "outcome": "helped"}).problem(422)


@pytest.mark.parametrize("sent", [None, {}, {"outcome": "nice"}, {"outcome": ""}])
def test_completing_needs_an_outcome(api: Api, village: Village, sent: object) -> None:
    path = asked(api, village, "lan")
    lan = staff(api, village, "lan")
    lan.post(f"{path}/arrive").ok()
    lan.post(f"{path}/complete", sent).problem(422)


# For an alert ---------------------------------------------------------------------------------------------------------


def called(api: Api, village: Village, by: str = "lan") -> tuple[Home, str, str]:
    """Return a home whose help call somebody accepted, and the paths of the alert and its visit."""
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    alert = f"/alerts/{home.alert().id}"
    accepted = staff(api, village, by).post(f"{alert}/accept").ok()
    return home, alert, f"/visits/{accepted['visit']}"


def test_an_alert_goes_along_with_its_visit(api: Api, village: Village) -> None:
    home, alert, visit = called(api, village)
    lan = staff(api, village, "lan")
    lan.post(f"{visit}/arrive").ok()
    read = lan.get(alert).ok()
    assert (read["state"], read["arrived_at"] is not None) == ("arrived", True)
    assert home.heard() == ["accepted", "arrived"]


def test_a_visit_that_fails_sends_its_alert_on(api: Api, village: Village) -> None:
    _, alert, visit = called(api, village)
    lan = staff(api, village, "lan")
    failed = lan.post(f"{visit}/fail", {"reason": "the bridge is out"}).ok()
    assert (failed["state"], failed["fail_reason"]) == ("failed", "the bridge is out")
    assert lan.get(alert).ok()["state"] == "notified"
    village.settle()
    village.phone("mei").expect_sms("求助")


def test_an_alerts_visit_is_not_cancelled_behind_its_back(api: Api, village: Village) -> None:
    _, _, visit = called(api, village)
    api.being("operator").post(f"{visit}/cancel").problem(409, "close that")


def test_closing_and_arriving_at_the_same_moment_wait_for_each_other(api: Api, village: Village) -> None:
    for _ in range(8):
        home, alert, visit = called(api, village)
        lan, operator = staff(api, village, "lan"), api.being("operator")
        closing = {"outcome": "false_alarm", "spoke_with": "the son"}
        with ThreadPoolExecutor(2) as threads:
            arrived = threads.submit(lan.post, f"{visit}/arrive")
            closed = threads.submit(operator.post, f"{alert}/close", closing)
            heard: list[Answer] = [arrived.result(), closed.result()]
        assert heard[1].status == 200, heard[1].text
        assert heard[0].status in (200, 409), heard[0].text
        assert home.alert().state == "closed"


# Whose ----------------------------------------------------------------------------------------------------------------


def test_a_responder_moves_his_own_visits_only(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    mei = staff(api, village, "mei")
    for verb, sent in [("depart", None), ("arrive", None), ("fail", None), ("complete", {"outcome": "helped"})]:
        mei.post(f"{path}/{verb}", sent).problem(403, "somebody else's")
    mei.post(f"{path}/accept").problem(409, "lan's already")
    mei.post(f"{path}/assign", {"staff": str(village.phone("mei").staff_id)}).problem(403)
    mei.post("/visits", {}).problem(403)
    assert mei.get(path).ok()["state"] == "assigned"


def test_an_operator_moves_a_visit_for_whoever_has_no_phone(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    operator = api.being("operator")
    for verb, sent in [("accept", None), ("depart", None), ("arrive", None), ("complete", {"outcome": "helped"})]:
        operator.post(f"{path}/{verb}", sent).ok()
    assert operator.get(path)["staff_name"] == "lan"


def test_a_visit_that_nobody_has_is_taken_by_accepting_it(api: Api, village: Village) -> None:
    path = asked(api, village)
    taken = staff(api, village, "mei").post(f"{path}/accept").ok()
    assert (taken["state"], taken["staff_name"]) == ("accepted", "mei")


def test_of_many_who_take_a_visit_at_once_one_has_it(api: Api, village: Village) -> None:
    path = asked(api, village)
    names = ["lan", "mei", "hua", "ning"]
    callers = [staff(api, village, name) for name in names]
    with ThreadPoolExecutor(len(callers)) as threads:
        heard = list(threads.map(lambda caller: caller.post(f"{path}/accept"), callers))
    assert sorted(each.status for each in heard) == [200, 409, 409, 409]
    winner = names[[each.status for each in heard].index(200)]
    assert api.being("viewer").get(path)["staff_name"] == winner
    assert all(f"{winner}'s already" in each["detail"] for each in heard if each.status == 409)


def test_who_is_no_staff_member_cannot_go(api: Api, village: Village) -> None:
    path = asked(api, village)
    api.being("responder").post(f"{path}/accept").problem(409, "assign it first")
    api.being("operator").post(f"{path}/accept").problem(409, "assign it first")


def test_a_viewer_changes_nothing(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    viewer = api.being("viewer")
    for verb in ("assign", "accept", "depart", "arrive", "complete", "fail", "cancel"):
        viewer.post(f"{path}/{verb}", {"staff": "1", "outcome": "helped"}).problem(403)


def test_somebody_of_another_village_sees_nothing(api: Api, village: Village) -> None:
    path = asked(api, village, "lan")
    home = village.homes[0]
    village.area("安石村")
    operator = api.being("operator", area="安石村")
    assert operator.get("/visits").items == []
    operator.get(path).problem(404)
    for verb, sent in [("assign", {"staff": "1"}), ("accept", {}), ("arrive", {}), ("complete", {"outcome": "other"})]:
        operator.post(f"{path}/{verb}", sent).problem(404)
    operator.post("/visits", body(village, home)).problem(422, "home")


# Lists ----------------------------------------------------------------------------------------------------------------


def test_a_list_keeps_to_what_is_asked_for(api: Api, village: Village) -> None:
    homes = [village.home("凤山村"), village.home("安石村")]
    operator = api.being("operator")
    people = [None, "lan", "mei"]
    for number in range(9):
        village.clock.forward(timedelta(minutes=1))
        who = people[number % 3]
        more = {} if who is None else {"staff": str(village.phone(who).staff_id), "force": True}
        visit = operator.post("/visits", body(village, homes[number % 2], **more)).ok(201)
        if number in (4, 5):
            operator.post(f"/visits/{visit['id']}/fail").ok()
    visits = operator.all("/visits", limit=500)
    newest_first = sorted(visits, key=lambda each: (each["requested_at"], int(each["id"])), reverse=True)
    assert visits == newest_first
    viewer = api.being("viewer")

    def ids(**query: object) -> list[str]:
        return [each["id"] for each in viewer.all("/visits", limit=2, **query)]

    def expected(key: str, *values: object) -> list[str]:
        return [each["id"] for each in visits if each[key] in values]

    lan = str(village.phone("lan").staff_id)
    assert ids() == [each["id"] for each in visits]
    assert ids(state="requested,failed") == expected("state", "requested", "failed")
    assert ids(state="open") == expected("state", "requested", "assigned")
    assert ids(area="安石村") == expected("area", "安石村")
    assert ids(staff=lan) == expected("staff", lan)
    assert ids(from_=visits[6]["requested_at"], to=visits[2]["requested_at"]) == ids()[3:7]
    assert ids(alert="1") == []
    for query in ({"state": "lost"}, {"area": "x"}, {"staff": "me"}, {"alert": "-1"}, {"cursor": "e30"}):
        viewer.get("/visits", **query).problem(422)


def test_an_alerts_visits_are_found_by_it(api: Api, village: Village) -> None:
    _, alert, visit = called(api, village)
    asked(api, village)
    number = alert.removeprefix("/alerts/")
    assert [f"/visits/{each['id']}" for each in api.being("viewer").get("/visits", alert=number).items] == [visit]


@pytest.mark.parametrize("visit_id", ["0", "999", "abc", "9" * 30])
def test_a_visit_that_there_is_not(api: Api, visit_id: str) -> None:
    operator = api.being("operator")
    operator.get(f"/visits/{visit_id}").problem(404)
    operator.post(f"/visits/{visit_id}/depart").problem(404)
