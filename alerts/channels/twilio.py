"""How does a message reach Twilio? Through its own client; what it answers decides whether to try again."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog

from alerts.channels.base import GiveUp, Outgoing, Sent, TryAgain

log = structlog.get_logger("alerts.channels.twilio")

TIMEOUT_S = 10.0
LONGEST_VALIDITY_S = 36_000
"""Twilio's own limit of ValidityPeriod, and far too long for a help call: the message's own deadline is shorter."""
NEVER_PROCESSED = frozenset({20429})
UNAUTHORISED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """The account, the sender, and where callbacks reach us."""

    account_sid: str
    public_url: str
    auth_token: str = field(repr=False)
    sender: str | None = None
    messaging_service_sid: str | None = None
    api_url: str | None = None


class Twilio:
    """SMS and voice calls by Twilio."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings

    def send(self, message: Outgoing) -> Sent:
        """Hand the message to Twilio. Raises TryAgain or GiveUp."""
        import requests
        from twilio.base.exceptions import TwilioException, TwilioRestException

        try:
            return self._call(message) if message.channel == "voice" else self._text(message)
        except TwilioRestException as error:
            raise self._failure(error.status, error.code, error.msg) from error
        except (requests.RequestException, TwilioException, OSError, ValueError) as error:
            # no answer, or none that can be read: it may have been taken, so it may arrive twice; rather that than never
            raise TryAgain(f"no answer from Twilio: {type(error).__name__}") from error

    def _text(self, message: Outgoing) -> Sent:
        sender = (
            {"messaging_service_sid": self._settings.messaging_service_sid}
            if self._settings.messaging_service_sid
            else {"from_": self._settings.sender}
        )
        sent = self._client.messages.create(
            to=message.recipient,
            body=message.text,
            status_callback=f"{self._settings.public_url}/webhooks/twilio/status",
            validity_period=max(1, min(message.expires_in_s, LONGEST_VALIDITY_S)),
            **sender,
        )
        return _sent(sent)

    def _call(self, message: Outgoing) -> Sent:
        called = self._client.calls.create(
            to=message.recipient,
            from_=self._settings.sender,
            url=f"{self._settings.public_url}/webhooks/twilio/voice?message={message.id}",
            status_callback=f"{self._settings.public_url}/webhooks/twilio/status",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            machine_detection="Enable",
        )
        return _sent(called)

    def _failure(self, status: int, code: int | None, why: str) -> TryAgain | GiveUp:
        if status in UNAUTHORISED:
            # a wrong token must not throw presses away: they wait until it is mended
            log.error("Twilio refuses our credentials; mend ANJU_TWILIO_ACCOUNT_SID and ANJU_TWILIO_AUTH_TOKEN")
            return TryAgain(f"{status} Twilio refuses our credentials")
        if status == 429 or status >= 500 or code in NEVER_PROCESSED:
            return TryAgain(f"{code or status} Twilio is busy")
        return GiveUp(str(code or status), why)

    @cached_property
    def _client(self) -> Any:
        """Twilio's client; its import is slow, so only a process that sends pays for it."""
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        target = urlsplit(self._settings.api_url) if self._settings.api_url else None

        class Rebased(TwilioHttpClient):  # type: ignore[misc]
            """Sends to another base address where one is set: a test server."""

            def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
                if target is not None:
                    url = urlunsplit(
                        urlsplit(url)._replace(
                            scheme=target.scheme,
                            netloc=target.netloc,
                            path=target.path.rstrip("/") + urlsplit(url).path,
                        )
                    )
                return super().request(method, url, *args, **more)

        http = Rebased(timeout=TIMEOUT_S, max_retries=0)
        return Client(self._settings.account_sid, self._settings.auth_token, http_client=http)


def _sent(resource: Any) -> Sent:
    """Return what Twilio's client made of the answer."""
    return Sent(sid=resource.sid or None, state=str(getattr(resource.status, "value", resource.status)))
