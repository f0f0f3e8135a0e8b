"""After the visit: asked by SMS at a fit hour, answered by a digit or on the telephone; who is not satisfied is heard."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import answers, dispatch, follow_up
from alerts.follow_up import Manner
from alerts.model import Actor
from alerts.visits import Proof
from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Api, calling
from tests.stories.village import Home, Village, step

OPERATOR = Actor("operator", "console", username="operator")
ZHANG = "+8613800001111"
_texts = count(1)


@pytest.fixture
def clock() -> StoryClock:
    """Ten in the morning in Shanghai."""
    return StoryClock(datetime(2026, 11, 25, 2, tzinfo=UTC))


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


def served(village: Village, home: Home, phone: str | None = ZHANG, service: str = "meal") -> int:
    """Make a visit from the wish to its end; return its id."""
    village.run("update residents set phone = %(phone)s where home_id = %(home)s", phone=phone, home=home.id)
    now = village.clock.now()
    staff_id = village.phone("lan").staff_id
    with village.pool.connection() as connection:
        visit_id = dispatch.request(
            connection, home_id=home.id, service=service, due_from=now, due_to=now + timedelta(hours=1), staff_id=staff_id,
            note=None, actor=OPERATOR, now=now,
        )  # fmt: skip
        dispatch.accept(connection, visit_id=visit_id, actor=OPERATOR, now=now)
        dispatch.arrive(connection, visit_id=visit_id, actor=OPERATOR, proof=Proof(), now=now)
        dispatch.complete(connection, visit_id=visit_id, actor=OPERATOR, proof=Proof(), outcome="helped", now=now)
    return visit_id


def look(village: Village, sms: str = "outbox") -> list[tuple[str, str]]:
    """Let the engine look; return all texts to Zhang so far."""
    manner = Manner("zh-CN", "Asia/Shanghai", sms)
    for deed in (follow_up.begin, follow_up.ask):
        with village.pool.connection() as connection:
            deed(connection, manner=manner, now=village.clock.now())
    return village.all("select recipient, text from messages where staff_id is null order by id")  # type: ignore[return-value]


def text(village: Village, body: str, sender: str = ZHANG) -> str:
    with village.pool.connection() as connection:
        return answers.answer(
            connection, sender=sender, body=body, sid=f"SM{next(_texts)}", channel="sms", now=village.clock.now()
        )


def state(village: Village, visit_id: int) -> str:
    return str(village.one("select state from visits where id = %(id)s", id=visit_id))


def test_who_is_satisfied_says_so_by_a_digit(village: Village) -> None:
    visit_id = served(village, village.home("凤山村"))
    assert look(village) == [(ZHANG, "【安居】这次的送餐服务，您满意吗？满意回 1，不满意回 2。")]
    assert len(look(village)) == 1
    assert text(village, "１") == "谢谢您，您满意我们就放心了。"
    assert state(village, visit_id) == "followed_up"
    assert village.one("select satisfied from follow_ups")
    assert text(village, "1") == ""


def test_who_is_not_satisfied_has_a_complaint_and_an_alert(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "head")])
    visit_id = served(village, home)
    look(village)
    assert "打电话" in text(village, "2")
    operator = api.being("operator")
    complaint = operator.get("/complaints", state="open").items[0]
    assert (complaint["visit"], complaint["staff_name"], complaint["text"]) == (str(visit_id), "lan", None)
    alert = operator.get("/alerts").items[0]
    assert (alert["id"], alert["kind"], alert["severity"], alert["area"]) == (
        complaint["alert"], "complaint", "normal", "凤山村",
    )  # fmt: skip
    village.settle()
    village.phone("head").expect_sms("投诉")
    assert operator.get(f"/complaints/{complaint['id']}").ok()["who"] == "张桂英"
    assert ("read", f"complaint {complaint['id']}") in [row[1:] for row in api.audit()]


def test_nobody_is_asked_in_the_evening(village: Village) -> None:
    village.clock.forward(timedelta(hours=9))
    served(village, village.home("凤山村"))
    assert look(village) == []
    village.clock.forward(timedelta(hours=13, minutes=59))
    assert look(village) == []
    village.clock.forward(timedelta(minutes=1))
    assert len(look(village)) == 1


def test_somebody_is_asked_once_a_week(village: Village) -> None:
    home = village.home("凤山村")
    served(village, home)
    served(village, home, service="bath")
    assert len(look(village)) == 1
    village.clock.forward(timedelta(days=6))
    served(village, home)
    assert len(look(village)) == 1
    village.clock.forward(timedelta(days=2))
    served(village, home)
    assert len(look(village)) == 2


def test_a_service_may_be_left_unasked(api: Api, village: Village) -> None:
    api.being("admin").send("PATCH", "/services/meal/follow-up", json={"wanted": False}).ok()
    served(village, village.home("凤山村"))
    assert look(village) == []
    assert village.one("select count(*) from follow_ups") == 0


def test_nobody_is_asked_after_an_alert(village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms().reply("1")
    village.phone("lan").reply("3")
    with village.pool.connection() as connection:
        visit_id = village.one("select id from visits")
        dispatch.complete(
            connection, visit_id=visit_id, actor=OPERATOR, proof=Proof(), outcome="helped", now=village.clock.now()
        )
    assert look(village) == []


def test_where_no_answer_comes_back_somebody_is_listed_to_be_rung(api: Api, village: Village) -> None:
    visit_id = served(village, village.home("凤山村"))
    assert look(village, sms="twilio") == []
    operator = api.being("operator")
    listed = operator.get("/follow-ups").items
    assert [(each["visit"], each["phone"], each["resident_name"], each["service_name"]) for each in listed] == [
        (str(visit_id), ZHANG, "张桂英", "送餐")
    ]
    said = operator.post(f"/visits/{visit_id}/follow-up", {"satisfied": True, "note": "饭是热的"}).ok()
    assert (said["state"], said["satisfied"], said["note"], said["complaint"]) == ("answered", True, "饭是热的", None)
    assert operator.get("/follow-ups").items == []
    assert state(village, visit_id) == "followed_up"
    operator.post(f"/visits/{visit_id}/follow-up", {"satisfied": False}).problem(409, "already")


def test_who_does_not_answer_or_answers_in_words_is_rung(api: Api, village: Village) -> None:
    operator = api.being("operator")
    served(village, village.home("凤山村"))
    look(village)
    assert operator.get("/follow-ups").items == []
    assert len(operator.get("/follow-ups", all=True).items) == 1
    village.clock.forward(timedelta(hours=25))
    assert len(api.being("operator").get("/follow-ups").items) == 1
    assert "打电话" in text(village, "饭凉了\0，还少了汤")
    assert api.being("operator").get("/follow-ups").items[0]["note"] == "饭凉了，还少了汤"


def test_stop_is_honoured_and_somebody_rings_from_then_on(village: Village) -> None:
    home = village.home("凤山村")
    served(village, home)
    look(village)
    assert text(village, "退订")
    village.clock.forward(timedelta(days=8))
    served(village, home)
    assert len(look(village)) == 1
    assert village.all("select way, state from follow_ups") == [("call", "waiting")] * 2
    text(village, "START")
    village.clock.forward(timedelta(days=8))
    served(village, home)
    assert len(look(village)) == 2


def test_a_responders_own_digit_keeps_its_meaning(village: Village) -> None:
    """The neighbour who answers alerts is also the one who is asked."""
    lan = village.phone("lan")
    home = village.home("凤山村", policy=[step(0, "lan")])
    served(village, home, phone=village.one("select phone from staff where id = %(id)s", id=lan.staff_id))
    look(village)
    home.press()
    lan.expect_sms("求助").reply("1")
    assert village.one("select count(*) from follow_ups where state = 'answered'") == 0
    assert village.one("select state from alerts") == "accepted"


@pytest.mark.parametrize(("visit", "status"), [("open", 409), ("999", 404), ("x", 404)])
def test_only_what_is_over_is_asked_about(api: Api, village: Village, visit: str, status: int) -> None:
    home = village.home("凤山村")
    operator = api.being("operator")
    if visit == "open":
        now = village.clock.now().isoformat()
        wish = {"home": str(home.id), "service": "meal", "due_from": now, "due_to": now}
        visit = operator.post("/visits", wish).ok(201)["id"]
    operator.post(f"/visits/{visit}/follow-up", {"satisfied": True}).problem(status)
    assert village.one("select count(*) from follow_ups") == 0


# Complaints -----------------------------------------------------------------------------------------------------------


def complained(api: Api, village: Village, **more: object) -> str:
    home = village.home("凤山村")
    body = {"who": "李明（儿子）", "text": "没有按时来", "home": str(home.id), **more}
    return f"/complaints/{api.being('operator').post('/complaints', body).ok(201)['id']}"


def test_a_complaint_is_answered_and_confirmed_by_somebody_else(api: Api, village: Village) -> None:
    path = complained(api, village)
    wang, li = api.being("operator", username="wang"), api.being("operator", username="li")
    wang.post(f"{path}/confirm").problem(409, "answer it first")
    wang.post(f"{path}/answer", {"answer": "已道歉，改了时间"}).ok()
    wang.post(f"{path}/confirm").problem(409, "wang", "somebody else")
    li.post(f"{path}/confirm", {"agrees": False}).ok()
    wang.post(f"{path}/answer", {"answer": "换了人"}).ok()
    done = li.post(f"{path}/confirm").ok()
    assert (done["state"], done["answered_by"], done["confirmed_by"]) == ("confirmed", "wang", "li")
    assert village.one("select state from alerts") == "closed"
    wang.post(f"{path}/answer", {"answer": "x"}).problem(409, "over")
    name = f"complaint {path.rpartition('/')[2]}"
    assert [(who, action) for who, action, what in api.audit() if what == name and action != "add"] == [
        ("wang", "answer"), ("li", "send back"), ("wang", "answer"), ("li", "confirm"),
    ]  # fmt: skip


def test_its_words_are_not_in_the_alert(api: Api, village: Village) -> None:
    complained(api, village)
    assert "没有按时来" not in str(village.all("select text from alerts"))
    assert "没有按时来" not in str(village.all("select detail from alert_timeline"))


def test_whom_it_is_about_neither_answers_nor_confirms(api: Api, village: Village) -> None:
    lan = village.phone("lan").staff_id
    path = complained(api, village, staff=str(lan))
    api.being("operator", staff=lan).post(f"{path}/answer", {"answer": "x"}).problem(403, "about you")


def test_another_areas_operator_sees_none_of_it(api: Api, village: Village) -> None:
    path = complained(api, village)
    visit_id = served(village, village.homes[0])
    look(village, sms="twilio")
    village.area("安乐村")
    stranger = api.being("operator", area="安乐村")
    assert stranger.get("/complaints").items == stranger.get("/follow-ups").items == []
    stranger.get(path).problem(404)
    stranger.post(f"{path}/answer", {"answer": "x"}).problem(404)
    stranger.post(f"/visits/{visit_id}/follow-up", {"satisfied": True}).problem(404)
    api.being("responder").get("/complaints").problem(403)
    api.being("responder").get("/follow-ups").problem(403)


@pytest.mark.parametrize("wrong", [{"text": ""}, {"home": "999"}, {"home": None}, {"visit": "999"}, {"staff": "999"}])
def test_wrong_complaints_are_refused_and_nothing_is_stored(
    api: Api, village: Village, wrong: dict[str, object]
) -> None:
    body = {"who": "李明", "text": "晚了", "home": str(village.home("凤山村").id)} | wrong
    api.being("operator").post("/complaints", body).problem(422)
    assert village.one("select count(*) from complaints") == 0
    assert village.one("select count(*) from alerts") == 0
