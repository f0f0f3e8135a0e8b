"""How is each role put together? Settings are read here, handed down in small pieces, and every part is stopped in order."""

import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from alerts import service as alerts_service
from alerts.channels.base import Channel
from alerts.channels.router import Router
from alerts.engine import EngineSettings
from api import logs
from api.settings import Settings, secret_key
from gateway import service as gateway_service
from gateway.client import parse_url
from gateway.lanes import GatewaySettings
from storage import migrate
from storage.clock import SystemClock
from storage.pool import open_pool

if TYPE_CHECKING:
    from gateway.follow import Keeper

log = structlog.get_logger("api.roles")

STAFF_PACE = 3.0
"""Simulated staff are this many times quicker than people: who looks for ten minutes sees whole stories."""


class NotConfigured(Exception):
    """{name} is not set; a role on its own needs it (`anju up` brings its own)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not set; a role on its own needs it (`anju up` brings its own)")


def run_gateway(settings: Settings, lanes: Sequence[str] = gateway_service.LANES) -> int:
    """Carry what homes say into the database until told to stop; each lane in a thread of its own."""
    logs.configure()
    place = gateway_service.GatewayPlace(database_of(settings), parse_url(needed(settings.mqtt_url, "ANJU_MQTT_URL")))
    stop = stop_on_signal()
    failed = threading.Event()

    def carry(lane: str) -> None:
        try:
            gateway_service.run(lane, place, GatewaySettings(settings.locale), SystemClock(), stop)
        except Exception:
            # the outermost guard of the role: whoever started us sees the exit status and starts us again
            log.exception("lane ended", lane=lane)
            failed.set()
            stop.set()

    threads = [threading.Thread(target=carry, args=(lane,), name=f"lane-{lane}") for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 1 if failed.is_set() else 0


def run_alerts(settings: Settings) -> int:
    """Decide what is due, and tell people, until told to stop."""
    logs.configure()
    url = database_of(settings)
    stop = stop_on_signal()
    with ExitStack() as stack:
        pool = stack.enter_context(open_pool(url, name="alerts", max_size=alerts_service.SENDERS + 4))
        parts = alerts_service.Parts(
            database_url=url,
            pool=pool,
            clock=SystemClock(),
            channel=channel_of(settings),
            settings=EngineSettings(
                settings.locale, public_url_of(settings), settings.sms, settings.timezone, voice=settings.calls
            ),
            messages_per_s=settings.messages_per_s,
            plan_ahead=timedelta(days=settings.plan_ahead_days),
            templates=settings.sms == "aliyun",
        )
        alerts_service.run(parts, stop)
    return 0


def run_api(settings: Settings) -> int:
    """Serve HTTP until told to stop."""
    import uvicorn

    from alerts.channels.webpush import public_key, vapid_key
    from api.app import create_app
    from api.context import ApiSettings, Context

    logs.configure()
    url = database_of(settings)
    with ExitStack() as stack:
        pool = stack.enter_context(open_pool(url, name="api", min_size=2, max_size=20))
        context = Context(
            pool=pool,
            clock=SystemClock(),
            settings=ApiSettings(
                public_url=public_url_of(settings),
                locale=settings.locale,
                timezone=settings.timezone,
                sms=settings.sms,
                secret_key=secret_key(settings),
                twilio_auth_token=settings.twilio_auth_token,
                aliyun_callback_token=settings.aliyun_callback_token,
                push_key=public_key(vapid_key(secret_key(settings))),
                mails=settings.mail_url is not None,
                broker_hook_secret=settings.broker_hook_secret,
                broker_insider=_insider(settings),
                broker=broker_of_devices(settings),
            ),
            database_url=url,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(context),
                host=settings.http_host,
                port=settings.http_port,
                log_config=None,
                access_log=False,
                proxy_headers=True,
                timeout_graceful_shutdown=3,
                server_header=False,
            )
        )
        server.run()
    return 0


class BrokerKind(StrEnum):
    """A broker of the operator's own that can be kept up with the registry."""

    MOSQUITTO = "mosquitto"
    NATS = "nats"
    EMQX = "emqx"


def run_broker(settings: Settings, kind: BrokerKind, folder: Path, pid_file: Path | None) -> int:
    """Keep a broker of the operator's own up with the registry until told to stop."""
    from gateway import follow

    logs.configure()
    url = database_of(settings)
    follow.keep_up(_keeper(settings, kind, folder, pid_file), url, SystemClock(), stop_on_signal())
    return 0


def _keeper(settings: Settings, kind: BrokerKind, folder: Path, pid_file: Path | None) -> "Keeper":
    from gateway.emqx import KeptEmqx
    from gateway.kept import KeptMosquitto, KeptNats

    address = parse_url(needed(settings.mqtt_url, "ANJU_MQTT_URL"))
    if kind is BrokerKind.EMQX:
        return KeptEmqx(
            needed(settings.emqx_api_url, "ANJU_EMQX_API_URL"),
            needed(settings.emqx_api_key, "ANJU_EMQX_API_KEY"),
            needed(settings.emqx_api_secret, "ANJU_EMQX_API_SECRET"),
            frozenset({address.username or ""}),
        )
    kept = KeptMosquitto if kind is BrokerKind.MOSQUITTO else KeptNats
    keeper = kept(folder, address, pid_file)
    # a wrong one is said before anything begins: the gateway itself would be locked out
    _ = keeper.insider
    return keeper


def _insider(settings: Settings) -> tuple[str, str] | None:
    """Return the gateway's own user at the broker, where the API is told of it."""
    address = parse_url(settings.mqtt_url) if settings.mqtt_url is not None else None
    if address is None or not address.username or not address.password:
        return None
    return address.username, address.password


def channel_of(settings: Settings) -> Router:
    """Return the ways that people are told; with `outbox` they all end on the page of phones."""
    if settings.sms == "outbox":
        from alerts.channels.phones import PhonesOnScreen

        return Router(dict.fromkeys(("sms", "voice", "email", "chat", "push"), PhonesOnScreen()))
    from alerts.channels.chat import Chat, Mail
    from alerts.channels.webpush import WebPush, vapid_key

    ways: dict[str, Channel] = {
        "chat": Chat(),
        "push": WebPush(vapid_key(secret_key(settings)), public_url_of(settings)),
    }
    if settings.mail_url is not None:
        ways["email"] = Mail(settings.mail_url)
    if settings.sms == "aliyun":
        ways["sms"] = _aliyun(settings)
        if settings.calls:
            ways["voice"] = _twilio(settings)
    else:
        # one without a number to call from says so itself
        ways["sms"] = ways["voice"] = _twilio(settings)
    return Router(ways)


def _twilio(settings: Settings) -> Channel:
    from alerts.channels.twilio import Twilio, TwilioSettings

    return Twilio(
        TwilioSettings(
            account_sid=needed(settings.twilio_account_sid, "ANJU_TWILIO_ACCOUNT_SID"),
            auth_token=needed(settings.twilio_auth_token, "ANJU_TWILIO_AUTH_TOKEN"),
            public_url=public_url_of(settings),
            sender=settings.twilio_from,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            api_url=settings.twilio_api_url,
        )
    )


def _aliyun(settings: Settings) -> Channel:
    from alerts.channels.aliyun import Aliyun, AliyunSettings

    parts = needed(settings.aliyun_templates, "ANJU_ALIYUN_TEMPLATES").split(",")
    templates = {purpose.strip(): code.strip() for purpose, _, code in (part.partition("=") for part in parts)}
    return Aliyun(
        AliyunSettings(
            access_key_id=needed(settings.aliyun_access_key_id, "ANJU_ALIYUN_ACCESS_KEY_ID"),
            access_key_secret=needed(settings.aliyun_access_key_secret, "ANJU_ALIYUN_ACCESS_KEY_SECRET"),
            sign_name=needed(settings.aliyun_sign_name, "ANJU_ALIYUN_SIGN_NAME"),
            templates=templates,
            api_url=settings.aliyun_api_url,
        )
    )


def public_url_of(settings: Settings) -> str:
    """Return what links and callbacks start with, without a slash at its end."""
    return (settings.public_url or f"http://{settings.http_host}:{settings.http_port}").rstrip("/")


def broker_of_devices(settings: Settings) -> str:
    """Return what is entered in a device's settings as the broker, without our own password; '' where none is set.

    A broker that we reach on this machine itself is reached by devices where people reach the console.
    """
    if settings.mqtt_url is None:
        return ""
    found = parse_url(settings.mqtt_url)
    if found.host in ("127.0.0.1", "localhost", "::1") and settings.public_url is not None:
        found = replace(found, host=urlsplit(settings.public_url).hostname or found.host)
    return repr(found)


def database_of(settings: Settings) -> str:
    """Return the database's address; a role does not begin on a schema that it does not know."""
    url = needed(settings.database_url, "ANJU_DATABASE_URL")
    migrate.check(url)
    return url


def needed(value: str | None, name: str) -> str:
    """Return a setting that a role cannot do without. Raises NotConfigured."""
    if value is None:
        raise NotConfigured(name)
    return value


def stop_on_signal() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, frame: stop.set())
    return stop
