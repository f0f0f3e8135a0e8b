"""A home's set, replaced on the spot: the old one out, the new one in with the same home, kind and periods."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from psycopg import Connection
from pydantic import Field

from alerts import replaced
from api import audit
from api.auth import Responder
from api.context import Ctx, Principal
from api.fields import Patch, unset
from api.problems import Problem
from api.reading import DeviceRead
from api.routes import reach
from api.routes.devices import DeviceMade, Format, Topic, Uid, held_device, one_device, reach_topic, speaks_for_itself
from devices import formats, replacing
from devices.wiring import Kind, NewDevice
from gateway import follow

router = APIRouter(prefix="/devices", tags=["registry"])


class Replacement(Patch):
    """The set that comes; what is left out is as it was of the one that goes. `topic` null: it speaks by its uid."""

    uid: Annotated[Uid, Field(description="of the new one")]
    kind: Kind = unset()
    format: Format = unset()
    topic: Topic | None = None
    hub: Uid | None = None


@router.post("/{uid}/replace", status_code=201)
def replace_device(uid: str, body: Replacement, context: Ctx, caller: Responder) -> DeviceMade:
    """Put a new device in an old one's place. What speaks through an old hub speaks through the new one.

    The old one's history stays, its warnings end. Like by like; another format, hub or place of topics, or a hub where there
    was none, takes an administrator. The answer alone carries the new one's MQTT password.
    """
    now = context.clock.now()
    with context.pool.connection() as connection:
        made, password = replace(connection, caller, uid, body, locale=context.settings.locale, now=now)
    follow.wait_known(context.pool, now)
    return DeviceMade(**made.model_dump(), mqtt_password=password)


def replace(
    connection: Connection[Any], caller: Principal, uid: str, body: Replacement, *, locale: str, now: datetime
) -> tuple[DeviceRead, str]:
    """Put a new device in the place of one that the caller may see; returns it and its password."""
    one_device(connection, uid, caller)
    ended = replaced.end_warnings(connection, uid=uid, by=body.uid, locale=locale, now=now)
    old, area = held_device(connection, uid, caller)
    new = _new(old, body)
    if not caller.may("admin"):
        _like_for_like(old, new)
    reach_topic(caller, new.kind, new.hub, new.topic)
    if body.hub is not None and body.hub != old.hub:
        reach.hub(connection, caller, body.hub)
    password = replacing.replace_device(connection, uid, new, now=now)
    made, _ = one_device(connection, body.uid, caller)
    audit.record(
        connection, caller, action="replace", object=f"device {uid}", area=area,
        detail={"by": body.uid, "warnings_ended": [str(each) for each in ended]}, now=now,
    )  # fmt: skip
    audit.record(
        connection, caller, action="add", object=f"device {body.uid}", area=area,
        detail={"kind": made.kind, "home": made.home, "replaces": uid}, now=now,
    )  # fmt: skip
    return made, password


def _like_for_like(old: DeviceRead, new: NewDevice) -> None:
    """Raise Problem 403 where whoever is no administrator would get more of the broker than the old set had.

    By another format, a hub or a topic he could speak and hear in other homes' names, outside of his area too.
    """
    wants = "takes an administrator; replace it by one of the same, or ask for it"
    if new.kind == Kind.HUB and old.kind != Kind.HUB:
        raise Problem(403, f"kind hub: a hub in the place of a {old.kind} {wants}")
    if new.format not in (old.format, formats.OWN):
        raise Problem(403, f"format {new.format}: {old.uid} speaks {old.format}; another vendor's {wants}")
    if new.hub not in (None, old.hub):
        raise Problem(403, f"hub {new.hub}: {old.uid} speaks through another or none; a hub of its own {wants}")
    if new.topic is None or not speaks_for_itself(new.kind, new.hub):
        return
    base = old.topic if speaks_for_itself(old.kind, old.hub) else None
    if base is None or new.topic.rpartition("/")[0] != base.rpartition("/")[0]:
        raise Problem(403, f"topic {new.topic}: it does not lie beside {base or 'one of the old set'}; that {wants}")


def _new(old: DeviceRead, body: Replacement) -> NewDevice:
    """Return the set that comes: as the old one, but for what is given and what went with that.

    Another kind has other periods; another vendor's set speaks under another topic, and through no hub of the old one's.
    """
    given = body.given()
    kind, format_ = given.get("kind", old.kind), given.get("format", old.format)
    same_kind, same_vendor = kind == old.kind, format_ == old.format
    return NewDevice(
        uid=body.uid,
        kind=kind,
        home_id=int(old.home),
        format=format_,
        topic=given.get("topic", old.topic if same_vendor else None),
        hub=given.get("hub", old.hub if same_vendor else None),
        patrol_every_s=old.patrol_every_s if same_kind else None,
        offline_after_s=old.offline_after_s if same_kind else None,
    )
