"""A server in Twilio's place: its Messages and Calls API over real HTTP, and what it sends back, signed as Twilio signs.

It speaks the documented format (2010-04-01, form in, JSON out, errors as `{"code", "message", "more_info", "status"}`),
keeps every request for the test to look at, and can be told to fail, to be slow, to hang, or to talk nonsense.
"""

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "the-auth-token"


@dataclass(frozen=True)
class Asked:
    """A request that reached the API."""

    method: str
    path: str
    form: dict[str, str]
    user: str
    password: str
    sid: str | None = None

    @property
    def is_call(self) -> bool:
        """Whether it asked for a voice call."""
        return self.path.endswith("/Calls.json")


@dataclass(frozen=True)
class Answer:
    """How the next request is answered instead of well."""

    status: int = 201
    code: int | None = None
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    wait_s: float = 0
    hang: bool = False
    drop: bool = False


@dataclass(frozen=True)
class Heard:
    """What a webhook of ours answered."""

    status: int
    text: str
    content_type: str

    @property
    def says(self) -> str:
        """The words of TwiML, in their order, without the marks."""
        return " ".join(words for each in ElementTree.fromstring(self.text).itertext() if (words := each.strip()))

    def find(self, verb: str) -> list[ElementTree.Element]:
        """Return the TwiML verbs of that name."""
        return list(ElementTree.fromstring(self.text).iter(verb))


class Post(Protocol):
    """A way to reach the webhooks: by the network, or an app's test client."""

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard: ...


def post_by_network(url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
    """Post to a server that listens."""
    parts = urlsplit(url)
    line = (HTTPSConnection if parts.scheme == "https" else HTTPConnection)(parts.netloc, timeout=10)
    try:
        line.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers))
        response = line.getresponse()
        return Heard(response.status, response.read().decode(), response.headers.get("Content-Type", ""))
    finally:
        line.close()


class TwilioStandIn:
    """Twilio, as far as we can see of it. `post` is how it reaches our webhooks."""

    def __init__(self, port: int = 0, post: Post = post_by_network) -> None:
        self.requests: list[Asked] = []
        self.post = post
        self._next: list[Answer] = []
        self._always: Answer | None = None
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._closing = threading.Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                stand_in._serve(self)

            def log_message(self, *_: Any) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=lambda: self._server.serve_forever(poll_interval=0.02), name="twilio-stand-in", daemon=True
        )

    def __enter__(self) -> "TwilioStandIn":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def url(self) -> str:
        """What ANJU_TWILIO_API_URL has to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    # How it answers -------------------------------------------------------------------------------------------------

    def fail(self, status: int, code: int | None = None, message: str = "", **headers: str) -> None:
        """Answer the next request with an error; headers by name, with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._next.append(Answer(status, code, message, headers=named))

    def next(self, answer: Answer) -> None:
        """Answer the next request like that."""
        self._next.append(answer)

    def always(self, answer: Answer | None) -> None:
        """Answer every request like that until told otherwise."""
        self._always = answer

    # What it was asked ----------------------------------------------------------------------------------------------

    def wait_for(self, number: int, timeout_s: float = 10) -> list[Asked]:
        """Return the requests once there are that many."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.requests) >= number, timeout_s)
        assert enough, f"{len(self.requests)} requests, not {number}"
        return self.requests

    # What it sends back ---------------------------------------------------------------------------------------------

    def call_back(self, asked: Asked, state: str, **fields: str) -> Heard:
        """Tell how far a message or call is, at the address that its request gave."""
        kind = "Call" if asked.is_call else "Message"
        form = {
            "AccountSid": ACCOUNT, f"{kind}Sid": asked.sid or "", f"{kind}Status": state,
            "From": asked.form.get("From", "+4930100000"), "To": asked.form["To"], "ApiVersion": "2010-04-01", **fields,
        }  # fmt: skip
        return self.send(asked.form["StatusCallback"], form)

    def text(self, url: str, sender: str, body: str, sid: str | None = None, **fields: str) -> Heard:
        """Bring a text that somebody sent to our number."""
        sid = sid or self._new_sid("SM")
        form = {
            "ToCountry": "DE", "SmsMessageSid": sid, "SmsSid": sid, "MessageSid": sid, "NumMedia": "0", "Body": body,
            "NumSegments": "1", "SmsStatus": "received", "From": sender, "To": "+4930100000", "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01", **fields,
        }  # fmt: skip
        return self.send(url, form)

    def pick_up(self, asked: Asked, answered_by: str = "human") -> Heard:
        """Somebody, or a machine, answers the call: ask what to say."""
        return self._in_call(asked, asked.form["Url"], AnsweredBy=answered_by)

    def press(self, asked: Asked, heard: Heard, digit: str) -> Heard:
        """A key is pressed while the call waits for one: ask what to say then."""
        gathers = heard.find("Gather")
        assert gathers, f"the call waits for no key: {heard.text}"
        return self._in_call(asked, gathers[0].attrib["action"], Digits=digit, FinishedOnKey="")

    def _in_call(self, asked: Asked, url: str, **fields: str) -> Heard:
        form = {
            "AccountSid": ACCOUNT, "CallSid": asked.sid or "", "CallStatus": "in-progress", "Direction": "outbound-api",
            "From": asked.form.get("From", "+4930100000"), "To": asked.form["To"], "ApiVersion": "2010-04-01", **fields,
        }  # fmt: skip
        return self.send(url, form)

    def send(self, url: str, form: Mapping[str, str], *, signature: str | None = None) -> Heard:
        """Post a form to a webhook, signed for that address unless another signature is named; "" leaves it out."""
        signed = RequestValidator(TOKEN).compute_signature(url, form) if signature is None else signature
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "User-Agent": "TwilioProxy/1.1"}
        if signed:
            headers["X-Twilio-Signature"] = signed
        return self.post(url, urlencode(form).encode(), headers)

    # The API --------------------------------------------------------------------------------------------------------

    def _new_sid(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):032x}"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        given = base64.b64decode(handler.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        user, _, password = given.partition(":")
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        answer = self._next.pop(0) if self._next else self._always or Answer()
        taken = answer.status < 300 and answer.body is None
        sid = self._new_sid("CA" if handler.path.endswith("/Calls.json") else "SM") if taken else None
        asked = Asked(handler.command, handler.path, form, user, password, sid)
        with self._changed:
            self.requests.append(asked)
            self._changed.notify_all()
        if answer.hang:
            self._closing.wait()
        if answer.wait_s:
            self._closing.wait(answer.wait_s)
        if answer.hang or answer.drop:
            handler.close_connection = True
            handler.connection.close()
            return
        if answer.body is not None:
            _write(handler, answer.status, answer.body, answer.headers)
        elif (user, password) != (ACCOUNT, TOKEN):
            _error(handler, Answer(401, 20003, "Authenticate"))
        elif answer.status >= 300:
            _error(handler, answer)
        elif handler.path not in (f"/2010-04-01/Accounts/{ACCOUNT}/{each}.json" for each in ("Messages", "Calls")):
            _error(handler, Answer(404, 20404, f"The requested resource {handler.path} was not found"))
        else:
            _write(handler, 201, json.dumps(_resource(asked)).encode(), answer.headers)


def _resource(asked: Asked) -> dict[str, Any]:
    """Return what Twilio says of a message or a call that it has just taken."""
    now, form, sid = formatdate(usegmt=False), asked.form, asked.sid
    shared = {"account_sid": ACCOUNT, "api_version": "2010-04-01", "date_created": now, "date_updated": now,
              "direction": "outbound-api", "from": form.get("From"), "price": None, "price_unit": "USD", "sid": sid,
              "status": "queued", "to": form["To"]}  # fmt: skip
    if asked.is_call:
        return shared | {
            "annotation": None, "answered_by": None, "caller_name": None, "duration": None, "end_time": None,
            "forwarded_from": None, "from_formatted": form.get("From"), "group_sid": None, "parent_call_sid": None,
            "phone_number_sid": "PN1", "queue_time": "0", "start_time": None, "subresource_uris": {},
            "to_formatted": form["To"], "trunk_sid": None, "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
        }  # fmt: skip
    service = form.get("MessagingServiceSid")
    return shared | {
        "body": form["Body"], "date_sent": None, "error_code": None, "error_message": None,
        "messaging_service_sid": service, "num_media": "0", "num_segments": "0" if service else "1",
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json"},
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }  # fmt: skip


def _error(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    code = answer.code if answer.code is not None else answer.status
    body = {
        "code": code,
        "message": answer.message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": answer.status,
    }
    _write(handler, answer.status, json.dumps(body).encode(), answer.headers)


def _write(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
