"""What does Alibaba Cloud tell us? Which texts arrived, and what came back. JSON by HTTP, let in by a token in the address.

It signs nothing: the address that the operator enters at its console carries ANJU_ALIYUN_CALLBACK_TOKEN. Whoever does not
know that is refused; what is told is taken once, however often and in whatever order it comes.
"""

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts import answers, outbox
from api.context import Ctx
from api.problems import Problem

log = structlog.get_logger("api.receipts")

PREFIX = "/webhooks/aliyun"
MOST_AT_ONCE = 1000
# for Alibaba Cloud alone, which has its own description of them
router = APIRouter(prefix=PREFIX, include_in_schema=False)


class Receipt(BaseModel):
    """SmsReport: how a text ended."""

    model_config = ConfigDict(extra="ignore")

    biz_id: str = Field(min_length=1, max_length=64)
    out_id: str | None = Field(default=None, max_length=64)
    success: bool
    err_code: str | None = Field(default=None, max_length=64)


class Reply(BaseModel):
    """SmsUp: a text that somebody sent back."""

    model_config = ConfigDict(extra="ignore")

    phone_number: str = Field(min_length=5, max_length=20)
    content: str = Field(max_length=2000)
    sequence_id: str | int


class Taken(BaseModel):
    """What it wants to hear; anything else, and it tells us again."""

    code: int = 0
    msg: str = "ok"


def _known(context: Ctx, token: Annotated[str, Query(max_length=200)] = "") -> None:
    """Refuse whoever does not know the token of the address."""
    expected = context.settings.aliyun_callback_token
    if not expected:
        raise Problem(404, "Alibaba Cloud is not configured here; set ANJU_ALIYUN_CALLBACK_TOKEN")
    if not secrets.compare_digest(token.encode(), expected.encode()):
        log.warning("receipt with a wrong token refused")
        raise Problem(403, "the token is missing or wrong; end the address with ?token= and ANJU_ALIYUN_CALLBACK_TOKEN")


@router.post("/report", dependencies=[Depends(_known)])
def take_receipts(context: Ctx, receipts: Annotated[list[Receipt], Field(max_length=MOST_AT_ONCE)]) -> Taken:
    """Move messages on: which arrived, and which did not."""
    for each in receipts:
        ours = int(each.out_id) if each.out_id and each.out_id.isdecimal() and len(each.out_id) < 19 else None
        with context.pool.connection() as connection:
            known = outbox.status_arrived(
                connection,
                sid=each.biz_id,
                state="delivered" if each.success else "undelivered",
                error=None if each.success else each.err_code,
                now=context.clock.now(),
                message_id=ours,
            )
        if not known:
            log.info("receipt of a message that is not ours", sid=each.biz_id)
    return Taken()


@router.post("/reply", dependencies=[Depends(_known)])
def take_replies(context: Ctx, replies: Annotated[list[Reply], Field(max_length=MOST_AT_ONCE)]) -> Taken:
    """Do what texts ask for that people sent back; without a template there are no words to answer with."""
    for each in replies:
        number = each.phone_number if each.phone_number.startswith("+") else f"+{_with_country(each.phone_number)}"
        with context.pool.connection() as connection:
            answers.answer(
                connection,
                sender=number,
                body=each.content,
                sid=f"aliyun-{each.sequence_id}"[:64],
                channel="sms",
                now=context.clock.now(),
            )
    return Taken()


def _with_country(number: str) -> str:
    """Return a number with its country: eleven digits that begin with 1 are a mobile phone of mainland China."""
    return f"86{number}" if len(number) == 11 and number.startswith("1") else number
