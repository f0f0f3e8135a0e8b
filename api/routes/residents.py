"""Residents: who lives in a home, whom to call, what whoever comes should know."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Day, Id, Language, LocalPhone, Name, Note, Patch, Text, Word, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid
from api.routes import reach, written
from devices import registry, standing, upkeep
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/residents", tags=["registry"])

PRIVATE = frozenset(
    {"name", "birth_date", "phone", "sex", "category", "notes", "contacts", "risk", "worse_since", "left_why"}
)
"""Of these the audit log holds no value, only that they were changed."""
_NOT_FOR_VIEWERS = ("phone", "notes", "contacts", "risk", "worse_since", "left_why")


class Contact(Body):
    """Somebody to call beside the resident."""

    name: Name
    phone: LocalPhone
    relation: Word | None = None


class ResidentBody(Body):
    """A resident to be added."""

    name: Name
    home: Id
    birth_date: Day | None = None
    phone: LocalPhone | None = None
    sex: Word | None = None
    category: list[Word] = Field(default_factory=list, max_length=20)
    notes: Note | None = None
    contacts: list[Contact] = Field(default_factory=list, max_length=20)
    language: Language | None = None


class ResidentPatch(Patch):
    """What changes of a resident; lists are sent whole."""

    name: Name = unset()
    home: Id = unset()
    birth_date: Day | None = None
    phone: LocalPhone | None = None
    sex: Word | None = None
    category: Annotated[list[Word], Field(max_length=20)] = unset()
    notes: Note | None = None
    contacts: Annotated[list[Contact], Field(max_length=20)] = unset()
    language: Language | None = None


class ContactRead(BaseModel):
    """Somebody to call beside the resident, as he was written down."""

    name: str
    phone: str | None = None
    relation: str | None = None


class ResidentRead(BaseModel):
    """A resident."""

    id: str
    name: str
    home: str
    area: str
    birth_date: date | None
    phone: str | None = Field(description="null for viewers")
    sex: str | None
    category: list[str]
    notes: str | None = Field(description="null for viewers")
    contacts: list[ContactRead] | None = Field(description="null for viewers")
    language: str | None
    risk: str | None = Field(description="null: as his categories and his age say; null for viewers")
    worse_since: datetime | None = Field(description="since when he is to be seen within a day; null for viewers")
    left_at: datetime | None
    left_why: str | None = Field(description="null for viewers")
    created_at: datetime


@router.get("")
def list_residents(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    home: Id | None = None,
    category: Word | None = None,
    q: Annotated[Text | None, Query(max_length=200, description="how the name begins")] = None,
    left: Annotated[bool, Query(description="those who left or died instead of those who live there")] = False,
) -> Listing[ResidentRead]:
    """List residents. Whom the list showed is written down in the audit log."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_residents,
            filters={
                "area": reach.area_asked(connection, caller, area),
                "home_id": None if home is None else reach.home(connection, caller, home),
                "category": category,
                "q": q,
                "left": left,
            },
            read_query=queries.residents_read, model=ResidentRead,
        )  # fmt: skip
        shown = [each.id for each in found.items]
        detail = {"residents": shown, "area": area, "home": home, "category": category}
        written.looked(connection, caller, "residents", area=area or caller.area, detail=detail, now=now)
        found.items = [_shown(each, caller) for each in found.items]
        return found


@router.post("", status_code=201)
def add_resident(body: ResidentBody, context: Ctx, caller: Admin) -> ResidentRead:
    """Add a resident."""
    now = context.clock.now()
    check_birth(body.birth_date, now)
    with context.pool.connection() as connection:
        resident_id = registry.add_resident(
            connection, home_id=reach.home(connection, caller, body.home), name=body.name, birth_date=body.birth_date,
            phone=body.phone, sex=body.sex, category=body.category, notes=body.notes, contacts=contacts_of(body.contacts),
            language=body.language, now=now,
        )  # fmt: skip
        made = one(connection, resident_id, caller)
        written.added(connection, caller, f"resident {resident_id}", area=made.area, now=now)
        return made


@router.get("/{resident_id}")
def read_resident(resident_id: str, context: Ctx, caller: Viewer) -> ResidentRead:
    """Show a resident. That one looked is written down in the audit log."""
    with context.pool.connection() as connection:
        found = one(connection, row_id(resident_id), caller, asked=resident_id)
        written.looked(connection, caller, f"resident {resident_id}", area=found.area, now=context.clock.now())
        return _shown(found, caller)


@router.patch("/{resident_id}")
def change_resident(resident_id: str, body: ResidentPatch, context: Ctx, caller: Admin) -> ResidentRead:
    """Change a resident."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before = _held(connection, resident_id, caller)
        wanted = before.model_copy(update=body.given())
        check_birth(wanted.birth_date, now)
        standing.by(connection, who=caller.username, why=None, now=now)
        upkeep.change_resident(
            connection, resident_id=int(before.id), home_id=reach.home(connection, caller, wanted.home),
            name=wanted.name, birth_date=wanted.birth_date, phone=wanted.phone, sex=wanted.sex,
            category=wanted.category, notes=wanted.notes, contacts=contacts_of(wanted.contacts or []),
            language=wanted.language,
        )  # fmt: skip
        after = one(connection, int(before.id), caller)
        what = f"resident {resident_id}"
        written.changed(connection, caller, what, before, after, area=after.area, private=PRIVATE, now=now)
        return after


@router.delete("/{resident_id}", status_code=204)
def remove_resident(resident_id: str, context: Ctx, caller: Admin) -> None:
    """Remove a resident; what happened to him stays."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _held(connection, resident_id, caller)
        standing.by(connection, who=caller.username, why=None, now=now)
        upkeep.remove_resident(connection, int(found.id), now)
        written.removed(connection, caller, f"resident {resident_id}", area=found.area, now=now)


def one(
    connection: Connection[Any], resident_id: int | None, caller: Principal, *, asked: str | None = None
) -> ResidentRead:
    """Return a resident. Raises Problem 404."""
    return reach.one(
        connection, queries.residents_read, resident_id, ResidentRead, what="resident", caller=caller, asked=asked
    )


def _held(connection: Connection[Any], resident_id: str, caller: Principal) -> ResidentRead:
    """Return a resident whom nobody else changes until the transaction ends."""
    connection.execute(queries.hold_resident, {"resident_id": row_id(resident_id)})
    return one(connection, row_id(resident_id), caller, asked=resident_id)


def _shown(resident: ResidentRead, caller: Principal) -> ResidentRead:
    """Return a resident as the caller may see him."""
    if caller.may("responder"):
        return resident
    return resident.model_copy(update=dict.fromkeys(_NOT_FOR_VIEWERS))


def contacts_of(contacts: Sequence[Contact | ContactRead]) -> list[registry.Contact]:
    """Return whom to call, as the registry takes it."""
    return [registry.Contact(each.name, each.phone, each.relation) for each in contacts]


def check_birth(day: date | None, now: datetime) -> None:
    """Raise Problem 422 for somebody who is not born yet."""
    # the day after: it may be tomorrow already where the home is
    if day is not None and (day - now.date()).days > 1:
        raise invalid("birth_date", day.isoformat(), "lies in the future; mend the year")
