"""Devices: what stands in a home, and how it is. What it said is in `series`."""

from collections.abc import MutableMapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from psycopg import Connection
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from api import reading
from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Patch, Text, Whole, unset
from api.paging import Listing, Paging
from api.problems import missing
from api.reading import DeviceRead, sight
from api.routes import reach, written
from devices import formats, intake, problems, registry, upkeep
from devices.formats import anju
from devices.health import DeviceState
from devices.wiring import TOPIC_LIMIT, Kind, NewDevice, is_everybodys
from gateway import follow
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/devices", tags=["registry"])


def _known_problem(name: str) -> str:
    if name not in problems.ALL:
        raise PydanticCustomError("unknown_problem", "is no problem of a device; see the description of `problem`")
    return name


Uid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{3,64}$")]
Topic = Annotated[Text, Field(min_length=1, max_length=TOPIC_LIMIT)]
Period = Annotated[Whole, Field(ge=1, le=366 * 24 * 3600)]
"""Seconds, up to a leap year."""
Problem = Annotated[str, Query(description="one of " + ", ".join(problems.ALL)), AfterValidator(_known_problem)]


def _known_format(name: str) -> str:
    if name not in formats.names():
        message = "is none of the formats installed here; use one of {known}"
        raise PydanticCustomError("not_a_format", message, {"known": ", ".join(formats.names())})
    return name


def _listed(schema: MutableMapping[str, Any]) -> None:
    schema["enum"] = list(formats.names())


Format = Annotated[Text, AfterValidator(_known_format), Field(json_schema_extra=_listed)]
"""Whose wire format a device speaks: Anju's own, a vendor's, or that of a package installed beside them."""


class DeviceBody(Body):
    """A device to be added. `topic`: its own, or a hub's base topic; `hub`: the uid of the hub it speaks through."""

    uid: Uid
    kind: Kind
    home: Id
    format: Format = formats.OWN
    topic: Topic | None = None
    hub: Uid | None = None
    patrol_every_s: Period | None = None
    offline_after_s: Period | None = None


class DevicePatch(Patch):
    """What changes of a device."""

    kind: Kind = unset()
    home: Id = unset()
    format: Format = unset()
    topic: Topic | None = None
    hub: Uid | None = None
    patrol_every_s: Period | None = None
    offline_after_s: Period | None = None


class DeviceMade(DeviceRead):
    """A new device, with the password that is told this once."""

    mqtt_password: str


class DevicePassword(BaseModel):
    """A device's new password, told this once."""

    mqtt_password: str


@router.get("")
def list_devices(
    context: Ctx,
    caller: Viewer,
    page: Paging,
    area: Annotated[Code | None, Query(description="in it or below it")] = None,
    home: Id | None = None,
    kind: Kind | None = None,
    hub: Annotated[Uid | None, Query(description="those that speak through it")] = None,
    state: DeviceState | None = None,
    problem: Problem | None = None,
    q: Annotated[Text | None, Query(max_length=64, description="how the uid begins")] = None,
) -> Listing[DeviceRead]:
    """List devices, in the order of their uids."""
    with context.pool.connection() as connection:
        (after,) = page.after(str)
        asked = {
            **sight(caller),
            "area": reach.area_asked(connection, caller, area),
            "home_id": None if home is None else reach.home(connection, caller, home),
            "kind": kind, "hub": hub, "state": state, "problem": problem, "q": q, "after": after, "limit": page.rows,
        }  # fmt: skip
        rows = connection.execute(queries.list_devices, asked).fetchall()
        shown, following = page.cut(rows, lambda row: (row[0],))
        found = reading.devices(connection, [uid for (uid,) in shown])
        return Listing(items=[found[uid][0] for (uid,) in shown if uid in found], next=following)


@router.post("", status_code=201)
def add_device(body: DeviceBody, context: Ctx, caller: Admin) -> DeviceMade:
    """Add a device, or again one that was removed. The answer alone carries its MQTT password."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        made, password = add(connection, caller, body, now)
    follow.wait_known(context.pool, now)
    return DeviceMade(**made.model_dump(), mqtt_password=password)


@router.get("/{uid}")
def read_device(uid: str, context: Ctx, caller: Viewer) -> DeviceRead:
    """Show a device and how it is."""
    with context.pool.connection() as connection:
        return one_device(connection, uid, caller)[0]


@router.patch("/{uid}")
def change_device(uid: str, body: DevicePatch, context: Ctx, caller: Admin) -> DeviceRead:
    """Change a device. In another home it begins anew: what it said of the people before is not shown there."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        before, _ = held_device(connection, uid, caller)
        wanted = DeviceBody.model_construct(
            uid=uid,
            **{name: getattr(before, name) for name in DevicePatch.model_fields} | body.given(),
        )
        if before.kind == Kind.HUB and wanted.kind != Kind.HUB:
            written.refuse_used(connection, queries.uses_of_device, {"uid": uid}, what=f"device {uid}")
        upkeep.change_device(connection, wired(connection, caller, uid, wanted, already=before.hub), now)
        after, area = one_device(connection, uid, caller)
        written.changed(connection, caller, f"device {uid}", before, after, area=area, now=now)
        return after


@router.delete("/{uid}", status_code=204)
def remove_device(uid: str, context: Ctx, caller: Admin) -> None:
    """Remove a device; what it said stays."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        _, area = held_device(connection, uid, caller)
        written.refuse_used(connection, queries.uses_of_device, {"uid": uid}, what=f"device {uid}")
        upkeep.remove_device(connection, uid, now)
        written.removed(connection, caller, f"device {uid}", area=area, now=now)
    follow.wait_known(context.pool, now)


@router.post("/{uid}/password", status_code=201)
def new_password(uid: str, context: Ctx, caller: Admin) -> DevicePassword:
    """Give a device another MQTT password; the old one ends at once."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        password = rotate(connection, caller, uid, now)
    follow.wait_known(context.pool, now)
    return DevicePassword(mqtt_password=password)


@router.post("/{uid}/revoke")
def revoke_password(uid: str, context: Ctx, caller: Admin) -> DeviceRead:
    """Take a device's MQTT password away: the broker refuses it at once, the device stays in the registry."""
    now = context.clock.now()
    with context.pool.connection() as connection:
        revoke(connection, caller, uid, now)
        read, _ = one_device(connection, uid, caller)
    follow.wait_known(context.pool, now)
    return read


def rotate(connection: Connection[Any], caller: Principal, uid: str, now: datetime) -> str:
    """Give a device that the caller may see another password, and return it."""
    _, area = held_device(connection, uid, caller)
    password = registry.new_password(connection, uid, now)
    written.done(connection, caller, "new_password", f"device {uid}", area=area, now=now)
    return password


def revoke(connection: Connection[Any], caller: Principal, uid: str, now: datetime) -> None:
    """Take the password of a device that the caller may see away; of one that has none it is no mistake."""
    _, area = held_device(connection, uid, caller)
    if registry.revoke_password(connection, uid):
        written.done(connection, caller, "revoke_password", f"device {uid}", area=area, now=now)


def add(connection: Connection[Any], caller: Principal, body: DeviceBody, now: datetime) -> tuple[DeviceRead, str]:
    """Add a device in a home of the caller's area; returns it, and the password that is told this once."""
    device = wired(connection, caller, body.uid, body)
    (password,) = intake.add_devices(connection, [device], now=now)
    made, area = one_device(connection, body.uid, caller)
    detail = {"kind": made.kind, "home": made.home}
    written.added(connection, caller, f"device {body.uid}", area=area, detail=detail, now=now)
    return made, password


def ever_placed(connection: Connection[Any], uid: str, caller: Principal) -> str:
    """Return the code of the area where a device stands, or where one that was taken out stood. Raises Problem 404."""
    row = None
    if anju.UID.fullmatch(uid):
        row = connection.execute(queries.path_of_device_ever, {"uid": uid}).fetchone()
    if row is None or not caller.sees(row[0]):
        raise missing("device", uid)
    return area_of(str(row[0]))


def area_of(path: str) -> str:
    """Return the code of the area that a path leads to."""
    return path.rstrip("/").rpartition("/")[2]


def one_device(connection: Connection[Any], uid: str, caller: Principal) -> tuple[DeviceRead, str]:
    """Return a device that the caller may see, and the code of its area. Raises Problem 404."""
    found, path = reading.devices(connection, [uid] if anju.UID.fullmatch(uid) else []).get(uid, (None, None))
    if found is None or path is None or not caller.sees(path):
        raise missing("device", uid)
    return found, area_of(path)


def held_device(connection: Connection[Any], uid: str, caller: Principal) -> tuple[DeviceRead, str]:
    """Return a device that nobody else changes until the transaction ends."""
    if anju.UID.fullmatch(uid):
        connection.execute(queries.hold_device, {"uid": uid})
    return one_device(connection, uid, caller)


def speaks_for_itself(kind: str, hub: str | None) -> bool:
    """Say whether a topic is a base of the device's own, and no address behind a hub."""
    return kind == Kind.HUB or hub is None


def reach_topic(caller: Principal, kind: str, hub: str | None, topic: str | None) -> None:
    """Raise Problem 403 where a base topic would let a device hear what is not of the caller's area."""
    if topic is not None and speaks_for_itself(kind, hub) and is_everybodys(topic):
        reach.over_everything(caller, f"topic {topic}, where devices of all areas make themselves known,")


def wired(
    connection: Connection[Any], caller: Principal, uid: str, body: DeviceBody, *, already: str | None = None
) -> NewDevice:
    """Return the device as the registry takes it, in a home and behind a hub within the caller's area."""
    if body.hub is not None and body.hub != already:
        reach.hub(connection, caller, body.hub)
    reach_topic(caller, body.kind, body.hub, body.topic)
    return NewDevice(
        uid=uid,
        kind=body.kind,
        home_id=reach.home(connection, caller, body.home),
        format=body.format,
        topic=body.topic,
        hub=body.hub,
        patrol_every_s=body.patrol_every_s,
        offline_after_s=body.offline_after_s,
    )
