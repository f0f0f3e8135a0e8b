"""How does a message reach a browser that is closed? By web push (RFC 8030, 8291, 8292), to the page of whoever subscribed."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

from alerts.channels.base import GiveUp, Outgoing, Sent, TryAgain

TIMEOUT_S = 10.0
GONE = frozenset({404, 410})
"""The browser took its subscription back."""
SERVICES = (
    "fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", ".push.apple.com",
    ".notify.windows.com", ".push.services.mozilla.com",
)  # fmt: skip
"""Whose browsers can subscribe. An address of any other host would let a person reach into our network."""


def is_subscription(address: str) -> bool:
    """Say whether that is what a browser's PushSubscription gives as JSON, at a push service that we know."""
    try:
        said = json.loads(address)
        endpoint = urlsplit(str(said["endpoint"]))
        keys = [base64.urlsafe_b64decode(str(said["keys"][name]) + "===") for name in ("p256dh", "auth")]
    except (ValueError, KeyError, TypeError):
        return False
    host = endpoint.hostname or ""
    known = any(host == each or (each.startswith(".") and host.endswith(each)) for each in SERVICES)
    return known and endpoint.scheme == "https" and [len(key) for key in keys] == [65, 16]


def host_of(address: str) -> str:
    """Return whose push service a subscription is of, which is no secret."""
    return urlsplit(str(json.loads(address).get("endpoint", ""))).hostname or ""


class WebPush:
    """Web push. Several threads may send at once. `key`: ours of VAPID; `public_url`: who we are, and where links lead."""

    def __init__(self, key: Any, public_url: str) -> None:
        self._key = key
        self._public_url = public_url

    def send(self, message: Outgoing) -> Sent:
        """Hand the message over. Raises TryAgain or GiveUp."""
        import requests
        from pywebpush import WebPushException, webpush

        if message.address is None:
            raise GiveUp("gone", "that channel was taken away meanwhile")
        leads_to = f"/alerts/{message.alert_number}" if message.alert_number is not None else "/my"
        said = {
            "text": message.text,
            "url": self._public_url + leads_to,
            "tag": str(message.alert_number or message.id),
        }
        try:
            webpush(
                json.loads(message.address),
                json.dumps(said, ensure_ascii=False),
                vapid_private_key=self._key,
                vapid_claims={"sub": self._public_url},
                ttl=message.expires_in_s,
                headers={"Urgency": "high"},
                timeout=TIMEOUT_S,
            )
        except WebPushException as error:
            status = getattr(error.response, "status_code", None)
            if status in GONE:
                raise GiveUp("gone", "the browser is no longer subscribed") from error
            if status is None or status == 429 or status >= 500:
                raise TryAgain(f"{status} the push service is busy") from error
            raise GiveUp(str(status), "the push service refuses it") from error
        except requests.RequestException as error:
            raise TryAgain(f"no answer from the push service: {type(error).__name__}") from error
        return Sent(sid=None, state="accepted")


def vapid_key(secret: str) -> Any:
    """Return our key of VAPID, made of the installation's secret: every process that has that one has the same."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    from py_vapid import Vapid02

    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    # 48 bytes, so that the remainder is even (FIPS 186-5, A.2.1)
    drawn = HKDF(SHA256(), 48, None, b"anju web push").derive(secret.encode())
    key = ec.derive_private_key(int.from_bytes(drawn, "big") % (order - 1) + 1, ec.SECP256R1())
    return Vapid02(private_key=key)


def public_key(key: Any) -> str:
    """Return the public half of our key, as a browser wants it (applicationServerKey)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
