"""What does a visit prove? The six elements of electronic visit verification, each with what shows it, and its timeline.

Who was served, by whom, what, where, and when it began and ended (US Cures Act, section 12006).
"""

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from api.reading import VisitRead
from storage import sql

queries = sql.load("api.work")


class StepRow(BaseModel):
    """One thing that was done with a visit; rows are never changed."""

    at: datetime = Field(description="when it was done")
    recorded_at: datetime = Field(description="when we heard of it")
    what: str
    who: str | None
    staff: str | None = Field(description="whom it is about")
    channel: str = Field(description="by which way it was told: phone, sms, voice, console, api, system")
    detail: dict[str, Any]


class Resident(BaseModel):
    """Somebody who lives there."""

    id: str
    name: str


class Served(BaseModel):
    """Who was served: the residents of the home at the arrival, before it those who live there now."""

    home: str | None
    address: str | None
    residents: list[Resident]
    fixed: bool = Field(description="written down at the arrival")


class Server(BaseModel):
    """Who served, and who told us so: himself, or somebody for him."""

    staff: str | None
    name: str | None
    told_by: str | None
    channel: str | None
    himself: bool | None


class Service(BaseModel):
    """What was done."""

    code: str | None
    name: str | None
    name_en: str | None
    outcome: str | None


class Shown(BaseModel):
    """How a place is proven: the door's code (`right`, `wrong`, `none`) and how far the phone was from the home."""

    code: str
    distance_m: int | None
    within_m: int
    place: str = Field(description="home, elsewhere or unproven")


class Place(BaseModel):
    """Where: the home's own position, and what was shown at the beginning and at the end."""

    lat: float | None
    lon: float | None
    start: Shown | None
    end: Shown | None


class Moment(BaseModel):
    """When: as it counts, as the phone said, and when we heard of it."""

    at: datetime | None
    phone_at: datetime | None
    recorded_at: datetime | None


class Verification(BaseModel):
    """The six elements. `missing`: those that nothing is known of yet; `unproven`: those that only somebody's word shows."""

    served: Served
    server: Server
    service: Service
    place: Place
    start: Moment
    end: Moment
    missing: list[str]
    unproven: list[str]


class VisitDetail(VisitRead):
    """A visit with everything that was done, and what it proves."""

    timeline: list[StepRow]
    verification: Verification


def detail(connection: Connection[Any], visit_id: int, visit: VisitRead) -> VisitDetail:
    """Return a visit with its timeline and what it proves."""
    return VisitDetail(
        **visit.model_dump(),
        timeline=timeline(connection, visit_id),
        verification=verification(connection, visit_id, visit),
    )


def timeline(connection: Connection[Any], visit_id: int) -> list[StepRow]:
    """Return what was done with a visit, in the order in which it became known."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.visit_steps, {"visit_id": visit_id}).fetchall()
    return [StepRow.model_validate(row) for row in rows]


def verification(connection: Connection[Any], visit_id: int, visit: VisitRead) -> Verification:
    """Return what a visit proves."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(queries.visit_verified, {"visit_id": visit_id}).fetchone()
    assert row is not None  # noqa: S101 - read in the same transaction
    served = Served(home=visit.home, address=visit.home_address, residents=row["residents"] or [], fixed=row["fixed"])
    server = Server(
        staff=visit.staff, name=visit.staff_name, told_by=row["told_by"], channel=row["channel"], himself=row["himself"]
    )
    place = Place(lat=row["lat"], lon=row["lon"], start=row["arrived_check"], end=row["completed_check"])
    start = _moment(visit.started_at or visit.arrived_at, visit.arrived_proof)
    end = _moment(visit.completed_at, visit.completed_proof)
    known = {
        "served": bool(served.residents),
        "server": visit.staff is not None,
        "service": visit.service is not None or visit.alert is not None,
        "place": visit.home is not None,
        "start": start.at is not None,
        "end": end.at is not None,
    }
    shown = {
        "server": server.himself is True,
        "place": place.start is not None and place.start.place == "home",
        "start": start.phone_at is not None,
        "end": end.phone_at is not None,
    }
    return Verification(
        served=served, server=server,
        service=Service(code=visit.service, name=row["name"], name_en=row["name_en"], outcome=visit.outcome),
        place=place, start=start, end=end,
        missing=[element for element, is_known in known.items() if not is_known],
        unproven=[element for element, is_shown in shown.items() if known[element] and not is_shown],
    )  # fmt: skip


def _moment(at: datetime | None, proof: dict[str, Any] | None) -> Moment:
    shown = proof or {}
    return Moment(at=at, phone_at=shown.get("at"), recorded_at=shown.get("recorded_at"))
