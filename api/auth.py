"""Who calls, and what may he see and do? Passwords, sessions, the four roles and their areas."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Network
from threading import BoundedSemaphore
from typing import Annotated, Any

import argon2
from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from psycopg import Connection
from starlette.datastructures import FormData

from api import audit
from api.context import ROLES, ApiSettings, Context, Ctx, Principal
from api.problems import Problem, invalid
from storage import sql

queries = sql.load("api")

SESSION_LASTS = timedelta(hours=12)
"""A shift, and no more: a forgotten browser is not open the next day."""
COOKIE = "anju_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

TRIES_WITHIN = timedelta(minutes=15)
TRIES_FOR_A_NAME = 10
"""Failed log-ins of one username from one address: from elsewhere nobody can lock its owner out."""
TRIES_FROM_AN_ADDRESS = 50
VERIFICATIONS_AT_ONCE = 4
"""Each takes 64 MiB: a flood of log-ins must not take the memory of everything else."""

_hasher = argon2.PasswordHasher()
_verifying = BoundedSemaphore(VERIFICATIONS_AT_ONCE)
_nobodys_hash = ""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A log-in that succeeded; the token is known to its owner only."""

    token: str
    expires_at: datetime


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    with _verifying:
        return _hasher.hash(password)


def new_password() -> str:
    """Return a one-time password: 100 random bits, in letters that are not mistaken for each other."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _matches(password_hash: str | None, password: str) -> bool:
    """Check a password; without a hash it takes as long, so that an unknown name cannot be told by the clock."""
    global _nobodys_hash  # noqa: PLW0603 - made at first use: it takes 50 ms
    with _verifying:
        if not _nobodys_hash:
            _nobodys_hash = _hasher.hash(secrets.token_urlsafe())
        try:
            _hasher.verify(password_hash or _nobodys_hash, password)
        except argon2.exceptions.Argon2Error:
            return False
    return password_hash is not None


def log_in(context: Context, *, username: str, password: str, address: str) -> NewSession:
    """Open a session. Raises Problem 401 for a wrong name or password, 429 after too many of them."""
    tried = _note_try(context, username, _network(address))
    with context.pool.connection() as connection:
        user = connection.execute(queries.user_for_login, tried).fetchone()
    user_id, password_hash = user if user else (None, None)
    if not _matches(password_hash, password) or user_id is None:
        raise Problem(401, "unknown user or wrong password", headers={"WWW-Authenticate": "Bearer"})
    rehashed = hash_password(password) if _hasher.check_needs_rehash(str(password_hash)) else None
    with context.pool.connection() as connection:
        connection.execute(queries.forget_login_tries, tried)
        if rehashed is not None:
            connection.execute(queries.set_password, {"user_id": user_id, "password_hash": rehashed})
        return open_session(connection, user_id, context.clock.now())


def check_own_password(context: Context, caller: Principal, password: str) -> None:
    """Raise Problem 422 where it is not the caller's present password, 429 after too many wrong ones.

    A stolen session must not be a place to guess the password in.
    """
    tried = _note_try(context, caller.username, f"user {caller.user_id}")
    with context.pool.connection() as connection:
        stored = connection.execute(queries.password_of, {"user_id": caller.user_id}).fetchone()
    if stored is None or not _matches(stored[0], password):
        raise invalid("password", None, "is not your present password")
    with context.pool.connection() as connection:
        connection.execute(queries.forget_login_tries, tried)


def store_password(connection: Connection[Any], user_id: int, password_hash: str, *, keep: str | None = None) -> None:
    """Give a user another password and end his sessions, but for the one whose token is `keep`."""
    connection.execute(queries.set_password, {"user_id": user_id, "password_hash": password_hash})
    end_sessions(connection, user_id, keep=keep)


def end_sessions(connection: Connection[Any], user_id: int, *, keep: str | None = None) -> None:
    """End a user's sessions, but for the one whose token is `keep`."""
    kept = None if keep is None else _token_hash(keep)
    connection.execute(queries.delete_sessions_of, {"user_id": user_id, "keep": kept})


def _note_try(context: Context, username: str, address: str) -> dict[str, Any]:
    """Write a try down before it is checked, so that a hundred at once count as a hundred; success forgets them."""
    now = context.clock.now()
    tried = {"username": username[:64], "address": address, "now": now, "since": now - TRIES_WITHIN}
    with context.pool.connection() as connection:
        connection.execute(queries.lock_login, tried)
        counted = connection.execute(queries.count_login_tries, tried).fetchone()
        of_name, from_address, oldest = counted if counted else (0, 0, None)
        if of_name >= TRIES_FOR_A_NAME or from_address >= TRIES_FROM_AN_ADDRESS:
            wait_s = max(1, int((oldest + TRIES_WITHIN - now).total_seconds()) + 1) if oldest else 60
            raise Problem(
                429,
                f"too many wrong log-ins; try again in {-(-wait_s // 60)} min",
                headers={"Retry-After": str(wait_s)},
            )
        connection.execute(queries.note_login_try, tried)
    return tried


def open_session(connection: Connection[Any], user_id: int, now: datetime) -> NewSession:
    """Give a user a new token; only its hash is kept."""
    session = NewSession(secrets.token_urlsafe(32), now + SESSION_LASTS)
    connection.execute(
        queries.insert_session,
        {"token_hash": _token_hash(session.token), "user_id": user_id, "now": now, "expires_at": session.expires_at},
    )
    return session


def log_out(connection: Connection[Any], token: str) -> None:
    """End the session of a token; ending it twice is no mistake."""
    connection.execute(queries.delete_session, {"token_hash": _token_hash(token)})


def set_cookie(response: Response, settings: ApiSettings, session: NewSession) -> None:
    """Let a browser keep the session: out of reach of scripts, and not sent along from other sites' forms."""
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=int(SESSION_LASTS.total_seconds()),
        path=settings.root_path or "/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, settings: ApiSettings) -> None:
    """Let a browser forget the session."""
    response.delete_cookie(COOKIE, path=settings.root_path or "/")


def csrf_token(settings: ApiSettings, session_token: str) -> str:
    """Return what an unsafe request with a session's cookie must carry beside it."""
    return hmac.new(settings.secret_key.encode(), b"csrf:" + session_token.encode(), hashlib.sha256).hexdigest()


def csrf_of(request: Request) -> str:
    """Return the CSRF token for the pages and forms of the session that a request came with; '' without one."""
    token = session_token(request)
    context: Context = request.app.state.context
    return csrf_token(context.settings, token) if token else ""


def session_token(request: Request) -> str | None:
    """Return the session's token that a request came with: the header's, else the cookie's."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.cookies.get(COOKIE)


async def _csrf_sent(request: Request) -> str | None:
    """Return the CSRF token that a request carries: in the header, or in a form's field."""
    sent = request.headers.get("x-csrf-token")
    if sent is not None or request.method in SAFE_METHODS or "authorization" in request.headers:
        return sent
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form: FormData = await request.form()
        value = form.get("csrf_token")
        return value if isinstance(value, str) else None
    return None


def current(
    request: Request,
    context: Ctx,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))],
    cookie: Annotated[str | None, Security(APIKeyCookie(name=COOKIE, auto_error=False))],
    csrf: Annotated[str | None, Depends(_csrf_sent)],
) -> Principal:
    """Return who calls. Raises Problem 401 without a session, 403 for a form that did not come from our pages."""
    token = bearer.credentials if bearer is not None else session_token(request)
    if not token:
        raise _not_logged_in("log in first: POST /api/v1/session, then Authorization: Bearer TOKEN")
    found = principal_of(context, token)
    if found is None:
        raise _not_logged_in("the session is over; log in again")
    by_cookie = bearer is None and "authorization" not in request.headers
    if by_cookie and request.method not in SAFE_METHODS:
        wanted = csrf_token(context.settings, token)
        if csrf is None or not hmac.compare_digest(wanted.encode(), csrf.encode(errors="replace")):
            raise Problem(
                403, "the form is from another session; load the page again", title="CSRF token missing or wrong"
            )
    request.state.principal = found
    return found


def principal_of(context: Context, token: str) -> Principal | None:
    """Return whose session a token is, None when it is over."""
    with context.pool.connection() as connection:
        row = connection.execute(
            queries.principal, {"token_hash": _token_hash(token), "now": context.clock.now()}
        ).fetchone()
    if row is None:
        return None
    user_id, username, role, area, path, is_root, staff_id, language, name = row
    return principal(
        user_id=user_id, username=username, role=role, area=area, path=path, is_root=is_root, staff_id=staff_id,
        language=language, name=name,
    )  # fmt: skip


def principal(
    *,
    user_id: int,
    username: str,
    role: str,
    area: str | None,
    path: str | None,
    is_root: bool | None,
    staff_id: int | None = None,
    language: str | None = None,
    name: str | None = None,
) -> Principal:
    """Return a principal with what follows from his area; without one he sees everything."""
    if area is None or path is None:
        return Principal(user_id, username, role, None, "%", staff_id, language, name or username, "/", top=True)
    # a code may hold `_`, which LIKE would take for any character, and show him a neighbour's homes
    below = path.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"
    return Principal(user_id, username, role, area, below, staff_id, language, name or username, path, bool(is_root))


def require(*roles: str) -> Callable[[Principal], Coroutine[Any, Any, Principal]]:
    """Return a dependency that gives the caller, and answers 403 to one who is below all of `roles`.

    The roles stand above each other: `require("responder")` lets responders, operators and administrators pass,
    `require()` everybody who is logged in.
    """
    lowest = min((ROLES.index(role) for role in roles), default=0)

    async def allowed(caller: Annotated[Principal, Depends(current)]) -> Principal:
        if ROLES.index(caller.role) < lowest:
            raise Problem(403, f"this takes the role {ROLES[lowest]}; you are {caller.role}")
        return caller

    return allowed


Viewer = Annotated[Principal, Depends(require("viewer"))]
"""Anybody who is logged in, as a route asks for him."""
Responder = Annotated[Principal, Depends(require("responder"))]
Operator = Annotated[Principal, Depends(require("operator"))]
Admin = Annotated[Principal, Depends(require("admin"))]


def create_first_admin(connection: Connection[Any], now: datetime) -> str | None:
    """Make the user `admin` where there is no user yet, and return his password; None where there is one."""
    password = new_password()
    made = connection.execute(
        queries.insert_first_admin, {"password_hash": hash_password(password), "now": now}
    ).fetchone()
    if made is None:
        return None
    audit.record(connection, "system", action="add", object=f"user {made[0]}", detail={"role": "admin"}, now=now)
    return password


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _network(address: str) -> str:
    """Return what counts as one address: of IPv6 a household has 2^64."""
    if ":" not in address:
        return address[:64]
    try:
        return f"{IPv6Network((address.partition('%')[0], 64), strict=False)}"
    except ValueError:
        return address[:64]


def _not_logged_in(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
