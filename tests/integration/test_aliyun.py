"""SMS by Alibaba Cloud's own SDK over real HTTP: what is sent, what each answer leads to, receipts and replies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import structlog
from psycopg_pool import ConnectionPool

from alerts import engine, outbox
from alerts.channels.aliyun import Aliyun, AliyunSettings
from alerts.channels.base import Channel, GiveUp, Outgoing, TryAgain, Words
from alerts.channels.router import Router
from alerts.engine import EngineSettings
from storage import series
from tests.clock import StoryClock
from tests.integration.aliyun_stand_in import CALLBACK_TOKEN, KEY_ID, KEY_SECRET, AliyunStandIn, post, standing_in
from tests.integration.by_twilio import PUBLIC_URL, served
from tests.stories.village import Home, Village, step

TEMPLATES = {"tell:zh-CN": "SMS_1", "tell:en": "SMS_2", "remind:zh-CN": "SMS_3"}
MESSAGE = Outgoing(
    41,
    "+8613812345601",
    "sms",
    "【安居】求助 #7",
    "zh-CN",
    7,
    1800,
    words=Words("求助", 7, "张桂英，凤山村 3组12号", 0),
)


@pytest.fixture
def stand_in() -> Iterator[AliyunStandIn]:
    with standing_in() as server:
        yield server


def channel_to(stand_in: AliyunStandIn, **other: Any) -> Aliyun:
    given: dict[str, Any] = {"sign_name": "安居", "templates": TEMPLATES, "timeout_s": 5.0, "api_url": stand_in.url}
    return Aliyun(AliyunSettings(access_key_id=KEY_ID, access_key_secret=KEY_SECRET, **(given | other)))


def test_an_sms_is_a_signed_template_filled_in(stand_in: AliyunStandIn) -> None:
    sent = channel_to(stand_in).send(MESSAGE)
    (asked,) = stand_in.requests
    assert asked.action == "SendSms"
    assert asked.form["PhoneNumbers"] == "13812345601"
    assert (asked.form["SignName"], asked.form["TemplateCode"], asked.form["OutId"]) == ("安居", "SMS_1", "41")
    assert asked.filled == {"what": "求助", "number": "7", "place": "张桂英，凤山村 3组12号", "minutes": "0"}
    assert KEY_ID in asked.authorization + str(asked.form)
    assert KEY_SECRET not in asked.authorization + str(asked.form)
    assert (sent.sid, sent.state) == (asked.biz_id, "accepted")


def test_a_number_outside_of_the_mainland_has_its_country(stand_in: AliyunStandIn) -> None:
    channel_to(stand_in).send(replace(MESSAGE, recipient="+85261234567"))
    assert stand_in.requests[0].form["PhoneNumbers"] == "85261234567"


@pytest.mark.parametrize(
    ("purpose", "language", "template"),
    [("tell", "en", "SMS_2"), ("retell", "zh-CN", "SMS_1"), ("remind", "zh-CN", "SMS_3"), ("remind", "en", "SMS_2")],
)
def test_each_purpose_and_language_has_its_template(
    stand_in: AliyunStandIn, purpose: str, language: str, template: str
) -> None:
    channel_to(stand_in).send(replace(MESSAGE, purpose=purpose, language=language))
    assert stand_in.requests[0].form["TemplateCode"] == template


def test_without_a_template_it_is_given_up_and_said_aloud(stand_in: AliyunStandIn) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(GiveUp, match="inform:zh-CN"):
        channel_to(stand_in).send(replace(MESSAGE, purpose="inform"))
    assert stand_in.requests == []
    assert "ANJU_ALIYUN_TEMPLATES" in logs[0]["event"]


def test_a_place_holds_no_more_than_is_let_through(stand_in: AliyunStandIn) -> None:
    channel_to(stand_in).send(replace(MESSAGE, words=Words("求助", 7, "很" * 80, 0)))
    assert len(stand_in.requests[0].filled["place"]) == 35


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", 200), ("isv.BUSINESS_LIMIT_CONTROL", 200), ("isv.AMOUNT_NOT_ENOUGH", 200),
        ("isv.SMS_TEMPLATE_ILLEGAL", 200), ("isv.NEVER_SEEN", 200), ("MissingPhoneNumbers", 400),
    ],
)  # fmt: skip
def test_a_refusal_is_final_and_has_its_code(stand_in: AliyunStandIn, code: str, status: int) -> None:
    stand_in.refuse(code, "手机号13812345601错误", status)
    with structlog.testing.capture_logs(), pytest.raises(GiveUp) as refused:
        channel_to(stand_in).send(MESSAGE)
    assert refused.value.code == code
    assert "13812345601" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "status", "busy"),
    [
        ("Throttling.User", 400, True), ("isp.SYSTEM_ERROR", 200, False), ("ServiceUnavailable", 503, False),
        ("InvalidAccessKeyId.NotFound", 404, False), ("SignatureDoesNotMatch", 400, False),
    ],
)  # fmt: skip
def test_what_passes_or_is_ours_to_mend_is_tried_again(
    stand_in: AliyunStandIn, code: str, status: int, busy: bool
) -> None:
    stand_in.refuse(code, "no", status)
    with structlog.testing.capture_logs(), pytest.raises(TryAgain) as again:
        channel_to(stand_in).send(MESSAGE)
    assert again.value.busy is busy
    # the outbox tries again, by its rows: the SDK does not
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (200, b"{}"), (200, b"[]"), (502, b"")])
def test_no_answer_that_can_be_read_is_tried_again(stand_in: AliyunStandIn, status: int, body: bytes) -> None:
    stand_in.answer(status, body or b" ")
    with pytest.raises(TryAgain):
        channel_to(stand_in).send(MESSAGE)


def test_nobody_listening_is_tried_again(stand_in: AliyunStandIn) -> None:
    with standing_in() as closed:
        gone = closed
    with pytest.raises(TryAgain, match="no answer"):
        channel_to(gone).send(MESSAGE)


def test_the_secret_is_not_shown() -> None:
    assert KEY_SECRET not in repr(AliyunSettings(KEY_ID, "安居", TEMPLATES, KEY_SECRET))


# With the outbox and the webhook --------------------------------------------------------------------------------------


@dataclass
class ByAliyun(Village):
    """A village in mainland China whose texts leave by Alibaba Cloud, and which has nobody to make calls."""

    channel: Channel | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        with self.pool.connection() as connection:
            series.ensure(connection, self.clock.now())

    def _decide(self) -> int:
        asked = EngineSettings(locale="zh-CN", public_url=PUBLIC_URL, sms="aliyun", voice=False)
        with self.pool.connection() as connection:
            return engine.run_due(connection, settings=asked, now=self.clock.now())

    def _send(self) -> int:
        assert self.channel is not None
        with self.pool.connection() as connection:
            claimed = outbox.claim(connection, limit=100, now=self.clock.now(), words=True)
        for message in claimed:
            result = outbox.send(self.channel, message, self.clock.now())
            with self.pool.connection() as connection:
                outbox.store(connection, message, result, self.clock.now())
        return len(claimed)

    def in_china(self, name: str, number: str) -> None:
        self.run("update staff set phone = %(p)s where id = %(id)s", p=f"+86{number}", id=self.phone(name).staff_id)


@pytest.fixture
def place(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[str]:
    with served(pool, clock, database, sms="aliyun", aliyun_callback_token=CALLBACK_TOKEN) as address:
        yield address


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock, stand_in: AliyunStandIn) -> ByAliyun:
    village = ByAliyun(pool, clock, channel=Router({"sms": channel_to(stand_in)}))
    village.in_china("lan", "13812345601")
    village.in_china("mei", "13812345602")
    return village


def pressed(village: ByAliyun) -> Home:
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    return home


def states(village: Village) -> list[tuple[Any, ...]]:
    return village.all(
        "select staff.name, messages.channel, messages.state, messages.error from messages"
        " join staff on staff.id = messages.staff_id order by messages.id"
    )


def test_a_press_leaves_filled_in_and_its_receipt_says_that_it_arrived(
    village: ByAliyun, stand_in: AliyunStandIn, place: str
) -> None:
    home = pressed(village)
    (asked,) = stand_in.requests
    assert asked.filled["number"] == str(home.alert().id)
    assert home.address in asked.filled["place"]
    assert stand_in.report(place, asked) == (200, {"code": 0, "msg": "ok"})
    assert stand_in.report(place, asked)[0] == 200
    assert states(village) == [("lan", "sms", "delivered", None)]
    assert home.alert().timeline() == ["raised", "told", "delivered"]


@pytest.mark.parametrize("code", ["MOBILE_NOT_ON_SERVICE", "NEVER_SEEN", "PHONE_SHUTDOWN"])
def test_a_receipt_of_failure_tells_the_next_at_once(
    village: ByAliyun, stand_in: AliyunStandIn, place: str, code: str
) -> None:
    pressed(village)
    stand_in.report(place, stand_in.requests[0], code)
    village.settle()
    assert stand_in.requests[1].form["PhoneNumbers"] == "13812345602"


def test_a_receipt_that_comes_before_the_answer_was_stored_is_not_lost(
    village: ByAliyun, stand_in: AliyunStandIn, place: str
) -> None:
    pressed(village)
    village.run("update messages set sid = null, state = 'sending', next_attempt_at = %(now)s")
    stand_in.report(place, stand_in.requests[0])
    village.forward(minutes=1)
    assert len(stand_in.requests) == 1


def test_a_reply_is_an_answer_once(village: ByAliyun, stand_in: AliyunStandIn, place: str) -> None:
    home = pressed(village)
    for _ in range(2):
        assert stand_in.bring(place, "13812345601", "1") == 200
    assert home.alert().state == "accepted"
    assert home.alert().timeline().count("accepted") == 1
    assert stand_in.bring(place, "13812345601", "退订", sequence=2) == 200
    assert village.one("select opted_out_at is not null from staff where name = 'lan'")


@pytest.mark.parametrize("token", ["", "wrong", CALLBACK_TOKEN[:-1], "é"])
def test_without_the_token_nothing_is_taken(village: ByAliyun, stand_in: AliyunStandIn, place: str, token: str) -> None:
    home = pressed(village)
    assert stand_in.report(place, stand_in.requests[0], token=token)[0] == 403
    assert stand_in.bring(place, "13812345601", "1", token=token) == 403
    assert home.alert().state == "notified"
    assert states(village)[0][2] == "accepted"


def test_what_is_no_receipt_is_refused_and_what_is_not_ours_forgotten(place: str) -> None:
    url = f"{place}/webhooks/aliyun/report?token={CALLBACK_TOKEN}"
    assert post(url, {"biz_id": "1"})[0] == 422
    assert post(url, [{"biz_id": "1"}])[0] == 422
    assert post(url, [{"biz_id": "1", "success": False, "out_id": "9" * 30}])[0] == 200
    assert post(url, [])[0] == 200
