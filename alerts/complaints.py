"""Who complains, of what, and was it put right? An alert tells the area, then up; whoever answers does not confirm it himself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection

from alerts import desk, raising, texts
from alerts.model import Actor, AlreadyClosed, Conflict, Invalid, Missing, Outcome
from storage import sql

queries = sql.load("alerts")

COMPLAINT = "complaint"
"""The kind of alert that a complaint opens."""


class ComplaintState(StrEnum):
    """How far a complaint is."""

    OPEN = "open"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"


class UnknownComplaint(Missing):
    """complaint {complaint_id}: there is none with that id."""

    def __init__(self, complaint_id: int) -> None:
        super().__init__(f"complaint {complaint_id}: there is none with that id")


class WrongComplaintState(Conflict):
    """complaint {complaint_id} is {state}: {mend}."""

    def __init__(self, complaint_id: int, state: str, mend: str) -> None:
        super().__init__(f"complaint {complaint_id} is {state}: {mend}")


class SamePerson(Conflict):
    """complaint {complaint_id} was answered by {name}; somebody else has to confirm it."""

    def __init__(self, complaint_id: int, name: str) -> None:
        super().__init__(f"complaint {complaint_id} was answered by {name}; somebody else has to confirm it")


@dataclass(frozen=True, slots=True)
class About:
    """What a complaint is about."""

    home_id: int | None = None
    area: str | None = None
    resident_id: int | None = None
    visit_id: int | None = None
    staff_id: int | None = None


def open_one(
    connection: Connection[Any], *, about: About, who: str, text: str, actor: Actor, language: str, now: datetime
) -> int:
    """Open a complaint, and an alert that tells of it. Returns its id. Raises Invalid where it is of no place.

    The alert has its number and none of its words: they may be about whoever is told.
    """
    if about.home_id is None and about.area is None:
        raise Invalid("a complaint is about a home, a visit or an area; name one")
    row = connection.execute(
        queries.insert_complaint,
        {
            "area": about.area, "home_id": about.home_id, "resident_id": about.resident_id, "visit_id": about.visit_id,
            "staff_id": about.staff_id, "who": who[:200], "text": text[:4000], "now": now,
            "created_by": actor.username or actor.channel,
        },
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - a row was inserted
    number = int(row[0])
    words = texts.gettext(language, "Complaint {number}. It is on the page of complaints.", number=number)
    if about.home_id is not None:
        alert_id = raising.raise_about_home(connection, kind=COMPLAINT, home_id=about.home_id, text=words, now=now)
    else:
        assert about.area is not None  # noqa: S101 - refused above
        alert_id = raising.raise_for_area(
            connection, kind=COMPLAINT, area=about.area, text=words, actor=actor, detail={"text": words}, now=now
        )
    connection.execute(queries.set_alert_of_complaint, {"complaint_id": number, "alert_id": alert_id})
    return number


def answer(connection: Connection[Any], *, complaint_id: int, words: str, actor: Actor, now: datetime) -> None:
    """Write down what was done about it. Raises UnknownComplaint, WrongComplaintState."""
    state, _, _ = _hold(connection, complaint_id)
    if state is ComplaintState.CONFIRMED:
        raise WrongComplaintState(complaint_id, state, "it is over; open a new one")
    connection.execute(
        queries.answer_complaint,
        {"complaint_id": complaint_id, "answer": words, "by": actor.username or actor.name, "now": now},
    )


def confirm(connection: Connection[Any], *, complaint_id: int, actor: Actor, now: datetime) -> None:
    """Say that it was put right; its alert is closed. Raises UnknownComplaint, WrongComplaintState, SamePerson."""
    state, answered_by, alert_id = _hold(connection, complaint_id)
    if state is not ComplaintState.ANSWERED:
        mend = "answer it first" if state is ComplaintState.OPEN else "it is over"
        raise WrongComplaintState(complaint_id, state, mend)
    by = actor.username or actor.name
    if by == answered_by:
        raise SamePerson(complaint_id, by)
    connection.execute(queries.confirm_complaint, {"complaint_id": complaint_id, "by": by, "now": now})
    if alert_id is None:
        return
    try:
        desk.close(connection, alert_id=alert_id, actor=actor, outcome=Outcome.HELPED, now=now)
    except AlreadyClosed:
        return


def send_back(connection: Connection[Any], *, complaint_id: int, actor: Actor, now: datetime) -> None:
    """Say that it was not put right: it is open again. Raises UnknownComplaint, WrongComplaintState."""
    state, _, alert_id = _hold(connection, complaint_id)
    if state is not ComplaintState.ANSWERED:
        raise WrongComplaintState(complaint_id, state, "only an answered one is sent back")
    connection.execute(queries.reopen_complaint, {"complaint_id": complaint_id})
    if alert_id is not None:
        raising.wake(connection)


def _hold(connection: Connection[Any], complaint_id: int) -> tuple[ComplaintState, str | None, int | None]:
    """Lock a complaint; its alert is locked before it. Raises UnknownComplaint."""
    connection.execute(queries.lock_alert_of_complaint, {"complaint_id": complaint_id})
    row = connection.execute(queries.lock_complaint, {"complaint_id": complaint_id}).fetchone()
    if row is None:
        raise UnknownComplaint(complaint_id)
    return ComplaintState(row[0]), row[1], row[2]
