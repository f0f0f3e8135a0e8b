"""Who looks in on which homes by video, and what was seen? The only writer of patrol rounds and of their looks.

A home where nobody answers twice in a row raises an alert: the first time somebody is in the garden, the second time
somebody goes and sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection

from alerts import press, record, visits
from alerts.model import Actor, Invalid, Missing
from alerts.visits import Proof
from storage import sql

queries = sql.load("alerts")

NO_ANSWER = "no_answer"
"""The kind of alert that two looks without an answer raise."""
HOMES_AT_MOST = 1000
"""Homes of one round: more is not one person's work, and a round is read back whole."""


class LookResult(StrEnum):
    """What a look found."""

    WELL = "well"
    CONCERN = "concern"
    NO_ANSWER = "no_answer"
    CAMERA_DOWN = "camera_down"


@dataclass(frozen=True, slots=True)
class Looked:
    """A look that was written down, and the alert that it raised or joined."""

    look_id: int
    alert_id: int | None


class UnknownRound(Missing):
    """patrol round {round_id}: there is none with that id."""

    def __init__(self, round_id: int) -> None:
        super().__init__(f"patrol round {round_id}: there is none with that id")


class NoHomes(Invalid):
    """area {area}: no home there has a camera; name the homes, or another area."""

    def __init__(self, area: str) -> None:
        super().__init__(f"area {area}: no home there has a camera; name the homes, or another area")


class TooManyHomes(Invalid):
    """a round has at most {HOMES_AT_MOST} homes; begin one for each of the areas below."""

    def __init__(self) -> None:
        super().__init__(f"a round has at most {HOMES_AT_MOST} homes; begin one for each of the areas below")


class NotInArea(Invalid):
    """home {home_id}: there is none with that id in area {area}; leave it out, or begin the round in a larger area."""

    def __init__(self, home_id: object, area: str) -> None:
        super().__init__(
            f"home {home_id}: there is none with that id in area {area}; leave it out, or begin the round in a larger area"
        )


class NotInRound(Invalid):
    """home {home_id} is not in patrol round {round_id}; begin a round with it."""

    def __init__(self, home_id: object, round_id: int) -> None:
        super().__init__(f"home {home_id} is not in patrol round {round_id}; begin a round with it")


class LookBeforeRound(Invalid):
    """a look at {at} lies before its round began ({began}); mend the time."""

    def __init__(self, at: datetime, began: datetime) -> None:
        super().__init__(f"a look at {at.isoformat()} lies before its round began ({began.isoformat()}); mend the time")


def begin(
    connection: Connection[Any],
    *,
    area: str,
    name: str | None,
    staff_id: int | None,
    home_ids: Sequence[int] | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Begin a round and return its id. `home_ids`: None for all homes of the area that have a camera.

    Raises NoHomes, TooManyHomes, NotInArea, UnknownStaff, and Invalid for an unknown area.
    """
    homes = _homes(connection, area, home_ids)
    if staff_id is not None:
        record.staff_name(connection, staff_id)
    row = connection.execute(
        queries.insert_round,
        {"area": area, "name": name, "staff_id": staff_id, "now": now, "started_by": actor.name or actor.channel},
    ).fetchone()
    if row is None:
        raise Invalid(f"area {area}: there is none with that code; see GET /areas")
    connection.execute(queries.write_round_homes, {"round_id": row[0], "home_ids": homes})
    return int(row[0])


def _homes(connection: Connection[Any], area: str, home_ids: Sequence[int] | None) -> list[int]:
    if home_ids is None:
        rows = connection.execute(queries.homes_with_camera, {"area": area, "limit": HOMES_AT_MOST + 1}).fetchall()
        homes = [row[0] for row in rows]
    else:
        homes = list(dict.fromkeys(home_ids))
    if not homes:
        raise NoHomes(area)
    if len(homes) > HOMES_AT_MOST:
        raise TooManyHomes
    if home_ids is not None:
        rows = connection.execute(queries.homes_in_area, {"area": area, "home_ids": homes}).fetchall()
        there = {row[0] for row in rows}
        for home_id in homes:
            if home_id not in there:
                raise NotInArea(home_id, area)
    return homes


def look(
    connection: Connection[Any],
    *,
    round_id: int,
    home_id: int,
    result: LookResult,
    note: str | None,
    at: datetime | None,
    actor: Actor,
    now: datetime,
) -> Looked:
    """Write down what a look at a home found; the round is finished once every home has one.

    `at`: the phone's own time, None for now. The second look without an answer in a row raises an alert, or joins the
    one of that kind that is open for the home. Raises UnknownRound, NotInRound, LookBeforeRound.
    """
    found = connection.execute(queries.lock_round, {"round_id": round_id, "home_id": home_id}).fetchone()
    if found is None:
        raise UnknownRound(round_id)
    began, belongs = found
    if not belongs:
        raise NotInRound(home_id, round_id)
    time = visits.time_of(Proof(at=at), now)
    if time < began - visits.CLOCK_JITTER:
        raise LookBeforeRound(time, began)
    # looks at one home from two rounds wait for each other: both without an answer, the second raises the alert
    connection.execute(queries.lock_press, {"place": f"{NO_ANSWER}:home:{home_id}"})
    row = connection.execute(
        queries.insert_look,
        {
            "round_id": round_id,
            "home_id": home_id,
            "result": result,
            "note": note,
            "at": time,
            "who": actor.name or actor.channel,
        },
    ).fetchone()
    look_id = int(row[0]) if row else 0
    connection.execute(queries.finish_round, {"round_id": round_id, "now": now})
    last = connection.execute(queries.last_looks, {"home_id": home_id}).fetchall()
    twice = [each for _, each in last] == [LookResult.NO_ANSWER] * 2 and look_id in [each for each, _ in last]
    return Looked(look_id, _raise_or_join(connection, home_id, note, actor, now) if twice else None)


def _raise_or_join(connection: Connection[Any], home_id: int, note: str | None, actor: Actor, now: datetime) -> int:
    row = connection.execute(queries.open_alert_of_home, {"home_id": home_id, "kind": NO_ANSWER}).fetchone()
    if row is None:
        return press.raise_by_hand(
            connection, kind=NO_ANSWER, home_id=home_id, resident_id=None, text=note, actor=actor, now=now
        )
    alert_id, area = row
    record.on_timeline(connection, alert_id, "no_answer_again", actor, now, {"text": note} if note else {})
    record.tell_pages(connection, "alert", alert_id, area, now)
    return int(alert_id)
