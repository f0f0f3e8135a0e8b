"""How does a message reach a chat or a mailbox? By Apprise, which speaks to DingTalk, WeCom, Feishu and many more.

An address of its kind is a secret: it is in no log and in no answer.
"""

import logging
from collections.abc import Collection
from urllib.parse import quote, urlsplit

from alerts.channels.base import GiveUp, Outgoing, Sent, TryAgain

CHATS = frozenset(
    {"dingtalk", "wecombot", "feishu", "lark", "schan", "wxpusher", "tgram", "slack", "workflows", "pover", "signl4"}
)
"""Services that are always reached at their own address. Those of Apprise that lead to a host of the writer's choice
(json, xml, form, mqtt, syslog, ...) would let a person reach into our network: they are not taken."""


def service_of(address: str) -> str:
    """Return the service that an Apprise address is for, which is no secret: `dingtalk`."""
    return urlsplit(address).scheme.lower()


def is_chat(address: str, services: Collection[str] = CHATS) -> bool:
    """Say whether an Apprise address is of a service that we let people use, and can be read."""
    return service_of(address) in services and _reads(address)


class Chat:
    """Chat services by Apprise. Several threads may send at once."""

    def __init__(self, services: Collection[str] = CHATS) -> None:
        _keep_quiet()
        self._services = services

    def send(self, message: Outgoing) -> Sent:
        """Hand the message over. Raises TryAgain or GiveUp."""
        address = message.address
        if address is None:
            raise GiveUp("gone", "that channel was taken away meanwhile")
        if service_of(address) not in self._services:
            raise GiveUp("bad-address", "no service that people may use here")
        return _hand_over(address, message)


class Mail:
    """Mailboxes by one mail server, whose Apprise address (`mailtos://user:password@host`) the operator sets."""

    def __init__(self, server: str) -> None:
        _keep_quiet()
        self._server = server

    def send(self, message: Outgoing) -> Sent:
        """Hand the message over. Raises TryAgain or GiveUp."""
        if message.address is None:
            raise GiveUp("gone", "that channel was taken away meanwhile")
        mark = "&" if "?" in self._server else "?"
        return _hand_over(f"{self._server}{mark}to={quote(message.address, safe='')}", message)


def _hand_over(address: str, message: Outgoing) -> Sent:
    import apprise

    service = apprise.Apprise()
    if not service.add(address):
        raise GiveUp("bad-address", "the address cannot be read; enter it anew")
    first, _, _ = message.text.partition("\n")
    if not service.notify(body=message.text, title=first[:60], body_format=apprise.NotifyFormat.TEXT):
        # Apprise says no more than that; until the message is too old it is tried again
        raise TryAgain("the service did not take it")
    return Sent(sid=None, state="accepted")


def _reads(address: str) -> bool:
    import apprise

    _keep_quiet()
    return bool(apprise.Apprise().add(address))


def _keep_quiet() -> None:
    """Apprise logs addresses and answers; those have secrets and people in them."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
