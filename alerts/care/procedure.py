"""What becomes of a gap? Writes the steps of its case, and the calls by which somebody was seen.

The procedure is docs/care.md: found, assigned, made good, confirmed by somebody else, reported.
"""

from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import desk, record
from alerts.care import cases
from alerts.care.cases import CONTACTS, Case, Filled, UnknownCase
from alerts.model import UNANSWERED, Actor, Conflict, Invalid
from storage import sql

queries = sql.load("alerts")

NOTED_WITHIN = timedelta(days=31)
"""A call is written down within so long: what is older nobody remembers well."""
CLOCK_TOLERANCE = timedelta(minutes=5)


class DidNotSee(Invalid):
    """{how} {ref}: nobody of the home was seen by it since the gap was found."""

    def __init__(self, how: str, ref: int) -> None:
        super().__init__(
            f"{how} {ref}: nobody of that home was seen by it since he was due; name one that is completed or well"
        )


class NotWhenSeen(Invalid):
    """at {at}: {mend}."""

    def __init__(self, at: datetime, mend: str) -> None:
        super().__init__(f"at {at.isoformat()}: {mend}")


class NotInDoubt(Conflict):
    """visit {visit_id} is not completed: there is nothing to confirm."""

    def __init__(self, visit_id: int) -> None:
        super().__init__(f"visit {visit_id} is not completed: there is nothing to confirm yet")


def note_seen(
    connection: Connection[Any],
    *,
    resident_id: int,
    how: str,
    at: datetime | None,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Write down that somebody spoke with a resident or saw him; returns the contact's id. Raises NotWhenSeen."""
    time = at or now
    if time > now + CLOCK_TOLERANCE:
        raise NotWhenSeen(time, "lies ahead; write when it was")
    if time < now - NOTED_WITHIN:
        raise NotWhenSeen(time, f"lies over {NOTED_WITHIN.days} days back; see him again, or speak with him")
    row = connection.execute(
        queries.note_care_contact,
        {
            "resident_id": resident_id, "how": how, "at": min(time, now), "note": note, "who": actor.name,
            "staff_id": actor.staff_id, "now": now,
        },
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - the caller has found him
    return int(row[0])


def assign(connection: Connection[Any], *, case_id: int, staff_id: int, actor: Actor, now: datetime) -> None:
    """Say who sees to it; the alert is his, and climbs no further. Raises UnknownCase, CaseNotThere, UnknownStaff."""
    alert = record.hold(connection, _alert_of(connection, case_id))
    case, _, _ = _hold(connection, case_id)
    cases.may_assign(case)
    record.staff_name(connection, staff_id)
    if alert.state in UNANSWERED:
        desk.accept(connection, alert_id=alert.id, actor=actor, for_staff=staff_id, now=now)
    connection.execute(
        queries.care_case_assigned, {"case_id": case_id, "staff_id": staff_id, "by": actor.name, "now": now}
    )


def make_good(
    connection: Connection[Any], *, case_id: int, filled: Filled, note: str | None, actor: Actor, now: datetime
) -> None:
    """Say by what the gap was made good, where the system did not see it by itself.

    Raises UnknownCase, CaseNotThere, DidNotSee, and Invalid for what was not needed without a reason.
    """
    case, home_id, due_at = _hold(connection, case_id)
    cases.may_make_good(case)
    if filled == cases.NOT_NEEDED and not note:
        raise Invalid(f"case {case_id}: write in note why nobody had to see him")
    how = filled.how
    if filled.ref is not None:
        seen = {"how": how, "ref": filled.ref, "home_id": home_id, "since": due_at}
        if how in CONTACTS:
            row = connection.execute(queries.care_contact_of_home, seen).fetchone()
            how = how if row is None else row[0]
        else:
            row = connection.execute(queries.care_case_filled_by, seen).fetchone()
        if row is None or row[0] is None:
            raise DidNotSee("contact" if filled.how in CONTACTS else how, filled.ref)
    connection.execute(
        queries.care_case_made_good,
        {"case_id": case_id, "how": how, "ref": filled.ref, "by": actor.name, "note": note, "now": now},
    )


def confirm(connection: Connection[Any], *, case_id: int, note: str | None, actor: Actor, now: datetime) -> None:
    """Somebody else than who made it good says that it is. Raises UnknownCase, CaseNotThere, SamePerson."""
    case, _, _ = _hold(connection, case_id)
    names = frozenset(name for name in (actor.name, actor.username) if name)
    cases.may_confirm(case, names=names, staff_id=actor.staff_id)
    connection.execute(queries.care_case_confirmed, {"case_id": case_id, "by": actor.name, "note": note, "now": now})


def report(connection: Connection[Any], *, case_id: int, month: date, actor: Actor, now: datetime) -> None:
    """Put a case into the list of a month. Raises UnknownCase, CaseNotThere."""
    case, _, _ = _hold(connection, case_id)
    cases.may_report(case)
    connection.execute(
        queries.care_case_reported, {"case_id": case_id, "by": actor.name, "month": month.replace(day=1), "now": now}
    )


def confirm_visit(
    connection: Connection[Any], *, visit_id: int, completed: bool, note: str | None, actor: Actor, now: datetime
) -> None:
    """Somebody looked into a visit that was too short or elsewhere: it was in order. Raises NotInDoubt."""
    if not completed:
        raise NotInDoubt(visit_id)
    connection.execute(queries.confirm_care_visit, {"visit_id": visit_id, "who": actor.name, "note": note, "now": now})


def _alert_of(connection: Connection[Any], case_id: int) -> int:
    row = connection.execute(queries.alert_of_care_case, {"case_id": case_id}).fetchone()
    if row is None:
        raise UnknownCase(case_id)
    return int(row[0])


def _hold(connection: Connection[Any], case_id: int) -> tuple[Case, int, datetime]:
    """Return a case that nobody else moves meanwhile, its home, and when it was found."""
    row = connection.execute(queries.hold_care_case, {"case_id": case_id}).fetchone()
    if row is None:
        raise UnknownCase(case_id)
    *case, home_id, found_at = row
    return Case(*case), home_id, found_at
