"""What waits, most urgent first, and everything about the one that is looked at? The operator's page, live."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api import stream
from api.auth import Viewer
from api.console import case, waiting
from api.console.page import View, go, view
from api.context import Principal
from api.fields import row_id
from api.problems import Problem

router = APIRouter()


@router.get("/")
def show(request: Request, caller: Viewer, alert: str | None = None) -> Response:
    """Show the board with one alert; a responder starts with his own work."""
    seen = view(request, caller)
    if caller.staff_id is not None and not caller.may("operator") and caller.role == "responder":
        return go(seen, "/my")
    now = seen.context.clock.now()
    chosen = row_id(alert) if alert else None
    values = read(seen, caller, chosen)
    opened: case.Case | None = values["case"]
    if opened is not None:
        with seen.context.pool.connection() as connection:
            case.note_look(connection, caller, opened, now)
    return seen.page("board.html", **values)


@router.get("/board/stream")
async def follow(request: Request, caller: Viewer, alert: str | None = None, auto: bool = False) -> Response:
    """Send the whole board at once and on every change. `auto`: the page chose that alert, not the user."""
    seen = view(request, caller)
    chosen = row_id(alert) if alert else None

    def render() -> str:
        shared = seen.shared()
        return shared.html("board_frame.html", shared.context.clock.now(), **read(shared, caller, chosen, auto=auto))

    return await stream.pages(request, caller, seen.key("board", chosen, auto), render, seen.own, watched=True)


def read(seen: View, caller: Principal, chosen: int | None, *, auto: bool = False) -> dict[str, Any]:
    """Return what the board's templates need.

    The alert that was chosen stays, whatever comes above it: nobody shall press a button that was another's a moment ago.
    One that the page chose by itself stays until it is no longer open.
    """
    now = seen.context.clock.now()
    with seen.context.pool.connection() as connection:
        queue = waiting.queue(connection, caller, now)
        opened, gone = None, False
        if auto and chosen not in [card.id for card in queue.cards]:
            chosen = None
        look_at = chosen if chosen is not None else queue.cards[0].id if queue.cards else None
        if look_at is not None:
            try:
                opened = case.read(connection, caller, look_at, now)
            except Problem:
                # it was typed wrong, or belongs to an area that is not his: the board itself is still of use
                gone = True
    return {"queue": queue, "case": opened, "chosen": chosen is not None and not auto, "gone": gone, "refused": None}
