"""The village of the stories, with Twilio's client and a server in Twilio's place instead of the page of phones."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from psycopg_pool import ConnectionPool

from alerts import engine, outbox, sending
from alerts.channels.twilio import Twilio, TwilioSettings
from alerts.engine import EngineSettings
from api.app import create_app
from api.context import ApiSettings, Context
from storage import series
from tests.clock import StoryClock
from tests.integration.twilio_stand_in import ACCOUNT, TOKEN, Asked, Heard, Post, TwilioStandIn, post_by_network
from tests.stories.village import Village

PUBLIC_URL = "https://anju.example"
SENDER = "+4930100000"


def settings(stand_in: TwilioStandIn, **other: Any) -> TwilioSettings:
    """Return settings that lead to the stand-in."""
    given: dict[str, Any] = {"auth_token": TOKEN, "sender": SENDER, "api_url": stand_in.url, "timeout_s": 5.0}
    return TwilioSettings(account_sid=ACCOUNT, public_url=PUBLIC_URL, **(given | other))


@contextmanager
def served(pool: ConnectionPool[Any], clock: StoryClock, database: str, **other: Any) -> Iterator[str]:
    """Serve the whole app as it stands behind a proxy: where it listens is not its public address. Yields that place."""
    given: dict[str, Any] = {"public_url": PUBLIC_URL, "sms": "twilio", "twilio_auth_token": TOKEN}
    app = create_app(Context(pool, clock, ApiSettings(secret_key="s" * 32, **(given | other)), database))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="api", daemon=True)
    thread.start()
    try:
        # the socket listens already: what is sent before the server is up waits in its queue
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def proxied(place: str, public_url: str = PUBLIC_URL) -> Post:
    """Return a way to post to the public address that arrives at `place`, as through a proxy."""

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        assert url.startswith(public_url), f"{url} does not begin with {public_url}"
        return post_by_network(place + url.removeprefix(public_url), body, headers)

    return post


@dataclass
class ByTwilio(Village):
    """A village whose messages leave by Twilio."""

    stand_in: TwilioStandIn = field(default_factory=TwilioStandIn)

    def __post_init__(self) -> None:
        super().__post_init__()
        with self.pool.connection() as connection:
            series.ensure(connection, self.clock.now())
        self.channel = Twilio(settings(self.stand_in))

    def _decide(self) -> int:
        asked = EngineSettings(locale="zh-CN", public_url=PUBLIC_URL, sms="twilio")
        with self.pool.connection() as connection:
            now = self.clock.now()
            sent = sending.tell(connection, settings=asked, now=now)
            return sent + engine.run_due(connection, settings=asked, now=now)

    def _send(self) -> int:
        with self.pool.connection() as connection:
            claimed = outbox.claim(connection, limit=100, now=self.clock.now())
        for message in claimed:
            result = outbox.send(self.channel, message, self.clock.now())
            with self.pool.connection() as connection:
                outbox.store(connection, message, result, self.clock.now())
        return len(claimed)

    def text(self, name: str, body: str, sid: str | None = None, **fields: str) -> Heard:
        """Somebody texts to our number."""
        number = self.phones[name].number if name in self.phones else name
        heard = self.stand_in.text(f"{PUBLIC_URL}/webhooks/twilio/sms", number, body, sid, **fields)
        self.settle()
        return heard

    def asked(self, name: str) -> list[Asked]:
        """Return what Twilio was asked to bring to somebody."""
        return [each for each in self.stand_in.requests if each.form.get("To") == self.phone(name).number]

    def messages(self) -> list[tuple[Any, ...]]:
        """Return (name, channel, state, error, attempts) of every message, in order."""
        return self.all(
            "select staff.name, messages.channel, messages.state, messages.error, messages.attempts from messages"
            " join staff on staff.id = messages.staff_id order by messages.id"
        )
