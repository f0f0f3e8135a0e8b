"""Who can be called, and in which order? Adds staff, rotas, overrides, pauses and policies; `restaffing` changes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts.holidays import UnknownCalendar, is_known
from alerts.model import Invalid, Missing, UnknownStaff
from alerts.policy import Step
from alerts.rota import RotaKind
from alerts.windows import ALWAYS, Days, Hours
from storage import sql

queries = sql.load("alerts")

CHANNELS = ("sms", "voice")


class UnknownArea(Invalid):
    """area {code}: there is none with that code; see GET /areas."""

    def __init__(self, code: str) -> None:
        super().__init__(f"area {code}: there is none with that code; see GET /areas")


class UnknownRota(Missing):
    """rota {rota_id}: there is none with that id."""

    def __init__(self, rota_id: int) -> None:
        super().__init__(f"rota {rota_id}: there is none with that id")


class NamesUnknownRota(Invalid):
    """rota {rota_id}: there is none with that id; see GET /rotas."""

    def __init__(self, rota_id: int) -> None:
        super().__init__(f"rota {rota_id}: there is none with that id; see GET /rotas")


class EndsBeforeItStarts(Invalid):
    """an override from {start} to {end} ends before it starts; mend one of them."""

    def __init__(self, start: datetime, end: datetime, what: str = "an override") -> None:
        super().__init__(
            f"{what} from {start.isoformat()} to {end.isoformat()} ends before it starts; mend one of them"
        )


class NotAMember(Invalid):
    """staff {staff_id} is no member of rota {rota_id}; only a member's turns can be paused."""

    def __init__(self, rota_id: int, staff_id: int) -> None:
        super().__init__(f"staff {staff_id} is no member of rota {rota_id}; only a member's turns can be paused")


class NeedsCalendar(Invalid):
    """a rota of {days} days needs to know which those are; give it `holidays`, for example CN."""

    def __init__(self, days: str) -> None:
        super().__init__(f"a rota of {days} days needs to know which those are; give it `holidays`, for example CN")


class NobodyToTell(Invalid):
    """a policy without a step tells nobody; give it at least one, with a rota or a staff member."""

    def __init__(self) -> None:
        super().__init__("a policy without a step tells nobody; give it at least one, with a rota or a staff member")


class OneOfTwo(Invalid):
    """step {number}: name a rota or a staff member, one of the two."""

    def __init__(self, number: int) -> None:
        super().__init__(f"step {number}: name a rota or a staff member, one of the two")


def add_staff(
    connection: Connection[Any], *, name: str, phone: str, area: str, language: str | None = None, now: datetime
) -> int:
    """Register a responder and return his id; `phone` in E.164. Raises UnknownArea."""
    row = connection.execute(
        queries.insert_staff, {"name": name, "phone": phone, "area": area, "language": language, "now": now}
    ).fetchone()
    if row is None:
        raise UnknownArea(area)
    return int(row[0])


def add_rota(
    connection: Connection[Any],
    *,
    name: str,
    area: str,
    timezone: str,
    kind: RotaKind | str,
    length: int,
    start: datetime,
    members: Sequence[int],
    hours: Hours = ALWAYS,
) -> int:
    """Set a rota up and return its id: each of `members` in turn has `length` hours, days, weeks or months from `start`.

    `timezone` is an IANA name; outside of `hours` nobody is on call. Raises UnknownArea, UnknownStaff, UnknownCalendar,
    NeedsCalendar.
    """
    row = connection.execute(
        queries.insert_rota,
        {
            "name": name,
            "area": area,
            "timezone": timezone,
            "kind": str(RotaKind(kind)),
            "length": length,
            "start": start,
            **hours_kept(hours),
        },
    ).fetchone()
    if row is None:
        raise UnknownArea(area)
    rota_id = int(row[0])
    write_members(connection, rota_id, members)
    return rota_id


def hours_kept(hours: Hours) -> dict[str, object]:
    """Return a rota's hours as its columns keep them. Raises UnknownCalendar, NeedsCalendar."""
    if hours.holidays is None and hours.days is not Days.EVERY:
        raise NeedsCalendar(hours.days)
    if hours.holidays is not None and not is_known(hours.holidays):
        raise UnknownCalendar(hours.holidays)
    windows = [
        {
            "weekdays": sorted(window.weekdays),
            "from": window.begins.isoformat("minutes"),
            "to": window.ends.isoformat("minutes"),
        }
        for window in hours.windows
    ]
    return {"windows": Jsonb(windows), "days": str(hours.days), "holidays": hours.holidays}


def write_members(connection: Connection[Any], rota_id: int, members: Sequence[int]) -> None:
    """Give a rota its members, in order; one may have several turns. Raises UnknownStaff."""
    hold_staff(connection, members)
    connection.execute(queries.write_rota_members, {"rota_id": rota_id, "staff_ids": list(members)})


def hold_staff(connection: Connection[Any], staff_ids: Sequence[int]) -> None:
    """Keep these people from being removed until the transaction ends. Raises UnknownStaff for one who is not there."""
    wanted = sorted(set(staff_ids))
    found = {row[0] for row in connection.execute(queries.hold_staff, {"staff_ids": wanted}).fetchall()}
    for staff_id in wanted:
        if staff_id not in found:
            raise UnknownStaff(staff_id)


def add_override(connection: Connection[Any], *, rota_id: int, start: datetime, end: datetime, staff_id: int) -> int:
    """Let somebody else have a rota's shift for a while; returns the override's id.

    Raises EndsBeforeItStarts, UnknownStaff, NamesUnknownRota.
    """
    if start >= end:
        raise EndsBeforeItStarts(start, end)
    hold_staff(connection, [staff_id])
    row = connection.execute(
        queries.insert_override, {"rota_id": rota_id, "start": start, "end": end, "staff_id": staff_id}
    ).fetchone()
    if row is None:
        raise NamesUnknownRota(rota_id)
    return int(row[0])


def add_pause(
    connection: Connection[Any], *, rota_id: int, start: datetime, end: datetime | None, staff_id: int
) -> int:
    """Let a member's turns pass to the next for a while, None: until further notice; returns the pause's id.

    Raises EndsBeforeItStarts, UnknownStaff, NotAMember.
    """
    check_pause(start, end)
    hold_staff(connection, [staff_id])
    row = connection.execute(
        queries.insert_pause, {"rota_id": rota_id, "start": start, "end": end, "staff_id": staff_id}
    ).fetchone()
    if row is None:
        raise NotAMember(rota_id, staff_id)
    return int(row[0])


def check_pause(start: datetime, end: datetime | None) -> None:
    """Raise EndsBeforeItStarts unless it lasts."""
    if end is not None and start >= end:
        raise EndsBeforeItStarts(start, end, "a pause")


def add_policy(
    connection: Connection[Any],
    *,
    area: str,
    kinds: Sequence[str] | None = None,
    steps: Sequence[Step],
    repeat: int = 0,
) -> int:
    """Say whom to tell in an area, and in which order; returns the policy's id.

    `kinds`: for these kinds of alert only, None for all. `repeat`: that many more rounds before the alert climbs.
    Raises UnknownArea, NobodyToTell, OneOfTwo, UnknownStaff, NamesUnknownRota.
    """
    row = connection.execute(
        queries.insert_policy,
        {"area": area, "kinds": None if kinds is None else list(kinds), "repeat": repeat},
    ).fetchone()
    if row is None:
        raise UnknownArea(area)
    policy_id = int(row[0])
    write_steps(connection, policy_id, steps)
    return policy_id


def write_steps(connection: Connection[Any], policy_id: int, steps: Sequence[Step]) -> None:
    """Give a policy its steps. Raises NobodyToTell, OneOfTwo, UnknownStaff, NamesUnknownRota."""
    if not steps:
        raise NobodyToTell
    for number, step in enumerate(steps, start=1):
        if (step.rota_id is None) == (step.staff_id is None):
            raise OneOfTwo(number)
    hold_staff(connection, [step.staff_id for step in steps if step.staff_id is not None])
    _hold_rotas(connection, [step.rota_id for step in steps if step.rota_id is not None])
    with connection.cursor() as cursor:
        cursor.executemany(
            queries.write_policy_step,
            [
                {
                    "policy_id": policy_id,
                    "position": position,
                    "after_s": step.after_s,
                    "rota_id": step.rota_id,
                    "staff_id": step.staff_id,
                    "channels": list(step.channels),
                    "channel_delay_s": step.channel_delay_s,
                    "entry": step.entry,
                }
                for position, step in enumerate(steps)
            ],
        )


def _hold_rotas(connection: Connection[Any], rota_ids: Sequence[int]) -> None:
    wanted = sorted(set(rota_ids))
    found = {row[0] for row in connection.execute(queries.hold_rotas, {"rota_ids": wanted}).fetchall()}
    for rota_id in wanted:
        if rota_id not in found:
            raise NamesUnknownRota(rota_id)
