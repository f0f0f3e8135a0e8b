"""A person's own channels: chosen by HTTP, told beside the telephone, and their addresses shown to nobody."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from psycopg_pool import ConnectionPool

from alerts import outbox
from alerts.channels.base import Channel, GiveUp, Outgoing, TryAgain
from alerts.channels.chat import Chat, Mail
from alerts.channels.phones import PhonesOnScreen
from alerts.channels.router import Router
from alerts.channels.webpush import WebPush, vapid_key
from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Api, calling
from tests.integration.registry_fixtures import admin, api, staff
from tests.stories.village import Village, step

__all__ = ["admin", "api"]

SECRET = "dingtalk://abcdefghijklmnop"


@dataclass
class Service:
    """A chat or push service: keeps what was posted, and answers as told."""

    url: str = ""
    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 201


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            found.posted.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
        thread.start()
        found.url = f"127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()
        thread.join(10)


@dataclass
class Browser:
    """A browser that has subscribed at the service."""

    service: Service
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen  bytes  "

    @property
    def subscription(self) -> str:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {
            name: base64.urlsafe_b64encode(value).decode().rstrip("=")
            for name, value in (("p256dh", point), ("auth", self.auth))
        }
        return json.dumps({"endpoint": f"http://{self.service.url}/push/me", "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> dict[str, str]:
        """Decrypt what was pushed (RFC 8291)."""
        said: dict[str, str] = json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth))
        return said


def message(channel: str, address: str | None) -> Outgoing:
    return Outgoing(41, "我的手机", channel, "【安居】求助 #7：张桂英。", "zh-CN", 7, 1800, address=address)


def pusher() -> WebPush:
    return WebPush(vapid_key("s" * 32), "https://anju.example")


# The channels ---------------------------------------------------------------------------------------------------------


def test_a_push_reaches_the_browser_and_only_it_can_read_it(service: Service) -> None:
    browser = Browser(service)
    assert pusher().send(message("push", browser.subscription)).state == "accepted"
    ((path, headers, body),) = service.posted
    assert path == "/push/me"
    assert "张桂英".encode() not in body
    assert browser.read(body) == {
        "text": "【安居】求助 #7：张桂英。", "url": "https://anju.example/alerts/7", "tag": "7",
    }  # fmt: skip
    assert (headers["ttl"], headers["urgency"]) == ("1800", "high")
    assert headers["authorization"].startswith("vapid ")


@pytest.mark.parametrize(
    ("status", "failure"), [(404, GiveUp), (410, GiveUp), (413, GiveUp), (429, TryAgain), (503, TryAgain)]
)
def test_what_a_push_service_answers(service: Service, status: int, failure: type[Exception]) -> None:
    service.status = status
    with pytest.raises(failure):
        pusher().send(message("push", Browser(service).subscription))


def test_a_chat_message_goes_by_apprise(service: Service) -> None:
    Chat({"json"}).send(message("chat", f"json://{service.url}/room"))
    ((path, _, body),) = service.posted
    assert path == "/room"
    assert json.loads(body)["message"] == "【安居】求助 #7：张桂英。"


def test_a_chat_service_that_fails_is_tried_again_and_nothing_is_said_of_where(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.status = 500
    with caplog.at_level(logging.DEBUG), pytest.raises(TryAgain) as again:
        Chat({"json"}).send(message("chat", f"json://{service.url}/a-secret-room"))
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("apprise")]
    assert "secret" not in " ".join([str(again.value), *logged])


def test_a_service_that_people_may_not_use_is_not_written_to(service: Service) -> None:
    with pytest.raises(GiveUp):
        Chat().send(message("chat", f"json://{service.url}/room"))
    assert service.posted == []


@pytest.mark.parametrize("channel", [Chat(), Mail("mailtos://u:p@mail.example"), pusher()])
def test_a_channel_that_was_taken_away_is_given_up(channel: Channel) -> None:
    with pytest.raises(GiveUp):
        channel.send(message("chat", None))


def test_a_router_gives_up_what_nobody_serves() -> None:
    router = Router({"sms": PhonesOnScreen()})
    assert router.send(message("sms", None)).state == "delivered"
    with pytest.raises(GiveUp, match="no-voice"):
        router.send(message("voice", None))


# Beside the telephone -------------------------------------------------------------------------------------------------


@dataclass
class Village2(Village):
    """A village whose people have channels of their own."""

    channel: Channel = field(default_factory=PhonesOnScreen)

    def _send(self) -> int:
        with self.pool.connection() as connection:
            claimed = outbox.claim(connection, limit=100, now=self.clock.now())
        for each in claimed:
            result = outbox.send(self.channel, each, self.clock.now())
            with self.pool.connection() as connection:
                outbox.store(connection, each, result, self.clock.now())
        return len(claimed)

    def gives(self, name: str, kind: str, address: str, quiet: tuple[str, str] | None = None) -> None:
        """Somebody chooses a channel."""
        self.run(
            "insert into staff_channels (staff_id, kind, name, address, quiet_from, quiet_to, timezone, created_at)"
            " values (%(staff)s, %(kind)s, '我的', %(address)s, %(start)s, %(end)s, 'Asia/Shanghai', %(now)s)",
            staff=self.phone(name).staff_id, kind=kind, address=address,
            start=quiet and quiet[0], end=quiet and quiet[1],
        )  # fmt: skip


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock, service: Service) -> Village2:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    ways: dict[str, Channel] = {"sms": PhonesOnScreen(), "chat": Chat({"json"}), "push": pusher()}
    return Village2(pool, clock, channel=Router(ways))


def test_help_is_told_by_sms_and_by_every_channel_of_ones_own(village: Village2, service: Service) -> None:
    browser = Browser(service)
    village.gives("lan", "push", browser.subscription)
    village.gives("lan", "chat", f"json://{service.url}/room")
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    village.phone("lan").expect_sms("求助")
    pushed = next(body for path, _, body in service.posted if path == "/push/me")
    assert home.address in browser.read(pushed)["text"]
    assert [path for path, _, _ in service.posted] == ["/push/me", "/room"]
    assert home.alert().timeline() == ["raised", "told", "told", "told", "delivered"]
    assert village.all("select distinct recipient from messages where channel <> 'sms'") == [("我的",)]


def test_quiet_hours_hold_for_all_but_help(village: Village2, service: Service) -> None:
    village.gives("lan", "chat", f"json://{service.url}/room", quiet=("10:00", "11:00"))
    home = village.home("凤山村", policy=[step(0, "lan")])
    # 10:13 in Shanghai
    home.press(test=True)
    village.phone("lan").expect_sms("测试")
    assert service.posted == []
    village.home("凤山村").press()
    assert len(service.posted) == 1


def test_a_channel_that_does_not_work_delays_nobody(village: Village2, service: Service) -> None:
    service.status = 410
    village.gives("lan", "push", Browser(service).subscription)
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.phone("lan").expect_sms("求助")
    village.phone("mei").silent()
    assert village.all("select failure, failed_at is not null from staff_channels") == [("gone", True)]
    service.status = 201
    village.home("凤山村").press()
    assert village.all("select failure, failed_at from staff_channels") == [(None, None)]


def test_pressing_again_tells_the_telephone_once_and_the_channel_once(village: Village2, service: Service) -> None:
    village.gives("lan", "chat", f"json://{service.url}/room")
    home = village.home("凤山村", policy=[step(0, "lan"), step("30 min", "mei")])
    home.press()
    village.forward(minutes=2)
    home.press()
    village.forward(minutes=1)
    village.phone("lan").expect_sms("求助").expect_sms("已按2次").silent()
    assert len(service.posted) == 2


# By HTTP --------------------------------------------------------------------------------------------------------------


def test_channels_are_chosen_and_never_shown(admin: Api) -> None:
    lan = staff(admin)
    body = {
        "channels": [{"kind": "chat", "name": "钉钉", "address": SECRET, "quiet_from": "22:00", "quiet_to": "06:00"}]
    }
    chosen = admin.send("PUT", f"/staff/{lan}/channels", json=body).ok()
    (item,) = chosen.items
    assert (item["service"], item["quiet_from"], item["timezone"]) == ("dingtalk", "22:00:00", "Asia/Shanghai")
    assert SECRET not in chosen.text
    assert "abcdefghijklmnop" not in admin.get(f"/staff/{lan}/channels").text + admin.get("/audit").text
    kept = {"channels": [{"id": item["id"], "kind": "chat", "name": "钉钉群"}]}
    admin.send("PUT", f"/staff/{lan}/channels", json=kept).ok()
    assert admin.rows("select name, address, quiet_from from staff_channels") == [("钉钉群", SECRET, None)]
    assert admin.send("PUT", f"/staff/{lan}/channels", json={"channels": []}).items == []


@pytest.mark.parametrize(
    "channel",
    [
        {"kind": "chat", "name": "a", "address": "json://10.0.0.1/SECRETPART"},
        {"kind": "chat", "name": "a", "address": "x" * 5000},
        {"kind": "chat", "name": "a", "address": "dingtalk://SECRETPART\x00"},
        {"kind": "push", "name": "a", "address": '{"endpoint": "http://10.0.0.1/SECRETPART"}'},
        {"kind": "email", "name": "a", "address": "SECRETPART"},
        {"kind": "chat", "name": "a"},
        {"kind": "chat", "name": "a", "address": "dingtalk://SECRETPART1", "quiet_from": "22:00"},
        {"kind": "pigeon", "name": "a", "address": "SECRETPART"},
    ],
)
def test_what_cannot_be_is_refused_without_showing_it(admin: Api, channel: dict[str, str]) -> None:
    lan = staff(admin)
    answer = admin.send("PUT", f"/staff/{lan}/channels", json={"channels": [channel]})
    answer.problem(422)
    assert "SECRETPART" not in answer.text
    assert "xxxxx" not in answer.text


def test_a_responder_chooses_his_own_and_nobody_elses(admin: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅", phone="+8613800000002")
    herself = admin.being("responder", area="anshi", staff=lan)
    body = {"channels": [{"kind": "chat", "name": "钉钉", "address": SECRET}]}
    herself.send("PUT", f"/staff/{lan}/channels", json=body).ok()
    herself.send("PUT", f"/staff/{mei}/channels", json=body).problem(403)
    herself.get(f"/staff/{mei}/channels").problem(403)
    admin.being("operator", area="yun").get(f"/staff/{lan}/channels").problem(404)
    admin.being("operator", area="luodang").get(f"/staff/{lan}/channels").ok()
    (item,) = herself.get(f"/staff/{lan}/channels").items
    of_another = {"channels": [{"id": item["id"], "kind": "chat", "name": "x"}]}
    admin.send("PUT", f"/staff/{mei}/channels", json=of_another).problem(404)


def test_a_channel_is_tried_by_a_message(admin: Api) -> None:
    lan = staff(admin)
    body = {"channels": [{"kind": "chat", "name": "钉钉", "address": SECRET}]}
    (item,) = admin.send("PUT", f"/staff/{lan}/channels", json=body).items
    asked = admin.post(f"/staff/{lan}/channels/{item['id']}/test").ok(202)
    (found,) = admin.get("/messages").items
    assert (found["id"], found["channel"], found["to"]) == (asked["message"], "chat", "钉钉")
    assert "测试" in found["text"]
    admin.post(f"/staff/{lan}/channels/999/test").problem(404)


def test_mail_needs_a_mail_server(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> None:
    mail = {"channels": [{"kind": "email", "name": "mail", "address": "lan@example.org"}]}
    with calling(pool, clock, database, push_key="BKEY") as caller:
        root = caller.being("admin")
        root.post("/areas", {"code": "anshi", "name": "anshi", "level": "village", "parent": None}).ok(201)
        lan = staff(root)
        root.send("PUT", f"/staff/{lan}/channels", json=mail).problem(422, "ANJU_MAIL_URL")
        assert root.get("/push-key").ok()["key"] == "BKEY"
    with calling(pool, clock, database, mails=True) as caller:
        root = caller.being("admin")
        assert root.send("PUT", f"/staff/{lan}/channels", json=mail).items[0]["service"] == "example.org"
        root.get("/push-key").problem(404)
