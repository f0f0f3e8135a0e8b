"""Does EMQX cut off who is no longer let in? It asks us who may connect (`api/broker_hooks`), but only when somebody comes:
whoever is connected stays so, until we tell it to cut him off."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import structlog
from psycopg import Connection

from gateway import accounts
from gateway.broker import BrokerRefusedUsers
from gateway.permits import Account

log = structlog.get_logger("gateway.emqx")

ANSWERS_WITHIN_S = 10.0
AT_ONCE = 100
"""Clients of one request."""
PAGE = 1000


@dataclass
class KeptEmqx:
    """EMQX's REST API, by an API key. `insiders`: users that are not in the registry."""

    url: str
    key: str
    secret: str = field(repr=False)
    insiders: frozenset[str]
    role = "broker-emqx"
    _known: dict[str, Account] | None = field(default=None, repr=False)

    def bring_up(self, connection: Connection[Any]) -> None:
        """Cut off whoever lost his password, or a permission, since the last time. Raises BrokerRefusedUsers.

        The first time: whoever is connected and not registered. A password that was changed while nobody followed is not
        seen: its old connection lasts until it breaks.
        """
        now = {each.uid: each for each in accounts.all_accounts(connection)}
        if self._known is None:
            gone = [client for client, name in self._connected() if name not in now and name not in self.insiders]
        else:
            changed = [uid for uid, account in self._known.items() if now.get(uid) != account]
            gone = [client for uid in changed for client in self._clients_of(uid)]
        for start in range(0, len(gone), AT_ONCE):
            self._ask("POST", "/clients/kickout/bulk", json=gone[start : start + AT_ONCE])
        self._known = now
        if gone:
            log.info("cut off", clients=len(gone))

    def _clients_of(self, uid: str) -> list[str]:
        answer = self._ask("GET", "/clients", params={"username": uid, "limit": PAGE})
        return [str(each["clientid"]) for each in answer.json()["data"]]

    def _connected(self) -> Iterator[tuple[str, str]]:
        page = 1
        while True:
            found = self._ask("GET", "/clients", params={"page": page, "limit": PAGE}).json()["data"]
            yield from _names(found)
            if len(found) < PAGE:
                return
            page += 1

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            answer = requests.request(
                method, f"{self.url}/api/v5{path}", auth=(self.key, self.secret), timeout=ANSWERS_WITHIN_S, **more
            )
        except requests.RequestException as error:
            raise BrokerRefusedUsers(f"EMQX's API does not answer ({type(error).__name__})") from None
        if answer.status_code >= 400:
            raise BrokerRefusedUsers(f"EMQX's API answers {answer.status_code} to {method} {path}")
        return answer


def _names(found: Sequence[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    return ((str(each["clientid"]), str(each.get("username") or "")) for each in found)
