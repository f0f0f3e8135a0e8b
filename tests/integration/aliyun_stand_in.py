"""A server in Alibaba Cloud's place: SendSms of its SMS API over real HTTP, and the receipts that it posts.

It speaks the documented RPC format (version 2017-05-25: everything in the query, JSON out), keeps every request, and can be
told to fail, to hang or to talk nonsense.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY_ID = "LTAI-of-a-test"
KEY_SECRET = "the-key-secret"
CALLBACK_TOKEN = "a-token-for-the-callbacks"


@dataclass(frozen=True)
class Asked:
    """A request that reached the API."""

    form: dict[str, str]
    authorization: str
    action: str
    biz_id: str | None

    @property
    def filled(self) -> dict[str, str]:
        """What fills the template."""
        found: dict[str, str] = json.loads(self.form["TemplateParam"])
        return found


@dataclass
class AliyunStandIn:
    """Alibaba Cloud's SMS, as far as we can see of it."""

    requests: list[Asked] = field(default_factory=list)
    url: str = ""
    _next: list[tuple[int, bytes]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def refuse(self, code: str, message: str = "", status: int = 200) -> None:
        """Answer the next request with a code; most come with HTTP 200, those of the gateway with 400 or 403 or 503."""
        self._next.append((status, json.dumps({"Code": code, "Message": message, "RequestId": "R"}).encode()))

    def answer(self, status: int, body: bytes) -> None:
        """Answer the next request like that."""
        self._next.append((status, body))

    def report(self, place: str, asked: Asked, code: str = "DELIVERED", token: str = CALLBACK_TOKEN) -> tuple[int, Any]:
        """Tell how a text ended."""
        receipt = {
            "phone_number": asked.form["PhoneNumbers"], "send_time": "2026-11-24 10:14:00",
            "report_time": "2026-11-24 10:14:03", "success": code == "DELIVERED", "err_code": code, "err_msg": "...",
            "sms_size": "1", "biz_id": asked.biz_id, "out_id": asked.form["OutId"],
        }  # fmt: skip
        return post(f"{place}/webhooks/aliyun/report?token={quote(token)}", [receipt])

    def bring(self, place: str, phone: str, content: str, sequence: int = 1, token: str = CALLBACK_TOKEN) -> int:
        """Bring a text that somebody sent back."""
        reply = {
            "phone_number": phone, "send_time": "2026-11-24 10:15:00", "content": content, "sign_name": "安居",
            "dest_code": "123456", "sequence_id": sequence,
        }  # fmt: skip
        return post(f"{place}/webhooks/aliyun/reply?token={quote(token)}", [reply])[0]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0") or 0)).decode()
        form = dict(parse_qsl(urlsplit(handler.path).query, keep_blank_values=True)) | dict(parse_qsl(body))
        status, said = self._next.pop(0) if self._next else (200, b"")
        biz_id = None if said else f"9006195{next(self._numbers):08}^0"
        action = handler.headers.get("x-acs-action") or form.get("Action", "")
        self.requests.append(Asked(form, handler.headers.get("Authorization", ""), action, biz_id))
        answer = said or json.dumps({"Code": "OK", "Message": "OK", "BizId": biz_id, "RequestId": "R"}).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json;charset=utf-8")
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)


@contextmanager
def standing_in() -> Iterator[AliyunStandIn]:
    """Serve it."""
    stand_in = AliyunStandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            stand_in._serve(self)

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
        thread.start()
        stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield stand_in
        server.shutdown()
        thread.join(10)


def post(url: str, body: object) -> tuple[int, Any]:
    """Post JSON to a webhook; returns status and what was answered."""
    parts = urlsplit(url)
    line = HTTPConnection(parts.netloc, timeout=10)
    try:
        line.request("POST", f"{parts.path}?{parts.query}", json.dumps(body), {"Content-Type": "application/json"})
        response = line.getresponse()
        return response.status, json.loads(response.read() or b"null")
    finally:
        line.close()
