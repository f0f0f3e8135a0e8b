"""Who takes a stretch of whose shift? Asked for, answered by a text or on a page, and made an override once it is taken.

It is asked once more where no answer comes, never by night, and it ends by itself when the stretch begins: until somebody
says yes, the shift stays with whoever has it. Each step has its row in the swap's timeline, and both are told.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from alerts import duties, staffing, swap_record, texts
from alerts.model import SYSTEM, Actor, Conflict, Invalid
from alerts.rota import Why
from alerts.swap_record import AlreadyDecided, Manner, NoLongerHis, Swap, SwapState, UnknownSwap
from storage import sql

__all__ = ["Manner", "SwapState", "accept", "answer", "ask", "decline", "question_of", "run_due"]

queries = sql.load("alerts")

AGAIN_AFTER = timedelta(hours=6)
"""It is asked again after this, or half-way to the stretch where that is sooner."""
WAKING = (8, 21)
"""Hours of the rota's day in which one may be asked again."""


class NotOnePersons(Invalid):
    """rota {rota_id} is not one person's from {start} to {end}; ask for a part that is, see GET /rotas/{rota_id}/shifts."""

    def __init__(self, rota_id: int, start: datetime, end: datetime) -> None:
        super().__init__(
            f"rota {rota_id} is not one person's from {start.isoformat()} to {end.isoformat()};"
            f" ask for a part that is, see GET /rotas/{rota_id}/shifts"
        )


class NotYours(Invalid):
    """rota {rota_id} is {name}'s then; only he, or an operator, can ask somebody to take it."""

    def __init__(self, rota_id: int, name: str) -> None:
        super().__init__(f"rota {rota_id} is {name}'s then; only he, or an operator, can ask somebody to take it")


class BegunAlready(Invalid):
    """a swap from {start} has begun already; ask for a stretch ahead, or add an override."""

    def __init__(self, start: datetime) -> None:
        super().__init__(
            f"a swap from {start.isoformat()} has begun already; ask for a stretch ahead, or add an override"
        )


class HasItAlready(Invalid):
    """{name} has it already; ask somebody else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has it already; ask somebody else")


class CannotBeTold(Invalid):
    """staff {staff_id} has left or wants no messages; ask somebody else."""

    def __init__(self, staff_id: int) -> None:
        super().__init__(f"staff {staff_id} has left or wants no messages; ask somebody else")


def ask(
    connection: Connection[Any],
    *,
    rota_id: int,
    start: datetime,
    end: datetime,
    staff_id: int,
    only_of: int | None,
    actor: Actor,
    manner: Manner,
    now: datetime,
) -> int:
    """Ask `staff_id` to take a stretch ahead of whoever has the rota then; returns the swap's id.

    `only_of`: who asks, where he may ask for his own shifts only; None for an operator. Raises EndsBeforeItStarts,
    BegunAlready, NotOnePersons, NotYours, HasItAlready, CannotBeTold, UnknownStaff.
    """
    if start >= end:
        raise staffing.EndsBeforeItStarts(start, end, "a swap")
    if start <= now:
        raise BegunAlready(start)
    connection.execute(queries.hold_shifts, {"rota_id": rota_id})
    staffing.hold_staff(connection, [staff_id])
    holder = _holder(connection, rota_id, start, end)
    if holder is None:
        raise NotOnePersons(rota_id, start, end)
    names = dict(connection.execute(queries.names_of, {"staff_ids": [holder]}).fetchall())
    if only_of is not None and holder != only_of:
        raise NotYours(rota_id, names[holder])
    if holder == staff_id:
        raise HasItAlready(names[holder])
    if not connection.execute(queries.reachable_staff, {"staff_ids": [staff_id]}).fetchall():
        raise CannotBeTold(staff_id)
    row = connection.execute(
        queries.insert_swap,
        {"rota_id": rota_id, "start": start, "end": end, "asked_by": holder, "staff_id": staff_id, "now": now},
    ).fetchone()
    swap = swap_record.hold(connection, int(row[0]) if row is not None else 0)
    connection.execute(queries.set_swap_asked, {"swap_id": swap.id, "next_step_at": _again_at(swap, now)})
    swap_record.write_down(connection, swap, "asked", actor, now)
    _ask(connection, swap, manner, now)
    return swap.id


def accept(connection: Connection[Any], *, swap_id: int, actor: Actor, manner: Manner, now: datetime) -> None:
    """Take it: it becomes an override, and whoever else was asked for that time is not needed.

    Raises UnknownSwap, AlreadyDecided, NoLongerHis.
    """
    swap = _undecided(connection, swap_id, now)
    if _holder(connection, swap.rota_id, swap.start, swap.end) != swap.asked_by:
        raise NoLongerHis(swap_id, swap.asker)
    override_id = staffing.add_override(
        connection, rota_id=swap.rota_id, start=swap.start, end=swap.end, staff_id=swap.staff_id
    )
    swap_record.decide(connection, swap, SwapState.ACCEPTED, actor, now, override_id)
    swap_record.tell(
        connection, swap, swap.asked_by, texts.mark("[Anju] {taker} takes {rota} {start} to {end}."), manner, now
    )
    for other in connection.execute(
        queries.swaps_beside,
        {"rota_id": swap.rota_id, "asked_by": swap.asked_by, "start": swap.start, "end": swap.end},
    ).fetchall():
        _withdraw(connection, swap_record.hold(connection, other[0]), SYSTEM, manner, now)
    if actor.staff_id != swap.staff_id or actor.channel not in _BY_PHONE:
        swap_record.tell(connection, swap, swap.staff_id, TAKEN, manner, now)


def decline(connection: Connection[Any], *, swap_id: int, actor: Actor, manner: Manner, now: datetime) -> None:
    """Say no to it; where whoever asked says so himself, he needs nobody any more. Raises UnknownSwap, AlreadyDecided."""
    swap = _undecided(connection, swap_id, now)
    if actor.staff_id == swap.asked_by:
        _withdraw(connection, swap, actor, manner, now)
        return
    swap_record.decide(connection, swap, SwapState.DECLINED, actor, now)
    said = texts.mark("[Anju] {taker} cannot take {rota} {start} to {end}; it is still yours.")
    swap_record.tell(connection, swap, swap.asked_by, said, manner, now)


def question_of(connection: Connection[Any], phone: str) -> int | None:
    """Return the open swap that a phone was asked about last, where nothing else was written to it since."""
    row = connection.execute(queries.asked_last, {"phone": phone}).fetchone()
    return None if row is None else row[0]


def answer(
    connection: Connection[Any], *, swap_id: int, yes: bool, actor: Actor, language: str | None, now: datetime
) -> str:
    """Do what the one who was asked answers by phone, and return the words for him."""
    # whoever asked is written to in his own language, or else in that of the installation, as this one was
    manner = Manner(language or texts.DEFAULT_LANGUAGE, "")
    try:
        if yes:
            accept(connection, swap_id=swap_id, actor=actor, manner=manner, now=now)
        else:
            decline(connection, swap_id=swap_id, actor=actor, manner=manner, now=now)
    except Conflict:
        return texts.gettext(language, "That swap is not open any more.")
    swap = swap_record.hold(connection, swap_id)
    return swap.words(language, TAKEN if yes else texts.mark("{asker} will hear that you cannot."))


def run_due(connection: Connection[Any], *, manner: Manner, now: datetime) -> int:
    """Ask again what nobody answered, and end what begins unanswered; returns how many there were."""
    due = [row[0] for row in connection.execute(queries.due_swaps, {"now": now}).fetchall()]
    for swap_id in due:
        swap = swap_record.hold(connection, swap_id)
        if swap.start <= now:
            swap_record.decide(connection, swap, SwapState.EXPIRED, SYSTEM, now)
            said = texts.mark("[Anju] No answer in time: {rota} {start} to {end} stays with {asker}.")
            for staff_id in (swap.asked_by, swap.staff_id):
                swap_record.tell(connection, swap, staff_id, said, manner, now)
        else:
            connection.execute(queries.set_swap_asked_again, {"swap_id": swap_id, "next_step_at": swap.start})
            swap_record.write_down(connection, swap, "asked_again", SYSTEM, now)
            _ask(connection, swap, manner, now, again=True)
    return len(due)


TAKEN = texts.mark("[Anju] {rota} {start} to {end} is yours. Thank you.")
_BY_PHONE = frozenset({"sms", "phone"})
"""Channels by which an answer comes back at once."""


def _withdraw(connection: Connection[Any], swap: Swap, actor: Actor, manner: Manner, now: datetime) -> None:
    swap_record.decide(connection, swap, SwapState.WITHDRAWN, actor, now)
    said = texts.mark("[Anju] {rota} {start} to {end}: you are not needed any more.")
    swap_record.tell(connection, swap, swap.staff_id, said, manner, now)


def _undecided(connection: Connection[Any], swap_id: int, now: datetime) -> Swap:
    """Lock a swap that can still be answered, its rota before it: nobody else changes who has that meanwhile."""
    row = connection.execute(queries.rota_of_swap, {"swap_id": swap_id}).fetchone()
    if row is None:
        raise UnknownSwap(swap_id)
    connection.execute(queries.hold_shifts, {"rota_id": row[0]})
    swap = swap_record.hold(connection, swap_id)
    if swap.state is not SwapState.ASKED:
        raise AlreadyDecided(swap_id, swap.state)
    if swap.start <= now:
        raise AlreadyDecided(swap_id, SwapState.EXPIRED)
    return swap


def _holder(connection: Connection[Any], rota_id: int, start: datetime, end: datetime) -> int | None:
    """Return the one person who has the rota all that time, hours outside of it left aside; None where it is not one."""
    found = [each for each in duties.shifts(connection, rota_id, start, end) if each.why is not Why.OUTSIDE]
    holders = {each.staff_id for each in found}
    return holders.pop() if len(holders) == 1 else None


def _again_at(swap: Swap, now: datetime) -> datetime:
    """Return when it is asked again: in waking hours, and before it begins."""
    at = min(now + AGAIN_AFTER, now + (swap.start - now) / 2)
    local = at.astimezone(ZoneInfo(swap.timezone))
    if WAKING[0] <= local.hour < WAKING[1]:
        return at
    morning = local.replace(hour=WAKING[0], minute=0, second=0, microsecond=0)
    if local.hour >= WAKING[1]:
        morning += timedelta(days=1)
    # what begins before the morning is not asked again by night
    return min(morning.astimezone(at.tzinfo), swap.start)


def _ask(connection: Connection[Any], swap: Swap, manner: Manner, now: datetime, *, again: bool = False) -> None:
    question = (
        texts.mark("[Anju] Once more: can you take {rota} {start} to {end} for {asker}?")
        if again
        else texts.mark("[Anju] Can you take {rota} {start} to {end} for {asker}?")
    )
    swap_record.tell(connection, swap, swap.staff_id, question, manner, now, asks=True)
