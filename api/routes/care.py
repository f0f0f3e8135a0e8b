"""Care that is missing: who is to be seen by when and why, and who spoke with him."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from psycopg import Connection
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from alerts.care import procedure
from alerts.care.standards import Why, explain
from api.auth import Responder, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Instant, Note, Whole, row_id
from api.paging import Listing, Page, Paging
from api.problems import missing
from api.routes import reach, written
from api.work import asked
from api.work.asked import Several
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(tags=["care"])

SOON = timedelta(days=7)
LONG_AGO = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
OVERDUE, DUE = "overdue", "due"
CONTACTS_SHOWN = 50


class Reason(BaseModel):
    """Why somebody is to be seen then, as a sentence in each language."""

    zh_cn: str = Field(serialization_alias="zh-CN")
    en: str

    @classmethod
    def of(cls, why: Why) -> "Reason":
        """Return it in each language."""
        return cls(zh_cn=explain("zh-CN", why), en=explain("en", why))


class DueRead(BaseModel):
    """Somebody who is to be seen. `state`: overdue or due; `case`: of the gap that was found, with the alert it was told by.

    `seen_by`: visit, look, telephone, in_person or video. `noted`: somebody spoke with him, and it counts in a moment.
    """

    resident: str
    name: str
    home: str
    area: str
    address: str
    state: Literal["overdue", "due"]
    due_at: Instant
    why: Reason
    high_risk: bool
    seen_at: Instant | None
    seen_by: str | None
    remote_at: Instant | None
    case: str | None
    alert: str | None
    assigned_to: str | None
    noted: bool


class SeenBody(Body):
    """Somebody spoke with a resident, or saw him. `at`: when, where it was not just now."""

    how: Literal["telephone", "in_person", "video"]
    at: Instant | None = None
    note: Note | None = None


class ContactRead(BaseModel):
    """That somebody spoke with a resident or saw him; `note`: null for viewers."""

    id: str
    how: str
    at: Instant
    note: str | None
    who: str


class CareRead(BaseModel):
    """When a resident was last seen, and when he is due; `due_at`: null where he is nobody's duty."""

    resident: str
    due_at: Instant | None
    why: Reason | None
    seen_at: Instant | None
    seen_by: str | None
    remote_at: Instant | None
    contacts: list[ContactRead]


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row of the list."""

    due_at: datetime
    id: int
    name: str
    home_id: int
    area: str
    area_name: str
    address: str
    risk: str | None
    category: list[str]
    why: dict[str, Any]
    seen_at: datetime | None
    seen_by: str | None
    remote_at: datetime | None
    case_id: int | None
    alert_id: int | None
    assigned_to: str | None
    noted: bool

    @property
    def reason(self) -> Why:
        """Why he is due then."""
        return Why.of(self.why)


@router.get("/care/due")
def list_due(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    state: Several = None,
    within_days: Annotated[Whole, Query(ge=0, le=366, description="how far ahead", strict=False)] = SOON.days,
) -> Listing[DueRead]:
    """List who is overdue, and who is due soon, those due the longest first. Whom it showed is in the audit log."""
    now = context.clock.now()
    states = asked.states(state, [OVERDUE, DUE]) or [OVERDUE, DUE]
    with context.pool.connection() as connection:
        path = reach.area_asked(connection, caller, area)
        rows, following = due(
            connection, caller, page, path, states, ahead=timedelta(days=within_days), now=now
        )  # fmt: skip
        note_shown(connection, caller, rows, area, now)
    return Listing(items=[_read(row, now) for row in rows], next=following)


@router.get("/residents/{resident_id}/care")
def read_care(resident_id: str, context: Ctx, caller: Viewer) -> CareRead:
    """Show when a resident was seen and is due, with the calls that were noted. That one looked is in the audit log."""
    with context.pool.connection() as connection:
        number, code = in_sight(connection, caller, resident_id)
        row = connection.execute(queries.care_state_of, {"resident_id": number}).fetchone()
        due_at, why, seen_at, seen_by, remote_at = row or (None,) * 5
        noted = connection.execute(
            queries.contacts_of_resident, {"resident_id": number, "limit": CONTACTS_SHOWN}
        ).fetchall()
        written.looked(connection, caller, f"care of resident {number}", area=code, now=context.clock.now())
    may = caller.may("responder")
    return CareRead(
        resident=str(number), due_at=due_at, why=None if why is None else Reason.of(Why.of(why)), seen_at=seen_at,
        seen_by=seen_by, remote_at=remote_at,
        contacts=[
            ContactRead(id=str(contact), how=how, at=at, note=note if may else None, who=who)
            for contact, how, at, _, note, who in noted
        ],
    )  # fmt: skip


@router.post("/residents/{resident_id}/seen", status_code=201)
def note_seen(resident_id: str, body: SeenBody, context: Ctx, caller: Responder) -> ContactRead:
    """Write down that somebody spoke with a resident or saw him; what he was due for ends within seconds."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        number, code = in_sight(connection, caller, resident_id)
        contact = noted(connection, caller, number, code, body, now)
    at = min(body.at or now, now)
    return ContactRead(id=str(contact), how=body.how, at=at, note=body.note, who=caller.actor().name)


def noted(
    connection: Connection[Any],
    caller: Principal,
    resident_id: int,
    area: str,
    body: SeenBody,
    now: datetime,
    channel: str = "api",
) -> int:
    """Write a contact down, and in the audit log that it was; returns its id."""
    contact = procedure.note_seen(
        connection, resident_id=resident_id, how=body.how, at=body.at, note=(body.note or "").strip() or None,
        actor=caller.actor(channel), now=now,
    )  # fmt: skip
    written.done(connection, caller, "seen", f"resident {resident_id}", area=area, now=now)
    return contact


def in_sight(connection: Connection[Any], caller: Principal, resident_id: str) -> tuple[int, str]:
    """Return a resident's id and the code of his area. Raises Problem 404 for one whom the caller does not see."""
    row = connection.execute(queries.resident_in_sight, {"resident_id": row_id(resident_id)}).fetchone()
    if row is None or not caller.sees(row[2]):
        raise missing("resident", resident_id)
    return row[0], row[1]


def due(
    connection: Connection[Any],
    caller: Principal,
    page: Page,
    path: str | None,
    states: Sequence[str],
    *,
    ahead: timedelta,
    now: datetime,
) -> tuple[list[DueRow], str | None]:
    """Return a page of those who are overdue or due soon and whom the caller sees, and the cursor of the next."""
    after_due, after_id = page.after(datetime, int)
    asked_for = {
        "from": LONG_AGO if OVERDUE in states else now, "until": now + ahead if DUE in states else now,
        "after_due": after_due, "after_id": after_id, "below": caller.below, "within": path, "limit": page.rows,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(DueRow)) as cursor:
        rows = cursor.execute(queries.list_care_due, asked_for).fetchall()
    return page.cut(rows, lambda row: (row.due_at, row.id))


def note_shown(
    connection: Connection[Any], caller: Principal, rows: Sequence[DueRow], area: str | None, now: datetime
) -> None:
    """Write into the audit log whom a list has shown."""
    if rows:
        detail = {"residents": [str(row.id) for row in rows]}
        written.looked(connection, caller, "care due", area=area or caller.area, detail=detail, now=now)


def _read(row: DueRow, now: datetime) -> DueRead:
    return DueRead(
        resident=str(row.id), name=row.name, home=str(row.home_id), area=row.area, address=row.address,
        state="overdue" if row.due_at <= now else "due", due_at=row.due_at, why=Reason.of(row.reason),
        high_risk=row.reason.high, seen_at=row.seen_at, seen_by=row.seen_by, remote_at=row.remote_at,
        case=None if row.case_id is None else str(row.case_id),
        alert=None if row.alert_id is None else str(row.alert_id), assigned_to=row.assigned_to, noted=row.noted,
    )  # fmt: skip
