"""Which code hangs at a home's door? Whoever scans it there proves that he came; read and changed by operators, audited."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from psycopg import Connection
from pydantic import BaseModel, Field

from api import labels
from api.auth import Operator
from api.context import Ctx, Principal
from api.fields import Code, row_id
from api.labels import DoorLabel
from api.problems import invalid, missing
from api.routes import reach, written
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(tags=["registry"])

AT_MOST = 1000
"""Labels of one file: some forty sheets, more than a village has."""
_SVG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/svg+xml": {}}, "description": "sheets of A4 to print"}
}


class DoorCode(BaseModel):
    """A door's code. Whoever has it can say that he was there: it belongs on the label at the door alone."""

    home: str
    code: str
    link: str = Field(description="what the QR code of its label holds")
    since: datetime | None = Field(description="since when; null: since the home was registered")


@router.get("/homes/{home_id}/door-code")
def read_door_code(home_id: str, context: Ctx, caller: Operator) -> DoorCode:
    """Show the code of a home's door. That one looked is written down in the audit log."""
    with context.pool.connection() as connection:
        found, area = _read(connection, caller, home_id, context.settings.public_url)
        written.looked(connection, caller, _object(found), area=area, now=context.clock.now())
        return found


@router.post("/homes/{home_id}/door-code", status_code=201)
def change_door_code(home_id: str, context: Ctx, caller: Operator) -> DoorCode:
    """Give a home's door another code, where the old one is known to others; its label must be printed anew."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        _read(connection, caller, home_id, "")
        connection.execute(queries.set_door_code, {"home_id": row_id(home_id), "now": now})
        found, area = _read(connection, caller, home_id, context.settings.public_url)
        written.done(connection, caller, "change", _object(found), area=area, now=now)
        return found


@router.get("/homes/{home_id}/door-code/label", response_class=Response, responses=_SVG)
def print_door_code(home_id: str, context: Ctx, caller: Operator) -> Response:
    """Show the label of a home's door, to print. That one looked is written down in the audit log."""
    public_url = context.settings.public_url
    with context.pool.connection() as connection:
        found, area = _read(connection, caller, home_id, public_url)
        written.looked(connection, caller, _object(found), area=area, now=context.clock.now())
    return _sheets([DoorLabel(found.code, int(found.home))], public_url)


@router.get("/door-labels", response_class=Response, responses=_SVG)
def print_door_codes(
    context: Ctx, caller: Operator, area: Annotated[Code, Query(description="in it or below it")]
) -> Response:
    """Show the labels of all doors of an area, home by home. That one looked is written down in the audit log."""
    with context.pool.connection() as connection:
        path = reach.area(connection, caller, area)
        rows = connection.execute(queries.door_codes_of_area, {"path": path, "limit": AT_MOST + 1}).fetchall()
        if len(rows) > AT_MOST:
            raise invalid("area", area, f"area {area} has over {AT_MOST} homes; print it village by village")
        detail = {"homes": len(rows)}
        written.looked(connection, caller, "door codes", area=area, detail=detail, now=context.clock.now())
    return _sheets([DoorLabel(code, home_id) for code, home_id in rows], context.settings.public_url)


def _sheets(found: list[DoorLabel], public_url: str) -> Response:
    return Response(labels.as_svg(found, public_url), media_type="image/svg+xml")


def _read(connection: Connection[Any], caller: Principal, home_id: str, public_url: str) -> tuple[DoorCode, str]:
    """Return the code of a home that the caller sees, and its area. Raises Problem 404."""
    row = connection.execute(queries.door_code_read, {"home_id": row_id(home_id), "below": caller.below}).fetchone()
    if row is None:
        raise missing("home", home_id)
    code, since, area = row
    return DoorCode(home=home_id, code=code, link=DoorLabel(code, int(home_id)).link(public_url), since=since), area


def _object(found: DoorCode) -> str:
    return f"door code of home {found.home}"
