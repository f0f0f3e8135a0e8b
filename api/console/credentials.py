"""A device's password given anew or taken away, and a new set put in its place: the forms of a device's page."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from psycopg import Connection

from api.auth import Admin, Responder
from api.console import fleet, refusals, secret
from api.console.page import View, go, view
from api.context import Principal
from api.problems import Problem
from api.reading import DeviceRead
from api.routes import devices as registered
from api.routes import replacing
from devices import refused
from gateway import follow

router = APIRouter(prefix="/devices")

Typed = Annotated[str, Form(max_length=400)]
Made = tuple[DeviceRead, str]


@router.post("/{uid}/password")
def rotate(request: Request, uid: str, caller: Admin) -> Response:
    """Give it another password and show that once."""
    seen = view(request, caller)
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        password = registered.rotate(connection, caller, uid, now)
        device, _area = registered.one_device(connection, uid, caller)
    follow.wait_known(seen.context.pool, now)
    _ = seen.wording.gettext
    return secret.show(seen, device, password, _("{uid} has a new password", uid=uid))


@router.post("/{uid}/revoke")
def revoke(request: Request, uid: str, caller: Admin) -> Response:
    """Take its password away."""
    seen = view(request, caller)
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        registered.revoke(connection, caller, uid, now)
    follow.wait_known(seen.context.pool, now)
    return go(seen, f"/devices/{uid}")


@router.post("/{uid}/replace")
def replace(request: Request, uid: str, caller: Responder, new: Typed = "", topic: Typed = "") -> Response:
    """Put a new set in its place and show that one's password once."""
    seen = view(request, caller)
    try:
        return put_in_place(seen, caller, uid, {"uid": new, "topic": topic}, back="")
    except (refused.Refused, Problem) as error:
        return fleet.one(seen, caller, uid, why=refusals.words(seen.wording, error), status=422)


def put_in_place(seen: View, caller: Principal, uid: str, typed: dict[str, str], *, back: str) -> Response:
    """Replace a device by what was typed. Raises Refused, and Problem 404 or 422."""
    body = refusals.typed(replacing.Replacement, typed)
    locale = seen.context.settings.locale

    def deed(connection: Connection[object]) -> Made:
        now = seen.context.clock.now()
        return replacing.replace(connection, caller, uid, body, locale=locale, now=now)

    _ = seen.wording.gettext
    return told(seen, deed, _("{uid} is in the place of {old}", uid=body.uid, old=uid), back=back)


def told(seen: View, deed: Callable[[Connection[object]], Made], heading: str, *, back: str) -> Response:
    """Do what makes a password, in one transaction, and show that once."""
    with seen.context.pool.connection() as connection:
        device, password = deed(connection)
    follow.wait_known(seen.context.pool, seen.context.clock.now())
    return secret.show(seen, device, password, heading, back=back)
