"""Users: who may log in, with which role, within which area. Nobody gives more than he has."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from api import accounts
from api.auth import Admin
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Language, Patch, Text, row_id, unset
from api.paging import Listing, Paging
from api.problems import invalid, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/users", tags=["users"])

Role = Literal["admin", "operator", "responder", "viewer"]


class UserBody(Body):
    """A user to be added. Without an area he sees everything; `staff`: who he is on call."""

    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")]
    role: Role
    area: Code | None = None
    staff: Id | None = None
    language: Language | None = None


class UserPatch(Patch):
    """What changes of a user. His name stays: the audit log knows him by it."""

    role: Role = unset()
    area: Code | None = None
    staff: Id | None = None
    language: Language | None = None


class UserRead(BaseModel):
    """A user."""

    id: str
    username: str
    role: str
    area: str | None
    staff: str | None
    language: str | None
    created_at: datetime


class UserMade(UserRead):
    """A new user, with the one-time password that is told this once."""

    password: str


class OneTimePassword(BaseModel):
    """A user's new password, told this once."""

    password: str


@router.get("")
def list_users(
    context: Ctx,
    caller: Admin,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    role: Role | None = None,
    q: Annotated[Text | None, Query(max_length=64, description="how the name begins")] = None,
) -> Listing[UserRead]:
    """List users."""
    with context.pool.connection() as connection:
        return reach.listed(
            connection, page=page, key=int, caller=caller, query=queries.list_users,
            filters={
                "everything": caller.area is None, "area": reach.area_asked(connection, caller, area), "role": role,
                "q": q,
            },
            read_query=queries.users_read, model=UserRead,
        )  # fmt: skip


@router.post("", status_code=201)
def add_user(body: UserBody, context: Ctx, caller: Admin) -> UserMade:
    """Add a user. The answer alone carries his one-time password."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        _within(connection, caller, body.area)
        password = accounts.add_user(
            connection, username=body.username, role=body.role, area=body.area,
            staff_id=_staff(connection, caller, body.staff), language=body.language, who=caller, now=now,
        )  # fmt: skip
        made = connection.execute(queries.user_by_name, {"username": body.username}).fetchone()
        found = _one(connection, made[0] if made else None, caller)
    return UserMade(**found.model_dump(), password=password)


@router.get("/{user_id}")
def read_user(user_id: str, context: Ctx, caller: Admin) -> UserRead:
    """Show a user."""
    with context.pool.connection() as connection:
        return _one(connection, row_id(user_id), caller, asked=user_id)


@router.patch("/{user_id}")
def change_user(user_id: str, body: UserPatch, context: Ctx, caller: Admin) -> UserRead:
    """Change what a user may do and where."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        accounts.hold(connection)
        before = _one(connection, row_id(user_id), caller, asked=user_id)
        wanted = before.model_copy(update=body.given())
        _within(connection, caller, wanted.area)
        accounts.change_user(
            connection, user_id=int(before.id), role=wanted.role, area=wanted.area,
            staff_id=_staff(connection, caller, wanted.staff, already=before.staff), language=wanted.language,
        )  # fmt: skip
        written.changed(connection, caller, f"user {user_id}", before, wanted, area=wanted.area, now=now)
        return wanted


@router.delete("/{user_id}", status_code=204)
def remove_user(user_id: str, context: Ctx, caller: Admin) -> None:
    """Remove a user: he is logged out, and what he did stays under his name."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        accounts.hold(connection)
        found = _one(connection, row_id(user_id), caller, asked=user_id)
        accounts.remove_user(connection, int(found.id), now)
        written.removed(connection, caller, f"user {user_id}", area=found.area, now=now)


@router.post("/{user_id}/password", status_code=201)
def new_password(user_id: str, context: Ctx, caller: Admin) -> OneTimePassword:
    """Give a user a one-time password, told in this answer only; his sessions end."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        found = _one(connection, row_id(user_id), caller, asked=user_id)
        password = accounts.new_password(connection, int(found.id))
        written.done(connection, caller, "new_password", f"user {user_id}", area=found.area, now=now)
    return OneTimePassword(password=password)


def _one(connection: Connection[Any], user_id: int | None, caller: Principal, *, asked: str | None = None) -> UserRead:
    """Return a user who has no more than the caller. Raises Problem 404."""
    found, path = reach.read(connection, queries.users_read, [] if user_id is None else [user_id], UserRead).get(
        str(user_id), (None, None)
    )
    # without an area he sees everything, which is more than a root area
    sees = caller.area is None if path is None else caller.sees(path)
    if found is None or not sees:
        raise missing("user", user_id if asked is None else asked)
    return found


def _within(connection: Connection[Any], caller: Principal, area: str | None) -> None:
    """Raise a Problem where a user would see more than the caller does."""
    if area is not None:
        reach.area(connection, caller, area)
    elif caller.area is not None:
        raise invalid("area", None, f"is missing: without one he would see everything; you see {caller.area}")


def _staff(
    connection: Connection[Any], caller: Principal, staff: str | None, *, already: str | None = None
) -> int | None:
    if staff is None:
        return None
    (staff_id,) = reach.staff(connection, caller, [("staff", staff)], already=[already] if already else ())
    return staff_id
