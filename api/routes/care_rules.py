"""How often must somebody be seen in an area, and when more often? Standards and occasions."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from psycopg import Connection
from pydantic import BaseModel, Field, model_validator

from alerts.care import keeping
from alerts.care.standards import SHIPPED, Occasion, Standard
from api.auth import Admin, Operator, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Instant, Name, Whole, Word, row_id
from api.problems import invalid, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/care", tags=["care"])

LASTS_AT_MOST_DAYS = 120
Days = Annotated[Whole, Field(ge=1, le=366)]
Age = Annotated[Whole, Field(ge=1, le=150)]


class WhomBody(Body):
    """For whom a standard is: an area and all below it (none named: everywhere), there a category, a risk, an age from which on.
    None of the three: whoever has no standard of his own."""

    area: Code | None = None
    category: Word | None = None
    risk: Literal["high", "medium", "low"] | None = None
    from_age: Annotated[int | None, Field(ge=1, le=150)] = None


class StandardBody(WhomBody):
    """A standard. `remote`: a camera that sees somebody counts; left out: for low risk only."""

    every_days: Days
    remote: bool | None = None

    @property
    def counts_cameras(self) -> bool:
        """Whether a camera counts."""
        return self.risk == "low" if self.remote is None else self.remote


class StandardRead(BaseModel):
    """A standard; `area`: null for everywhere. `shipped`: it came with Anju, and holds where no area set another."""

    area: str | None
    category: str | None
    risk: str | None
    from_age: int | None
    every_days: int
    remote: bool
    shipped: bool = False


class Standards(BaseModel):
    """How often residents must be seen; of each kind of resident the nearest area up the tree holds."""

    shipped: list[StandardRead]
    items: list[StandardRead]


class OccasionBody(Body):
    """Residents are seen more often meanwhile: so many times as often, or at least every so many days; one of the two."""

    kind: Literal["festival", "weather", "other"] = "weather"
    name: Name
    area: Code | None = None
    from_at: Annotated[Instant, Field(alias="from")]
    until_at: Annotated[Instant, Field(alias="to")]
    factor: Annotated[Whole, Field(ge=2, le=30)] | None = None
    every_days: Days | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "OccasionBody":
        if (self.factor is None) == (self.every_days is None):
            raise ValueError("send factor or every_days, one of the two")
        return self


class OccasionRead(BaseModel):
    """An occasion that is not over; `by`: empty where it is a festival of the calendar."""

    id: str
    kind: str
    name: str
    area: str | None
    from_at: Instant = Field(serialization_alias="from")
    until_at: Instant = Field(serialization_alias="to")
    factor: int | None
    every_days: int | None
    by: str


class Occasions(BaseModel):
    """The occasions ahead and those under way."""

    items: list[OccasionRead]


@router.get("/standards")
def list_standards(context: Ctx, caller: Viewer) -> Standards:
    """Show how often residents must be seen: as shipped, and as set within one's area and above it for it."""
    with context.pool.connection() as connection:
        own = _own(connection, caller)
    shipped = [
        StandardRead(
            area=None, category=each.category, risk=each.risk, from_age=each.from_age, every_days=each.every_days,
            remote=each.remote, shipped=True,
        )
        for each in SHIPPED
    ]  # fmt: skip
    return Standards(shipped=shipped, items=own)


@router.put("/standards")
def set_standard(body: StandardBody, context: Ctx, caller: Admin) -> StandardRead:
    """Set how often such residents of an area are seen, in place of what was set; they are worked out anew."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        path = _path(connection, caller, body.area)
        standard = Standard(
            body.every_days, body.category, body.risk, body.from_age, remote=body.counts_cameras, path=path
        )
        before = _one(connection, caller, body)
        keeping.set_standard(connection, standard, area=body.area, now=now)
        after = _one(connection, caller, body)
        assert after is not None  # noqa: S101 - it was just written
        nothing = after.model_copy(update={"every_days": 0, "remote": False})
        written.changed(connection, caller, "care standard", before or nothing, after, area=body.area, now=now)
        return after


@router.delete("/standards", status_code=204)
def unset_standard(whom: Annotated[WhomBody, Query()], context: Ctx, caller: Admin) -> Response:
    """Let the wider area's standard, or the shipped one, hold there again."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        path = _path(connection, caller, whom.area)
        standard = Standard(1, whom.category, whom.risk, whom.from_age, path=path)
        if not keeping.unset_standard(connection, standard, area=whom.area, now=now):
            raise missing("standard", whom.area or "everywhere")
        written.removed(connection, caller, "care standard", area=whom.area, now=now)
    return Response(status_code=204)


@router.get("/occasions")
def list_occasions(context: Ctx, caller: Viewer) -> Occasions:
    """List the festivals and warnings of the weather at which residents are seen more often."""
    with context.pool.connection() as connection:
        asked = {"below": caller.below, "path": caller.path, "now": context.clock.now()}
        rows = connection.execute(queries.list_care_occasions, asked).fetchall()
    return Occasions(items=[_occasion(*row) for row in rows])


@router.post("/occasions", status_code=201)
def begin_occasion(body: OccasionBody, context: Ctx, caller: Operator) -> OccasionRead:
    """Have residents of an area seen more often for a time: a cold wave, a festival of the place."""
    now = context.clock.now()
    if body.until_at <= max(body.from_at, now):
        raise invalid("to", body.until_at.isoformat(), "lies before from, or is over; mend the times")
    if (body.until_at - body.from_at).days > LASTS_AT_MOST_DAYS:
        raise invalid("to", body.until_at.isoformat(), f"is over {LASTS_AT_MOST_DAYS} days after from; set a standard")
    with context.pool.connection() as connection:
        path = _path(connection, caller, body.area)
        occasion = Occasion(body.name, body.from_at, body.until_at, body.factor, body.every_days, path)
        number = keeping.begin_occasion(
            connection, occasion, kind=body.kind, area=body.area, by=caller.username, now=now
        )
        written.added(connection, caller, f"care occasion {number}", area=body.area, now=now)
    return _occasion(
        number or 0, body.kind, body.name, body.area, body.from_at, body.until_at, body.factor, body.every_days,
        caller.username,
    )  # fmt: skip


@router.delete("/occasions/{occasion_id}", status_code=204)
def end_occasion(occasion_id: str, context: Ctx, caller: Operator) -> Response:
    """Take an occasion back: nobody is due for it any more."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        row = connection.execute(queries.care_occasion_of, {"id": row_id(occasion_id)}).fetchone()
        if row is None or not caller.sees(row[2]):
            raise missing("occasion", occasion_id)
        if row[1] is None:
            reach.over_everything(caller, "what holds everywhere")
        keeping.end_occasion(connection, row[0], now=now)
        written.removed(connection, caller, f"care occasion {occasion_id}", area=row[1], now=now)
    return Response(status_code=204)


def _path(connection: Connection[Any], caller: Principal, area: str | None) -> str | None:
    """Return the path of the area that was named. Raises Problem 422, and 403 for everywhere."""
    if area is None:
        reach.over_everything(caller, "what holds everywhere")
        return None
    return reach.area(connection, caller, area)


def _own(connection: Connection[Any], caller: Principal) -> list[StandardRead]:
    rows = connection.execute(queries.list_care_standards, {"below": caller.below, "path": caller.path}).fetchall()
    return [
        StandardRead(
            area=area, category=category, risk=risk, from_age=from_age, every_days=every_days, remote=remote
        )
        for area, category, risk, from_age, every_days, remote in rows
    ]  # fmt: skip


def _one(connection: Connection[Any], caller: Principal, whom: WhomBody) -> StandardRead | None:
    asked = (whom.area, whom.category, whom.risk, whom.from_age)
    return next(
        (
            each
            for each in _own(connection, caller)
            if (each.area, each.category, each.risk, each.from_age) == asked
        ),
        None,
    )  # fmt: skip


def _occasion(number: int, *rest: Any) -> OccasionRead:
    kind, name, area, from_at, until_at, factor, every_days, by = rest
    return OccasionRead(
        id=str(number), kind=kind, name=name, area=area, from_at=from_at, until_at=until_at, factor=factor,
        every_days=every_days, by=by,
    )  # fmt: skip
