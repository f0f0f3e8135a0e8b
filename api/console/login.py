"""Logging in and out at a browser, and the switch between languages."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from alerts.texts import LANGUAGES
from api import auth, i18n
from api.auth import Viewer
from api.console.page import View, go, view
from api.context import Ctx, Principal
from api.problems import Problem
from storage import sql

queries = sql.load("api.console")
router = APIRouter()

LANGUAGE_LASTS_S = 365 * 24 * 3600


@router.get("/login")
def show(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's own word
    """Ask who it is; whoever has a session goes on."""
    token = auth.session_token(request)
    seen = view(request)
    if token and auth.principal_of(seen.context, token) is not None:
        return go(seen, inside(next))
    return seen.page("login.html", next=inside(next), wrong="", username="")


@router.post("/login")
def log_in(
    request: Request,
    context: Ctx,
    username: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """Open a session and go where one wanted to go."""
    _from_here(request)
    seen = view(request)
    address = request.client.host if request.client is not None else ""
    try:
        opened = auth.log_in(context, username=username, password=password, address=address)
    except Problem as problem:
        return seen.page(
            "login.html", status=problem.status, next=inside(next), wrong=_why(seen, problem), username=username
        )
    response = go(seen, inside(next))
    auth.set_cookie(response, context.settings, opened)
    return response


def _why(seen: View, problem: Problem) -> str:
    _ = seen.wording.gettext
    if problem.status == 429:
        minutes = -(-int(problem.headers.get("Retry-After", "60")) // 60)
        return _("Too many wrong log-ins. Try again in {minutes} min.", minutes=minutes)
    if problem.status == 401:
        return _("Unknown user or wrong password.")
    return problem.detail


@router.post("/logout")
def log_out(request: Request, context: Ctx, caller: Viewer) -> Response:
    """End the session."""
    token = auth.session_token(request)
    if token:
        with context.pool.connection() as connection:
            auth.log_out(connection, token)
    response = go(view(request, caller), "/login")
    auth.clear_cookie(response, context.settings)
    return response


@router.post("/language")
def switch_language(
    request: Request,
    context: Ctx,
    language: Annotated[str, Form(max_length=10)],
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Remember a language: in the browser, and of whoever is logged in, in every browser he will use."""
    _from_here(request)
    chosen = i18n.choose(language)
    caller = _caller(request, context)
    if caller is not None and language in LANGUAGES:
        with context.pool.connection() as connection:
            connection.execute(queries.set_language, {"user_id": caller.user_id, "language": chosen})
    response: RedirectResponse = go(view(request), inside(back))
    response.set_cookie(
        i18n.COOKIE, chosen, max_age=LANGUAGE_LASTS_S, path=context.settings.root_path or "/",
        secure=context.settings.is_https, httponly=True, samesite="lax",
    )  # fmt: skip
    return response


def _caller(request: Request, context: Ctx) -> Principal | None:
    token = auth.session_token(request)
    return auth.principal_of(context, token) if token else None


def _from_here(request: Request) -> None:
    """Refuse a form of another site: without a session there is no token that would tell it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "the form is from another site; load the page again")


def inside(path: str) -> str:
    """Return a path of ours to go on to; anything that would lead elsewhere leads home."""
    leads_out = not path.startswith("/") or path.startswith("//") or "\\" in path or any(ord(c) < 32 for c in path)
    return "/" if leads_out else path
