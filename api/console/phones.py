"""What would each responder's phone show, and what if he answered? Only where messages stay in the database."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from psycopg.rows import class_row

from alerts import answers
from api import stream
from api.auth import Operator
from api.console.page import View, go, view
from api.context import Principal
from api.fields import row_id
from api.problems import Problem, missing
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/phones")

PHONES_SHOWN = 24
BUBBLES_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text on a phone; `side`: `in` came to it, `out` was sent from it."""

    phone: str
    at: datetime
    side: str
    text: str
    channel: str
    state: str
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class Phone:
    """Somebody's phone."""

    staff_id: int
    name: str
    number: str
    area: str
    opted_out: bool
    bubbles: list[Bubble]


@router.get("")
def show(request: Request, caller: Operator) -> Response:
    """Show the phones, those that were written to last first."""
    seen = _only_here(view(request, caller))
    return seen.page("phones.html", phones=_read(seen, caller))


@router.get("/stream")
async def follow(request: Request, caller: Operator) -> Response:
    """Send the phones at once and on every change."""
    seen = _only_here(view(request, caller))

    def render() -> str:
        shared = seen.shared()
        return shared.html("phones_frame.html", shared.context.clock.now(), phones=_read(shared, caller))

    return await stream.pages(request, caller, seen.key("phones"), render, seen.own)


@router.post("/{staff_id}")
def answer(
    request: Request, staff_id: str, caller: Operator, body: Annotated[str, Form(max_length=500)] = ""
) -> Response:
    """Answer from somebody's phone, as his text would."""
    seen = _only_here(view(request, caller))
    number = row_id(staff_id)
    with seen.context.pool.connection() as connection:
        found = connection.execute(queries.phone_of_staff, {"staff_id": number, "below": caller.below}).fetchone()
        if found is None:
            raise missing("phone", staff_id)
        if body.strip():
            answers.answer(
                connection, sender=found[0], body=body, sid=f"page-{uuid4()}", channel="phone",
                now=seen.context.clock.now(),
            )  # fmt: skip
    return go(seen, f"/phones#phone-{number}")


def _read(seen: View, caller: Principal) -> list[Phone]:
    with seen.context.pool.connection() as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            queries.phones, {"below": caller.below, "limit": PHONES_SHOWN}
        ).fetchall()
        with connection.cursor(row_factory=class_row(Bubble)) as cursor:
            found = cursor.execute(
                queries.bubbles, {"phones": [row[2] for row in rows], "limit": BUBBLES_SHOWN}
            ).fetchall()
    bubbles: dict[str, list[Bubble]] = defaultdict(list)
    for each in found:
        bubbles[each.phone].append(each)
    return [
        Phone(staff_id, name, number, area, opted_out, bubbles[number])
        for staff_id, name, number, area, opted_out, _ in rows
    ]


def _only_here(seen: View) -> View:
    """Refuse where messages go to real phones: nobody may read or answer them in other people's names."""
    if not seen.context.settings.outbox_pages:
        raise Problem(404, "messages go to real phones here; see the messages of an alert on its page")
    return seen
