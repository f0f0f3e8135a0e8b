"""What did the operator set? The environment's ANJU_ names, read once and checked; nobody else reads the environment."""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from api.fields import Timezone
from gateway.client import BadBrokerUrl, parse_url

PREFIX = "ANJU_"
_TEMPLATE = re.compile(r"(tell|retell|remind|inform):(zh-CN|en)=[A-Za-z0-9_-]{1,60}")
_INSIDE = (".localhost", ".local", ".lan", ".internal", ".home.arpa", ".test", ".example", ".invalid")
"""Endings of names that no public DNS has (RFC 2606, RFC 6761, RFC 8375)."""


class BadSetting(Exception):
    """{name} is {value}: {why}; mend it or unset it."""


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise PydanticCustomError(
            "not_http", "is no address; write http://host:port or https://host, a path may follow"
        )
    return url.rstrip("/")


def _postgres_url(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise PydanticCustomError("not_postgres", "is no database; write postgresql://user:password@host:port/name")
    return url


def _mqtt_url(url: str) -> str:
    try:
        parse_url(url)
    except BadBrokerUrl as error:
        raise PydanticCustomError("not_mqtt", "{why}", {"why": str(error).removeprefix("ANJU_MQTT_URL ")}) from None
    return url


def _templates(text: str) -> str:
    for part in text.split(","):
        if not _TEMPLATE.fullmatch(part.strip()):
            raise PydanticCustomError(
                "not_templates",
                "is no list of templates; write purpose:language=code, as tell:zh-CN=SMS_1,remind:zh-CN=SMS_2",
            )
    return text


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Settings(BaseModel):
    """CONTRACT section 2. Secrets are not shown when it is printed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: Annotated[str, AfterValidator(_postgres_url)] | None = Field(default=None, repr=False)
    mqtt_url: Annotated[str, AfterValidator(_mqtt_url)] | None = Field(default=None, repr=False)
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=1, le=65535)
    public_url: HttpUrl | None = None
    data_dir: Path = Path("anju-data")
    secret_key: str | None = Field(default=None, min_length=16, repr=False)
    timezone: Timezone = "Asia/Shanghai"
    locale: Literal["zh-CN", "en"] = "zh-CN"
    sms: Literal["twilio", "aliyun", "outbox"] = "outbox"
    messages_per_s: float = Field(default=1000, gt=0, le=10_000)
    plan_ahead_days: int = Field(default=14, ge=1, le=90)
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = Field(default=None, repr=False)
    twilio_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_api_url: HttpUrl | None = None
    aliyun_access_key_id: str | None = None
    aliyun_access_key_secret: str | None = Field(default=None, repr=False)
    aliyun_sign_name: str | None = None
    aliyun_templates: Annotated[str, AfterValidator(_templates)] | None = None
    aliyun_callback_token: str | None = Field(default=None, min_length=16, repr=False)
    aliyun_api_url: HttpUrl | None = None
    mail_url: str | None = Field(default=None, repr=False)
    broker_hook_secret: str | None = Field(default=None, min_length=16, repr=False)
    emqx_api_url: HttpUrl | None = None
    emqx_api_key: str | None = None
    emqx_api_secret: str | None = Field(default=None, repr=False)

    @property
    def phones_ring(self) -> bool:
        """Whether messages reach real phones: by a provider itself, not by a test server in its place."""
        own = {"twilio": "https://api.twilio.com", "aliyun": "https://dysmsapi.aliyuncs.com"}
        if self.sms not in own:
            return False
        set_to = self.twilio_api_url if self.sms == "twilio" else self.aliyun_api_url
        return is_public(urlsplit(set_to or own[self.sms]).hostname or "")

    @property
    def calls(self) -> bool:
        """Whether voice calls can be made: by Twilio, whoever sends the SMS."""
        return self.sms == "outbox" or None not in (
            self.twilio_account_sid, self.twilio_auth_token, self.twilio_from,
        )  # fmt: skip

    @model_validator(mode="after")
    def _outbox_stays_inside(self) -> "Settings":
        address = self.public_url or f"http://{self.http_host}"
        if self.sms == "outbox" and is_public(urlsplit(address).hostname or ""):
            raise PydanticCustomError(
                "outbox_in_public",
                "sms: is `outbox`, whose page shows everybody's messages, and {address} is a public address;"
                " set ANJU_SMS=twilio, or a PUBLIC_URL and HTTP_HOST inside your own network",
                {"address": address},
            )
        return self

    @model_validator(mode="after")
    def _twilio_is_whole(self) -> "Settings":
        if self.sms != "twilio":
            return self
        missing = [name for name in ("twilio_account_sid", "twilio_auth_token") if getattr(self, name) is None]
        if self.twilio_from is None and self.twilio_messaging_service_sid is None:
            missing.append("twilio_from")
        if missing:
            names = ", ".join(PREFIX + name.upper() for name in missing)
            raise PydanticCustomError(
                "twilio_incomplete", "sms: is `twilio`, which needs {names} too", {"names": names}
            )
        return self

    @model_validator(mode="after")
    def _aliyun_is_whole(self) -> "Settings":
        names = ("access_key_id", "access_key_secret", "sign_name", "templates", "callback_token")
        missing = [f"aliyun_{name}" for name in names if getattr(self, f"aliyun_{name}") is None]
        if self.sms == "aliyun" and missing:
            raise PydanticCustomError(
                "aliyun_incomplete",
                "sms: is `aliyun`, which needs {names} too",
                {"names": ", ".join(PREFIX + name.upper() for name in missing)},
            )
        return self


def read(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Return the settings of an environment (the process's own unless given); `given` from the command line wins.

    Raises BadSetting with every wrong name and value, a line each.
    """
    environment = os.environ if environment is None else environment
    named = {name.upper(): value for name, value in environment.items() if name.upper().startswith(PREFIX)}
    known = {PREFIX + field.upper(): field for field in Settings.model_fields}
    unknown = sorted(named.keys() - known.keys())
    if unknown:
        raise BadSetting("\n".join(f"{name} is no setting of Anju's{_meant(name, list(known))}" for name in unknown))
    values: dict[str, Any] = {known[name]: value for name, value in named.items() if value != ""}
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise BadSetting("\n".join(_line(each) for each in error.errors())) from None


def _meant(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


def _line(entry: Any) -> str:
    message = str(entry["msg"])
    if not entry["loc"]:
        name, _, why = message.partition(": ")
        return f"{PREFIX}{name.upper()} {why}"
    name = str(entry["loc"][0])
    field = Settings.model_fields[name]
    value = "(hidden)" if not field.repr else repr(entry["input"])
    why = message if message.startswith(("is ", "has ", "begins ")) else f"is wrong: {message}"
    return f"{PREFIX}{name.upper()}={value} {why}"


def is_public(host: str) -> bool:
    """Say whether the world may reach a host of that name; a name without a dot, and 0.0.0.0, are taken as inside."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        name = host.lower().rstrip(".")
        return "." in name and not name.endswith(_INSIDE)
    return address.is_global


def secret_key(settings: Settings) -> str:
    """Return what sessions' forms are signed with: the one that is set, else one of the data folder's own."""
    if settings.secret_key is not None:
        return settings.secret_key
    return kept_secret(settings.data_dir, "secret_key")


def kept_secret(folder: Path, name: str) -> str:
    """Return a secret that is made at first use and kept in a folder, readable by its owner only."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            # of two processes that make it at once, both use the first
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
