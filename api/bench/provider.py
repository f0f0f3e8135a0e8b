"""When does an SMS reach the provider? A local HTTP server in Twilio's place that answers in its format and stamps arrival."""

import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from urllib.parse import parse_qs

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-benchmark-sends-nothing"  # noqa: S105 - opens nothing
SENDER = "+15005550006"


class Provider:
    """Takes every message, and remembers when each came; times are of this process's performance counter."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._came_at: list[float] = []
        self._changed = threading.Condition()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                form = parse_qs(body.decode())
                if "Body" in form:
                    provider._came()
                    answer = provider._message(form)
                else:
                    # a call beside the text, where a country's carriers bring no reply back: it is not what is measured
                    answer = provider._call(form)
                head = (
                    f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
                )
                self.wfile.write(head.encode() + answer)

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="provider", daemon=True)

    @property
    def settings(self) -> dict[str, str]:
        """The roles' settings that lead here."""
        return {
            "SMS": "twilio",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": SENDER,
            "TWILIO_API_URL": f"http://127.0.0.1:{self._server.server_address[1]}",
        }

    @property
    def taken(self) -> int:
        """How many messages have come."""
        return len(self._came_at)

    def came_after(self, taken: int, timeout_s: float) -> float | None:
        """Return when the message came that followed the first `taken`; None when none did in that time."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._came_at) > taken, timeout_s)
            return self._came_at[taken] if len(self._came_at) > taken else None

    def _came(self) -> None:
        came_at = time.perf_counter()
        with self._changed:
            self._came_at.append(came_at)
            self._changed.notify_all()

    def _message(self, form: dict[str, list[str]]) -> bytes:
        now, sid = formatdate(), f"SM{next(self._numbers):032x}"
        return json.dumps(
            {
                "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": form["Body"][0], "date_created": now,
                "date_sent": None, "date_updated": now, "direction": "outbound-api", "error_code": None,
                "error_message": None, "from": form["From"][0], "messaging_service_sid": None, "num_media": "0",
                "num_segments": "1", "price": None, "price_unit": "USD", "sid": sid, "status": "queued",
                "subresource_uris": {}, "to": form["To"][0],
                "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
            }
        ).encode()  # fmt: skip

    def _call(self, form: dict[str, list[str]]) -> bytes:
        now, sid = formatdate(), f"CA{next(self._numbers):032x}"
        return json.dumps(
            {
                "account_sid": ACCOUNT, "api_version": "2010-04-01", "date_created": now, "date_updated": now,
                "direction": "outbound-api", "duration": None, "from": form["From"][0], "sid": sid, "status": "queued",
                "subresource_uris": {}, "to": form["To"][0], "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
            }
        ).encode()  # fmt: skip

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
