"""Who may log in? Makes, changes and removes users; the last administrator over everything stays."""

import re
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts import staffing
from api import audit, auth
from api.audit import Who
from api.context import ROLES
from devices import refused
from storage import sql

queries = sql.load("api.routes")

USERNAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
COMMAND_LINE = "command line"


class NotAUsername(refused.Invalid):
    """username {username}: 1 to 64 of A-Z a-z 0-9 _ . @ -."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"username {username!r}: a name to log in with has 1 to 64 of A-Z a-z 0-9 _ . @ -",
            field="username", value=username,
        )  # fmt: skip


class NotARole(refused.Invalid):
    """role {role}: use one of the known ones."""

    def __init__(self, role: str) -> None:
        super().__init__(f"role {role!r}: use one of {', '.join(ROLES)}", field="role", value=role)


class UsernameTaken(refused.Conflict):
    """user {username}: somebody has that name or had it; choose another."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"user {username}: somebody has that name or had it, and the audit log knows people by it; choose another",
            field="username", value=username,
        )  # fmt: skip


class LastAdministrator(refused.Conflict):
    """user {user_id} is the last administrator over everything; make another one first."""

    def __init__(self, user_id: int) -> None:
        super().__init__(
            f"user {user_id} is the last administrator over everything; make another one first",
            field="role", value=user_id,
        )  # fmt: skip


def add_user(
    connection: Connection[Any],
    *,
    username: str,
    role: str,
    area: str | None = None,
    staff_id: int | None = None,
    language: str | None = None,
    who: Who | str = COMMAND_LINE,
    now: datetime,
) -> str:
    """Make a user and return his one-time password; without an area he sees everything.

    Raises NotAUsername, NotARole, UnknownArea, UnknownStaff, UsernameTaken.
    """
    if not USERNAME.fullmatch(username):
        raise NotAUsername(username)
    _check_seat(connection, role, area, staff_id)
    password = auth.new_password()
    made = connection.execute(
        queries.insert_user,
        {
            "username": username,
            "password_hash": auth.hash_password(password),
            "role": role,
            "area": area,
            "staff_id": staff_id,
            "language": language,
            "now": now,
        },
    ).fetchone()
    if made is None:
        raise UsernameTaken(username)
    detail = {"username": username, "role": role}
    audit.record(connection, who, action="add", object=f"user {made[0]}", area=area, detail=detail, now=now)
    return password


def hold(connection: Connection[Any]) -> None:
    """Let nobody else change users until the transaction ends."""
    connection.execute(queries.lock_users)


def change_user(
    connection: Connection[Any],
    *,
    user_id: int,
    role: str,
    area: str | None,
    staff_id: int | None,
    language: str | None,
) -> None:
    """Write a user's new state. Raises NotARole, UnknownArea, UnknownStaff, LastAdministrator."""
    hold(connection)
    _check_seat(connection, role, area, staff_id)
    if role != "admin" or area is not None:
        _keep_an_admin(connection, user_id)
    connection.execute(
        queries.set_user,
        {"user_id": user_id, "role": role, "area": area, "staff_id": staff_id, "language": language},
    )


def remove_user(connection: Connection[Any], user_id: int, now: datetime) -> None:
    """Take a user's log-in away, and end his sessions. Raises LastAdministrator."""
    hold(connection)
    _keep_an_admin(connection, user_id)
    connection.execute(queries.disable_user, {"user_id": user_id, "now": now})
    auth.end_sessions(connection, user_id)


def new_password(connection: Connection[Any], user_id: int) -> str:
    """Give a user a one-time password, and end his sessions."""
    password = auth.new_password()
    auth.store_password(connection, user_id, auth.hash_password(password))
    return password


def _check_seat(connection: Connection[Any], role: str, area: str | None, staff_id: int | None) -> None:
    if role not in ROLES:
        raise NotARole(role)
    if area is not None and connection.execute(queries.area_path, {"code": area}).fetchone() is None:
        raise refused.UnknownArea(area)
    if staff_id is not None:
        staffing.hold_staff(connection, [staff_id])


def _keep_an_admin(connection: Connection[Any], user_id: int) -> None:
    row = connection.execute(queries.admins_over_everything, {"user_id": user_id}).fetchone()
    if row is None or row[0] == 0:
        raise LastAdministrator(user_id)
