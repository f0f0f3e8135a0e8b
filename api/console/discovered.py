"""What was heard and is in no registry yet: an administrator lets it in or dismisses it."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from api.auth import Admin
from api.console import homes, refusals
from api.console.credentials import told
from api.console.page import View, go, view
from api.context import Principal
from api.paging import Page
from api.problems import Problem
from api.routes import discovered
from devices import refused

router = APIRouter(prefix="/discovered")

Typed = Annotated[str, Form(max_length=400)]
Given = Annotated[str, Query(max_length=1000)]
PAGE = 50


@router.get("")
def show(request: Request, caller: Admin, after: Given = "", dismissed: Given = "") -> Response:
    """Show what waits, the newest first; or what was dismissed."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        found = discovered.listed(connection, caller, Page(PAGE, after or None), dismissed=bool(dismissed))
    return seen.page(
        "discovered.html", rows=found.items, following=found.next, first=not after, dismissed=bool(dismissed)
    )


@router.get("/{discovered_id}")
def show_one(
    request: Request, discovered_id: str, caller: Admin, home: Given | None = None, q: homes.Sought = ""
) -> Response:
    """Show one, with the form that lets it in: at its hub's home, unless another is chosen or looked for."""
    return _page(view(request, caller), caller, discovered_id, home=home, q=q)


@router.post("/{discovered_id}/approve")
def approve(
    request: Request, discovered_id: str, caller: Admin, uid: Typed = "", kind: Typed = "", home: Typed = ""
) -> Response:
    """Let it in. What speaks for itself gets a password, shown once; what speaks through a hub needs none."""
    seen = view(request, caller)
    try:
        body = refusals.typed(discovered.Approval, {"uid": uid, "kind": kind, "home": home})
        now = seen.context.clock.now()
        _ = seen.wording.gettext
        return told(
            seen, lambda connection: discovered.approve(connection, caller, discovered_id, body, now),
            _("{uid} is let in", uid=uid), back="/discovered",
        )  # fmt: skip
    except (refused.Refused, Problem) as error:
        return _page(seen, caller, discovered_id, home=home, why=refusals.words(seen.wording, error), status=422)


@router.post("/{discovered_id}/dismiss")
def dismiss(request: Request, discovered_id: str, caller: Admin) -> Response:
    """Take it off the list."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        discovered.dismiss(connection, caller, discovered_id, seen.context.clock.now())
    return go(seen, "/discovered")


@router.post("/{discovered_id}/recall")
def recall(request: Request, discovered_id: str, caller: Admin) -> Response:
    """Put it back on the list."""
    seen = view(request, caller)
    with seen.context.pool.connection() as connection:
        discovered.recall(connection, caller, discovered_id, seen.context.clock.now())
    return go(seen, "/discovered")


def _page(
    seen: View,
    caller: Principal,
    discovered_id: str,
    *,
    home: str | None = None,
    q: str = "",
    why: str = "",
    status: int = 200,
) -> Response:
    with seen.context.pool.connection() as connection:
        row = discovered.one(connection, caller, discovered_id)
        chosen = homes.chosen(
            connection, caller, ("" if q else row.home or "") if home is None else home, seen.context.clock.now()
        )
    return seen.page(
        "discovered_one.html", status=status, row=row, home=chosen, homes=[] if chosen else homes.find(seen, caller, q),
        sought=q, onward=f"/discovered/{row.id}", why=why,
    )  # fmt: skip
