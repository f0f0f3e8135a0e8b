"""What is to be done with the device in my hand? A label's code leads here; so does its uid, typed.

A device that is known is shown, and can be replaced by another; one that is not is put into a home. What staff put in so
speaks Anju's own format: a vendor's device, whose topic could be another's, is an administrator's to add.
"""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg import Connection

from api.auth import Responder
from api.console import credentials, fleet, homes, refusals
from api.console.page import View, go, view
from api.context import Principal
from api.labelling import is_uid
from api.problems import Problem
from api.routes import devices as registered
from api.routes import replacing, written
from devices import refused
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/my/scan")

Given = Annotated[str, Query(max_length=2000)]
Typed = Annotated[str, Form(max_length=400)]
BACK = "/my/scan"
DOOR = "/my/door/"
"""What the link on a home's door leads to."""


@router.get("")
def ask(request: Request, caller: Responder, uid: Given = "") -> Response:
    """Ask for the uid; a whole link that a scanner typed is one too."""
    seen = view(request, caller)
    found = uid.strip().partition("?")[0].rstrip("/").rpartition("/")[2]
    if not found:
        return seen.page("scan.html", wrong="")
    if not is_uid(found):
        return seen.page("scan.html", status=422, wrong=uid.strip()[:80])
    if DOOR in uid:
        # the label of a home's door, not of a device: it has a page of its own
        return go(seen, f"{DOOR}{found}")
    asked = uid.partition("?")[2]
    return go(seen, f"{BACK}/{found}" + (f"?{quote(asked, safe='=&%+')}" if asked else ""))


@router.get("/{uid}")
def show(
    request: Request,
    uid: str,
    caller: Responder,
    kind: Given = "",
    model: Given = "",
    home: Given = "",
    q: homes.Sought = "",
) -> Response:
    """Show what can be done with it."""
    seen = view(request, caller)
    if not is_uid(uid):
        return seen.page("scan.html", status=422, wrong=uid[:80])
    return _page(seen, caller, uid, kind=kind, model=model, home=home, q=q)


@router.post("/{uid}")
def put_in(
    request: Request,
    uid: str,
    caller: Responder,
    home: Typed = "",
    kind: Typed = "",
    model: Typed = "",
    old: Typed = "",
) -> Response:
    """Put it into a home: beside what stands there, or in the place of one that goes."""
    seen = view(request, caller)
    back = f"{BACK}/{uid}"
    try:
        if old:
            return _in_place_of(seen, caller, uid, old, home, kind)
        body = refusals.typed(registered.DeviceBody, {"uid": uid, "kind": kind, "home": home})
        now = seen.context.clock.now()
        _ = seen.wording.gettext
        return credentials.told(
            seen, lambda connection: registered.add(connection, caller, body, now), _("{uid} is registered", uid=uid),
            back=back,
        )  # fmt: skip
    except (refused.Refused, Problem) as error:
        why = refusals.words(seen.wording, error)
        return _page(seen, caller, uid, kind=kind, model=model, home=home, why=why, status=422)


@router.post("/{uid}/replace")
def replace(request: Request, uid: str, caller: Responder, new: Typed = "", topic: Typed = "") -> Response:
    """Put another in the place of this one; the new one's code, read by a scanner, is its uid."""
    seen = view(request, caller)
    fresh = new.strip().partition("?")[0].rstrip("/").rpartition("/")[2]
    try:
        return credentials.put_in_place(seen, caller, uid, {"uid": fresh, "topic": topic}, back=f"{BACK}/{fresh}")
    except (refused.Refused, Problem) as error:
        return _page(seen, caller, uid, why=refusals.words(seen.wording, error), status=422)


def _in_place_of(seen: View, caller: Principal, uid: str, old: str, home: str, kind: str) -> Response:
    """Replace a device of the home that was chosen; of any other it would be a mistake of the page."""
    with seen.context.pool.connection() as connection:
        stands, _area = registered.one_device(connection, old, caller)
    if stands.home != home:
        raise refused.UnknownDevice(old)
    # a topic of a vendor's own goes with the old set where its kind is another
    fields = {"uid": uid, "kind": kind}
    body = refusals.typed(replacing.Replacement, fields)
    now, locale = seen.context.clock.now(), seen.context.settings.locale
    _ = seen.wording.gettext
    return credentials.told(
        seen, lambda connection: replacing.replace(connection, caller, old, body, locale=locale, now=now),
        _("{uid} is in the place of {old}", uid=uid, old=old), back=f"{BACK}/{uid}",
    )  # fmt: skip


def _page(
    seen: View,
    caller: Principal,
    uid: str,
    *,
    kind: str = "",
    model: str = "",
    home: str = "",
    q: str = "",
    why: str = "",
    status: int = 200,
) -> Response:
    with seen.context.pool.connection() as connection:
        device = fleet.device_file(connection, caller, uid)
        if device is not None:
            written.looked(
                connection, caller, f"device {device.uid}", area=device.area, detail={"what": "home"},
                now=seen.context.clock.now(),
            )  # fmt: skip
            return seen.page("scan_known.html", status=status, device=device, why=why)
        was = connection.execute(queries.removed_device, {"uid": uid, "below": caller.below}).fetchone()
        chosen = homes.chosen(connection, caller, home, seen.context.clock.now())
        stand = _standing(connection, chosen.id) if chosen is not None else []
    kept = {name: value for name, value in (("kind", kind), ("model", model)) if value}
    return seen.page(
        "scan_new.html", status=status, uid=uid, kind=kind or (was[0] if was else ""), model=model, home=chosen,
        homes=[] if chosen else homes.find(seen, caller, q), sought=q, successor=was[1] if was else None, was=bool(was),
        devices=stand, onward=f"{BACK}/{uid}" + (f"?{urlencode(kept)}" if kept else ""), why=why,
    )  # fmt: skip


def _standing(connection: Connection[object], home_id: int) -> list[tuple[str, str, str]]:
    """Return what stands in a home: uid, kind and state."""
    rows = connection.execute(queries.devices_of_home, {"home_id": home_id}).fetchall()
    return [(row[0], row[1], row[2] or "never") for row in rows]  # type: ignore[index]
