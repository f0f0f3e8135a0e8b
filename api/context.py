"""What does every request work with? The process's pool, clock and settings, and who it is that calls."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from psycopg import Connection
from psycopg_pool import ConnectionPool

from alerts.model import Actor
from storage.clock import Clock

ROLES = ("viewer", "responder", "operator", "admin")
"""From the one who only reads to the one who may do everything."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the HTTP role must know; floor 4 reads it from the environment."""

    public_url: str
    secret_key: str
    locale: str = "zh-CN"
    timezone: str = "Asia/Shanghai"
    sms: str = "outbox"
    twilio_auth_token: str | None = None
    aliyun_callback_token: str | None = None
    push_key: str | None = None
    mails: bool = False
    broker_hook_secret: str | None = None
    broker_insider: tuple[str, str] | None = None
    """The gateway's own user and password at the broker, which asks us about him too."""

    @property
    def outbox_pages(self) -> bool:
        """Whether `/phones` shows the messages and lets them be answered; settings refuse it with a public address."""
        return self.sms == "outbox"

    @property
    def root_path(self) -> str:
        """The path prefix under which a proxy serves us, '' for none."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by TLS."""
        return urlsplit(self.public_url).scheme == "https"


@dataclass(slots=True)
class Context:
    """What every request works with; in `app.state.context`."""

    pool: ConnectionPool[Connection[Any]]
    clock: Clock
    settings: ApiSettings
    database_url: str


def context(request: Request) -> Context:
    """Return the context of the app that serves a request."""
    found: Context = request.app.state.context
    return found


Ctx = Annotated[Context, Depends(context)]
"""The context, as a route asks for it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is logged in. `below`: LIKE pattern of the area paths he sees; `top`: he also sees what has no area."""

    user_id: int
    username: str
    role: str
    area: str | None
    below: str
    staff_id: int | None
    language: str | None
    name: str = ""
    path: str = "/"
    top: bool = False

    def sees(self, path: str | None) -> bool:
        """Say whether an area with that path is within his; None is a place nobody knows."""
        return self.top if path is None else path.startswith(self.path)

    def may(self, role: str) -> bool:
        """Say whether he has that role or one above it."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def actor(self, channel: str = "api") -> Actor:
        """Return him as the timeline names him."""
        return Actor(self.name or self.username, channel, self.staff_id, self.username)
