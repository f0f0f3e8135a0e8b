"""Door to door over real HTTP: saying no, another time, what a visit proves, who is sent, and what is refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from alerts import dispatch
from alerts.model import Actor
from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Answer, Api, calling
from tests.stories.village import Home, Village, step

HERE = {"lat": 24.5801, "lon": 99.9201}
FAR = {"lat": 24.60, "lon": 99.95}


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        yield caller


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    return Village(pool, clock)


def home(village: Village, area: str = "凤山村") -> Home:
    made = village.home(area)
    village.run("update homes set lat = 24.58, lon = 99.92 where id = %(id)s", id=made.id)
    return made


def due(village: Village, start: float, end: float) -> dict[str, str]:
    """Return a time in hours from now."""
    now = village.clock.now()
    return {
        "due_from": (now + timedelta(hours=start)).isoformat(), "due_to": (now + timedelta(hours=end)).isoformat(),
    }  # fmt: skip


def staff(api: Api, village: Village, name: str) -> Api:
    return api.being("responder", staff=village.phone(name).staff_id)


def number(village: Village, name: str) -> str:
    return str(village.phone(name).staff_id)


def asked(
    api: Api, village: Village, place: Home, name: str | None = None, start: float = 2, end: float = 3, **more: object
) -> str:
    """Ask for a visit; return its path."""
    wish = {"home": str(place.id), "service": "meals", **due(village, start, end), **more}
    if name is not None:
        wish["staff"] = number(village, name)
    return f"/visits/{api.being('operator').post('/visits', wish).ok(201)['id']}"


def put(caller: Api, path: str, body: object) -> Answer:
    return caller.send("PUT", path, json=body)


def steps(api: Api, path: str) -> list[str]:
    return [each["what"] for each in api.being("viewer").get(path).ok()["timeline"]]


def stored(village: Village) -> list[Any]:
    """Return all that a refusal must leave alone."""
    return [
        village.all("select * from visits order by id"),
        village.all("select * from visit_timeline order by id"),
        village.all("select * from alert_timeline order by id"),
    ]


# States ---------------------------------------------------------------------------------------------------------------


def test_from_the_wish_to_the_follow_up_every_step_is_on_the_timeline(api: Api, village: Village) -> None:
    path = asked(api, village, home(village), "lan", payer="government", fee=12.5)
    lan = staff(api, village, "lan")
    for verb in ("accept", "depart", "arrive", "begin"):
        village.clock.forward(timedelta(minutes=10))
        read = lan.post(f"{path}/{verb}").ok()
    assert (read["state"], read["started_at"] > read["arrived_at"]) == ("in_service", True)
    village.clock.forward(timedelta(minutes=30))
    done = lan.post(f"{path}/complete", {"outcome": "helped", "fee": 15}).ok()
    assert (done["state"], done["payer"], done["fee"]) == ("completed", "government", 15.0)
    with village.pool.connection() as connection:
        dispatch.follow_up(
            connection, visit_id=int(done["id"]), actor=Actor("wang", "phone"), now=village.clock.now()
        )  # fmt: skip
    read = lan.get(path).ok()
    assert (read["state"], read["followed_up_at"] is not None) == ("followed_up", True)
    expected = ["requested", "assigned", "accepted", "en_route", "arrived", "in_service", "completed", "followed_up"]
    assert steps(api, path) == expected
    told = {each["what"]: each for each in read["timeline"]}
    assert (told["arrived"]["who"], told["arrived"]["staff"], told["arrived"]["channel"]) == (
        "lan", number(village, "lan"), "api",
    )  # fmt: skip
    lan.post(f"{path}/fail").problem(409, "it is over")
    assert api.being("operator").get("/visits", state="open").items == []


def test_a_timeline_is_not_edited(api: Api, village: Village) -> None:
    asked(api, village, home(village))
    for change in ("update visit_timeline set who = 'x'", "delete from visit_timeline"):
        with pytest.raises(psycopg.Error, match="never changed"):
            village.run(change)


def test_who_says_no_gives_it_back_to_the_dispatcher(api: Api, village: Village) -> None:
    path = asked(api, village, home(village), "lan")
    lan, operator = staff(api, village, "lan"), api.being("operator")
    lan.post(f"{path}/decline").problem(422, "missing")
    lan.post(f"{path}/decline", {"reason": " "}).problem(422, "reason")
    no = lan.post(f"{path}/decline", {"reason": "my motorcycle is broken"}).ok()
    assert (no["state"], no["staff"], no["accepted_at"]) == ("declined", None, None)
    lan.post(f"{path}/arrive").problem(403)
    operator.post(f"{path}/arrive").problem(409, "assign it first")
    said = operator.get(path).ok()["timeline"][-1]
    assert (said["what"], said["staff"]) == ("declined", number(village, "lan"))
    assert said["detail"]["reason"] == "my motorcycle is broken"
    suggested = {each["staff"]: each for each in operator.get(f"{path}/suggestions").ok()["items"]}
    assert suggested[number(village, "lan")]["declined"] is True
    assert operator.post(f"{path}/assign", {"staff": number(village, "mei")}).ok()["state"] == "assigned"


def test_who_says_no_to_an_alerts_visit_lets_the_next_ones_be_told(api: Api, village: Village) -> None:
    place = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    place.press()
    alert = f"/alerts/{place.alert().id}"
    visit = f"/visits/{staff(api, village, 'lan').post(f'{alert}/accept').ok()['visit']}"
    staff(api, village, "lan").post(f"{visit}/decline", {"reason": "the bridge is out"}).ok()
    assert api.being("viewer").get(alert).ok()["state"] == "notified"
    village.settle()
    village.phone("mei").expect_sms("求助").reply("1")
    read = api.being("viewer").get(visit).ok()
    assert (read["state"], read["staff_name"]) == ("accepted", "mei")
    assert api.being("viewer").get(alert).ok()["visit"] == read["id"]
    village.phone("mei").reply("3")
    village.phone("mei").reply("9")
    assert place.alert().state == "closed"
    assert api.being("viewer").get(visit).ok()["state"] == "completed"


def test_a_declined_visit_ends_with_its_alert(api: Api, village: Village) -> None:
    place = village.home("凤山村", policy=[step(0, "lan")])
    place.press()
    alert = f"/alerts/{place.alert().id}"
    visit = f"/visits/{staff(api, village, 'lan').post(f'{alert}/accept').ok()['visit']}"
    staff(api, village, "lan").post(f"{visit}/decline", {"reason": "ill"}).ok()
    api.being("operator").post(f"{alert}/close", {"outcome": "false_alarm", "spoke_with": "the son"}).ok()
    assert api.being("viewer").get(visit).ok()["state"] == "cancelled"


def test_another_time_keeps_or_loses_whoever_goes(api: Api, village: Village) -> None:
    lan = staff(api, village, "lan")
    path = asked(api, village, home(village), "lan")
    later = due(village, 26, 27)
    put_off = lan.post(f"{path}/put-off", {**later, "reason": "she sleeps"}).ok()
    assert (put_off["state"], put_off["staff_name"]) == ("put_off", "lan")
    assert put_off["due_from"].startswith(later["due_from"][:19])
    assert lan.post(f"{path}/depart").ok()["state"] == "en_route"
    operator = api.being("operator")
    away = operator.post(f"{path}/put-off", {**due(village, 28, 29), "reason": "rain", "keep_staff": False}).ok()
    assert (away["state"], away["staff"]) == ("put_off", None)
    operator.post(f"{path}/depart").problem(409, "assign it first")
    operator.post(f"{path}/assign", {"staff": number(village, "mei")}).ok()


def test_another_time_that_makes_no_sense_is_refused(api: Api, village: Village) -> None:
    path = asked(api, village, home(village), "lan")
    lan = staff(api, village, "lan")
    as_it_was = stored(village)
    lan.post(f"{path}/put-off", {**due(village, 27, 26), "reason": "x"}).problem(422, "lies before", "swap them")
    lan.post(f"{path}/put-off", {**due(village, -3, -2), "reason": "x"}).problem(422, "over already")
    lan.post(f"{path}/put-off", due(village, 26, 27)).problem(422, "reason")
    staff(api, village, "mei").post(f"{path}/put-off", {**due(village, 26, 27), "reason": "x"}).problem(403)
    assert stored(village) == as_it_was


def test_a_call_for_help_is_never_put_off(api: Api, village: Village) -> None:
    place = village.home("凤山村", policy=[step(0, "lan")])
    place.press()
    lan = staff(api, village, "lan")
    visit = lan.post(f"/alerts/{place.alert().id}/accept").ok()["visit"]
    lan.post(f"/visits/{visit}/put-off", {**due(village, 2, 3), "reason": "x"}).problem(409, "never put off")


@pytest.mark.parametrize("kind", ["nobody_home", "refused", "no_access", "other"])
def test_why_it_could_not_be_done_has_a_kind(api: Api, village: Village, kind: str) -> None:
    path = asked(api, village, home(village), "lan")
    lan = staff(api, village, "lan")
    lan.post(f"{path}/fail", {"kind": "lazy"}).problem(422, "kind")
    failed = lan.post(f"{path}/fail", {"kind": kind, "reason": "knocked three times"}).ok()
    assert (failed["state"], failed["fail_kind"]) == ("failed", kind)


@pytest.mark.parametrize("paid", [{"payer": "nobody"}, {"fee": -1}, {"fee": 1.234}, {"fee": "much"}])
def test_what_is_paid_must_be_an_amount(api: Api, village: Village, paid: dict[str, object]) -> None:
    wish = {"home": str(home(village).id), "service": "meals", **due(village, 2, 3)}
    api.being("operator").post("/visits", wish | paid).problem(422)


# What it proves -------------------------------------------------------------------------------------------------------


def test_a_visit_proves_the_six_things(api: Api, village: Village) -> None:
    place = home(village)
    path = asked(api, village, place, "lan")
    lan, operator = staff(api, village, "lan"), api.being("operator")
    before = operator.get(path).ok()["verification"]
    assert before["missing"] == ["start", "end"]
    code = operator.get(f"/homes/{place.id}/door-code").ok()["code"]
    village.clock.forward(timedelta(minutes=30))
    at = (village.clock.now() - timedelta(minutes=4)).isoformat()
    lan.post(f"{path}/arrive", {**HERE, "code": code, "at": at}).ok()
    village.clock.forward(timedelta(minutes=30))
    end = (village.clock.now() - timedelta(minutes=1)).isoformat()
    lan.post(f"{path}/complete", {**HERE, "at": end, "outcome": "helped"}).ok()
    shown = operator.get(path).ok()["verification"]
    assert (shown["missing"], shown["unproven"]) == ([], [])
    assert [each["name"] for each in shown["served"]["residents"]] == ["张桂英"]
    assert (shown["server"]["name"], shown["server"]["himself"]) == ("lan", True)
    assert (shown["service"]["code"], shown["service"]["name"]) == ("meals", "助餐")
    assert shown["place"]["start"] == {"code": "right", "distance_m": 15, "within_m": 200, "place": "home"}
    assert shown["place"]["end"]["code"] == "none"
    assert shown["start"]["phone_at"][:19] == at[:19]
    assert shown["start"]["recorded_at"][:19] > at[:19]
    assert shown["end"]["at"].startswith(end[:19])


def test_who_was_served_stays_who_lived_there_then(api: Api, village: Village) -> None:
    path = asked(api, village, home(village), "lan")
    staff(api, village, "lan").post(f"{path}/arrive").ok()
    elsewhere = village.home("凤山村", resident="李秀")
    village.run("update residents set home_id = %(home)s", home=elsewhere.id)
    served = api.being("viewer").get(path).ok()["verification"]["served"]
    assert ([each["name"] for each in served["residents"]], served["fixed"]) == (["张桂英"], True)


def test_an_operators_word_for_somebody_is_marked_as_that(api: Api, village: Village) -> None:
    path = asked(api, village, home(village), "lan")
    api.being("operator", username="wang").post(f"{path}/arrive").ok()
    shown = api.being("viewer").get(path).ok()["verification"]
    assert (shown["server"]["himself"], shown["server"]["told_by"]) == (False, "wang")
    assert shown["unproven"] == ["server", "place", "start"]


def test_a_code_of_another_home_is_refused_and_leaves_nothing_behind(api: Api, village: Village) -> None:
    path, other = asked(api, village, home(village), "lan"), home(village)
    lan = staff(api, village, "lan")
    code = api.being("operator").get(f"/homes/{other.id}/door-code").ok()["code"]
    as_it_was = stored(village)
    for scanned in (code, code.lower(), f"https://anju.example/my/door/{code}"):
        lan.post(f"{path}/arrive", {"code": scanned}).problem(422, "another home's door", "scan the label of this home")
    assert stored(village) == as_it_was
    lan.post(f"{path}/arrive").ok()
    lan.post(f"{path}/complete", {"code": code, "outcome": "helped"}).problem(422, "another home's door")


def test_a_code_that_no_home_has_and_a_place_too_far_are_taken_and_marked(api: Api, village: Village) -> None:
    path = asked(api, village, home(village), "lan")
    arrived = staff(api, village, "lan").post(f"{path}/arrive", {**FAR, "code": "AB12"}).ok()
    assert (arrived["state"], arrived["elsewhere"]) == ("arrived", True)
    shown = api.being("viewer").get(path).ok()["verification"]["place"]["start"]
    assert (shown["code"], shown["place"], shown["distance_m"] > 3000) == ("wrong", "elsewhere", True)


def test_completing_before_arriving_and_times_that_run_backwards_leave_nothing_behind(
    api: Api, village: Village
) -> None:
    path = asked(api, village, home(village), "lan")
    lan = staff(api, village, "lan")
    as_it_was = stored(village)
    lan.post(f"{path}/complete", {"outcome": "helped"}).problem(409, "arrive first")
    lan.post(f"{path}/begin").problem(409, "arrive first")
    hours_ago = (village.clock.now() - timedelta(hours=2)).isoformat()
    lan.post(f"{path}/arrive", {"at": hours_ago}).problem(422, "lies before the step it follows", hours_ago[:13])
    assert stored(village) == as_it_was


# The door's code ------------------------------------------------------------------------------------------------------


def test_every_home_has_a_code_of_its_own_that_operators_read_and_the_log_knows(api: Api, village: Village) -> None:
    place = home(village)
    operator = api.being("operator", username="wang")
    read = operator.get(f"/homes/{place.id}/door-code").ok()
    assert read["link"] == f"http://127.0.0.1:8080/my/door/{read['code']}"
    assert read["code"] != operator.get(f"/homes/{home(village).id}/door-code").ok()["code"]
    assert ("wang", "read", f"door code of home {place.id}") in api.audit()
    api.being("responder").get(f"/homes/{place.id}/door-code").problem(403)
    api.being("operator", area=village.area("安石村")).get(f"/homes/{place.id}/door-code").problem(404)


def test_a_code_that_others_know_is_changed(api: Api, village: Village) -> None:
    place = home(village)
    path = asked(api, village, place, "lan")
    operator = api.being("operator", username="wang")
    old = operator.get(f"/homes/{place.id}/door-code").ok()["code"]
    new = operator.post(f"/homes/{place.id}/door-code").ok(201)
    assert (new["code"] != old, new["since"] is not None) == (True, True)
    assert ("wang", "change", f"door code of home {place.id}") in api.audit()
    logged = str(api.rows("select * from audit"))
    assert old not in logged
    assert new["code"] not in logged
    staff(api, village, "lan").post(f"{path}/arrive", {"code": old}).ok()
    assert api.being("viewer").get(path).ok()["verification"]["place"]["start"]["code"] == "wrong"


def test_the_label_of_a_door_is_printed_without_anybodys_name(api: Api, village: Village) -> None:
    place = home(village)
    operator = api.being("operator")
    heard = operator.get(f"/homes/{place.id}/door-code/label")
    assert heard.status == 200, heard.text
    assert heard.headers["content-type"].startswith("image/svg+xml")
    assert operator.get(f"/homes/{place.id}/door-code").ok()["code"][:4] in heard.text
    assert "张桂英" not in heard.text
    village.home("安石村")
    of_town, of_village = (operator.get("/door-labels", area=area).text for area in ("town", "凤山村"))
    assert (of_town.count("上门签到"), of_village.count("上门签到")) == (2, 1)
    assert api.audit()[-1] == (operator.username, "read", "door codes")
    api.being("operator", area="安石村").get("/door-labels", area="凤山村").problem(422, "area")
    api.being("responder").get("/door-labels", area="凤山村").problem(403)


# Who is sent ----------------------------------------------------------------------------------------------------------


def test_two_visits_at_once_for_one_person_are_refused_and_named(api: Api, village: Village) -> None:
    place = home(village)
    first = asked(api, village, place, "lan")
    operator = api.being("operator")
    as_it_was = stored(village)
    wish = {"home": str(place.id), "service": "meals", **due(village, 2.5, 3.5), "staff": number(village, "lan")}
    operator.post("/visits", wish).problem(409, "lan has visit " + first[8:], "force")
    assert stored(village) == as_it_was
    second = asked(api, village, place, start=2.5, end=3.5)
    operator.post(f"{second}/assign", {"staff": number(village, "lan")}).problem(409, "cannot do both")
    assert operator.get(second).ok()["state"] == "requested"
    assert (
        operator.post(f"{second}/assign", {"staff": number(village, "lan"), "force": True}).ok()["staff_name"] == "lan"
    )
    third = asked(api, village, place, start=3.5, end=4.5)
    operator.post(f"{third}/assign", {"staff": number(village, "lan")}).ok()


def test_a_time_that_somebody_has_already_is_no_time_to_put_it_off_to(api: Api, village: Village) -> None:
    place = home(village)
    asked(api, village, place, "lan")
    later = asked(api, village, place, "lan", start=4, end=5)
    lan = staff(api, village, "lan")
    wish = {**due(village, 2, 3), "reason": "she is out"}
    lan.post(f"{later}/put-off", wish).problem(409, "cannot do both")
    assert lan.post(f"{later}/put-off", {**wish, "keep_staff": False}).ok()["state"] == "put_off"


def test_of_two_visits_given_to_one_person_at_the_same_moment_one_is_refused(api: Api, village: Village) -> None:
    place = home(village)
    paths = [asked(api, village, place) for _ in range(4)]
    operator, lan = api.being("operator"), {"staff": number(village, "lan")}
    with ThreadPoolExecutor(len(paths)) as threads:
        heard = list(threads.map(lambda path: operator.post(f"{path}/assign", lan).status, paths))
    assert sorted(heard) == [200, 409, 409, 409]


def test_nobody_is_planned_for_the_night_but_help_comes_then(api: Api, village: Village) -> None:
    place = home(village)
    operator, lan = api.being("operator"), {"staff": number(village, "lan")}
    # the story begins at a quarter past ten in Lincang: three in the morning is 17 hours away
    night = asked(api, village, place, start=17, end=18)
    operator.post(f"{night}/assign", lan).problem(409, "outside of working hours", "08:00 to 20:00", "force")
    assert operator.post(f"{night}/assign", lan | {"force": True}).ok()["state"] == "assigned"
    urgent = asked(api, village, place, start=17, end=18, service="emergency")
    operator.post(f"{urgent}/assign", {"staff": number(village, "mei")}).ok()


def test_an_area_says_how_it_works(api: Api, village: Village) -> None:
    place = home(village)
    admin, operator = api.being("admin", username="chen"), api.being("operator")
    usual = {"near_m": 200, "work_from": "08:00", "work_to": "20:00", "timezone": "Asia/Shanghai", "auto_assign": False}
    assert operator.get("/visit-rules", area="凤山村").ok().body == {"area": "凤山村", "set_by": None, **usual}
    own = usual | {"near_m": 5000, "work_to": "23:59", "work_from": "00:00"}
    put(operator, "/visit-rules/town", own).problem(403)
    put(admin, "/visit-rules/town", own | {"work_from": "23:59:30"}).problem(422, "work_to")
    put(admin, "/visit-rules/town", own | {"timezone": "Mars/Olympus"}).problem(422, "timezone")
    assert put(admin, "/visit-rules/town", own).ok()["set_by"] == "town"
    assert operator.get("/visit-rules", area="凤山村").ok()["set_by"] == "town"
    assert ("chen", "change", "visit rules of area town") in api.audit()
    night = asked(api, village, place, "lan", start=17, end=18)
    assert staff(api, village, "lan").post(f"{night}/arrive", FAR).ok()["elsewhere"] is False
    admin.delete("/visit-rules/town").ok(204)
    admin.delete("/visit-rules/town").problem(404)
    assert operator.get("/visit-rules", area="凤山村").ok()["near_m"] == 200
    put(api.being("admin", area="凤山村"), "/visit-rules/town", own).problem(404)


def test_the_one_who_fits_best_is_suggested_and_why(api: Api, village: Village) -> None:
    place = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    village.run("update homes set lat = 24.58, lon = 99.92 where id = %(id)s", id=place.id)
    village.phone("hua")
    village.run("update staff set skills = '{nursing}' where name in ('mei', 'hua')")
    village.run("update staff set area = '凤山村' where name = 'hua'")
    asked(api, village, place, "mei")
    operator = api.being("operator")
    path = asked(api, village, place, service="bathing")
    found = operator.get(f"{path}/suggestions").ok()
    assert [each["name"] for each in found["items"]] == ["hua", "mei", "lan"]
    hua, mei, lan = found["items"]
    assert (hua["able"], hua["free"], hua["on_shift"], hua["distance_m"]) == (True, True, False, 0)
    assert (mei["free"], mei["clash"] is not None, mei["on_shift"], mei["visits_before"]) == (False, True, True, 1)
    # he works in the whole city: where he is, nobody knows
    assert (lan["able"], lan["free"], lan["on_shift"], lan["distance_m"]) == (False, True, True, None)
    assert found["outside_hours"] is False
    api.being("responder").get(f"{path}/suggestions").problem(403)
    api.being("operator", area=village.area("安石村")).get(f"{path}/suggestions").problem(404)


def test_whoever_is_nearest_by_his_last_proof_comes_first(api: Api, village: Village) -> None:
    place = home(village)
    for name, where in (("lan", FAR), ("mei", HERE)):
        path = asked(api, village, place, name)
        staff(api, village, name).post(f"{path}/arrive", where).ok()
        staff(api, village, name).post(f"{path}/complete", {"outcome": "helped"}).ok()
    found = api.being("operator").get(f"{asked(api, village, place)}/suggestions").ok()["items"]
    assert [each["name"] for each in found] == ["mei", "lan"]


def test_an_area_may_let_the_best_one_be_sent_at_once(api: Api, village: Village) -> None:
    place = home(village)
    village.phone("lan")
    rules = {"near_m": 200, "work_from": "08:00", "work_to": "20:00", "timezone": "Asia/Shanghai", "auto_assign": True}
    put(api.being("admin"), "/visit-rules/town", rules).ok()
    sent = api.being("viewer").get(asked(api, village, place)).ok()
    assert (sent["state"], sent["staff_name"]) == ("assigned", "lan")
    assert [(each["what"], each["channel"]) for each in sent["timeline"]] == [
        ("requested", "api"), ("assigned", "system"),
    ]  # fmt: skip
    # nobody else is free then: a dispatcher says who goes
    assert api.being("viewer").get(asked(api, village, place)).ok()["state"] == "requested"
    assert api.being("viewer").get(asked(api, village, place, service="bathing", start=5, end=6))["staff"] is None


# Services and skills --------------------------------------------------------------------------------------------------

TEN = ["bathing", "cleaning", "company", "emergency", "errands", "haircut", "meals", "medical", "repairs", "walking"]


def test_the_ten_helps_of_home_care_come_with_it_and_are_the_users_to_change(api: Api, village: Village) -> None:
    admin = api.being("admin")
    found = {each["code"]: each for each in admin.get("/services").items}
    assert sorted(found) == TEN
    assert all(each["name"] and each["name_en"] and each["usual_minutes"] for each in found.values())
    assert (found["bathing"]["needs"], found["meals"]["every_days"]) == ("nursing", 1)
    changed = admin.patch("/services/meals", {"name": "送餐上门", "every_days": 2, "needs": "cooking"}).ok()
    assert (changed["name"], changed["every_days"], changed["needs"]) == ("送餐上门", 2, "cooking")
    admin.patch("/services/meals", {"every_days": 0}).problem(422, "every_days")
    # as shipped it gives way to the users' own; once it is theirs, it is there already
    admin.post("/services", {"code": "haircut", "name": "剪发"}).ok(201)
    admin.post("/services", {"code": "haircut", "name": "剪发"}).problem(409, "there already")
    admin.post("/services", {"code": "meals", "name": "x"}).problem(409, "there already")
    admin.delete("/services/repairs").ok(204)
    admin.get("/services/repairs").problem(404)


def test_staff_have_skills(api: Api, village: Village) -> None:
    operator = api.being("operator")
    village.area("凤山村")
    body = {"name": "Hua", "phone": "+8613800000009", "area": "凤山村", "skills": ["nursing", "haircut"]}
    hua = operator.post("/staff", body).ok(201)
    assert hua["skills"] == ["nursing", "haircut"]
    assert operator.patch(f"/staff/{hua['id']}", {"skills": []}).ok()["skills"] == []
    assert operator.patch(f"/staff/{hua['id']}", {"name": "Hua Li"}).ok()["skills"] == []
    operator.patch(f"/staff/{hua['id']}", {"skills": "nursing"}).problem(422, "skills")
