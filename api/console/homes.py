"""Which home is meant? Found while one types parts of its village, address or residents, within one's own area."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection
from psycopg.rows import class_row

from api.auth import Responder
from api.console.page import View, view
from api.context import Principal
from api.fields import row_id
from api.routes import written
from storage import sql

queries = sql.load("api.console")
router = APIRouter(prefix="/homes")

SHOWN = 12
WORDS_AT_MOST = 8
Sought = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class HomeFound:
    """A home that one may choose."""

    id: int
    address: str
    area: str
    places: str | None
    residents: list[str] | None

    @property
    def where(self) -> str:
        """The place in one breath."""
        return " ".join(part for part in (self.places, self.address) if part)


@router.get("/found")
def found(request: Request, caller: Responder, q: Sought = "", onward: Sought = "") -> Response:
    """Show the homes that have this in them, as links that lead `onward` with the home chosen."""
    seen = view(request, caller)
    return seen.page("homes_found.html", sought=q, homes=find(seen, caller, q), onward=inside(onward))


def find(seen: View, caller: Principal, q: str) -> list[HomeFound]:
    """Return the homes where each word of `q` is in the address, the village's name or a resident's name.

    Whose names it told is written down.
    """
    sought = q.replace("\0", "").split()[:WORDS_AT_MOST]
    if not sought:
        return []
    asked = {"below": caller.below, "words": sought, "limit": SHOWN}
    with seen.context.pool.connection() as connection:
        with connection.cursor(row_factory=class_row(HomeFound)) as cursor:
            homes = cursor.execute(queries.homes_to_choose, asked).fetchall()
        if homes:
            written.looked(
                connection, caller, "homes", area=caller.area, detail={"homes": [str(each.id) for each in homes]},
                now=seen.context.clock.now(),
            )  # fmt: skip
    return homes


def chosen(connection: Connection[Any], caller: Principal, home: str, now: datetime) -> HomeFound | None:
    """Return the home of an id, None where this user sees none of it. Whose names it told is written down."""
    home_id = row_id(home)
    if home_id is None:
        return None
    with connection.cursor(row_factory=class_row(HomeFound)) as cursor:
        found = cursor.execute(queries.home_chosen, {"below": caller.below, "home_id": home_id}).fetchone()
    if found is not None:
        written.looked(connection, caller, f"home {found.id}", area=found.area, now=now)
    return found


def inside(onward: str) -> str:
    """Return a path of a page that asks for a home; anything else leads to the scan page."""
    plain = onward.split("?", 1)[0]
    known = plain in ("/add", "/plans", "/complaints") or plain.startswith(("/my/scan/", "/discovered/"))
    return onward if known and "//" not in plain and not any(ord(each) < 33 for each in onward) else "/my/scan"
