"""What Twilio sends back, over real HTTP and signed: texts, states and calls, once each whatever comes twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from twilio.request_validator import RequestValidator

from alerts import dispatch, record
from alerts.model import Actor
from alerts.visits import Proof
from tests.clock import StoryClock
from tests.integration.brokers import until
from tests.integration.by_twilio import PUBLIC_URL, ByTwilio, proxied, served
from tests.integration.twilio_stand_in import TOKEN, Asked, Heard, TwilioStandIn, post_by_network
from tests.stories.village import Home, step

SMS = f"{PUBLIC_URL}/webhooks/twilio/sms"
STATUS = f"{PUBLIC_URL}/webhooks/twilio/status"
VOICE = f"{PUBLIC_URL}/webhooks/twilio/voice"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def place(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[str]:
    with served(pool, clock, database) as address:
        yield address


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock, place: str) -> Iterator[ByTwilio]:
    with TwilioStandIn(post=proxied(place)) as stand_in:
        yield ByTwilio(pool, clock, stand_in=stand_in)


def voice_step(village: ByTwilio) -> None:
    """Let every step of every policy call as well as text."""
    village.run("update policy_steps set channels = '{sms,voice}'")


def call_of(village: ByTwilio, name: str) -> Asked:
    return next(each for each in village.asked(name) if each.is_call)


def text_of(village: ByTwilio, name: str) -> Asked:
    return next(each for each in village.asked(name) if not each.is_call)


def pressed(village: ByTwilio, *steps: tuple[int, str]) -> Home:
    home = village.home("凤山村", policy=list(steps) or [step(0, "lan"), step("30 min", "mei")])
    home.press()
    return home


# Texts --------------------------------------------------------------------------------------------------------------


def test_the_whole_way_by_text(village: ByTwilio) -> None:
    home = pressed(village)
    number = home.alert().id
    assert village.text("lan", "1").says == f"#{number} 由您处理，辛苦了。到了回3，办完回9。"
    assert village.text("lan", "9").says == f"#{number}：到了请先回3，再回9。"
    assert village.text("lan", "3").says == f"#{number}：已记下您到了。办完回9。"
    assert village.text("lan", "3").says == f"#{number}：已记下您到了。办完回9。"
    assert village.text("lan", "９").says == f"#{number} 已办结，辛苦了。"
    assert village.text("lan", "9").says == "您没有这样的待办警报。"
    assert home.heard() == ["accepted", "en_route", "arrived", "closed"]
    assert (home.alert().state, home.alert().outcome) == ("closed", "helped")
    assert village.all("select state, outcome, departed_at is not null from visits") == [("completed", "helped", True)]
    assert home.alert().timeline() == [
        "raised", "told", "accepted", "en_route", "arrived", "visit_completed", "closed",
    ]  # fmt: skip


def test_an_answer_is_twiml(village: ByTwilio) -> None:
    pressed(village)
    heard = village.text("lan", "hello")
    assert (heard.status, heard.content_type.partition(";")[0]) == (200, "text/xml")
    assert heard.find("Message")[0].text == "请回：1接单，2转下一位，3已到，9完成；有多个时带上编号。"


def test_the_first_to_accept_has_it_and_the_second_hears_who(village: ByTwilio) -> None:
    home = pressed(village, step(0, "lan"), step(0, "mei"))
    village.text("lan", "1")
    number = home.alert().id
    assert village.text("mei", "1").says == f"#{number} 已由 lan 接单。"
    assert village.text("mei", f"3 {number}").says == f"#{number} 已由 lan 接单。"
    assert village.text("mei", f"9 {number}").says == f"#{number} 已由 lan 接单。"
    assert village.text("mei", f"2 {number}").says == f"#{number} 已由 lan 接单。"
    assert home.alert().timeline().count("declined") == 0


def test_two_who_accept_at_the_same_moment(village: ByTwilio) -> None:
    home = pressed(village, step(0, "lan"), step(0, "mei"))
    numbers = [village.phone(name).number for name in ("lan", "mei")]
    with ThreadPoolExecutor(2) as both:
        heard = list(both.map(lambda number: village.stand_in.text(SMS, number, "1").says, numbers))
    assert sorted("由您处理" in words for words in heard) == [False, True]
    assert sorted("接单。" in words for words in heard) == [False, True]
    assert home.alert().timeline().count("accepted") == 1
    assert village.one("select count(*) from visits") == 1


def test_passing_on_tells_the_next_at_once(village: ByTwilio) -> None:
    home = pressed(village)
    assert village.text("lan", "2").says == f"#{home.alert().id} 已转给下一位。"
    assert village.asked("mei")


def test_with_several_open_the_number_is_asked_for(village: ByTwilio) -> None:
    homes = [village.home("凤山村", policy=[step(0, "lan")]), village.home("凤山村")]
    for home in homes:
        home.press()
    first, second = (home.alert().id for home in homes)
    assert village.text("lan", "1").says == f"是哪一个？请带上编号回复，如 1 {second}。待办：{second}, {first}"
    assert [home.alert().state for home in homes] == ["notified", "notified"]
    village.text("lan", f"1 {first}")
    assert [home.alert().state for home in homes] == ["accepted", "notified"]
    # "1" sent twice must not take the other one
    assert "是哪一个" in village.text("lan", "1").says
    # but where he has arrived is clear
    village.text("lan", "3")
    assert [home.alert().state for home in homes] == ["arrived", "notified"]


def test_an_alert_that_somebody_else_has_is_not_asked_about(village: ByTwilio) -> None:
    homes = [village.home("凤山村", policy=[step(0, "lan"), step(0, "mei")]), village.home("凤山村")]
    homes[0].press()
    village.text("mei", "1")
    homes[1].press()
    assert "由您处理" in village.text("lan", "1").says
    assert homes[1].alert().state == "accepted"


def test_the_number_of_an_alert_one_was_never_told_of_moves_nothing(village: ByTwilio) -> None:
    home = pressed(village)
    assert village.text("mei", f"1 {home.alert().id}").says == "您没有这样的待办警报。"
    assert home.alert().state == "notified"


def test_a_stranger_gets_a_polite_nothing(village: ByTwilio) -> None:
    home = pressed(village)
    heard = village.text("+4915199999999", "1")
    assert (heard.status, heard.says, list(ElementTree.fromstring(heard.text))) == (200, "", [])
    assert home.alert().state == "notified"


def test_a_text_delivered_twice_is_done_once(village: ByTwilio) -> None:
    home = pressed(village, step(0, "lan"), step("30 min", "mei"), step("60 min", "wang"))
    heard = [village.text("lan", "2", sid="SM77") for _ in range(3)]
    assert len({each.text for each in heard}) == 1
    assert home.alert().timeline().count("declined") == 1
    assert not village.asked("wang")


def test_a_text_delivered_twice_at_once_is_done_once(village: ByTwilio) -> None:
    home = pressed(village)
    number = village.phone("lan").number
    with ThreadPoolExecutor(4) as many:
        heard = list(many.map(lambda _: village.stand_in.text(SMS, number, "2", sid="SM78").text, range(4)))
    assert len(set(heard)) == 1
    assert home.alert().timeline().count("declined") == 1


def test_a_step_waits_for_the_one_that_is_being_taken(village: ByTwilio) -> None:
    home = pressed(village)
    village.text("lan", "1")
    number, arriving = village.phone("lan").number, Actor("lan", "phone", staff_id=village.phone("lan").staff_id)
    with ThreadPoolExecutor(1) as other, village.pool.connection() as connection:
        record.hold(connection, home.alert().id)
        done = other.submit(village.stand_in.text, SMS, number, "9")
        until(lambda: village.one("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"))
        dispatch.arrive(
            connection, visit_id=home.alert().visit(), actor=arriving, proof=Proof(), now=village.clock.now()
        )
        connection.commit()
        assert done.result(10).says.endswith("已办结，辛苦了。")
    assert home.alert().state == "closed"


def test_each_hears_his_own_language(village: ByTwilio) -> None:
    home = pressed(village)
    village.run("update staff set language = 'en' where name = 'lan'")
    assert village.text("lan", "1").says == (
        f"#{home.alert().id} is yours. Thank you. Send 3 when you are there, 9 when it is done."
    )


def test_without_a_language_of_his_own_he_hears_the_one_he_was_written_to_in(village: ByTwilio) -> None:
    pressed(village)
    village.run("update messages set language = 'en'")
    assert village.text("lan", "2").says.endswith("is passed on.")


def test_stop_is_honoured_and_start_takes_it_back(village: ByTwilio) -> None:
    home = pressed(village)
    assert "START" in village.text("lan", "退订").says
    village.text("mei", "2")
    assert village.one("select opted_out_at is not null from staff where name = 'lan'")
    before = len(village.asked("lan"))
    home.alert().accept("mei")
    village.home("凤山村").press()
    assert len(village.asked("lan")) == before
    assert "1接单" in village.text("lan", "START").says
    assert village.one("select opted_out_at is null from staff where name = 'lan'")


def test_stop_is_for_the_number_whoever_else_uses_it(village: ByTwilio) -> None:
    pressed(village)
    village.phone("shift")
    village.run("update staff set phone = (select phone from staff where name = 'lan') where name = 'shift'")
    village.text("lan", "STOP")
    assert village.one("select count(*) from staff where opted_out_at is not null") == 2


def test_what_twilio_took_as_stop_is_stop_and_it_has_answered_itself(village: ByTwilio) -> None:
    pressed(village)
    assert village.text("lan", "ARRET", OptOutType="STOP").says == ""
    assert village.one("select opted_out_at is not null from staff where name = 'lan'")


def test_a_stop_that_the_database_broke_off_to_end_a_ring_is_taken_all_the_same(
    village: ByTwilio, database: str
) -> None:
    first, second = pressed(village).alert().id, pressed(village).alert().id
    take = "select from alerts where id = %s for update"
    with psycopg.connect(database) as other, ThreadPoolExecutor() as pool:
        # patient, so that it is the other one whom the database breaks off
        other.execute("set deadlock_timeout = '60s'")
        other.execute(take, (second,))
        said = pool.submit(village.text, "lan", "STOP")
        until(lambda: village.one("select count(*) from pg_locks where not granted"))
        other.execute(take, (first,))
        other.commit()
        assert said.result(30).status == 200
    assert village.one("select opted_out_at is not null from staff where name = 'lan'")
    village.settle()
    assert len([each for each in village.asked("mei") if not each.is_call]) == 2


def test_an_alert_without_a_visit_is_closed_by_9(village: ByTwilio) -> None:
    home = pressed(village)
    village.run("update alerts set kind = 'device_offline'")
    village.text("lan", "1")
    assert village.text("lan", "3").says == f"#{home.alert().id} 不用上门。办完回9。"
    assert village.text("lan", "9").says == f"#{home.alert().id} 已办结，辛苦了。"
    assert home.alert().state == "closed"


@pytest.mark.parametrize(
    "body", ["", "😀" * 800, "a\0b", "\ud83d", "'; drop table alerts; --", "<Response/>", "{number}"]
)
def test_any_body_is_answered_with_help(village: ByTwilio, body: str) -> None:
    pressed(village)
    form = {"From": village.phone("lan").number, "Body": body.encode("utf-8", "replace").decode(), "MessageSid": "SM1"}
    heard = village.stand_in.send(SMS, form)
    assert heard.status == 200
    assert "1接单" in heard.says


# States -------------------------------------------------------------------------------------------------------------


def test_states_move_the_message_on_in_whatever_order_and_twice(village: ByTwilio) -> None:
    home = pressed(village)
    asked = text_of(village, "lan")
    for state in ("sent", "delivered", "sent", "queued", "delivered"):
        assert village.stand_in.call_back(asked, state).status == 204
    assert village.messages()[0][2] == "delivered"
    assert village.one("select delivered_at is not null from messages order by id limit 1")
    assert home.alert().timeline().count("delivered") == 1


@pytest.mark.parametrize("state", ["undelivered", "failed"])
def test_an_sms_that_did_not_arrive_tells_the_next_at_once(village: ByTwilio, state: str) -> None:
    home = pressed(village)
    for _ in range(2):
        village.stand_in.call_back(text_of(village, "lan"), state, ErrorCode="30005")
        village.settle()
    assert [each[:4] for each in village.messages()] == [("lan", "sms", state, "30005"), ("mei", "sms", "queued", None)]
    assert home.alert().timeline().count("not_delivered") == 1


def test_a_state_that_comes_before_the_answer_was_stored_is_not_lost(village: ByTwilio) -> None:
    pressed(village)
    # we died between Twilio's answer and our commit
    village.run("update messages set sid = null, state = 'sending', next_attempt_at = %(now)s")
    village.stand_in.call_back(text_of(village, "lan"), "sent")
    village.forward(minutes=1)
    assert len(village.asked("lan")) == 1
    assert village.messages()[0][2] == "sent"
    assert village.one("select sid from messages order by id limit 1") == text_of(village, "lan").sid


def test_a_state_of_an_earlier_sending_does_not_move_the_later_one(village: ByTwilio) -> None:
    pressed(village)
    asked = text_of(village, "lan")
    village.run("update messages set sid = 'SMlater'")
    assert village.stand_in.call_back(asked, "failed").status == 204
    assert village.messages() == [("lan", "sms", "queued", None, 1)]


@pytest.mark.parametrize("query", ["", "?message=999", "?message=0"])
def test_a_state_of_a_message_that_is_not_ours_is_taken_and_forgotten(village: ByTwilio, query: str) -> None:
    pressed(village)
    heard = village.stand_in.send(STATUS + query, {"MessageSid": "SM404", "MessageStatus": "delivered"})
    assert heard.status == 204
    assert village.messages()[0][2] == "queued"


def test_a_state_that_nobody_knows_changes_nothing(village: ByTwilio) -> None:
    pressed(village)
    assert village.stand_in.call_back(text_of(village, "lan"), "levitating").status == 204
    assert village.messages()[0][2] == "queued"


# Calls --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def calling(village: ByTwilio) -> tuple[ByTwilio, Home]:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    voice_step(village)
    home.press()
    return village, home


def words_of(heard: Heard) -> list[str]:
    """Return the distinct sentences of a call, in order."""
    return list(dict.fromkeys(each.text or "" for each in heard.find("Say")))


def test_a_call_says_what_it_is_about_three_times_and_waits_for_a_digit(calling: tuple[ByTwilio, Home]) -> None:
    village, home = calling
    heard = village.stand_in.pick_up(call_of(village, "lan"))
    number = " ".join(str(home.alert().id))
    assert (heard.status, heard.content_type.partition(";")[0]) == (200, "text/xml")
    assert words_of(heard) == [
        f"这里是安居。求助：张桂英，town 凤山村 {home.address}。编号 {number}。接单请按1，转给下一位请按2。",
        "没有收到按键，再见。",
    ]
    assert len(heard.find("Gather")) == 3
    assert {each.attrib["language"] for each in heard.find("Say")} == {"zh-CN"}
    assert heard.find("Gather")[0].attrib["numDigits"] == "1"
    assert heard.find("Hangup")


def test_a_digit_in_the_call_accepts(calling: tuple[ByTwilio, Home]) -> None:
    village, home = calling
    asked = call_of(village, "lan")
    heard = village.stand_in.press(asked, village.stand_in.pick_up(asked), "1")
    number = " ".join(str(home.alert().id))
    assert words_of(heard) == [f"{number} 由您处理，辛苦了。"]
    assert heard.find("Hangup")
    assert home.alert().state == "accepted"
    assert village.all("select who, detail->>'channel' from alert_timeline where what = 'accepted'") == [
        ("lan", "voice")
    ]


def test_a_digit_delivered_twice_is_done_once(calling: tuple[ByTwilio, Home]) -> None:
    village, home = calling
    asked = call_of(village, "lan")
    opening = village.stand_in.pick_up(asked)
    heard = [village.stand_in.press(asked, opening, "2") for _ in range(2)]
    assert heard[0].text == heard[1].text
    assert home.alert().timeline().count("declined") == 1
    village.settle()
    assert call_of(village, "mei")


def test_a_wrong_key_is_asked_again_and_the_next_one_counts(calling: tuple[ByTwilio, Home]) -> None:
    village, home = calling
    asked = call_of(village, "lan")
    heard = village.stand_in.press(asked, village.stand_in.pick_up(asked), "7")
    assert words_of(heard)[0] == "接单请按1，转给下一位请按2。"
    village.stand_in.press(asked, heard, "1")
    assert home.alert().state == "accepted"


def test_a_call_is_about_its_own_alert(calling: tuple[ByTwilio, Home]) -> None:
    village, home = calling
    other = village.home("凤山村")
    other.press()
    asked = call_of(village, "lan")
    village.stand_in.press(asked, village.stand_in.pick_up(asked), "1")
    assert (home.alert().state, other.alert().state) == ("accepted", "notified")


@pytest.mark.parametrize("answered_by", ["machine_start", "machine_end_beep", "fax"])
def test_a_machine_is_nobody(calling: tuple[ByTwilio, Home], answered_by: str) -> None:
    village, home = calling
    asked = call_of(village, "lan")
    village.stand_in.call_back(asked, "in-progress")
    heard = village.stand_in.pick_up(asked, answered_by)
    assert [each.tag for each in ElementTree.fromstring(heard.text)] == ["Hangup"]
    village.stand_in.call_back(asked, "completed", AnsweredBy=answered_by, CallDuration="3")
    village.settle()
    assert ("lan", "voice", "no-answer", answered_by) in [each[:4] for each in village.messages()]
    assert home.alert().timeline().count("not_delivered") == 1
    assert call_of(village, "mei")


@pytest.mark.parametrize("state", ["busy", "no-answer", "failed"])
def test_a_call_that_nobody_takes_tells_the_next_at_once(calling: tuple[ByTwilio, Home], state: str) -> None:
    village, _ = calling
    village.stand_in.call_back(call_of(village, "lan"), state)
    village.settle()
    assert village.asked("mei")


def test_a_call_that_comes_too_late_says_who_has_it(calling: tuple[ByTwilio, Home]) -> None:
    village, home = calling
    asked = call_of(village, "lan")
    home.alert().accept("mei")
    number = " ".join(str(home.alert().id))
    assert words_of(village.stand_in.pick_up(asked)) == [f"{number} 已由 mei 接单。"]
    home.alert().close("helped", spoke_with="the son")
    assert words_of(village.stand_in.pick_up(asked)) == ["这个警报已经办结，谢谢。"]


def test_a_call_in_english(calling: tuple[ByTwilio, Home]) -> None:
    village, _ = calling
    village.run("update messages set language = 'en'")
    heard = village.stand_in.pick_up(call_of(village, "lan"))
    assert words_of(heard)[0].startswith("This is Anju. Help call: 张桂英, ")
    assert {each.attrib["language"] for each in heard.find("Say")} == {"en-US"}


@pytest.mark.parametrize("query", ["", "?message=999", "?message=0&turn=1"])
def test_a_call_about_nothing_ends_politely(village: ByTwilio, query: str) -> None:
    heard = village.stand_in.send(VOICE + query, {"CallSid": "CA1", "From": "+4915112345678", "Digits": "1"})
    assert words_of(heard) == ["这里没有要处理的警报，再见。"]
    assert heard.find("Hangup")


def test_names_in_a_call_are_words_and_not_marks(calling: tuple[ByTwilio, Home]) -> None:
    village, _ = calling
    village.run("update residents set name = '<Hangup/>&' || chr(7)")
    heard = village.stand_in.pick_up(call_of(village, "lan"))
    assert "<Hangup/>&，" in words_of(heard)[0]


# Signatures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [SMS, STATUS, VOICE])
@pytest.mark.parametrize("signature", ["", "x", "wrong", "é"])
def test_a_wrong_signature_is_refused_with_a_problem(village: ByTwilio, url: str, signature: str) -> None:
    home = pressed(village)
    form = {"From": village.phone("lan").number, "Body": "1", "MessageSid": "SM1", "CallSid": "CA1"}
    heard = village.stand_in.send(url, form, signature=signature)
    assert (heard.status, heard.content_type) == (403, "application/problem+json")
    assert home.alert().state == "notified"


def test_a_signature_is_for_one_body_one_address_and_one_token(village: ByTwilio) -> None:
    form = {"From": village.phone("lan").number, "Body": "2", "MessageSid": "SM1"}
    signature = RequestValidator(TOKEN).compute_signature(SMS, form)
    assert village.stand_in.send(SMS, form, signature=signature).status == 200
    assert village.stand_in.send(SMS, form | {"Body": "1"}, signature=signature).status == 403
    assert village.stand_in.send(SMS + "?a=b", form, signature=signature).status == 403
    assert village.stand_in.send(STATUS, form, signature=signature).status == 403
    other = RequestValidator("another token").compute_signature(SMS, form)
    assert village.stand_in.send(SMS, form, signature=other).status == 403


def test_a_signature_for_the_address_behind_the_proxy_is_wrong(village: ByTwilio, place: str) -> None:
    form = {"From": village.phone("lan").number, "Body": "2", "MessageSid": "SM1"}
    signature = RequestValidator(TOKEN).compute_signature(f"{place}/webhooks/twilio/sms", form)
    assert village.stand_in.send(SMS, form, signature=signature).status == 403


def test_the_host_that_a_caller_names_counts_for_nothing(village: ByTwilio, place: str) -> None:
    form = {"From": village.phone("lan").number, "Body": "2", "MessageSid": "SM1"}
    signature = RequestValidator(TOKEN).compute_signature("https://evil.example/webhooks/twilio/sms", form)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    headers |= {"X-Twilio-Signature": signature, "Content-Type": FORM}
    assert post_by_network(f"{place}/webhooks/twilio/sms", urlencode(form).encode(), headers).status == 403


def test_without_a_token_there_are_no_webhooks(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> None:
    with served(pool, clock, database, twilio_auth_token=None) as place:
        stand_in = TwilioStandIn(post=proxied(place))
        heard = stand_in.send(SMS, {"Body": "1"})
        assert (heard.status, heard.content_type) == (404, "application/problem+json")


def test_a_public_address_with_a_path(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> None:
    public_url = "https://care.example/anju"
    with served(pool, clock, database, public_url=public_url) as place:
        stand_in = TwilioStandIn(post=proxied(place, public_url))
        form = {"From": "+4915112345678", "Body": "1", "MessageSid": "SM1"}
        assert stand_in.send(f"{public_url}/webhooks/twilio/sms", form).status == 200


# What is not a form of Twilio's --------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_before_it_is_read_to_its_end(village: ByTwilio) -> None:
    heard = village.stand_in.send(SMS, {"Body": "x" * 70_000})
    assert (heard.status, heard.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"Body=%FF", b"&".join([b"a=1"] * 400)])
def test_a_body_that_is_no_form_is_refused(village: ByTwilio, body: bytes) -> None:
    headers = {"X-Twilio-Signature": "x", "Content-Type": FORM}
    assert village.stand_in.post(SMS, body, headers).status in (400, 403)


@pytest.mark.parametrize(("url", "lacks"), [(SMS, "From"), (STATUS, "MessageSid"), (VOICE, "CallSid")])
def test_a_form_that_lacks_what_counts_is_refused(village: ByTwilio, url: str, lacks: str) -> None:
    heard = village.stand_in.send(url, {"AccountSid": "AC1"})
    assert (heard.status, heard.content_type) == (422, "application/problem+json")
    assert lacks in heard.text
