"""Who saw or changed what? The audit log, as an administrator of the area reads it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from api.auth import Admin
from api.context import Ctx
from api.fields import Text
from api.paging import Listing, Paging
from api.reading import sight
from api.work.asked import Within
from storage import sql

queries = sql.load("api.work")
router = APIRouter(prefix="/audit", tags=["audit"])

Exactly = Annotated[Text | None, Query(max_length=200, description="exactly this")]


class AuditRead(BaseModel):
    """Somebody saw or changed something."""

    id: str
    at: datetime
    who: str = Field(description="the username; system, or a command, where nobody was logged in")
    role: str | None
    action: str
    object: str = Field(description="kind and id, as `resident 12`")
    area: str | None
    detail: dict[str, Any] | None


@router.get("")
def list_audit(
    context: Ctx,
    caller: Admin,
    page: Paging,
    within: Within,
    who: Exactly = None,
    action: Exactly = None,
    about: Annotated[Text | None, Query(alias="object", max_length=200, description="exactly this")] = None,
) -> Listing[AuditRead]:
    """List what was seen and changed in the caller's area, the newest first; what has no area, at the top only."""
    at, row_id = page.after(datetime, int)
    with context.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            queries.audit_page,
            {
                **sight(caller),
                "who": who,
                "action": action,
                "object": about,
                "from": within.start,
                "to": within.end,
                "after_at": at,
                "after_id": row_id,
                "limit": page.rows,
            },
        ).fetchall()
    shown, following = page.cut(rows, lambda row: (row["at"], row["id"]))
    return Listing(items=[AuditRead(**{**row, "id": str(row["id"])}) for row in shown], next=following)
