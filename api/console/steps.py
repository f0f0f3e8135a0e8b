"""What became of the steps that a phone kept? They come in order, late or at once, and each counts once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from psycopg import Connection
from pydantic import BaseModel, Field, RootModel, model_validator

from alerts import desk, dispatch
from alerts.kept_steps import Fate, KeptStep, fate
from alerts.model import AlreadyClosed, Outcome, Refused, TimesRunBackwards
from alerts.texts import mark
from alerts.visits import FailKind, Proof, VisitState
from api.auth import Responder
from api.console import words
from api.console.page import View, view
from api.context import Principal
from api.fields import Body, Id, Instant, Latitude, Longitude, Note, Text, row_id
from api.reading import sight
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/my/steps")

AT_ONCE = 50
"""Steps of one request; a phone that kept more asks again."""

_FATES: dict[Fate, str] = {
    Fate.OTHERS: mark("{name} has this visit now. If you were there, tell the office."),
    Fate.CANCELLED: mark("This visit was cancelled. If you were there, tell the office."),
    Fate.OVER: mark("This visit was over already. If that is wrong, tell the office."),
}
_NOT_THERE = mark("This visit is not on your list any more. Ask the office.")
_BACKWARDS = mark("The time of this step lies before the step it follows. Set your phone’s clock, and tell the office.")


class Step(Body):
    """A step as the phone kept it. `at`: when it was taken, by the phone's clock; `code`: what hangs at the door."""

    key: UUID
    visit: Id
    step: KeptStep
    at: Instant
    lat: Latitude | None = None
    lon: Longitude | None = None
    code: Annotated[Text, Field(max_length=200)] | None = None
    outcome: Outcome | None = None
    kind: FailKind | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Step":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together; send both or neither")
        if self.step is KeptStep.COMPLETE and self.outcome is None:
            raise ValueError("complete needs an outcome; say how it ended")
        return self

    @property
    def proof(self) -> Proof:
        """What shows that he was there."""
        return Proof(self.lat, self.lon, self.code, self.at)


class Batch(RootModel[Annotated[list[Step], Field(max_length=AT_ONCE)]]):
    """Steps in the order in which they were taken."""


class Came(BaseModel):
    """What came of one. `state`: how far the visit was then; `words`: why it was refused, for the one who took it."""

    key: UUID
    visit: str
    step: KeptStep
    result: Literal["done", "already", "refused"]
    state: str | None
    words: str | None


class Results(BaseModel):
    """What came of all that were sent, in their order."""

    results: list[Came]


class Whose(BaseModel):
    """Whose steps are taken now, and the token that they are sent with."""

    user: str
    csrf: str


@dataclass(frozen=True, slots=True)
class _Visit:
    """A visit as far as a step asks."""

    id: int
    state: VisitState
    staff_id: int | None
    staff_name: str | None
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class _End:
    result: Literal["done", "already", "refused"]
    visit: _Visit | None
    state: str | None
    words: str | None = None


@router.get("")
def who(request: Request, caller: Responder) -> Whose:
    """Say whose session it is: a phone sends nobody's steps in another's name."""
    return Whose(user=str(caller.user_id), csrf=view(request, caller).csrf)


@router.post("")
def take(request: Request, body: Batch, caller: Responder) -> Results:
    """Take steps in their order, each in a transaction of its own: one that is refused holds back none behind it."""
    seen = view(request, caller)
    return Results(results=[_once(seen, caller, each) for each in body.root])


def _once(seen: View, caller: Principal, step: Step) -> Came:
    """Take a step that is new; of one that was here before say again what came of it."""
    now = seen.context.clock.now()
    named = {"user_id": caller.user_id, "key": step.key}
    with seen.context.pool.connection() as connection:
        is_new = connection.execute(
            queries.keep_phone_step, {**named, "step": step.step, "at": step.at, "now": now, "note": step.note}
        ).fetchone()
        if is_new:
            end = _take(connection, seen, caller, step, now)
            connection.execute(
                queries.set_phone_step,
                {
                    **named, "visit_id": end.visit.id if end.visit else None, "result": end.result,
                    "state": end.state, "words": end.words,
                },
            )  # fmt: skip
        came = connection.execute(queries.phone_step, named).fetchone()
    result, state, said = came or ("refused", None, None)
    return Came.model_validate(
        {"key": step.key, "visit": step.visit, "step": step.step, "result": result, "state": state, "words": said}
    )


def _take(connection: Connection[Any], seen: View, caller: Principal, step: Step, now: datetime) -> _End:
    """Do it where it can be done; a refusal leaves nothing but its own row."""
    _ = seen.wording.gettext
    visit = _visit(connection, caller, step.visit)
    if visit is None:
        return _End("refused", None, None, _(_NOT_THERE))
    mine = visit.staff_id is not None and visit.staff_id == caller.staff_id
    what = fate(step.step, visit.state, may_move=mine or caller.may("operator"))
    if what is Fate.ALREADY:
        return _End("already", visit, visit.state)
    if what is not Fate.TAKE:
        name = visit.staff_name or _("Somebody else")
        # how far another's visit is, is not his business any more
        return _End("refused", visit, visit.state if mine else None, _(_FATES[what], name=name))
    try:
        with connection.transaction():
            _do(connection, visit, caller, step, now)
    except TimesRunBackwards:
        return _End("refused", visit, visit.state, _(_BACKWARDS))
    except Refused as error:
        return _End("refused", visit, visit.state, words.refusal(seen.wording, error))
    after = _visit(connection, caller, step.visit) or visit
    return _End("done", visit, after.state)


def _do(connection: Connection[Any], visit: _Visit, caller: Principal, step: Step, now: datetime) -> None:
    actor = caller.actor("console")
    note = (step.note or "").strip() or None
    match step.step:
        case KeptStep.DEPART:
            dispatch.depart(connection, visit_id=visit.id, actor=actor, proof=step.proof, now=now)
        case KeptStep.ARRIVE:
            dispatch.arrive(connection, visit_id=visit.id, actor=actor, proof=step.proof, now=now)
        case KeptStep.BEGIN:
            dispatch.begin(connection, visit_id=visit.id, actor=actor, proof=step.proof, now=now)
        case KeptStep.COMPLETE:
            outcome = step.outcome or Outcome.OTHER
            dispatch.complete(
                connection, visit_id=visit.id, actor=actor, proof=step.proof, outcome=outcome, now=now
            )  # fmt: skip
            if visit.alert_id is not None:
                _close(connection, visit.alert_id, caller, outcome, note, now)
        case _:
            kind = step.kind or FailKind.OTHER
            dispatch.fail(
                connection, visit_id=visit.id, actor=actor, reason=note, kind=kind, proof=step.proof, now=now
            )  # fmt: skip


def _close(
    connection: Connection[Any], alert_id: int, caller: Principal, outcome: str, note: str | None, now: datetime
) -> None:
    """Done also closes the alert that the visit is for, as the digit 9 on a phone does."""
    try:
        with connection.transaction():
            desk.close(
                connection, alert_id=alert_id, actor=caller.actor("console"), outcome=outcome, note=note, now=now
            )
    except AlreadyClosed:
        # somebody closed it while the step was on its way: the visit is done all the same
        return


def _visit(connection: Connection[Any], caller: Principal, visit_id: str) -> _Visit | None:
    row = connection.execute(queries.visit_of_step, {"visit_id": row_id(visit_id), **sight(caller)}).fetchone()
    if row is None:
        return None
    number, state, *rest = row
    return _Visit(number, VisitState(state), *rest)
