"""Who may be given a visit, and who should be? Reads what people have before them; the pure `suggesting` judges."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import oncall, suggesting, visit_rules
from alerts.model import HELP, Conflict, UnknownVisit
from alerts.suggesting import Candidate, Slot, Spot, Suggestion
from alerts.visit_rules import TIMEZONE, VisitRules
from alerts.visits import VisitState
from storage import sql

queries = sql.load("alerts")

AT_MOST = 200
EMERGENCY = "emergency"
"""The service that waits for no morning."""
_UNDER_WAY = frozenset({VisitState.EN_ROUTE, VisitState.ARRIVED, VisitState.IN_SERVICE})


class TwoVisitsAtOnce(Conflict):
    """{name} has visit {visit_id} at that time; send somebody else, choose another time, or say force: true."""

    def __init__(self, name: str, slot: Slot) -> None:
        super().__init__(
            f"{name} has visit {slot.visit_id} from {slot.start.isoformat()} to {slot.end.isoformat()}, and cannot do both;"
            " send somebody else, choose another time, or say force: true"
        )
        self.name = name
        self.visit_id = slot.visit_id


class OutsideWorkingHours(Conflict):
    """{start} lies outside of working hours; choose another time, or say force: true."""

    def __init__(self, slot: Slot, rules: VisitRules) -> None:
        super().__init__(
            f"{slot.start.isoformat()} to {slot.end.isoformat()} lies outside of working hours"
            f" ({rules.work_from:%H:%M} to {rules.work_to:%H:%M} {rules.timezone}); choose another time, or say force: true"
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A visit, as far as it is asked who can do it. `any_hour`: it is for an alert, or an emergency."""

    slot: Slot
    area: str | None
    needs: str | None
    any_hour: bool


@dataclass(frozen=True, slots=True)
class Suggested:
    """Who could go, the best first, and whether it is planned for a time at which nobody works."""

    people: list[Suggestion]
    outside_hours: bool


def refuse_clash(
    connection: Connection[Any], *, visit_id: int, staff_id: int, timezone: str = TIMEZONE, now: datetime
) -> None:
    """Refuse to give a visit to somebody who has another one then, or at an hour at which nobody works.

    Whoever is asked about is held until the end of the transaction: of two visits given to him at once, the second is
    refused. A visit for an alert is never refused. Raises UnknownVisit, TwoVisitsAtOnce, OutsideWorkingHours.
    """
    wanted = _wanted(connection, visit_id, now)
    held = connection.execute(queries.hold_goer, {"staff_id": staff_id}).fetchone()
    rules = visit_rules.read(connection, wanted.area, timezone)
    if held is None or wanted.any_hour:
        return
    if _is_outside(wanted, rules, now):
        raise OutsideWorkingHours(wanted.slot, rules)
    in_the_way = suggesting.clash(wanted.slot, _busy(connection, [staff_id], now)[staff_id])
    if in_the_way is not None:
        raise TwoVisitsAtOnce(str(held[0]), in_the_way)


def suggestions(
    connection: Connection[Any], *, visit_id: int, below: str = "%", timezone: str = TIMEZONE, now: datetime
) -> Suggested:
    """Return who could go to a visit. `below`: whose area's path is like that. Raises UnknownVisit."""
    wanted = _wanted(connection, visit_id, now)
    rules = visit_rules.read(connection, wanted.area, timezone)
    people = suggesting.suggest(wanted.slot, wanted.needs, _candidates(connection, visit_id, wanted, below, now))
    return Suggested(people, _is_outside(wanted, rules, now))


def best(connection: Connection[Any], *, visit_id: int, now: datetime) -> int | None:
    """Return whom to send where the area wants that to be decided at once; None where a dispatcher is to say so."""
    wanted = _wanted(connection, visit_id, now)
    rules = visit_rules.read(connection, wanted.area)
    if not rules.auto_assign or _is_outside(wanted, rules, now):
        return None
    found = suggestions(connection, visit_id=visit_id, now=now).people
    return next((each.candidate.staff_id for each in found if each.fits and each.candidate.in_area), None)


def _is_outside(wanted: _Wanted, rules: VisitRules, now: datetime) -> bool:
    return not wanted.any_hour and suggesting.outside_hours(
        wanted.slot, work_from=rules.work_from, work_to=rules.work_to, timezone=rules.timezone, now=now
    )


def _wanted(connection: Connection[Any], visit_id: int, now: datetime) -> _Wanted:
    row = connection.execute(queries.visit_to_assign, {"visit_id": visit_id}).fetchone()
    if row is None:
        raise UnknownVisit(visit_id)
    due_from, due_to, minutes, lat, lon, area, needs, service, of_alert = row
    slot = _slot(visit_id, due_from, due_to, minutes, lat, lon, now)
    return _Wanted(slot, area, needs, any_hour=of_alert or service == EMERGENCY)


def _candidates(
    connection: Connection[Any], visit_id: int, wanted: _Wanted, below: str, now: datetime
) -> list[Candidate]:
    on_shift = _on_shift(connection, wanted.area, max(wanted.slot.start, now))
    rows = connection.execute(
        queries.who_could_go,
        {"visit_id": visit_id, "area": wanted.area, "on_shift": list(on_shift), "below": below, "limit": AT_MOST},
    ).fetchall()
    busy = _busy(connection, [row[0] for row in rows], now)
    return [
        Candidate(
            staff_id, name, area, frozenset(skills), staff_id in on_shift, in_area,
            Spot(lat, lon) if lat is not None else None, busy[staff_id], declined,
        )
        for staff_id, name, area, skills, in_area, lat, lon, declined in rows
    ]  # fmt: skip


def _on_shift(connection: Connection[Any], area: str | None, at: datetime) -> frozenset[int]:
    found = oncall.who(connection, area=area, at=at, kind=HELP) if area is not None else None
    return frozenset(each.staff_id for step in (found.steps if found else ()) for each in step.responders)


def _busy(connection: Connection[Any], staff_ids: Sequence[int], now: datetime) -> dict[int, tuple[Slot, ...]]:
    """Return what each has before him. A visit that is under way, and one for an alert, takes him from now on."""
    found: dict[int, list[Slot]] = defaultdict(list)
    for staff_id, visit_id, state, of_alert, due_from, due_to, minutes, lat, lon in connection.execute(
        queries.visits_before_staff, {"staff_ids": list(staff_ids)}
    ).fetchall():
        from_now = of_alert or VisitState(state) in _UNDER_WAY
        start, end = (None, None) if from_now else (due_from, due_to)
        found[staff_id].append(_slot(visit_id, start, end, minutes, lat, lon, now))
    return {staff_id: tuple(found[staff_id]) for staff_id in staff_ids}


def _slot(
    visit_id: int,
    due_from: datetime | None,
    due_to: datetime | None,
    minutes: int | None,
    lat: float | None,
    lon: float | None,
    now: datetime,
) -> Slot:
    """Return when a visit takes somebody's time; from now on where nothing says when."""
    lasts = minutes or suggesting.USUAL_MINUTES
    start = due_from or now
    end = max(due_to or start + timedelta(minutes=lasts), start)
    spot = Spot(lat, lon) if lat is not None and lon is not None else None
    return Slot(start, end, lasts, spot, visit_id)
