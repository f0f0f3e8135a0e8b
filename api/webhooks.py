"""What does Twilio tell us? Texts that came back, how far a message is, and what to say in a call. Signed, no session.

The signature covers the public address from the configuration, never the Host header: it holds behind any proxy.
"""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.datastructures import ImmutableMultiDict

from alerts import answers, calls, outbox
from alerts.calls import Spoken
from api.context import Context, Ctx
from api.problems import Problem
from storage.pool import in_transaction

log = structlog.get_logger("api.webhooks")

PREFIX = "/webhooks/twilio"
# for Twilio alone, which has its own description of them
router = APIRouter(prefix=PREFIX, include_in_schema=False)

BODY_LIMIT = 64 * 1024
"""Bytes; Twilio's longest text is 1,600 characters, and its other fields are short."""
FIELD_LIMIT = 300
TIMES_ASKED = 3
"""How often a call says its words before it ends: who is woken at night may miss the first."""
WAIT_FOR_DIGIT_S = 6
_MACHINE = re.compile(r"machine|fax")
_OPT_OUT = frozenset({"STOP", "START", "HELP"})

Form = ImmutableMultiDict[str, str]
MessageId = Annotated[int, Query(alias="message", ge=0, lt=2**63)]


def signed(leaf: str) -> Callable[[Request, Context], Awaitable[Form]]:
    """Return the dependency that reads a form which Twilio signed for that address, and refuses any other."""

    async def read(request: Request, context: Ctx) -> Form:
        token = context.settings.twilio_auth_token
        if not token:
            raise Problem(404, "Twilio is not configured here; set ANJU_TWILIO_AUTH_TOKEN")
        body = b""
        # the only thing awaited: what Twilio sends is read as it comes, and no further than the limit
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_LIMIT:
                raise Problem(413, f"the body is larger than {BODY_LIMIT // 1024} KiB")
        try:
            pairs = parse_qsl(
                body.decode(errors="replace"), keep_blank_values=True, max_num_fields=FIELD_LIMIT, errors="replace"
            )
        except ValueError:
            raise Problem(400, "the form cannot be read; send application/x-www-form-urlencoded") from None
        form: Form = ImmutableMultiDict(pairs)
        query = request.scope["query_string"].decode("latin-1")
        address = f"{context.settings.public_url.rstrip('/')}{PREFIX}/{leaf}" + (f"?{query}" if query else "")
        if not _is_signed(token, address, form, request.headers.get("X-Twilio-Signature", "")):
            log.warning("webhook with a wrong signature refused", address=address.partition("?")[0])
            raise Problem(403, "the signature is missing or wrong; Twilio has to call ANJU_PUBLIC_URL itself")
        return form

    return read


def _is_signed(token: str, address: str, form: Form, signature: str) -> bool:
    from twilio.request_validator import RequestValidator

    return bool(RequestValidator(token).validate(address, form, signature))


@router.post("/sms")
def take_text(context: Ctx, form: Annotated[Form, Depends(signed("sms"))]) -> Response:
    """Answer a text that a responder sent."""
    from twilio.twiml.messaging_response import MessagingResponse

    # Twilio has answered these itself already, with words of its own configuration, and may know other ones than we do
    opted = form.get("OptOutType", "").upper()
    body = opted if opted in _OPT_OUT else form.get("Body", "")
    sender, sid = _needed(form, "From"), _needed(form, "MessageSid", "SmsSid")
    words = in_transaction(
        context.pool,
        lambda connection: answers.answer(
            connection, sender=sender, body=body, sid=sid, channel="sms", now=context.clock.now()
        ),
    )
    response = MessagingResponse()
    if words and not opted:
        response.message(_printable(words))
    return _xml(response)


@router.post("/status", status_code=204)
def take_status(
    context: Ctx,
    form: Annotated[Form, Depends(signed("status"))],
    message: MessageId | None = None,
) -> Response:
    """Move a message on: how far an SMS or a call is."""
    sid = _needed(form, "MessageSid", "CallSid", "SmsSid")
    state = _needed(form, "MessageStatus", "CallStatus", "SmsStatus")
    error = form.get("ErrorCode") or None
    if state == "completed" and _is_machine(form):
        state, error = "no-answer", form["AnsweredBy"][:40]
    known = in_transaction(
        context.pool,
        lambda connection: outbox.status_arrived(
            connection, sid=sid, state=state, error=error, now=context.clock.now(), message_id=message
        ),
    )
    if not known:
        log.info("status of a message that is not ours", sid=sid, state=state)
    return Response(status_code=204)


@router.post("/voice")
def speak(
    context: Ctx,
    form: Annotated[Form, Depends(signed("voice"))],
    message: MessageId | None = None,
    turn: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """Say what the call is about and wait for a digit; with a digit, do what it asks for and say so."""
    sid = _needed(form, "CallSid")
    now = context.clock.now()
    spoken: Spoken | None = None
    if message is not None and _is_machine(form):
        in_transaction(
            context.pool,
            lambda connection: outbox.status_arrived(
                connection, sid=sid, state="no-answer", error=form["AnsweredBy"][:40], now=now, message_id=message
            ),
        )
        # words on a machine reach nobody
        return _xml(_voice(None, ""))
    if message is not None and "Digits" in form:
        # a call may have several inputs, and each may be delivered twice
        spoken = in_transaction(
            context.pool,
            lambda connection: calls.digit(
                connection, message_id=message, digits=form["Digits"], sid=f"{sid}-{turn}", now=now
            ),
        )
    elif message is not None:
        spoken = in_transaction(context.pool, lambda connection: calls.begin(connection, message_id=message))
    if spoken is None:
        spoken = calls.nothing_to_answer(context.settings.locale)
    query = urlencode({"message": message or 0, "turn": turn + 1})
    return _xml(_voice(spoken, f"{context.settings.public_url.rstrip('/')}{PREFIX}/voice?{query}"))


def _voice(spoken: Spoken | None, next_address: str) -> object:
    """Return the TwiML of a call's turn; without words it only hangs up."""
    from twilio.twiml.voice_response import Gather, VoiceResponse

    response = VoiceResponse()
    if spoken is not None:
        language = "en-US" if spoken.language == "en" else "zh-CN"
        for _ in range(TIMES_ASKED if spoken.asks else 0):
            gather = Gather(num_digits=1, action=next_address, method="POST", timeout=WAIT_FOR_DIGIT_S)
            gather.say(_printable(spoken.words), language=language)
            response.append(gather)
        response.say(_printable(spoken.else_ if spoken.asks else spoken.words), language=language)
    response.hangup()
    return response


def _is_machine(form: Form) -> bool:
    """Say whether Twilio heard an answering machine or a fax pick up."""
    return _MACHINE.match(form.get("AnsweredBy", "")) is not None


def _needed(form: Form, *names: str) -> str:
    """Return the first of the fields that is there."""
    for name in names:
        if form.get(name):
            return form[name][:64]
    raise Problem(422, f"{names[0]} is missing")


def _printable(words: str) -> str:
    """Return words without the signs that XML cannot carry."""
    return "".join(sign for sign in words if unicodedata.category(sign) not in ("Cc", "Cs"))


def _xml(twiml: object) -> Response:
    return Response(str(twiml), media_type="text/xml")
