"""A message that did not reach its person, by Twilio: the next way or the next person at once, and never a loop."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import engine
from alerts.engine import EngineSettings
from tests.clock import StoryClock
from tests.integration.by_twilio import PUBLIC_URL, ByTwilio, proxied, served
from tests.integration.twilio_stand_in import Asked, TwilioStandIn
from tests.stories.village import Home, step

CHINA = "+8613812345601"


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[ByTwilio]:
    with served(pool, clock, database) as place, TwilioStandIn(post=proxied(place)) as stand_in:
        yield ByTwilio(pool, clock, stand_in=stand_in)


def pressed(village: ByTwilio, *steps: tuple[int, str]) -> Home:
    home = village.home("凤山村", policy=list(steps) or [step(0, "lan"), step("30 min", "mei")])
    home.press()
    return home


def texts_to(village: ByTwilio, name: str) -> list[Asked]:
    return [each for each in village.asked(name) if not each.is_call]


def calls_to(village: ByTwilio, name: str) -> list[Asked]:
    return [each for each in village.asked(name) if each.is_call]


def fails(village: ByTwilio, asked: Asked, state: str = "undelivered", code: str | None = None) -> None:
    village.stand_in.call_back(asked, state, **({"ErrorCode": code} if code else {}))
    village.settle()


# The next way, then the next person ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["21614", "30001", "30006", "30036"])
def test_a_text_that_did_not_arrive_becomes_a_call_to_the_same_person(village: ByTwilio, code: str) -> None:
    home = pressed(village)
    fails(village, texts_to(village, "lan")[0], code=code)
    assert len(calls_to(village, "lan")) == 1
    assert village.asked("mei") == []
    call = calls_to(village, "lan")[0]
    village.stand_in.press(call, village.stand_in.pick_up(call), "1")
    assert home.alert().state == "accepted"
    assert home.alert().timeline() == ["raised", "told", "not_delivered", "told", "accepted"]


@pytest.mark.parametrize("end", ["busy", "no-answer", "failed", "canceled"])
def test_a_call_after_the_text_that_nobody_takes_tells_the_next_person(village: ByTwilio, end: str) -> None:
    pressed(village)
    fails(village, texts_to(village, "lan")[0], code="21614")
    fails(village, calls_to(village, "lan")[0], end)
    assert len(texts_to(village, "mei")) == 1


def test_a_call_after_the_text_that_was_heard_and_not_answered_tells_the_next_person(village: ByTwilio) -> None:
    pressed(village)
    fails(village, texts_to(village, "lan")[0], code="21614")
    call = calls_to(village, "lan")[0]
    village.stand_in.pick_up(call)
    fails(village, call, "completed")
    assert len(texts_to(village, "mei")) == 1


def test_a_call_that_ends_with_a_digit_tells_nobody_else(village: ByTwilio) -> None:
    home = pressed(village)
    fails(village, texts_to(village, "lan")[0], code="21614")
    call = calls_to(village, "lan")[0]
    village.stand_in.press(call, village.stand_in.pick_up(call), "1")
    fails(village, call, "completed")
    assert village.asked("mei") == []
    assert home.alert().timeline().count("not_delivered") == 1


def test_a_call_that_ends_without_a_digit_waits_where_a_text_has_arrived(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.run("update policy_steps set channels = '{sms,voice}'")
    home.press()
    village.stand_in.call_back(texts_to(village, "lan")[0], "delivered")
    call = calls_to(village, "lan")[0]
    village.stand_in.pick_up(call)
    fails(village, call, "completed")
    assert village.asked("mei") == []
    village.forward(minutes=30)
    assert len(texts_to(village, "mei")) == 1


def test_a_text_that_fails_beside_a_call_waits_for_the_call(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.run("update policy_steps set channels = '{sms,voice}'")
    home.press()
    fails(village, texts_to(village, "lan")[0], code="30006")
    assert len(calls_to(village, "lan")) == 1
    assert village.asked("mei") == []
    fails(village, calls_to(village, "lan")[0], "no-answer")
    assert len(texts_to(village, "mei")) == 1


def test_a_call_that_was_to_follow_later_follows_at_once(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    village.run("update policy_steps set channels = '{sms,voice}'")
    hold = village._send
    village._send = lambda: 0  # type: ignore[method-assign]
    home.press()
    village.run("update messages set next_attempt_at = %(now)s + interval '2 min' where channel = 'voice'")
    village._send = hold  # type: ignore[method-assign]
    village.settle()
    assert calls_to(village, "lan") == []
    fails(village, texts_to(village, "lan")[0], code="21614")
    assert len(calls_to(village, "lan")) == 1
    assert village.asked("mei") == []


@pytest.mark.parametrize("code", ["21211", "30005", "21610"])
def test_a_number_that_cannot_be_called_either_tells_the_next_person(village: ByTwilio, code: str) -> None:
    pressed(village)
    fails(village, texts_to(village, "lan")[0], code=code)
    assert calls_to(village, "lan") == []
    assert len(texts_to(village, "mei")) == 1


@pytest.mark.parametrize("code", [None, "99999", "30008"])
def test_a_code_that_nobody_knows_calls_and_tells_the_next_person_beside_it(
    village: ByTwilio, code: str | None
) -> None:
    pressed(village)
    fails(village, texts_to(village, "lan")[0], code=code)
    assert len(calls_to(village, "lan")) == 1
    assert len(texts_to(village, "mei")) == 1


def test_a_phone_that_is_off_is_tried_once_more_and_the_next_person_told_beside_it(village: ByTwilio) -> None:
    pressed(village)
    first = texts_to(village, "lan")[0]
    fails(village, first, code="30003")
    assert len(texts_to(village, "mei")) == 1
    village.forward(seconds=61)
    assert len(texts_to(village, "lan")) == 2
    # late news of the first sending moves nothing
    fails(village, first, code="30003")
    assert village.one("select state from messages where channel = 'sms' order by id limit 1") == "queued"
    fails(village, texts_to(village, "lan")[1], code="30003")
    village.forward(minutes=10)
    assert len(texts_to(village, "lan")) == 2


def test_a_filtered_text_goes_once_more_without_its_link(village: ByTwilio) -> None:
    home = pressed(village)
    fails(village, texts_to(village, "lan")[0], code="30007")
    first, second = (each.form["Body"] for each in texts_to(village, "lan"))
    assert "https://" in first
    assert "https://" not in second
    assert f"#{home.alert().id}" in second
    assert len(calls_to(village, "lan")) == 1


def test_an_early_warning_calls_nobody_out_of_bed(village: ByTwilio) -> None:
    home = pressed(village)
    village.run("update messages set severity = 'normal'")
    fails(village, texts_to(village, "lan")[0], code="21614")
    assert calls_to(village, "lan") == []
    assert len(texts_to(village, "mei")) == 1
    assert home.alert().state == "notified"


def test_a_failure_told_twice_tells_the_next_person_once(village: ByTwilio) -> None:
    home = pressed(village, step(0, "lan"), step("30 min", "mei"), step("60 min", "wang"))
    for _ in range(3):
        fails(village, texts_to(village, "lan")[0], code="30005")
    assert len(texts_to(village, "mei")) == 1
    assert village.asked("wang") == []
    assert home.alert().timeline().count("not_delivered") == 1


def test_an_only_responder_whose_number_is_dead_is_not_written_to_without_end(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    for _ in range(60):
        village.stand_in.fail(400, 21211, "not a valid phone number")
    home.press()
    assert len(village.stand_in.requests) == 2
    village.forward(minutes=10)
    # the board shows it and it goes on: about once a minute
    assert 8 <= len(village.stand_in.requests) <= 24
    assert village.one("select next_step_at is not null from alerts")


# What a number is known for -----------------------------------------------------------------------------------------


def test_twilio_says_somebody_opted_out_and_he_is_told_no_more(village: ByTwilio) -> None:
    pressed(village)
    fails(village, texts_to(village, "lan")[0], code="21610")
    assert village.one("select opted_out_at is not null from staff where name = 'lan'")


@pytest.mark.parametrize(("code", "fault"), [("30005", "bad"), ("21614", "no_sms"), ("30003", None), ("30007", None)])
def test_what_is_said_against_a_number_is_kept_until_a_text_arrives(
    village: ByTwilio, code: str, fault: str | None
) -> None:
    pressed(village)
    fails(village, texts_to(village, "lan")[0], code=code)
    assert village.one("select phone_fault from staff where name = 'lan'") == fault
    village.home("凤山村").press()
    village.stand_in.call_back(texts_to(village, "lan")[-1], "delivered")
    assert village.one("select phone_fault from staff where name = 'lan'") is None


# Where no reply comes back ------------------------------------------------------------------------------------------


def in_china(village: ByTwilio, name: str) -> None:
    village.run("update staff set phone = %(phone)s where id = %(id)s", phone=CHINA, id=village.phone(name).staff_id)
    village.phones[name].number = CHINA


def test_in_china_help_calls_beside_the_text_whatever_the_policy_says(village: ByTwilio) -> None:
    in_china(village, "lan")
    home = pressed(village)
    (text,), (call,) = texts_to(village, "lan"), calls_to(village, "lan")
    assert "https://" not in text.form["Body"]
    assert "请在来电中按键或在工作页面接单" in text.form["Body"]
    village.stand_in.press(call, village.stand_in.pick_up(call), "1")
    assert home.alert().state == "accepted"


def test_in_china_an_early_warning_only_writes_and_names_no_call(village: ByTwilio) -> None:
    in_china(village, "lan")
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press(test=True)
    (text,) = village.asked("lan")
    assert "请在工作页面接单" in text.form["Body"]
    assert "来电" not in text.form["Body"]


def test_without_a_provider_of_calls_none_is_written(village: ByTwilio) -> None:
    in_china(village, "lan")
    home = village.home("凤山村", policy=[step(0, "lan")])
    settings = EngineSettings(locale="zh-CN", public_url=PUBLIC_URL, sms="aliyun", voice=False)
    village.settle = lambda: None  # type: ignore[method-assign]
    home.press()
    with village.pool.connection() as connection:
        engine.run_due(connection, settings=settings, now=village.clock.now())
    assert [row[1] for row in village.messages()] == ["sms"]


def test_no_wording_reaches_a_number_three_times_in_a_day(village: ByTwilio) -> None:
    in_china(village, "lan")
    home = pressed(village, step(0, "lan"), step("30 s", "mei"))
    # declined and failing people bring the alert round to lan within the same minute
    for _ in range(4):
        village.run("update alerts set next_step_at = %(now)s")
        village.settle()
    village.forward(hours=5)
    bodies = [each.form["Body"] for each in texts_to(village, "lan")]
    assert len(bodies) > 100
    assert max(bodies.count(each) for each in bodies) <= 2
    assert home.alert().state == "notified"


# A text about several ----------------------------------------------------------------------------------------------


def test_a_text_of_several_that_did_not_arrive_tells_the_next_person_of_each(village: ByTwilio) -> None:
    steps = [step(0, "lan"), step("30 min", "mei")]
    homes = [village.home("凤山村", policy=steps if not number else None) for number in range(4)]
    alerts = [home.warns("no_answer") for home in homes]
    assert [each.timeline()[-1] for each in alerts] == ["told", "told", "held", "held"]
    village.forward(minutes=1)
    bundled = texts_to(village, "lan")[-1]
    assert homes[2].address in bundled.form["Body"]
    fails(village, bundled, code="30006")
    assert [each.timeline()[1:] for each in alerts[2:]] == [["held", "told_bundled", "not_delivered", "told"]] * 2
    assert [homes[2].address in each.form["Body"] for each in texts_to(village, "mei")] == [True, False]


def test_the_text_of_a_shift_that_did_not_arrive_is_told_to_the_next_person(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    alert = home.warns("battery_low")
    village.forward(hours=23)
    assert alert.timeline() == ["raised", "collected", "told_digest"]
    fails(village, texts_to(village, "lan")[-1], code="30006")
    assert alert.timeline()[3] == "not_delivered"
    village.forward(hours=24)
    # the text of the next shift has it again
    assert "told_digest" in alert.timeline()[4:]


def test_a_text_of_a_shift_that_never_arrives_is_not_written_over_and_over(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.warns("battery_low")
    village.forward(hours=23)
    fails(village, texts_to(village, "lan")[-1], code="30006")
    village.forward(hours=20)
    assert len(texts_to(village, "lan")) == 1


def test_a_stop_lets_what_waited_for_an_answer_go_on_at_once(village: ByTwilio) -> None:
    home = pressed(village)
    assert village.asked("mei") == []
    village.text("lan", "STOP")
    village.settle()
    assert len(texts_to(village, "mei")) == 1
    assert home.alert().timeline()[-1] == "told"
