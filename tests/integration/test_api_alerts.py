"""Alerts over real HTTP: the contract's thread as a script goes it, who may do what, and whom it concerns."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.api_client import Api
from tests.integration.work_fixtures import api, pressed, staff, village
from tests.stories.village import Village

__all__ = ["api", "village"]

# The thread ---------------------------------------------------------------------------------------------------------


def test_the_whole_way_from_the_press_to_the_outcome(api: Api, village: Village) -> None:
    home, path = pressed(village)
    lan, operator = staff(api, village, "lan"), api.being("operator")
    alert = operator.get("/alerts", state="open").items[0]
    assert (alert["kind"], alert["severity"], alert["state"], alert["home"]) == (
        "help", "critical", "notified", str(home.id),
    )  # fmt: skip
    assert alert["next_step_at"]
    accepted = lan.post(f"{path}/accept").ok()
    assert (accepted["state"], accepted["accepted_by"]) == ("accepted", str(village.phone("lan").staff_id))
    visit = f"/visits/{accepted['visit']}"
    assert lan.post(f"{visit}/depart").ok()["state"] == "en_route"
    assert lan.get(path).ok()["state"] == "en_route"
    arrived = lan.post(f"{visit}/arrive", {"lat": 24.6, "lon": 99.9, "code": "door-7"}).ok()
    assert arrived["arrived_proof"] == {
        "lat": 24.6, "lon": 99.9, "code": "door-7", "recorded_at": village.clock.now().isoformat(),
    }  # fmt: skip
    assert lan.post(f"{visit}/complete", {"outcome": "helped"}).ok()["state"] == "completed"
    closed = lan.post(f"{path}/close", {"outcome": "helped", "note": "had fallen, is well"}).ok()
    assert (closed["state"], closed["outcome"], closed["note"]) == ("closed", "helped", "had fallen, is well")
    assert [row["what"] for row in closed["timeline"]] == [
        "raised", "told", "delivered", "accepted", "en_route", "arrived", "visit_completed", "closed",
    ]  # fmt: skip
    assert home.heard() == ["accepted", "en_route", "arrived", "closed"]
    assert operator.get("/alerts", state="open").items == []


def test_every_verb_answers_with_the_alert_as_it_then_is(api: Api, village: Village) -> None:
    _, path = pressed(village)
    operator = api.being("operator")
    for verb, body, state, what in [
        ("note", {"text": "rang the son"}, "notified", "note"),
        ("escalate", None, "notified", "escalated"),
        ("accept", None, "accepted", "accepted"),
        ("decline", None, "notified", "declined"),
        ("close", {"outcome": "false_alarm", "spoke_with": "the son"}, "closed", "closed"),
    ]:
        done = operator.post(f"{path}/{verb}", body).ok()
        assert (done["state"], what in [row["what"] for row in done["timeline"]]) == (state, True), verb
        assert operator.get(path).body == done.body


def test_a_body_of_which_nothing_is_needed_may_be_left_out(api: Api, village: Village) -> None:
    _, path = pressed(village)
    operator = api.being("operator")
    for number, more in enumerate([{}, {"json": {}}, {"json": None}, {"content": b""}]):
        verb = "accept" if number % 2 == 0 else "decline"
        operator.send("POST", f"{path}/{verb}", **more).ok()


def test_an_operator_without_a_phone_takes_the_alert_and_its_visit_has_nobody_yet(api: Api, village: Village) -> None:
    _, path = pressed(village)
    operator = api.being("operator", username="wang")
    accepted = operator.post(f"{path}/accept", {}).ok()
    assert (accepted["accepted_by"], accepted["accepted_by_name"]) == ("wang", "wang")
    visit = operator.get(f"/visits/{accepted['visit']}").ok()
    assert (visit["state"], visit["staff"]) == ("requested", None)


def test_an_operator_answers_for_somebody(api: Api, village: Village) -> None:
    _, path = pressed(village)
    mei = str(village.phone("mei").staff_id)
    accepted = api.being("operator").post(f"{path}/accept", {"staff": mei}).ok()
    assert (accepted["accepted_by"], accepted["accepted_by_name"]) == (mei, "mei")
    assert api.being("viewer").get(f"/visits/{accepted['visit']}").ok()["staff"] == mei


# Who was first ------------------------------------------------------------------------------------------------------


def test_the_second_to_accept_hears_who_was_first(api: Api, village: Village) -> None:
    _, path = pressed(village)
    staff(api, village, "lan").post(f"{path}/accept").ok()
    refused = staff(api, village, "mei").post(f"{path}/accept").problem(409, "lan")
    assert refused["accepted_by_name"] == "lan"


def test_accepting_twice_is_accepting_once(api: Api, village: Village) -> None:
    home, path = pressed(village)
    lan = staff(api, village, "lan")
    assert lan.post(f"{path}/accept").ok().body == lan.post(f"{path}/accept").ok().body
    assert home.alert().timeline().count("accepted") == 1


def test_of_many_who_accept_at_once_one_has_it(api: Api, village: Village) -> None:
    home, path = pressed(village)
    names = ["lan", "mei", "hua", "ning"]
    callers = [staff(api, village, name) for name in names]
    with ThreadPoolExecutor(len(callers)) as threads:
        heard = list(threads.map(lambda caller: caller.post(f"{path}/accept"), callers))
    assert sorted(each.status for each in heard) == [200, 409, 409, 409]
    winner = names[[each.status for each in heard].index(200)]
    assert {each["accepted_by_name"] for each in heard} == {winner}
    assert home.alert().timeline().count("accepted") == 1


# Passing on ---------------------------------------------------------------------------------------------------------


def test_declining_tells_the_next_at_once(api: Api, village: Village) -> None:
    _, path = pressed(village)
    staff(api, village, "lan").post(f"{path}/decline").ok()
    village.settle()
    village.phone("mei").expect_sms("求助")


def test_giving_back_what_one_has_tells_the_next_at_once(api: Api, village: Village) -> None:
    _, path = pressed(village)
    lan = staff(api, village, "lan")
    visit = lan.post(f"{path}/accept").ok()["visit"]
    assert lan.post(f"{path}/decline").ok()["state"] == "notified"
    assert lan.get(f"/visits/{visit}").ok()["state"] == "cancelled"
    village.settle()
    village.phone("mei").expect_sms("求助")


def test_what_somebody_else_has_cannot_be_passed_on(api: Api, village: Village) -> None:
    home, path = pressed(village)
    staff(api, village, "lan").post(f"{path}/accept").ok()
    refused = staff(api, village, "mei").post(f"{path}/decline").problem(409, "lan")
    assert refused["accepted_by_name"] == "lan"
    api.being("operator").post(f"{path}/decline").problem(409, "lan")
    assert "declined" not in home.alert().timeline()


def test_who_was_sent_by_an_operator_can_pass_it_on_and_it_is_told_again(api: Api, village: Village) -> None:
    _, path = pressed(village)
    operator, lan = api.being("operator"), staff(api, village, "lan")
    visit = operator.post(f"{path}/accept").ok()["visit"]
    operator.post(f"/visits/{visit}/assign", {"staff": str(village.phone("lan").staff_id)}).ok()
    assert lan.post(f"{path}/decline").ok()["state"] == "notified"
    village.settle()
    village.phone("mei").expect_sms("求助")


def test_who_was_sent_by_an_operator_can_pass_it_on_by_text_and_it_is_told_again(api: Api, village: Village) -> None:
    home, path = pressed(village)
    operator = api.being("operator")
    visit = operator.post(f"{path}/accept").ok()["visit"]
    operator.post(f"/visits/{visit}/assign", {"staff": str(village.phone("lan").staff_id)}).ok()
    village.phone("lan").reply("2")
    assert home.alert().state == "notified"
    village.phone("mei").expect_sms("求助")


def test_escalating_takes_it_from_whoever_has_it(api: Api, village: Village) -> None:
    _, path = pressed(village)
    staff(api, village, "lan").post(f"{path}/accept").ok()
    escalated = api.being("operator").post(f"{path}/escalate").ok()
    assert (escalated["state"], escalated["accepted_by"]) == ("notified", None)
    village.settle()
    village.phone("mei").expect_sms("求助")


# Closing ------------------------------------------------------------------------------------------------------------


def test_a_help_call_is_not_closed_without_help(api: Api, village: Village) -> None:
    _, path = pressed(village)
    operator = api.being("operator")
    operator.post(f"{path}/close", {"outcome": "helped"}).problem(422, "completed visit", "spoke_with")
    operator.post(f"{path}/close", {"outcome": "helped", "spoke_with": "  "}).problem(422, "spoke_with")
    closed = operator.post(f"{path}/close", {"outcome": "helped", "spoke_with": "张桂英"}).ok()
    assert (closed["state"], closed["spoke_with"], closed["next_step_at"]) == ("closed", "张桂英", None)


def test_what_is_closed_stays_closed(api: Api, village: Village) -> None:
    _, path = pressed(village)
    operator = api.being("operator")
    operator.post(f"{path}/close", {"outcome": "test", "spoke_with": "张桂英"}).ok()
    for verb, body in [("accept", {}), ("decline", {}), ("escalate", {}), ("close", {"outcome": "helped"})]:
        operator.post(f"{path}/{verb}", body).problem(409, "closed already")
    assert operator.post(f"{path}/note", {"text": "the button was under the pillow"}).ok()["state"] == "closed"


@pytest.mark.parametrize("body", [{}, {"outcome": "cured"}, {"outcome": None}, {"outcome": "helped", "notes": "x"}, []])
def test_closing_needs_an_outcome_that_there_is(api: Api, village: Village, body: object) -> None:
    _, path = pressed(village)
    api.being("operator").post(f"{path}/close", body).problem(422)


def test_a_warning_needs_no_visit_to_be_closed(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    operator = api.being("operator")
    alert = operator.post("/alerts", {"kind": "worry", "home": str(home.id)}).ok(201)
    assert operator.post(f"/alerts/{alert['id']}/close", {"outcome": "other"}).ok()["state"] == "closed"


# Who may --------------------------------------------------------------------------------------------------------------


def test_a_viewer_reads_and_changes_nothing(api: Api, village: Village) -> None:
    home, path = pressed(village)
    viewer = api.being("viewer")
    assert viewer.get(path).ok()["timeline"]
    assert len(viewer.get("/alerts").items) == 1
    bodies: dict[str, object] = {"note": {"text": "x"}, "close": {"outcome": "helped", "spoke_with": "x"}}
    for verb in ("accept", "decline", "escalate", "note", "close"):
        viewer.post(f"{path}/{verb}", bodies.get(verb, {})).problem(403, "you are viewer")
    viewer.post("/alerts", {"kind": "help", "home": str(home.id)}).problem(403)
    assert home.alert().timeline() == ["raised", "told", "delivered"]


def test_a_responder_answers_for_himself_only(api: Api, village: Village) -> None:
    home, path = pressed(village)
    lan = staff(api, village, "lan")
    mei = str(village.phone("mei").staff_id)
    lan.post(f"{path}/accept", {"staff": mei}).problem(403, "leave `staff` out")
    lan.post(f"{path}/decline", {"staff": mei}).problem(403)
    lan.post(f"{path}/escalate").problem(403)
    lan.post("/alerts", {"kind": "help", "home": str(home.id)}).problem(403)
    lan.post(f"{path}/accept", {"staff": str(village.phone("lan").staff_id)}).ok()


def test_a_responder_closes_only_what_he_has_or_goes_for(api: Api, village: Village) -> None:
    home, path = pressed(village)
    lan, mei, operator = staff(api, village, "lan"), staff(api, village, "mei"), api.being("operator")
    closing = {"outcome": "helped", "spoke_with": "张桂英"}
    lan.post(f"{path}/close", closing).problem(403, "accept it first")
    visit = operator.post(f"{path}/accept").ok()["visit"]
    operator.post(f"/visits/{visit}/assign", {"staff": str(village.phone("mei").staff_id)}).ok()
    lan.post(f"{path}/close", closing).problem(403)
    mei.post(f"{path}/close", closing).ok()
    home.press()
    again = f"/alerts/{home.alert().id}"
    lan.post(f"{again}/accept").ok()
    mei.post(f"{again}/close", closing).problem(403)
    lan.post(f"{again}/close", closing).ok()


def test_a_responder_without_a_phone_answers_by_his_name(api: Api, village: Village) -> None:
    _, path = pressed(village)
    neighbour = api.being("responder", username="neighbour")
    assert neighbour.post(f"{path}/accept").ok()["accepted_by"] == "neighbour"
    neighbour.post(f"{path}/close", {"outcome": "helped", "spoke_with": "张桂英"}).ok()


def test_somebody_of_another_village_sees_nothing(api: Api, village: Village) -> None:
    home, path = pressed(village)
    village.area("安石村")
    for role in ("viewer", "responder", "operator", "admin"):
        neighbour = api.being(role, area="安石村")
        assert neighbour.get("/alerts").items == []
        neighbour.get(path).problem(404)
        neighbour.get("/alerts", area="凤山村").problem(422, "凤山村")
    operator = api.being("operator", area="安石村")
    for verb, body in [
        ("accept", {}), ("decline", {}), ("escalate", {}), ("note", {"text": "x"}), ("close", {"outcome": "helped"}),
    ]:  # fmt: skip
        operator.post(f"{path}/{verb}", body).problem(404)
    operator.post("/alerts", {"kind": "help", "home": str(home.id)}).problem(422, "home")
    assert home.alert().timeline() == ["raised", "told", "delivered"]


def test_whoever_sees_the_area_above_sees_what_is_below(api: Api, village: Village) -> None:
    _, path = pressed(village)
    for area in ("凤山村", "town", "county", "city"):
        assert api.being("viewer", area=area).get(path).ok()["area"] == "凤山村"


def test_somebody_from_elsewhere_is_not_sent(api: Api, village: Village) -> None:
    _, path = pressed(village)
    village.area("安石村")
    hua = village.phone("hua").staff_id
    village.run("update staff set area = '安石村' where id = %(id)s", id=hua)
    operator = api.being("operator", area="凤山村")
    operator.post(f"{path}/accept", {"staff": str(hua)}).problem(422, "there is nobody with that id")
    # lan belongs to the city, above the village: she may be sent by whoever serves the village
    operator.post(f"{path}/accept", {"staff": str(village.phone("lan").staff_id)}).ok()


def test_an_unregistered_buttons_alert_is_seen_from_the_top_only(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    home.says("help", b'{"id":"x"}', uid="stranger-1")
    alert = api.being("viewer").get("/alerts").items[0]
    assert (alert["device"], alert["home"]) == ("stranger-1", None)
    assert len(api.being("viewer", area="city").get("/alerts").items) == 1
    assert api.being("viewer", area="county").get("/alerts").items == []
    api.run("update alerts set area = null")
    assert len(api.being("viewer").get("/alerts").items) == 1
    assert len(api.being("viewer", area="city").get("/alerts").items) == 1
    assert api.being("viewer", area="county").get("/alerts").items == []
    assert api.being("viewer").get("/alerts", area="city").items == []


def test_without_a_session_nothing_is_told(api: Api, village: Village) -> None:
    _, path = pressed(village)
    for where in ("/alerts", path):
        api.get(where).problem(401)
    api.post(f"{path}/accept").problem(401)


@pytest.mark.parametrize("alert_id", ["0", "999", "-1", "abc", "1e3", "9" * 30, "%00", "①"])
def test_an_alert_that_there_is_not(api: Api, alert_id: str) -> None:
    operator = api.being("operator")
    operator.get(f"/alerts/{alert_id}").problem(404)
    operator.post(f"/alerts/{alert_id}/accept").problem(404)


def test_an_empty_note_is_refused(api: Api, village: Village) -> None:
    home, path = pressed(village)
    lan = staff(api, village, "lan")
    lan.post(f"{path}/note", {"text": "  "}).problem(422, "empty")
    lan.post(f"{path}/note", {}).problem(422)
    noted = lan.post(f"{path}/note", {"text": " the gate is open "}).ok()
    assert [(row["who"], row["detail"]) for row in noted["timeline"] if row["what"] == "note"] == [
        ("lan", {"text": "the gate is open"})
    ]
    assert "note" in home.alert().timeline()
