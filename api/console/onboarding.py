"""A device added at the console: its home found while one types, its password shown once."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response

from api.auth import Admin
from api.console import homes, refusals
from api.console.credentials import told
from api.console.page import View, view
from api.context import Principal
from api.problems import Problem
from api.routes import devices as registered
from devices import formats, refused
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/add")

Typed = Annotated[str, Form(max_length=400)]
Given = Annotated[str, Query(max_length=400)]
HUBS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed so far."""

    uid: str = ""
    kind: str = ""
    format: str = formats.OWN
    topic: str = ""
    hub: str = ""
    patrol_every_s: str = ""
    offline_after_s: str = ""


@router.get("")
def ask(
    request: Request, caller: Admin, home: Given = "", q: homes.Sought = "", uid: Given = "", kind: Given = ""
) -> Response:
    """Ask for the home first, then for the device."""
    return _page(view(request, caller), caller, home, Wanted(uid=uid, kind=kind), q=q)


@router.post("")
def add(
    request: Request,
    caller: Admin,
    home: Typed = "",
    uid: Typed = "",
    kind: Typed = "",
    format: Typed = formats.OWN,  # noqa: A002 - the contract's word
    topic: Typed = "",
    hub: Typed = "",
    patrol_every_s: Typed = "",
    offline_after_s: Typed = "",
) -> Response:
    """Register it and show its password once."""
    seen = view(request, caller)
    wanted = Wanted(uid.strip(), kind, format, topic, hub, patrol_every_s, offline_after_s)
    fields = {"home": home, **{name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}}
    _ = seen.wording.gettext
    try:
        body = refusals.typed(registered.DeviceBody, fields)
        now = seen.context.clock.now()
        return told(
            seen, lambda connection: registered.add(connection, caller, body, now),
            _("{uid} is registered", uid=body.uid), back="",
        )  # fmt: skip
    except (refused.Refused, Problem) as error:
        return _page(seen, caller, home, wanted, why=refusals.words(seen.wording, error), status=422)


def _page(
    seen: View, caller: Principal, home: str, wanted: Wanted, *, q: str = "", why: str = "", status: int = 200
) -> Response:
    with seen.context.pool.connection() as connection:
        chosen = homes.chosen(connection, caller, home, seen.context.clock.now())
        hubs: list[tuple[Any, ...]] = []
        if chosen is not None:
            hubs = connection.execute(
                queries.hubs_to_choose, {"area": chosen.area, "home_id": chosen.id, "limit": HUBS_SHOWN}
            ).fetchall()
    found = homes.find(seen, caller, q) if chosen is None else []
    kept = {name: value for name, value in (("uid", wanted.uid), ("kind", wanted.kind)) if value}
    onward = "/add" + (f"?{urlencode(kept)}" if kept else "")
    return seen.page(
        "add.html", status=status, home=chosen, homes=found, sought=q, onward=onward, wanted=wanted, why=why,
        hubs=[uid for (uid,) in hubs], formats=formats.names(),
    )  # fmt: skip
