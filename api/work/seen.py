"""Which alert, visit, home or round is meant, and does this user see it? What he does not see is not there for him."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from alerts import record
from alerts.model import UnknownPlace
from alerts.visits import VisitState
from api.context import Principal
from api.fields import row_id
from api.problems import Problem, invalid, missing
from api.reading import sight
from storage import sql

queries = sql.load("api.work")


@dataclass(frozen=True, slots=True)
class Place:
    """Something that stands in an area; None: no place that anybody knows."""

    id: int
    area: str | None


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """A visit, as far as it decides who may move it."""

    id: int
    area: str | None
    state: VisitState
    alert_id: int | None
    staff_id: int | None
    staff_name: str | None

    def is_of(self, caller: Principal) -> bool:
        """Say whether it was given to this user."""
        return self.staff_id is not None and self.staff_id == caller.staff_id


@dataclass(frozen=True, slots=True)
class Area:
    """An area that a list or a report is about; `path` begins the paths of all below it."""

    code: str
    path: str
    name: str


def alert(connection: Connection[Any], caller: Principal, alert_id: str) -> Place:
    """Return the alert with that id. Raises Problem 404."""
    row = connection.execute(queries.alert_in_sight, {"alert_id": row_id(alert_id), **sight(caller)}).fetchone()
    if row is None:
        raise missing("alert", alert_id)
    return Place(*row)


def visit(connection: Connection[Any], caller: Principal, visit_id: str) -> SeenVisit:
    """Return the visit with that id. Raises Problem 404."""
    row = connection.execute(queries.visit_in_sight, {"visit_id": row_id(visit_id), **sight(caller)}).fetchone()
    if row is None:
        raise missing("visit", visit_id)
    number, area, state, *rest = row
    return SeenVisit(number, area, VisitState(state), *rest)


def visit_to_move(connection: Connection[Any], caller: Principal, visit_id: str) -> SeenVisit:
    """Return the visit with that id, held until the end of the transaction: of two who take it one is the second.

    Raises Problem 404.
    """
    found = visit(connection, caller, visit_id)
    if found.alert_id is not None:
        # the alert before its visit, everywhere: two transactions must not wait for each other in a ring
        record.hold(connection, found.alert_id)
    connection.execute(queries.hold_visit, {"visit_id": found.id})
    return visit(connection, caller, visit_id)


def home(connection: Connection[Any], caller: Principal, home_id: str) -> Place:
    """Return the home that a body names. Raises UnknownPlace."""
    row = connection.execute(queries.home_in_sight, {"home_id": row_id(home_id), "below": caller.below}).fetchone()
    if row is None:
        raise UnknownPlace("home", home_id)
    return Place(*row)


def resident(connection: Connection[Any], caller: Principal, resident_id: str) -> int:
    """Return the id of the resident that a body names. Raises UnknownPlace."""
    number = row_id(resident_id)
    row = connection.execute(
        queries.home_of_resident_in_sight, {"resident_id": number, "below": caller.below}
    ).fetchone()
    if row is None or number is None:
        raise UnknownPlace("resident", resident_id)
    return number


def patrol_round(connection: Connection[Any], caller: Principal, round_id: str) -> Place:
    """Return the patrol round with that id. Raises Problem 404."""
    row = connection.execute(queries.round_in_sight, {"round_id": row_id(round_id), "below": caller.below}).fetchone()
    if row is None:
        raise missing("patrol round", round_id)
    return Place(*row)


def area(connection: Connection[Any], caller: Principal, code: str) -> Area:
    """Return the area that a report or a body names. Raises Problem 422."""
    row = connection.execute(queries.area_named, {"code": code}).fetchone()
    if row is None or not caller.sees(row[0]):
        raise invalid("area", code, f"area {code}: there is none with that code within yours; see GET /areas")
    return Area(code, *row)


def path_within(connection: Connection[Any], caller: Principal, code: str | None) -> str | None:
    """Return how the paths begin to which a list keeps, None for all that he sees. Raises Problem 422."""
    return None if code is None else area(connection, caller, code).path


def number(field: str, value: str | None) -> int | None:
    """Return the database's id of a filter, None where it is not asked for. Raises Problem 422 for what cannot be one."""
    if value is None:
        return None
    found = row_id(value)
    if found is None:
        raise invalid(field, value, "is no id; use one as it was read from the API")
    return found


def refuse_others(visit: SeenVisit, caller: Principal) -> None:
    """Raise Problem 403 where somebody is below an operator and the visit is not his own."""
    if not caller.may("operator") and not visit.is_of(caller):
        raise Problem(403, f"visit {visit.id} is somebody else's; ask an operator")
