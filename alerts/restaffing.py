"""What changes of who can be called? Changes and removes staff, rotas, overrides, pauses and policies; `staffing` adds them.

A change takes the whole new state: who changes one value reads the others first, and holds the row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from alerts.policy import Step
from alerts.rota import RotaKind
from alerts.staffing import (
    EndsBeforeItStarts,
    NamesUnknownRota,
    UnknownArea,
    check_pause,
    hold_staff,
    hours_kept,
    write_members,
    write_steps,
)
from alerts.windows import ALWAYS, Hours
from storage import sql

queries = sql.load("alerts")


def change_staff(
    connection: Connection[Any], *, staff_id: int, name: str, phone: str, area: str, language: str | None
) -> None:
    """Write a responder's new state; whether he wants no messages goes with the number. Raises UnknownArea."""
    changed = connection.execute(
        queries.set_staff,
        {"staff_id": staff_id, "name": name, "phone": phone, "area": area, "language": language},
    )
    if changed.rowcount == 0:
        raise UnknownArea(area)


def set_skills(connection: Connection[Any], staff_id: int, skills: Sequence[str]) -> None:
    """Write down what somebody may do, as services need it; each once, in the order given."""
    connection.execute(queries.set_skills, {"staff_id": staff_id, "skills": list(dict.fromkeys(skills))})


def remove_staff(connection: Connection[Any], staff_id: int, now: datetime) -> None:
    """Let somebody go: he is told of nothing any more."""
    connection.execute(queries.remove_staff, {"staff_id": staff_id, "now": now})


def change_rota(
    connection: Connection[Any],
    *,
    rota_id: int,
    name: str,
    area: str,
    timezone: str,
    kind: RotaKind | str,
    length: int,
    start: datetime,
    members: Sequence[int],
    hours: Hours = ALWAYS,
) -> None:
    """Write a rota's new state. Raises UnknownArea, UnknownStaff, UnknownCalendar, NeedsCalendar."""
    changed = connection.execute(
        queries.set_rota,
        {
            "rota_id": rota_id,
            "name": name,
            "area": area,
            "timezone": timezone,
            "kind": str(RotaKind(kind)),
            "length": length,
            "start": start,
            **hours_kept(hours),
        },
    )
    if changed.rowcount == 0:
        raise UnknownArea(area)
    write_members(connection, rota_id, members)


def remove_rota(connection: Connection[Any], rota_id: int) -> None:
    """Take a rota away, with its overrides; no policy may name it, or the database refuses it."""
    connection.execute(queries.delete_rota, {"rota_id": rota_id})


def change_override(
    connection: Connection[Any], *, override_id: int, rota_id: int, start: datetime, end: datetime, staff_id: int
) -> None:
    """Write an override's new state. Raises EndsBeforeItStarts, UnknownStaff, NamesUnknownRota."""
    if start >= end:
        raise EndsBeforeItStarts(start, end)
    hold_staff(connection, [staff_id])
    changed = connection.execute(
        queries.set_override,
        {"override_id": override_id, "rota_id": rota_id, "start": start, "end": end, "staff_id": staff_id},
    )
    if changed.rowcount == 0:
        raise NamesUnknownRota(rota_id)


def remove_override(connection: Connection[Any], override_id: int) -> None:
    """Take an override away: the rota's own turn holds again."""
    connection.execute(queries.delete_override, {"override_id": override_id})


def change_pause(connection: Connection[Any], *, pause_id: int, start: datetime, end: datetime | None) -> None:
    """Let a pause begin or end at another time: `end` now lets the member go on. Raises EndsBeforeItStarts."""
    check_pause(start, end)
    connection.execute(queries.set_pause, {"pause_id": pause_id, "start": start, "end": end})


def remove_pause(connection: Connection[Any], pause_id: int) -> None:
    """Take a pause away, as if it had never been."""
    connection.execute(queries.delete_pause, {"pause_id": pause_id})


def change_policy(
    connection: Connection[Any],
    *,
    policy_id: int,
    area: str,
    kinds: Sequence[str] | None,
    steps: Sequence[Step],
    repeat: int,
) -> None:
    """Write a policy's new state. Raises UnknownArea, NobodyToTell, OneOfTwo, UnknownStaff, NamesUnknownRota."""
    changed = connection.execute(
        queries.set_policy,
        {"policy_id": policy_id, "area": area, "kinds": None if kinds is None else list(kinds), "repeat": repeat},
    )
    if changed.rowcount == 0:
        raise UnknownArea(area)
    connection.execute(queries.delete_policy_steps, {"policy_id": policy_id})
    write_steps(connection, policy_id, steps)


def remove_policy(connection: Connection[Any], policy_id: int) -> None:
    """Take a policy away: the next one up the tree holds."""
    connection.execute(queries.delete_policy, {"policy_id": policy_id})
