"""Which visits does a plan make, and what becomes of them when it changes? Each occurrence makes its visit once."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from psycopg import Connection

from alerts import dispatch, plans, raising, record, texts
from alerts.model import SYSTEM, Actor, Conflict, Invalid, Missing, Refused
from alerts.plans import Recurrence
from storage import sql

queries = sql.load("alerts")
log = structlog.get_logger("alerts.planning")

AHEAD = timedelta(days=14)
"""How far ahead visits are made, unless it is set otherwise: staff plan their fortnight by them."""
STRIDE = timedelta(days=1)
"""So much further than asked for a plan is made at once: each plan is looked at once in so long, not at every look."""
BATCH = 20
STUCK = "plan_stuck"
"""The kind of alert about a plan that cannot make its visits."""
UNTAKEN = frozenset({"requested", "assigned", "declined", "put_off"})
"""States of a visit that nobody said he makes."""


class UnknownPlan(Missing):
    """plan {plan_id}: there is none with that id."""

    def __init__(self, plan_id: int) -> None:
        super().__init__(f"plan {plan_id}: there is none with that id")


class PlanEnded(Conflict):
    """plan {plan_id} has ended; make a new one."""

    def __init__(self, plan_id: int) -> None:
        super().__init__(f"plan {plan_id} has ended; make a new one")


class NoOccurrence(Invalid):
    """plan {plan_id} does not come at {at}; see its occurrences."""

    def __init__(self, plan_id: int, at: datetime) -> None:
        super().__init__(
            f"plan {plan_id} does not come at {at.isoformat()}; use `occurrence` of GET /plans/{plan_id}/occurrences"
        )


class TakenOccurrence(Conflict):
    """visit {visit_id} of that day was taken already; put that off, or cancel it."""

    def __init__(self, visit_id: int) -> None:
        super().__init__(f"visit {visit_id} of that day was taken already; put that off, or cancel it")


@dataclass(frozen=True, slots=True)
class Plan:
    """What comes again: which service, when, by whom if he can, and who pays."""

    home_id: int
    service: str
    rule: str
    start_time: time
    minutes: int
    timezone: str
    from_day: date
    until_day: date | None = None
    staff_id: int | None = None
    payer: str | None = None
    fee: Decimal | None = None
    note: str | None = None

    def recurrence(self, exceptions: dict[datetime, datetime | None] | None = None) -> Recurrence:
        """Return when it comes."""
        return Recurrence(
            self.rule, self.start_time, self.timezone, self.from_day, self.until_day, exceptions or {}
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A plan whose row is locked until the end of the transaction."""

    id: int
    plan: Plan
    paused_at: datetime | None
    ended_at: datetime | None
    made_until: datetime


def begin(connection: Connection[Any], *, plan: Plan, actor: Actor, now: datetime) -> int:
    """Begin a plan; its visits are made at the next look. Returns its id. Raises UnreasonableRule, UnknownStaff, Invalid."""
    _check(connection, plan)
    row = connection.execute(
        queries.insert_plan, {**_columns(plan), "now": now, "created_by": actor.name or None}
    ).fetchone()
    assert row is not None  # noqa: S101 - a row was inserted
    return int(row[0])


def change(connection: Connection[Any], *, plan_id: int, plan: Plan, paused: bool, actor: Actor, now: datetime) -> None:
    """Change a plan, pause it or let it go on. Its visits ahead that nobody took are cancelled, and made anew.

    Raises UnknownPlan, PlanEnded, UnreasonableRule, UnknownStaff, Invalid.
    """
    held = hold_going(connection, plan_id)
    _check(connection, plan)
    was_paused = held.paused_at is not None
    said = replace(held.plan, payer=plan.payer, fee=plan.fee)
    made_until = held.made_until
    if plan != said or paused != was_paused:
        _cancel_ahead(connection, held, actor, now)
        made_until = now
    connection.execute(
        queries.set_plan,
        {
            **_columns(plan), "plan_id": plan_id, "made_until": made_until,
            "paused_at": (held.paused_at or now) if paused else None,
        },
    )  # fmt: skip


def end(connection: Connection[Any], *, plan_id: int, actor: Actor, now: datetime) -> None:
    """End a plan: visits ahead that nobody took are cancelled. Raises UnknownPlan, PlanEnded."""
    held = hold_going(connection, plan_id)
    _cancel_ahead(connection, held, actor, now)
    connection.execute(queries.end_plan, {"plan_id": plan_id, "now": now})


def make_otherwise(
    connection: Connection[Any],
    *,
    plan_id: int,
    occurrence: datetime,
    moved_to: datetime | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Skip one occurrence, or move it. Raises UnknownPlan, PlanEnded, NoOccurrence, TakenOccurrence, Invalid."""
    held = hold_going(connection, plan_id)
    if not plans.is_usual(held.plan.recurrence(), occurrence):
        raise NoOccurrence(plan_id, occurrence)
    if moved_to is not None and moved_to <= now:
        raise Invalid(f"moved_to {moved_to.isoformat()} is over; name a time to come")
    _cancel_ahead(connection, held, actor, now, occurrence)
    connection.execute(queries.write_exception, {"plan_id": plan_id, "occurrence": occurrence, "moved_to": moved_to})
    if moved_to is not None:
        connection.execute(queries.set_made_until, {"plan_id": plan_id, "made_until": min(now, held.made_until)})


def hold(connection: Connection[Any], plan_id: int) -> Held:
    """Lock a plan. Raises UnknownPlan."""
    row = connection.execute(queries.lock_plan, {"plan_id": plan_id}).fetchone()
    if row is None:
        raise UnknownPlan(plan_id)
    return Held(row[0], Plan(*row[1:13]), *row[13:])


def hold_going(connection: Connection[Any], plan_id: int) -> Held:
    """Lock a plan that has not ended. Raises UnknownPlan, PlanEnded."""
    held = hold(connection, plan_id)
    if held.ended_at is not None:
        raise PlanEnded(plan_id)
    return held


def exceptions_of(connection: Connection[Any], plan_id: int) -> dict[datetime, datetime | None]:
    """Return which of a plan's days are otherwise."""
    return dict(connection.execute(queries.exceptions_of_plan, {"plan_id": plan_id}).fetchall())


def make_visits(connection: Connection[Any], *, locale: str, now: datetime, ahead: timedelta = AHEAD) -> int:
    """Make the visits of the plans that are due, a batch of plans; return how many plans were looked at.

    Two engines share them: a plan is locked while its visits are made, and an occurrence makes its visit once for ever.
    """
    due = connection.execute(queries.plans_due, {"horizon": now + ahead, "limit": BATCH}).fetchall()
    for (plan_id,) in due:
        held = hold(connection, plan_id)
        try:
            # one that cannot be made must not hold up the others
            with connection.transaction():
                _make(connection, held, now, now + ahead + STRIDE)
        except Refused as error:
            _stand_still(connection, held, str(error), locale, now)
    return len(due)


def _make(connection: Connection[Any], held: Held, now: datetime, until: datetime) -> None:
    gone, area = connection.execute(queries.nobody_lives_there, {"home_id": held.plan.home_id}).fetchone() or (
        True,
        None,
    )
    if gone:
        log.info("a plan ended with its home", plan=held.id, area=area)
        end(connection, plan_id=held.id, actor=SYSTEM, now=now)
        return
    zone = ZoneInfo(held.plan.timezone)
    kept = connection.execute(queries.kept_occurrences, {"plan_id": held.id}).fetchall()
    served = {at.astimezone(zone).date() for (at,) in kept}
    recurrence = held.plan.recurrence(exceptions_of(connection, held.id))
    # what was missed while we were down is past help: nobody is sent to yesterday
    for each in plans.occurrences(recurrence, max(now, held.made_until), until):
        if each.at.astimezone(zone).date() in served:
            continue
        noted = {"plan_id": held.id, "occurrence": each.usual}
        if connection.execute(queries.note_occurrence, noted).fetchone() is not None:
            visit_id = _request(connection, held.plan, each.at, now)
            connection.execute(queries.set_visit_of_occurrence, {**noted, "visit_id": visit_id})
    connection.execute(queries.set_made_until, {"plan_id": held.id, "made_until": until})


def _request(connection: Connection[Any], plan: Plan, at: datetime, now: datetime) -> int:
    """Ask for the visit; where whoever is preferred cannot, somebody else may."""

    def ask(staff_id: int | None) -> int:
        return dispatch.request(
            connection, home_id=plan.home_id, service=plan.service, due_from=at,
            due_to=at + timedelta(minutes=plan.minutes), staff_id=staff_id, note=plan.note, actor=SYSTEM, now=now,
        )  # fmt: skip

    if plan.staff_id is not None:
        try:
            with connection.transaction():
                return ask(plan.staff_id)
        except Refused as error:
            log.info("whoever is preferred cannot go; open for others", staff=plan.staff_id, why=type(error).__name__)
    return ask(None)


def _stand_still(connection: Connection[Any], held: Held, why: str, locale: str, now: datetime) -> None:
    """Pause a plan that cannot make its visits, and let its area know: promised care must not end unseen."""
    log.warning("a plan cannot make its visits", plan=held.id)
    connection.execute(queries.plan_stands_still, {"plan_id": held.id, "why": why, "now": now})
    text = texts.gettext(locale, "Plan {number} cannot make its visits. Mend it on the page of plans.", number=held.id)
    raising.raise_about_home(connection, kind=STUCK, home_id=held.plan.home_id, text=text, now=now)


def _cancel_ahead(
    connection: Connection[Any], held: Held, actor: Actor, now: datetime, occurrence: datetime | None = None
) -> None:
    """Cancel visits ahead that nobody took; the others are kept. Of a single one, raises TakenOccurrence where it is."""
    rows = connection.execute(
        queries.visits_ahead_of_plan, {"plan_id": held.id, "now": now, "occurrence": occurrence}
    ).fetchall()
    cancelled: list[datetime] = []
    kept: list[datetime] = []
    for usual, visit_id, state in rows:
        if state in UNTAKEN:
            dispatch.cancel(connection, visit_id=visit_id, actor=actor, reason=None, now=now)
            cancelled.append(usual)
        elif occurrence is not None:
            raise TakenOccurrence(visit_id)
        else:
            kept.append(usual)
    _note(connection, queries.forget_occurrences, held.id, cancelled)
    _note(connection, queries.keep_occurrences, held.id, kept)


def _note(connection: Connection[Any], query: bytes, plan_id: int, occurrences: Collection[datetime]) -> None:
    if occurrences:
        connection.execute(query, {"plan_id": plan_id, "occurrences": list(occurrences)})


def _check(connection: Connection[Any], plan: Plan) -> None:
    plans.check(plan.recurrence())
    known = connection.execute(queries.service_exists, {"code": plan.service}).fetchone()
    if known is None or not known[0]:
        raise Invalid(f"service {plan.service!r}: there is none with that code; see GET /services")
    if plan.staff_id is not None:
        record.staff_name(connection, plan.staff_id)


def _columns(plan: Plan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in Plan.__slots__}
