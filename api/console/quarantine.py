"""What came in that nobody could read? For administrators; what it holds is shown as text, whatever it is."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from psycopg.rows import class_row

from api.auth import Admin
from api.console.page import view
from api.fields import row_id
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/quarantine")

PAGE = 50


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that could not be read."""

    id: int
    topic: str
    payload: bytes
    size: int
    reason: str
    device_uid: str | None
    alert_id: int | None
    received_at: datetime

    @property
    def preview(self) -> str:
        """The beginning of the message as text; what is not printable is shown by its code."""
        text = self.payload.decode("utf-8", errors="backslashreplace")
        return "".join(each if each.isprintable() or each == "\n" else f"\\x{ord(each):02x}" for each in text)


@router.get("")
def show(request: Request, caller: Admin, before: str = "") -> Response:
    """Show what was put aside, the newest first."""
    seen = view(request, caller)
    with (
        seen.context.pool.connection() as connection,
        connection.cursor(row_factory=class_row(Quarantined)) as cursor,
    ):
        rows = cursor.execute(queries.quarantined, {"before": row_id(before), "limit": PAGE + 1}).fetchall()
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return seen.page("quarantine.html", rows=rows[:PAGE], following=following, first=not before)
