"""Messages by Twilio's own client over real HTTP: what is sent, and what each answer of Twilio leads to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import structlog
from psycopg_pool import ConnectionPool

from alerts.channels.base import GiveUp, Outgoing, TryAgain
from alerts.channels.twilio import NoSender, Twilio, TwilioSettings, wait_of
from tests.clock import StoryClock
from tests.integration.by_twilio import PUBLIC_URL, SENDER, ByTwilio, settings
from tests.integration.twilio_stand_in import ACCOUNT, TOKEN, Answer, TwilioStandIn
from tests.stories.village import step

PHONE = "+4915112345678"


@pytest.fixture
def stand_in() -> Iterator[TwilioStandIn]:
    with TwilioStandIn() as server:
        yield server


@pytest.fixture
def channel(stand_in: TwilioStandIn) -> Twilio:
    return Twilio(settings(stand_in))


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock, stand_in: TwilioStandIn) -> ByTwilio:
    return ByTwilio(pool, clock, stand_in=stand_in)


def message(channel: str = "sms", text: str = "【安居】求助 #7", expires_in_s: int = 1800) -> Outgoing:
    return Outgoing(41, PHONE, channel, text, "zh-CN", 7, expires_in_s)


def test_an_sms_is_sent_as_twilio_documents_it(channel: Twilio, stand_in: TwilioStandIn) -> None:
    sent = channel.send(message())
    (asked,) = stand_in.requests
    assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert (asked.user, asked.password) == (ACCOUNT, TOKEN)
    assert asked.form == {
        "To": PHONE,
        "From": SENDER,
        "Body": "【安居】求助 #7",
        "StatusCallback": f"{PUBLIC_URL}/webhooks/twilio/status?message=41",
        "ValidityPeriod": "1800",
    }
    assert (sent.sid, sent.state) == (asked.sid, "queued")


def test_a_messaging_service_sends_in_place_of_a_number(stand_in: TwilioStandIn) -> None:
    sent = Twilio(settings(stand_in, sender=None, messaging_service_sid="MG1")).send(message())
    form = stand_in.requests[0].form
    assert form["MessagingServiceSid"] == "MG1"
    assert "From" not in form
    assert sent.state == "accepted"


@pytest.mark.parametrize(("expires_in_s", "validity"), [(-5, "1"), (0, "1"), (90, "90"), (10**6, "36000")])
def test_twilio_never_brings_it_late(
    channel: Twilio, stand_in: TwilioStandIn, expires_in_s: int, validity: str
) -> None:
    channel.send(message(expires_in_s=expires_in_s))
    assert stand_in.requests[0].form["ValidityPeriod"] == validity


def test_a_call_asks_us_what_to_say_and_whether_a_machine_answers(channel: Twilio, stand_in: TwilioStandIn) -> None:
    sent = channel.send(message("voice"))
    (asked,) = stand_in.requests
    assert asked.path.endswith("/Calls.json")
    assert asked.form["Url"] == f"{PUBLIC_URL}/webhooks/twilio/voice?message=41"
    assert asked.form["StatusCallback"] == f"{PUBLIC_URL}/webhooks/twilio/status?message=41"
    assert asked.form["MachineDetection"] == "Enable"
    # what the SMS says is not handed over: the words are asked for when somebody answers
    assert not [value for value in asked.form.values() if "求助" in value]
    assert (sent.sid, sent.state) == (asked.sid, "queued")


def test_a_call_needs_a_number_to_call_from(stand_in: TwilioStandIn) -> None:
    service_alone = Twilio(settings(stand_in, sender=None, messaging_service_sid="MG1"))
    with pytest.raises(GiveUp, match="ANJU_TWILIO_FROM"):
        service_alone.send(message("voice"))
    assert stand_in.requests == []


def test_without_any_sender_it_does_not_start() -> None:
    with pytest.raises(NoSender, match="ANJU_TWILIO_FROM or ANJU_TWILIO_MESSAGING_SERVICE_SID"):
        TwilioSettings(account_sid=ACCOUNT, public_url=PUBLIC_URL, auth_token=TOKEN)


def test_the_token_is_not_shown() -> None:
    shown = repr(TwilioSettings(account_sid=ACCOUNT, public_url=PUBLIC_URL, auth_token=TOKEN, sender=SENDER))
    assert TOKEN not in shown


@pytest.mark.parametrize("code", [21211, 21408, 21610, 21611, 21614, 21635, 30001, 99999])
def test_a_refusal_is_final_and_has_twilios_code(channel: Twilio, stand_in: TwilioStandIn, code: int) -> None:
    stand_in.fail(400, code, f"The 'To' number {PHONE} is not a valid phone number.")
    with pytest.raises(GiveUp) as refused:
        channel.send(message())
    assert refused.value.code == str(code)
    assert PHONE not in str(refused.value)


def test_a_country_that_is_not_allowed_is_final_though_it_is_a_403(channel: Twilio, stand_in: TwilioStandIn) -> None:
    stand_in.fail(403, 21408, "Permission to send an SMS has not been enabled for the region")
    with pytest.raises(GiveUp):
        channel.send(message())


def test_an_error_in_the_form_of_rfc_9457_has_its_code(channel: Twilio, stand_in: TwilioStandIn) -> None:
    body = b'{"type":"https://www.twilio.com/docs/api/errors/21211","title":"Invalid","status":400,"code":21211}'
    stand_in.next(Answer(400, body=body))
    with pytest.raises(GiveUp) as refused:
        channel.send(message())
    assert refused.value.code == "21211"


@pytest.mark.parametrize(
    ("status", "code"), [(429, 20429), (408, None), (500, 20500), (502, None), (503, 20503), (302, None)]
)
def test_what_passes_is_tried_again(channel: Twilio, stand_in: TwilioStandIn, status: int, code: int | None) -> None:
    stand_in.fail(status, code, "busy")
    with pytest.raises(TryAgain) as busy:
        channel.send(message())
    assert busy.value.after_s is None
    # the outbox tries again, by its rows: the client does not
    assert len(stand_in.requests) == 1


def test_twilio_says_how_long_to_wait(channel: Twilio, stand_in: TwilioStandIn) -> None:
    stand_in.fail(429, 20429, "Too Many Requests", Retry_After="17")
    with pytest.raises(TryAgain) as busy:
        channel.send(message())
    assert busy.value.after_s == 17
    stand_in.fail(503, None, "busy")
    with pytest.raises(TryAgain) as busy:
        channel.send(message())
    assert busy.value.after_s is None


def test_a_time_to_wait_in_every_form() -> None:
    now = datetime(2026, 11, 24, 2, 14, tzinfo=UTC)
    at = format_datetime(now + timedelta(seconds=90), usegmt=True)
    headers = ["2.5", at, "-3", "nan", "inf", "soon", "", None, "Wed, 21 Oct 2015 07:28:00 GMT"]
    assert [wait_of(header, now) for header in headers] == [2.5, 90, 0, None, None, None, None, None, 0]


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_throws_nothing_away_and_is_said_aloud(
    channel: Twilio, stand_in: TwilioStandIn, status: int
) -> None:
    stand_in.fail(status, 20003, "Authenticate")
    with structlog.testing.capture_logs() as logs, pytest.raises(TryAgain):
        channel.send(message())
    (line,) = logs
    assert line["log_level"] == "error"
    assert "ANJU_TWILIO_AUTH_TOKEN" in line["event"]


def test_the_stand_in_knows_its_account(stand_in: TwilioStandIn) -> None:
    with structlog.testing.capture_logs(), pytest.raises(TryAgain, match="401"):
        Twilio(settings(stand_in, auth_token="another")).send(message())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(hang=True),
        Answer(drop=True),
        Answer(200, body=b"<html>Log in to the hotel's network</html>"),
        Answer(201, body=b"[]"),
        Answer(201, body=b"{}"),
        Answer(201, body=b""),
    ],
    ids=["hangs", "drops", "a page", "a list", "nothing in it", "empty"],
)
def test_no_answer_is_tried_again(stand_in: TwilioStandIn, answer: Answer) -> None:
    stand_in.next(answer)
    with pytest.raises(TryAgain, match="no answer"):
        Twilio(settings(stand_in, timeout_s=0.3)).send(message())


def test_nobody_listening_is_tried_again() -> None:
    with TwilioStandIn() as closed:
        gone = settings(closed)
    with pytest.raises(TryAgain, match="ConnectionError"):
        Twilio(gone).send(message())


def test_a_slow_answer_is_waited_for(stand_in: TwilioStandIn) -> None:
    stand_in.next(Answer(wait_s=0.3))
    assert Twilio(settings(stand_in)).send(message()).sid == stand_in.requests[0].sid


def test_many_threads_send_at_once(channel: Twilio, stand_in: TwilioStandIn) -> None:
    with ThreadPoolExecutor(8) as senders:
        sent = list(senders.map(lambda number: channel.send(message(text=f"text {number}")), range(80)))
    by_sid = {asked.sid: asked.form["Body"] for asked in stand_in.requests}
    assert [by_sid[each.sid] for each in sent] == [f"text {number}" for number in range(80)]


def test_the_base_address_may_have_a_path(stand_in: TwilioStandIn) -> None:
    stand_in.next(Answer(201, body=b'{"sid":"SM1","status":"queued"}'))
    sent = Twilio(settings(stand_in, api_url=stand_in.url + "/twilio/")).send(message())
    assert sent.sid == "SM1"
    assert stand_in.requests[0].path == f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def test_a_state_that_nobody_knows_is_no_reason_to_send_twice(village: ByTwilio, stand_in: TwilioStandIn) -> None:
    stand_in.next(Answer(201, body=b'{"sid":"SM1","status":"levitating"}'))
    village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")]).press()
    village.forward(minutes=1)
    assert len(stand_in.requests) == 1
    assert village.messages()[0][2] == "accepted"


# With the outbox ----------------------------------------------------------------------------------------------------


def test_a_press_leaves_as_an_sms(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    (asked,) = village.asked("lan")
    assert asked.form["Body"].startswith(f"【安居】求助 #{home.alert().id}：张桂英")
    assert home.address in asked.form["Body"]
    assert f"{PUBLIC_URL}/alerts/{home.alert().id}" in asked.form["Body"]
    assert village.one("select sid from messages") == asked.sid
    assert village.messages() == [("lan", "sms", "queued", None, 1)]


def test_a_number_that_does_not_exist_tells_the_next_at_once(village: ByTwilio, stand_in: TwilioStandIn) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    stand_in.fail(400, 21211, "The 'To' number is not a valid phone number.")
    home.press()
    assert [each[:3] for each in village.messages()] == [("lan", "sms", "failed"), ("mei", "sms", "queued")]
    assert "21211" in village.messages()[0][3]
    assert "not_delivered" in home.alert().timeline()


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (503, 20503)])
def test_a_busy_twilio_is_asked_again_later_and_the_sms_leaves_once(
    village: ByTwilio, stand_in: TwilioStandIn, status: int, code: int
) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    for _ in range(3):
        stand_in.fail(status, code, "busy")
    home.press()
    assert len(stand_in.requests) == 1
    village.forward(seconds=2)
    assert len(stand_in.requests) == 2
    village.forward(minutes=1)
    assert len(stand_in.requests) == 4
    assert village.messages() == [("lan", "sms", "queued", None, 4)]
    village.forward(minutes=5)
    assert len(stand_in.requests) == 4


def test_the_wait_that_twilio_asks_for_is_kept(village: ByTwilio, stand_in: TwilioStandIn) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    stand_in.fail(429, 20429, "Too Many Requests", Retry_After="45")
    home.press()
    village.forward(seconds=44)
    assert len(stand_in.requests) == 1
    village.forward(seconds=1)
    assert len(stand_in.requests) == 2


def test_while_twilio_is_away_the_alert_still_climbs_and_old_calls_are_not_sent_late(
    village: ByTwilio, stand_in: TwilioStandIn
) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    stand_in.always(Answer(503, None, "down"))
    home.press()
    village.forward(minutes=6)
    assert village.asked("mei")
    home.alert().accept("mei")
    stand_in.always(None)
    before = len(village.asked("lan"))
    village.forward(minutes=3)
    assert len(village.asked("lan")) == before
    assert ("lan", "sms", "canceled") in [each[:3] for each in village.messages()]


def test_in_mainland_china_the_sms_has_no_link_and_asks_for_no_reply(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.phone("lan").number = "+8613812345601"
    village.run("update staff set phone = '+8613812345601' where name = 'lan'")
    home.press()
    text = village.asked("lan")[0].form["Body"]
    assert "http" not in text
    assert "回1" not in text
    assert home.address in text


def test_carriers_do_not_see_the_same_text_twice(village: ByTwilio) -> None:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    village.phone("wang")
    home.press()
    village.forward(minutes=40)
    texts = [each.form["Body"] for each in village.asked("lan")]
    assert len(texts) >= 3
    assert len(set(texts)) == len(texts)
