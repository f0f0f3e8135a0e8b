"""What a hub or a discovery named and nobody has registered yet: seen, let in, or dismissed by an administrator."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import BaseModel, Field

from api import audit
from api.auth import Admin
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, row_id
from api.paging import Listing, Paging
from api.problems import invalid, missing
from api.reading import DeviceRead
from api.routes import reach, written
from api.routes.devices import DeviceMade, Uid, one_device
from devices import intake, naming
from devices.wiring import Kind, NewDevice
from gateway import follow
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/discovered", tags=["registry"])


class DiscoveredRead(BaseModel):
    """Something that was heard and is in no registry. `said`: a little of what it last said, to know it by."""

    id: str
    format: str
    hub: str | None = Field(description="uid of the hub that it was heard through")
    home: str | None = Field(description="the hub's home: where it is let in unless another is named")
    home_address: str | None
    area: str | None
    address: str = Field(description="what its hub or the discovery calls it")
    topic: str | None = Field(description="its own base topic, where it speaks for itself")
    name: str
    kind: str | None = Field(description="a guess")
    model: str | None
    maker: str | None
    fw: str | None
    first_seen: datetime
    last_seen: datetime
    dismissed_at: datetime | None
    said: dict[str, Any]
    proposed_uid: str = ""


class Approval(Body):
    """How it is let in; what is left out is as it was proposed."""

    uid: Uid | None = None
    kind: Kind | None = None
    home: Id | None = None


@router.get("")
def list_discovered(
    context: Ctx,
    caller: Admin,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    hub: Uid | None = None,
    dismissed: Annotated[bool, Query(description="those that were dismissed, in place of those that wait")] = False,
) -> Listing[DiscoveredRead]:
    """List what waits to be let in, the newest first."""
    with context.pool.connection() as connection:
        return listed(connection, caller, page, area=area, hub=hub, dismissed=dismissed)


@router.get("/{discovered_id}")
def read_discovered(discovered_id: str, context: Ctx, caller: Admin) -> DiscoveredRead:
    """Show one of them."""
    with context.pool.connection() as connection:
        return one(connection, caller, discovered_id)


@router.post("/{discovered_id}/approve", status_code=201)
def approve_discovered(discovered_id: str, body: Approval, context: Ctx, caller: Admin) -> DeviceMade:
    """Make it a device of a home, as `POST /devices` does. One behind a hub needs no password; others are told it here."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        made, password = approve(connection, caller, discovered_id, body, now)
    follow.wait_known(context.pool, now)
    return DeviceMade(**made.model_dump(), mqtt_password=password)


@router.post("/{discovered_id}/dismiss")
def dismiss_discovered(discovered_id: str, context: Ctx, caller: Admin) -> DiscoveredRead:
    """Take it off the list: a neighbour's, or nothing that helps anybody. It can still be let in."""
    with context.pool.connection() as connection:
        return dismiss(connection, caller, discovered_id, context.clock.now())


@router.post("/{discovered_id}/recall")
def recall_discovered(discovered_id: str, context: Ctx, caller: Admin) -> DiscoveredRead:
    """Put what was dismissed back on the list."""
    with context.pool.connection() as connection:
        return recall(connection, caller, discovered_id, context.clock.now())


def listed(
    connection: Connection[Any],
    caller: Principal,
    page: Paging,
    *,
    area: str | None = None,
    hub: str | None = None,
    dismissed: bool = False,
) -> Listing[DiscoveredRead]:
    """Return a page of what the caller may let in, each with the uid that it would get."""
    found = reach.listed(
        connection, page=page, key=int, caller=caller, query=queries.list_discovered,
        filters={"area": reach.area_asked(connection, caller, area), "hub": hub, "dismissed": dismissed},
        read_query=queries.discovered_read, model=DiscoveredRead,
    )  # fmt: skip
    given: set[str] = set()
    for each in found.items:
        each.proposed_uid = _proposed(connection, each, given)
        given.add(each.proposed_uid)
    return found


def one(connection: Connection[Any], caller: Principal, discovered_id: str) -> DiscoveredRead:
    """Return what was discovered, where the caller may see it. Raises Problem 404."""
    found = reach.one(
        connection, queries.discovered_read, row_id(discovered_id), DiscoveredRead, what="discovered",
        caller=caller, asked=discovered_id,
    )  # fmt: skip
    found.proposed_uid = _proposed(connection, found, set())
    return found


def approve(
    connection: Connection[Any], caller: Principal, discovered_id: str, body: Approval, now: datetime
) -> tuple[DeviceRead, str]:
    """Make it a device; returns that, and the password that is told this once."""
    found = _held(connection, caller, discovered_id)
    kind, home = body.kind or found.kind, body.home or found.home
    if kind is None:
        raise invalid("kind", None, f"is missing: nothing says what {found.name} is; name its kind")
    if home is None:
        raise invalid("home", None, f"is missing: no hub says where {found.name} stands; name its home")
    uid = body.uid or found.proposed_uid
    own = found.topic is not None or found.hub is None
    device = NewDevice(
        uid=uid,
        kind=kind,
        home_id=reach.home(connection, caller, home),
        format=found.format,
        topic=(found.topic or found.address) if own else found.address,
        hub=None if own else found.hub,
    )
    (password,) = intake.add_devices(connection, [device], now=now)
    connection.execute(queries.let_in_discovered, {"discovered_id": row_id(discovered_id)})
    made, area = one_device(connection, uid, caller)
    # what people call a thing may name who lives there
    detail = {"discovered": found.id, "kind": made.kind, "home": made.home, "format": found.format, "hub": found.hub}
    audit.record(connection, caller, action="approve", object=f"device {uid}", area=area, detail=detail, now=now)
    return made, password


def dismiss(connection: Connection[Any], caller: Principal, discovered_id: str, now: datetime) -> DiscoveredRead:
    """Take it off the list; twice is no mistake."""
    return _shelve(connection, caller, discovered_id, "dismiss", queries.dismiss_discovered, now)


def recall(connection: Connection[Any], caller: Principal, discovered_id: str, now: datetime) -> DiscoveredRead:
    """Put it back on the list; twice is no mistake."""
    return _shelve(connection, caller, discovered_id, "recall", queries.recall_discovered, now)


def _shelve(
    connection: Connection[Any], caller: Principal, discovered_id: str, action: str, query: bytes, now: datetime
) -> DiscoveredRead:
    found = _held(connection, caller, discovered_id)
    if connection.execute(query, {"discovered_id": int(found.id), "now": now}).rowcount:
        written.done(connection, caller, action, f"discovered {found.id}", area=found.area, now=now)
    return one(connection, caller, discovered_id)


def _held(connection: Connection[Any], caller: Principal, discovered_id: str) -> DiscoveredRead:
    """Return what was discovered, where nobody else lets it in meanwhile. Raises Problem 404."""
    number = row_id(discovered_id)
    if number is None:
        raise missing("discovered", discovered_id)
    connection.execute(queries.hold_discovered, {"discovered_id": number})
    return one(connection, caller, discovered_id)


def _proposed(connection: Connection[Any], found: DiscoveredRead, given: set[str]) -> str:
    """Return a uid that neither the registry has nor this answer has proposed already."""
    wish = naming.proposed(found.name, found.address, found.kind, frozenset())
    begun = connection.execute(queries.uids_begun_with, {"begins": wish[: naming.UID_LIMIT - 8]}).fetchall()
    return naming.proposed(found.name, found.address, found.kind, given | {uid for (uid,) in begun})
