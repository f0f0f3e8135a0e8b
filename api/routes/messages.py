"""Who was told what, and did it reach him? The messages, as operators read them."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import Operator
from api.context import Ctx
from api.paging import Listing, Paging
from api.reading import sight
from api.work import asked, seen
from api.work.asked import OfId, Several
from storage import sql

queries = sql.load("api.work")
router = APIRouter(prefix="/messages", tags=["messages"])

STATES = (
    "queued", "sending", "accepted", "scheduled", "sent", "delivered", "read", "undelivered", "failed", "canceled",
    "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "held", "bundled",
)  # fmt: skip
"""Those that the table knows, the provider's own among them; held: by a limit; bundled: it left as a line of another."""


class MessageRead(BaseModel):
    """A message as the contract shows it, with whom it was for and why."""

    id: str
    alert: str | None
    staff: str | None
    staff_name: str | None
    to: str
    channel: str
    purpose: str = Field(description="tell, retell (pressed again), remind or inform")
    text: str
    segments: int
    state: str
    sid: str | None
    error: str | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


@router.get("")
def list_messages(
    context: Ctx,
    caller: Operator,
    page: Paging,
    alert: OfId = None,
    staff: OfId = None,
    state: Several = None,
) -> Listing[MessageRead]:
    """List messages, the newest first: those about alerts that the caller sees."""
    (message_id,) = page.after(int)
    with context.pool.connection() as connection:
        rows = connection.execute(
            queries.message_page,
            {
                **sight(caller),
                "alert_id": seen.number("alert", alert),
                "staff_id": seen.number("staff", staff),
                "states": asked.states(state, STATES),
                "after_id": message_id,
                "limit": page.rows,
            },
        ).fetchall()
    shown, following = page.cut(rows, lambda row: (row[0],))
    items = [
        MessageRead(
            id=str(number), alert=_text(alert_id), staff=_text(staff_id), staff_name=name, to=to, channel=channel,
            purpose=purpose, text=text, segments=segments, state=is_in, sid=sid, error=error, attempts=attempts,
            created_at=created_at, sent_at=sent_at, delivered_at=delivered_at,
        )
        for (
            number, alert_id, staff_id, name, to, channel, purpose, text, segments, is_in, sid, error, attempts,
            created_at, sent_at, delivered_at,
        ) in shown
    ]  # fmt: skip
    return Listing(items=items, next=following)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
