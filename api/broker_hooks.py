"""May this client connect, and say or hear that? EMQX asks at each connection; the registry answers, as it is at that moment.

The answer to a connection carries all that the client may do, so that EMQX (5.8 and later) asks no more while it lasts: a
home that is connected is heard although we are down. Older ones ask for each topic. Nothing is written down of it: a county
that reconnects at once would flood the audit log, and the password must be in no log at all.
"""

import hmac
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi import Body as Sent
from pydantic import BaseModel

from api.context import Context, Ctx
from api.problems import Problem
from devices import passwords
from devices.formats import anju
from gateway import accounts, permits
from gateway.permits import Account, Action

# for EMQX alone, which has its own description of them
router = APIRouter(prefix="/broker/emqx", include_in_schema=False)

Asked = Annotated[dict[str, Any], Sent()]
"""What EMQX sends: the members that its configuration names, as text."""
_NOBODY = Account("", passwords.hash_of(passwords.random_password()), None)
"""Whose password is checked where there is no such device, so that the answer takes as long."""


class Result(StrEnum):
    """What EMQX wants to hear."""

    ALLOW = "allow"
    DENY = "deny"


class Rule(BaseModel):
    """A line of what a client may; the first that fits counts."""

    permission: Result
    action: str
    topic: str


class Permitted(BaseModel):
    """Whether a client may connect, and what it may then do."""

    result: Result
    is_superuser: bool = False
    acl: list[Rule] = []


class Allowed(BaseModel):
    """Whether a client may publish to a topic or subscribe to a filter."""

    result: Result


def _known(context: Ctx, authorization: Annotated[str, Header(max_length=300)] = "") -> None:
    """Refuse whoever does not know the secret that EMQX is configured with."""
    expected = context.settings.broker_hook_secret
    if not expected:
        raise Problem(404, "no broker asks here; set ANJU_BROKER_HOOK_SECRET")
    if not hmac.compare_digest(authorization.encode(), f"Bearer {expected}".encode()):
        raise Problem(403, "the secret is missing or wrong; send `authorization: Bearer` and ANJU_BROKER_HOOK_SECRET")


@router.post("/auth", dependencies=[Depends(_known)])
def may_connect(context: Ctx, asked: Asked) -> Permitted:
    """Say whether a client may connect: the gateway, or a device of the registry with its password."""
    name, password = _text(asked, "username"), _text(asked, "password")
    if _is_insider(context, name, password):
        return Permitted(result=Result.ALLOW, acl=[Rule(permission=Result.ALLOW, action="all", topic="#")])
    account = _account(context, name)
    known = account or _NOBODY
    if not passwords.matches(password, known.bcrypt, known.pbkdf2) or account is None:
        return Permitted(result=Result.DENY)
    return Permitted(result=Result.ALLOW, acl=list(_rules(account)))


@router.post("/acl", dependencies=[Depends(_known)])
def may_do(context: Ctx, asked: Asked) -> Allowed:
    """Say whether a client that is connected may publish to a topic, or subscribe to a filter."""
    name, topic, action = (_text(asked, key) for key in ("username", "topic", "action"))
    insider = context.settings.broker_insider
    if insider is not None and name == insider[0]:
        return Allowed(result=Result.ALLOW)
    account = _account(context, name) if action in list(Action) else None
    allowed = account is not None and permits.may(account, Action(action), topic)
    return Allowed(result=Result.ALLOW if allowed else Result.DENY)


def _rules(account: Account) -> Iterator[Rule]:
    for topic in permits.says(account.uid):
        yield Rule(permission=Result.ALLOW, action=Action.PUBLISH, topic=topic)
    yield Rule(permission=Result.ALLOW, action=Action.SUBSCRIBE, topic=permits.hears(account.uid))
    for granted in account.grants:
        # what EMQX would fill in is nobody's topic
        if "${" not in granted:
            yield Rule(permission=Result.ALLOW, action="all", topic=granted)
    yield Rule(permission=Result.DENY, action="all", topic="#")


def _is_insider(context: Context, name: str, password: str) -> bool:
    insider = context.settings.broker_insider
    if insider is None:
        return False
    same_name = hmac.compare_digest(name.encode(), insider[0].encode())
    return hmac.compare_digest(password.encode(), insider[1].encode()) and same_name


def _account(context: Context, name: str) -> Account | None:
    if not anju.UID.fullmatch(name):
        return None
    with context.pool.connection() as connection:
        return accounts.one_account(connection, name)


def _text(asked: dict[str, Any], key: str) -> str:
    value = asked.get(key)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
