"""Logging in and out, and one's own password."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import audit, auth
from api.auth import Viewer
from api.context import Ctx
from api.fields import Body, Text
from api.problems import invalid
from storage import sql

queries = sql.load("api")
router = APIRouter(prefix="/session", tags=["session"])

PASSWORD_AT_LEAST = 10
"""Characters of a password that somebody chooses; length is what guards it (NIST SP 800-63B), not odd characters."""


class Credentials(Body):
    """Who logs in."""

    username: Text = Field(max_length=64)
    password: Text = Field(max_length=1000)


class Session(BaseModel):
    """The token to send as `Authorization: Bearer TOKEN`."""

    token: str
    expires_at: datetime


class NewPassword(Body):
    """One's present password and the one to come."""

    password: Text = Field(max_length=1000)
    new_password: Text = Field(min_length=PASSWORD_AT_LEAST, max_length=1000)


class Me(BaseModel):
    """Who one is, as the system sees it."""

    id: str
    username: str
    name: str
    role: str
    area: str | None
    staff: str | None
    language: str | None


@router.post("")
def log_in(credentials: Credentials, request: Request, context: Ctx) -> Session:
    """Log in. After too many wrong tries from an address: 429, with Retry-After."""
    address = request.client.host if request.client is not None else ""
    opened = auth.log_in(context, username=credentials.username, password=credentials.password, address=address)
    return Session(token=opened.token, expires_at=opened.expires_at)


@router.get("")
def who_am_i(caller: Viewer) -> Me:
    """Tell the caller who he is."""
    return Me(
        id=str(caller.user_id),
        username=caller.username,
        name=caller.name,
        role=caller.role,
        area=caller.area,
        staff=None if caller.staff_id is None else str(caller.staff_id),
        language=caller.language,
    )


@router.delete("", status_code=204)
def log_out(request: Request, response: Response, context: Ctx, _caller: Viewer) -> None:
    """End the session that the request came with."""
    token = auth.session_token(request)
    if token:
        with context.pool.connection() as connection:
            auth.log_out(connection, token)
    auth.clear_cookie(response, context.settings)


@router.post("/password", status_code=204)
def change_password(body: NewPassword, request: Request, context: Ctx, caller: Viewer) -> None:
    """Change one's own password; one's other sessions end."""
    now = context.clock.now()
    auth.check_own_password(context, caller, body.password)
    if body.new_password == body.password:
        raise invalid("new_password", None, "is the one you have; choose another")
    password_hash = auth.hash_password(body.new_password)
    with context.pool.connection() as connection:
        auth.store_password(connection, caller.user_id, password_hash, keep=auth.session_token(request))
        audit.record(connection, caller, action="change_password", object=f"user {caller.user_id}", now=now)
