"""Labels to print, of devices that are there and of boxes not yet given out: what `anju labels` writes, as a page."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from api import labelling
from api import labels as drawing
from api.auth import Responder
from api.console.page import view
from api.labels import Label
from devices.wiring import Kind

router = APIRouter(prefix="/labels")

AT_MOST = 20 * drawing.A_SHEET
"""Labels of a page: twenty sheets; `anju labels` writes more."""
Given = Annotated[str, Query(max_length=200)]


@router.get("")
def show(
    request: Request,
    caller: Responder,
    uid: Annotated[list[str] | None, Query(max_length=AT_MOST)] = None,
    area: Given = "",
    new: Annotated[int, Query(ge=0, le=AT_MOST)] = 0,
    kind: Given = "",
    model: Given = "",
) -> Response:
    """Show the labels that are asked for, as they are printed; without a question, the form that asks."""
    seen = view(request, caller)
    kind = kind if kind in list(Kind) else ""
    found: list[Label] = []
    asked = bool(uid or area or new)
    with seen.context.pool.connection() as connection:
        if new:
            found = labelling.fresh_labels(connection, new, kind or None, model.strip()[:80] or None)
        elif asked:
            wanted = [each for each in uid or () if labelling.is_uid(each)]
            found = labelling.labels_of(
                connection, uids=wanted if uid else None, area=area.replace("\0", "").strip() or None, below=caller.below,
                limit=AT_MOST,
            )  # fmt: skip
    sheets = [Markup(each) for each in drawing.sheets(found, seen.context.settings.public_url)]  # noqa: S704 - drawn by us, its texts escaped
    return seen.page(
        "labels.html", sheets=sheets, count=len(found), asked=asked, area=area, new=new, kind=kind, model=model,
        full=len(found) == AT_MOST,
    )  # fmt: skip
