"""How does an SMS reach Alibaba Cloud (阿里云短信)? Through its official SDK: a signed template, filled in word by word.

Carriers in mainland China let through only what was approved: a signature, and a template for each purpose and language.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog

from alerts.channels.base import GiveUp, Outgoing, Sent, TryAgain, masked

log = structlog.get_logger("alerts.channels.aliyun")

API = "https://dysmsapi.aliyuncs.com"
TIMEOUT_S = 10.0
MAINLAND = "+86"
LONGEST_VALUE = 35
"""Characters of what fills one place of a template in mainland China; more is refused (isv.PARAM_LENGTH_LIMIT)."""
STANDS_IN = {"retell": "tell", "remind": "tell"}
"""Where a purpose has no template of its own, that of another says enough."""
BUSY = frozenset({"Throttling", "Throttling.User", "Throttling.Api", "Throttling.UserQPS", "FlowControlException"})
PASSING = frozenset(
    {"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "InternalError", "ServiceUnavailable", "isv.SYSTEM_ERROR"}
)
OUR_KEYS = frozenset(
    {"InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "SignatureDoesNotMatch", "Forbidden.RAM",
     "isp.RAM_PERMISSION_DENY", "InvalidTimeStamp.Expired"}
)  # fmt: skip
OUR_ACCOUNT = ("isv.SMS_TEMPLATE", "isv.SMS_SIGN", "isv.TEMPLATE", "isv.SIGN", "isv.AMOUNT", "isv.OUT_OF_SERVICE",
               "isv.ACCOUNT", "isv.PRODUCT", "isv.PARAM", "isv.INVALID")  # fmt: skip
"""What these codes begin with is ours to mend: template, signature, balance."""


@dataclass(frozen=True, slots=True)
class AliyunSettings:
    """The account, the approved signature, and the template of each `purpose:language`. `api_url`: a test server."""

    access_key_id: str
    sign_name: str
    templates: Mapping[str, str]
    access_key_secret: str = field(repr=False)
    api_url: str | None = None
    timeout_s: float = TIMEOUT_S


class Aliyun:
    """SMS by Alibaba Cloud. Several threads may send at once."""

    def __init__(self, settings: AliyunSettings) -> None:
        from alibabacloud_dysmsapi20170525.client import Client
        from alibabacloud_tea_openapi.models import Config

        target = urlsplit(settings.api_url or API)
        self._settings = settings
        self._client: Any = Client(
            Config(
                access_key_id=settings.access_key_id,
                access_key_secret=settings.access_key_secret,
                endpoint=target.netloc,
                protocol=target.scheme,
            )
        )

    def send(self, message: Outgoing) -> Sent:
        """Hand the message to Alibaba Cloud. Raises TryAgain or GiveUp."""
        from alibabacloud_dysmsapi20170525.models import SendSmsRequest
        from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
        from darabonba.exceptions import RetryError, TeaException
        from darabonba.runtime import RuntimeOptions

        timeout_ms = int(self._settings.timeout_s * 1000)
        request = SendSmsRequest(
            phone_numbers=_number(message.recipient),
            sign_name=self._settings.sign_name,
            template_code=self._template(message),
            template_param=json.dumps(_places(message), ensure_ascii=False),
            out_id=str(message.id),
        )
        runtime = RuntimeOptions(autoretry=False, connect_timeout=timeout_ms, read_timeout=timeout_ms)
        try:
            said = self._client.send_sms_with_options(request, runtime).body
        except AlibabaCloudException as error:
            raise _failure(str(error.code), str(error.description or error.message)) from None
        except (TeaException, RetryError, OSError, ValueError, AttributeError) as error:
            # the SDK's own words hold the whole request, with people in it: only their kind is kept. No answer, or none
            # that can be read: it may have been taken, so it may arrive twice; rather that than never
            raise TryAgain(f"no answer from Alibaba Cloud: {type(error).__name__}") from None
        if said is None or not said.code:
            raise TryAgain("no answer from Alibaba Cloud: what answers there is not Alibaba Cloud")
        if said.code != "OK":
            raise _failure(said.code, said.message or "")
        return Sent(sid=said.biz_id or None, state="accepted")

    def _template(self, message: Outgoing) -> str:
        for purpose in (message.purpose, STANDS_IN.get(message.purpose, message.purpose)):
            found = self._settings.templates.get(f"{purpose}:{message.language}")
            if found is not None:
                return found
        wanted = f"{message.purpose}:{message.language}"
        log.error("no approved template; add it to ANJU_ALIYUN_TEMPLATES", template=wanted)
        raise GiveUp("no-template", f"ANJU_ALIYUN_TEMPLATES has none for {wanted}")


def _number(phone: str) -> str:
    """Return a number in E.164 as Alibaba Cloud writes it: mainland ones bare, others with their country's."""
    return phone.removeprefix(MAINLAND) if phone.startswith(MAINLAND) else phone.removeprefix("+")


def _places(message: Outgoing) -> dict[str, str]:
    """Return what fills a template: ${what}, ${number}, ${place}, ${minutes}; without an alert, ${text}."""
    words = message.words
    if words is None:
        return {"text": message.text[:LONGEST_VALUE]}
    filled = {
        "what": words.what, "number": str(words.number), "place": words.place, "minutes": str(words.waited_min),
    }  # fmt: skip
    return {name: value[:LONGEST_VALUE] for name, value in filled.items()}


def _failure(code: str, why: str) -> TryAgain | GiveUp:
    if code in OUR_KEYS:
        # a wrong key must not throw presses away: they wait until it is mended
        log.error("Alibaba Cloud refuses our key; mend ANJU_ALIYUN_ACCESS_KEY_ID and its secret", code=code)
        return TryAgain(f"{code} Alibaba Cloud refuses our key")
    if code in BUSY:
        return TryAgain(f"{code} Alibaba Cloud is busy", busy=True)
    if code in PASSING or code.startswith(("5", "Throttling")):
        return TryAgain(f"{code} Alibaba Cloud is busy")
    if code.startswith(OUR_ACCOUNT):
        log.error("Alibaba Cloud refuses the message as we send it; mend template, signature or balance", code=code)
    return GiveUp(code, masked(why))
