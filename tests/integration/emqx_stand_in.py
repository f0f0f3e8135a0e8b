"""A server in EMQX's place: it asks our hooks as EMQX 5.8 does by the configuration of docs/production.md, and answers its
REST API for clients. What its documentation says of a request that fails is done here: it counts as no answer."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.permits import covers

KEY, SECRET = "key", "secret of the api"


@dataclass
class Client:
    """Somebody who is connected."""

    clientid: str
    username: str
    acl: list[dict[str, str]]


@dataclass
class Emqx:
    """Whoever is connected, and how we are asked."""

    hooks: str
    secret: str
    clients: dict[str, Client] = field(default_factory=dict)
    url: str = ""
    asked: int = 0

    def connect(self, username: str | None, password: str | None, clientid: str = "") -> bool:
        """Ask whether somebody may connect; what its template cannot fill is `undefined`."""
        clientid = clientid or f"dev-{username}"
        body = {"username": username or "undefined", "password": password or "undefined", "clientid": clientid}
        answer = self._ask("auth", body)
        if answer.get("result") != "allow":
            return False
        self.clients[clientid] = Client(clientid, username or "", answer.get("acl", []))
        return True

    def may(self, clientid: str, action: str, topic: str, *, old: bool = False) -> bool:
        """Say whether a client may, by the rules of its connection; `old`: by asking, as EMQX before 5.8 does."""
        client = self.clients[clientid]
        if not old:
            for rule in client.acl:
                if rule["action"] in (action, "all") and covers(rule["topic"], topic):
                    return rule["permission"] == "allow"
        answer = self._ask("acl", {"username": client.username, "topic": topic, "action": action})
        # `no_match = deny`
        return bool(answer.get("result") == "allow")

    def _ask(self, what: str, body: dict[str, str]) -> dict[str, Any]:
        self.asked += 1
        answer = httpx.post(f"{self.hooks}/{what}", json=body, headers={"authorization": f"Bearer {self.secret}"})
        return dict(answer.json()) if answer.status_code == 200 else {}


@contextmanager
def api_of(emqx: Emqx) -> Iterator[Emqx]:
    """Serve EMQX's REST API."""

    class Handler(BaseHTTPRequestHandler):
        def _may(self) -> bool:
            expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
            if self.headers.get("authorization") == expected:
                return True
            self.send_response(401)
            self.end_headers()
            return False

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if not self._may() or parts.path != "/api/v5/clients":
                return
            found = [each for each in emqx.clients.values() if query.get("username") in (None, each.username)]
            size, page = int(query["limit"]), int(query.get("page", "1"))
            shown = found[(page - 1) * size : page * size]
            data = [{"clientid": each.clientid, "username": each.username, "connected": True} for each in shown]
            body = json.dumps({"data": data, "meta": {"count": len(found), "page": page, "limit": size}}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if not self._may() or self.path != "/api/v5/clients/kickout/bulk":
                return
            for clientid in json.loads(self.rfile.read(int(self.headers["content-length"]))):
                emqx.clients.pop(clientid, None)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    emqx.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield emqx
    finally:
        server.shutdown()
        server.server_close()
