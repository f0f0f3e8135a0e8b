"""What is known of one alert? The resident, the place, who was told, what happened, and what can be done now."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from alerts import oncall
from alerts.model import UNANSWERED, AlertState, UnknownStaff
from alerts.visits import ENDED, VisitState
from api import audit
from api.console.acts import Acts, Standing, acts
from api.context import Principal
from api.fields import row_id
from api.problems import missing
from api.reading import sight
from storage import sql

queries = sql.load("api.console")

_TELLING = ("told", "told_retell", "nobody_on_call", "no_policy")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What stands in the alert's own row, or beside it."""

    id: int
    kind: str
    severity: str
    state: str
    test: bool
    count: int
    raised_at: datetime
    pressed_at: datetime
    closed_at: datetime | None
    home_cancelled_at: datetime | None
    next_step_at: datetime | None
    text: str | None
    device_uid: str | None
    area: str | None
    home_id: int | None
    resident_id: int | None
    outcome: str | None
    accepted_by_staff: int | None
    policy_area: str | None
    round: int
    step: int
    taken_by: str | None
    resident: str | None
    birth_date: date | None
    sex: str | None
    category: list[str] | None
    phone: str | None
    notes: str | None
    contacts: list[dict[str, str]] | None
    address: str | None
    key_note: str | None
    lat: float | None
    lon: float | None
    places: str | None
    visit_id: int | None
    visit_state: str | None
    visit_staff: int | None
    visit_by: str | None
    requested_at: datetime | None
    assigned_at: datetime | None
    visit_accepted_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    completed_at: datetime | None
    fail_reason: str | None
    visit_outcome: str | None

    @property
    def unanswered(self) -> bool:
        """Whether nobody has said that he goes."""
        return self.state in UNANSWERED

    @property
    def is_open(self) -> bool:
        """Whether it still wants something of somebody."""
        return self.state != AlertState.CLOSED

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.places, self.address) if part)

    @property
    def has_visit(self) -> bool:
        """Whether somebody goes, or is to go."""
        return self.visit_state is not None and self.visit_state not in ENDED

    @property
    def position(self) -> str:
        """How far it has climbed, as a form says it back."""
        return f"{self.round}.{self.step}.{self.state}"


@dataclass(frozen=True, slots=True)
class Happening:
    """A row of the timeline."""

    at: datetime
    what: str
    who: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A message about the alert, and what became of it."""

    name: str
    channel: str
    purpose: str
    state: str
    text: str
    error: str | None
    created_at: datetime
    reached_at: datetime | None


@dataclass(frozen=True, slots=True)
class Device:
    """Something that stands in the home."""

    uid: str
    kind: str
    state: str | None
    last_seen: datetime | None
    battery: int | None
    rssi: int | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who could be sent; `on_call`: the policy would tell him now."""

    id: int
    name: str
    area: str
    on_call: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Everything about one alert for one user. `private`: whether he may read health, contacts and the key's place."""

    row: CaseRow
    acts: Acts
    private: bool
    timeline: list[Happening]
    messages: list[Told]
    devices: list[Device]
    people: list[Person]
    next_told: list[str]
    areas: dict[str, str]

    @property
    def trouble(self) -> str:
        """What the policy came to last: `told`, or why nobody could be."""
        return next((each.what for each in self.timeline if each.what in _TELLING), "")


def find(connection: Connection[Any], caller: Principal, alert_id: int) -> CaseRow:
    """Return an alert as it stands. Raises Problem 404 where this user sees no such alert."""
    with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        found = cursor.execute(queries.alert_file, {"alert_id": alert_id, **sight(caller)}).fetchone()
    if found is None:
        raise missing("alert", alert_id)
    return found


def read(connection: Connection[Any], caller: Principal, alert_id: int, now: datetime) -> Case:
    """Return an alert with everything around it. Raises Problem 404 where this user sees no such alert."""
    found = find(connection, caller, alert_id)
    with connection.cursor(row_factory=class_row(Happening)) as cursor:
        timeline = cursor.execute(queries.alert_happenings, {"alert_id": alert_id}).fetchall()
    with connection.cursor(row_factory=class_row(Told)) as cursor:
        messages = cursor.execute(queries.messages_of_alert, {"alert_id": alert_id}).fetchall()
    with connection.cursor(row_factory=class_row(Device)) as cursor:
        devices = cursor.execute(queries.devices_of_home, {"home_id": found.home_id}).fetchall()
    can = acts(caller, standing(found))
    on_call = oncall.who(connection, area=found.area, at=now, kind=found.kind) if found.area and found.is_open else None
    return Case(
        row=found,
        acts=can,
        private=may_read_private(caller, found),
        timeline=timeline[::-1],
        messages=messages,
        devices=devices,
        people=_people(connection, caller, found, on_call) if can.dispatch else [],
        next_told=_next_told(found, on_call),
        areas=_names(connection, timeline),
    )


def sendable(connection: Connection[Any], caller: Principal, staff: str, area: str | None) -> int:
    """Return the id of a staff member whom this user may send to that area. Raises UnknownStaff."""
    staff_id = row_id(staff) or 0
    found = connection.execute(
        queries.may_be_sent, {"staff_id": staff_id, "area": area, "below": caller.below}
    ).fetchone()
    if not (found and found[0]):
        raise UnknownStaff(staff_id)
    return staff_id


def standing(row: CaseRow) -> Standing:
    """Return where the alert stands, as far as it decides what can be done."""
    visit = VisitState(row.visit_state) if row.visit_state and row.has_visit else None
    return Standing(AlertState(row.state), row.accepted_by_staff, visit, row.visit_staff if visit else None)


def may_read_private(caller: Principal, row: CaseRow) -> bool:
    """Say whether health, contacts and the key's place are shown: to operators, and to responders while it is open."""
    return caller.may("operator") or (caller.may("responder") and row.is_open)


def note_look(connection: Connection[Any], caller: Principal, case: Case, now: datetime) -> None:
    """Write down that somebody opened a page with a resident's data."""
    if case.private and case.row.resident_id is not None:
        audit.record(
            connection, caller, action="read", object=f"resident {case.row.resident_id}", area=case.row.area,
            detail={"alert": case.row.id}, now=now,
        )  # fmt: skip


def _people(
    connection: Connection[Any], caller: Principal, row: CaseRow, on_call: oncall.OnCall | None
) -> list[Person]:
    """Return who could be sent: who is on call now, in the order of the policy, then the others from near to far."""
    turns = [each.staff_id for step in on_call.steps for each in step.responders] if on_call else []
    found = connection.execute(queries.people_near, {"area": row.area, "below": caller.below}).fetchall()
    people = [Person(staff_id, name, area, staff_id in turns) for staff_id, name, area in found]
    return sorted(people, key=lambda person: turns.index(person.id) if person.on_call else len(turns))


def _next_told(row: CaseRow, on_call: oncall.OnCall | None) -> list[str]:
    """Return who is told next, where the policy that the alert stands in is the nearest one and has a step left."""
    if on_call is None or not row.unanswered or row.policy_area not in (None, on_call.area):
        return []
    steps = on_call.steps[row.step :]
    return [each.name for each in steps[0].responders] if steps else []


def _names(connection: Connection[Any], timeline: list[Happening]) -> dict[str, str]:
    codes = [str(each.detail["area"]) for each in timeline if each.detail.get("area")]
    return dict(connection.execute(queries.names_of_areas, {"codes": codes}).fetchall()) if codes else {}
