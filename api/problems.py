"""What does a caller hear when it goes wrong? An RFC 9457 problem document: what, with which value, and the mend."""

import json
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

import psycopg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from psycopg import errors
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from alerts import model as alerts_model
from alerts.model import AlreadyTaken
from api.protect import HEADERS
from devices import refused as devices_refused

log = structlog.get_logger("api.problems")

SHOWN_LENGTH = 200
"""Characters of a wrong value that are shown again."""
_KEY = re.compile(r"\((?P<columns>[^)]*)\)=\((?P<values>.*)\)")
_SECRET = re.compile(r"password|token|secret", re.IGNORECASE)


class Problem(Exception):
    """A request that is refused, with all that the answer says. `members` are added to the document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def document(self) -> dict[str, Any]:
        """Return the problem document."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


ProblemPage: TypeAlias = Callable[[Request, Problem], Response | None]
"""Shows a problem to a person; None where the document is to be sent. In `app.state.problem_page`."""


def missing(what: str, value: object) -> Problem:
    """Return the 404 for something that is not there, or not for the caller."""
    return Problem(404, f"{what} {shown(value)}: there is none with that id")


def invalid(field: str, value: object, message: str) -> Problem:
    """Return the 422 for a field of the body whose value makes no sense."""
    return invalids([(field, value, message)])


def invalids(wrong: Sequence[tuple[str, object, str]]) -> Problem:
    """Return the 422 for several fields at once."""
    entries = [
        {"field": field, "value": None if _SECRET.search(field) else shown(value), "message": message}
        for field, value, message in wrong
    ]
    detail = "; ".join(f"{field}: {message}" if field else message for field, _, message in wrong[:5])
    return Problem(422, detail, title="Some values make no sense", errors=entries)


def conflict(detail: str, **members: Any) -> Problem:
    """Return the 409 for what is not possible as things stand."""
    return Problem(409, detail, **members)


def shown(value: object) -> str | int | float | bool | None:
    """Return a value as an error shows it: short, and never a whole document."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 1e15 else str(value)[:SHOWN_LENGTH]
    if isinstance(value, str):
        return value if len(value) <= SHOWN_LENGTH else value[:SHOWN_LENGTH] + "..."
    return type(value).__name__


def answer(request: Request, problem: Problem) -> Response:
    """Return a problem as the caller can read it: a page for a person, the document for everything else."""
    page: ProblemPage | None = getattr(request.app.state, "problem_page", None)
    response = page(request, problem) if page is not None else None
    if response is not None:
        return response
    # ASCII: a refused value may hold a lone surrogate, which UTF-8 cannot carry
    return Response(
        json.dumps(problem.document(), ensure_ascii=True),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Let every error of an app leave as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(alerts_model.Refused, _refused)
    app.add_exception_handler(devices_refused.Refused, _refused)
    app.add_exception_handler(psycopg.Error, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(Exception, _unexpected)


# async, though they wait for nothing: a handler that is not would take a thread of the pool


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - for the type checker
    return answer(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    headers = dict(error.headers or {})
    detail = error.detail
    if error.status_code == 404:
        detail = f"there is nothing at {shown(request.url.path)}"
    elif error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_here(request))
        detail = f"{request.method} is not possible here; use {headers['Allow']}"
    elif error.status_code == 413:
        detail = "the body is larger than 1 MiB; send less at once"
    elif error.status_code == 400 and detail == "There was an error parsing the body":
        detail = "the body cannot be read; send one JSON object in UTF-8"
    return answer(request, Problem(error.status_code, detail, headers=headers))


def _methods_here(request: Request) -> list[str]:
    """Return what the path answers to: the router itself names only the methods of the first route that fits."""
    methods: set[str] = set()
    for method in ("GET", "POST", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            methods.add(method)
    return sorted(methods)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type checker
    found = error.errors()
    in_path = [each for each in found if each["loc"][:1] == ("path",)]
    if in_path:
        return answer(request, missing(str(in_path[0]["loc"][-1]), in_path[0].get("input")))
    return answer(request, invalids([_told(each) for each in found]))


def _told(entry: dict[str, Any]) -> tuple[str, object, str]:
    """Return field, value and message of one finding of pydantic."""
    where = [str(part) for part in entry["loc"][1:]]
    value = entry.get("input")
    message = str(entry["msg"]).removeprefix("Value error, ")
    match entry["type"]:
        case "json_invalid":
            where, value = [], None
            message = f"not JSON: {entry.get('ctx', {}).get('error', '')} at character {entry['loc'][-1]}"
        case "extra_forbidden":
            message = "there is no such key here; leave it out or mend its spelling"
        case "missing":
            value, message = None, "is missing" if where else "a JSON object is missing"
        case "model_attributes_type" | "model_type" | "dict_type" if not where:
            message = "send one JSON object, with Content-Type: application/json"
    return ".".join(where), value, message


async def _refused(request: Request, error: Exception) -> Response:
    is_missing = isinstance(error, alerts_model.Missing | devices_refused.Missing)
    is_conflict = isinstance(error, alerts_model.Conflict | devices_refused.Conflict)
    status = 404 if is_missing else 409 if is_conflict else 422
    members: dict[str, Any] = {"accepted_by_name": error.name} if isinstance(error, AlreadyTaken) else {}
    if isinstance(error, devices_refused.Refused) and status == 422:
        members["errors"] = [{"field": error.field, "value": shown(error.value), "message": str(error)}]
    return answer(request, Problem(status, str(error), **members))


async def _database(request: Request, error: Exception) -> Response:
    return answer(request, of_database(error))


def of_database(error: Exception) -> Problem:
    """Return what a refusal of the database means for the caller."""
    match error:
        case errors.UniqueViolation():
            field, value = _key(error)
            return conflict(f"{field} {shown(value)} is taken already; choose another", field=field, value=shown(value))
        case errors.ForeignKeyViolation():
            field, value = _key(error)
            return invalid(field, value, f"there is none with the id {shown(value)}")
        case errors.CheckViolation() | errors.NotNullViolation():
            field = error.diag.column_name or error.diag.constraint_name or ""
            return invalid(field, None, "the value is outside what the database takes")
        case errors.RestrictViolation():
            return conflict(str(error.diag.message_primary))
        case psycopg.DataError():
            return invalid("", None, "a value cannot be stored: a NUL character, a number or a time out of range")
        case psycopg.OperationalError() | psycopg.InterfaceError() | PoolTimeout():
            log.warning("database out of reach", error=(str(error).splitlines() or [type(error).__name__])[0])
            return Problem(
                503, "the database is out of reach or busy; try again in a moment", headers={"Retry-After": "2"}
            )
    log.error("database refused a query of ours", exc_info=error)
    return Problem(500, "something went wrong on our side; it is in the log")


def _key(error: psycopg.Error) -> tuple[str, str]:
    """Return the columns and values that a constraint names, whatever the server's language."""
    found = _KEY.search(error.diag.message_detail or "")
    if found is None:
        return error.diag.constraint_name or "value", ""
    return found["columns"], found["values"]


async def _unexpected(request: Request, error: Exception) -> Response:
    # the server logs the error itself, with its trace; the caller learns nothing of our insides
    response = answer(request, Problem(500, "something went wrong on our side; it is in the log"))
    # this one is answered outside of the middleware that adds them to all others
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
