"""What came in that nobody could read? For administrators, with its bytes: once as text, once as they came."""

import base64
from datetime import datetime

from fastapi import APIRouter
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from api.auth import Admin
from api.console.quarantine import Quarantined
from api.context import Ctx
from api.paging import Listing, Paging
from api.reading import sight
from storage import sql

queries = sql.load("api.work")
router = APIRouter(prefix="/quarantine", tags=["quarantine"])


class QuarantinedRead(BaseModel):
    """A message that could not be read, and why; on a help topic with the alert that it raised all the same."""

    id: str
    at: datetime
    topic: str
    reason: str
    device: str | None = Field(description="the uid that its topic names")
    alert: str | None
    size: int = Field(description="bytes that came; of a very large message only the beginning is kept")
    text: str = Field(description="the payload as text, what is not printable as its code")
    base64: str = Field(description="the payload as it came")


@router.get("")
def list_quarantined(context: Ctx, caller: Admin, page: Paging) -> Listing[QuarantinedRead]:
    """List what could not be read, the newest first: from the homes of the caller's area; from strangers at the top."""
    (after,) = page.after(int)
    with (
        context.pool.connection() as connection,
        connection.cursor(row_factory=class_row(Quarantined)) as cursor,
    ):
        rows = cursor.execute(
            queries.quarantine_page, {**sight(caller), "after_id": after, "limit": page.rows}
        ).fetchall()
    shown, following = page.cut(rows, lambda row: (row.id,))
    return Listing(items=[_read(row) for row in shown], next=following)


def _read(row: Quarantined) -> QuarantinedRead:
    return QuarantinedRead(
        id=str(row.id),
        at=row.received_at,
        topic=row.topic,
        reason=row.reason,
        device=row.device_uid,
        alert=None if row.alert_id is None else str(row.alert_id),
        size=row.size,
        text=row.preview,
        base64=base64.b64encode(row.payload).decode(),
    )
