"""How does a message reach Twilio? Through its own client; what it answers decides whether to try again."""

import json
import math
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog

from alerts.channels.base import GiveUp, Outgoing, Sent, TryAgain, masked
from storage.clock import SystemClock

log = structlog.get_logger("alerts.channels.twilio")

TIMEOUT_S = 10.0
LONGEST_VALIDITY_S = 36_000
"""Twilio's own limit of ValidityPeriod, and far too long for a help call: the message's own deadline is shorter."""
NEVER_PROCESSED = frozenset({20429})
"""Refused before anything was done with it: always safe to try again."""
UNAUTHORISED = frozenset({401, 403})
ABOUT_THE_NUMBER = range(21000, 22000)
"""Codes that speak of this message or its number; with them a 403 is not about our credentials (21408: no permission
to write to that country)."""


class NoSender(ValueError):
    """Twilio has no sender; set ANJU_TWILIO_FROM or ANJU_TWILIO_MESSAGING_SERVICE_SID."""

    def __init__(self) -> None:
        super().__init__("Twilio has no sender; set ANJU_TWILIO_FROM or ANJU_TWILIO_MESSAGING_SERVICE_SID")


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """The account, the sender, and where callbacks reach us. `api_url`: another base address than Twilio's own."""

    account_sid: str
    public_url: str
    auth_token: str = field(repr=False)
    sender: str | None = None
    messaging_service_sid: str | None = None
    api_url: str | None = None
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        if not self.sender and not self.messaging_service_sid:
            raise NoSender


class Twilio:
    """SMS and voice calls by Twilio. Several threads may send at once."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._webhooks = f"{settings.public_url.rstrip('/')}/webhooks/twilio"
        self._asked_to_wait = threading.local()
        # made here, not at the first message: a process that sends has paid for the slow import before anybody presses
        self._client = _client(settings, self._asked_to_wait)

    def send(self, message: Outgoing) -> Sent:
        """Hand the message to Twilio. Raises TryAgain or GiveUp."""
        from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

        try:
            sent = self._call(message) if message.channel == "voice" else self._text(message)
        except TwilioRestException as error:
            raise self._failure(error.status, error.code, error.msg) from error
        except TwilioServiceException as error:
            raise self._failure(error.status, error.code, error.detail or error.title) from error
        except (TwilioException, OSError, ValueError) as error:
            # no answer, or none that can be read: it may have been taken, so it may arrive twice; rather that than never
            raise TryAgain(f"no answer from Twilio: {type(error).__name__}") from error
        if not sent.sid:
            raise TryAgain("no answer from Twilio: what answers there is not Twilio")
        return Sent(sid=str(sent.sid), state=str(getattr(sent.status, "value", sent.status)))

    def _text(self, message: Outgoing) -> Any:
        service = self._settings.messaging_service_sid
        return self._client.messages.create(
            to=message.recipient,
            body=message.text,
            status_callback=self._status_url(message),
            validity_period=max(1, min(message.expires_in_s, LONGEST_VALIDITY_S)),
            **({"messaging_service_sid": service} if service else {"from_": self._settings.sender}),
        )

    def _call(self, message: Outgoing) -> Any:
        if not self._settings.sender:
            raise GiveUp("no-sender", "a voice call needs a number to call from; set ANJU_TWILIO_FROM")
        return self._client.calls.create(
            to=message.recipient,
            from_=self._settings.sender,
            url=f"{self._webhooks}/voice?message={message.id}",
            status_callback=self._status_url(message),
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            machine_detection="Enable",
        )

    def _status_url(self, message: Outgoing) -> str:
        # the message's own id: a callback may be here before we have stored Twilio's
        return f"{self._webhooks}/status?message={message.id}"

    def _failure(self, status: int, code: object, why: str) -> TryAgain | GiveUp:
        known = int(code) if isinstance(code, int | str) and str(code).isdecimal() else None
        if status in UNAUTHORISED and known not in ABOUT_THE_NUMBER:
            # a wrong token must not throw presses away: they wait until it is mended
            log.error(
                "Twilio refuses our credentials; mend ANJU_TWILIO_ACCOUNT_SID and ANJU_TWILIO_AUTH_TOKEN",
                status=status,
                code=known,
            )
            return TryAgain(f"{status} Twilio refuses our credentials")
        if status in (408, 429) or not 400 <= status < 500 or known in NEVER_PROCESSED:
            busy = status == 429 or known in NEVER_PROCESSED
            return TryAgain(f"{known or status} Twilio is busy", getattr(self._asked_to_wait, "s", None), busy=busy)
        return GiveUp(str(known or status), masked(why.removeprefix("Unable to create record: ")))


def _client(settings: TwilioSettings, asked_to_wait: threading.local) -> Any:
    """Return Twilio's client for that address; what the provider asks to wait is left in `asked_to_wait.s`."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    target = urlsplit(settings.api_url) if settings.api_url else None

    class Http(TwilioHttpClient):  # type: ignore[misc]
        """Twilio's own HTTP client, rebased to another address where one is set, and silent about what it sends."""

        def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
            asked_to_wait.s = None
            if target is not None:
                path = target.path.rstrip("/") + urlsplit(url).path
                url = urlunsplit(urlsplit(url)._replace(scheme=target.scheme, netloc=target.netloc, path=path))
            response = super().request(method, url, *args, **more)
            asked_to_wait.s = wait_of(response.headers.get("Retry-After"), SystemClock().now())
            if 200 <= response.status_code < 300 and not isinstance(json.loads(response.text), dict):
                raise ValueError("not an object")
            return response

        def log_request(self, kwargs: dict[str, Any]) -> None:
            """Write nothing: the request has people in it."""

        def log_response(self, status_code: int, response: Any) -> None:
            """Write nothing."""

    http = Http(timeout=settings.timeout_s, max_retries=0)
    client = Client(settings.account_sid, settings.auth_token, http_client=http)
    # both are loaded on first use otherwise
    _ = client.messages, client.calls
    return client


def wait_of(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3), None where it says nothing."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
