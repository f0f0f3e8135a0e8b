"""How does a new set come in place of an old one, so that its home goes on as before? In one transaction, history kept."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from devices import intake, refused, upkeep
from devices.wiring import Kind, NewDevice
from storage import sql

queries = sql.load("devices")


def replace_device(connection: Connection[Any], old_uid: str, new: NewDevice, *, now: datetime) -> str:
    """Take a device out, put `new` in its place and return the new one's MQTT password, which is kept nowhere.

    What speaks through a hub speaks through the new one from then on; where the base topic changes, topics below it
    follow. The old device keeps its row and its history. Whoever calls holds the old device's row.

    Raises ReplacesItself, NeedsAHub, and what `registry.add_device` raises.
    """
    if new.uid == old_uid:
        raise refused.ReplacesItself(old_uid)
    children = [uid for (uid,) in connection.execute(queries.speak_through, {"hub": old_uid}).fetchall()]
    if children and new.kind != Kind.HUB:
        raise refused.NeedsAHub(new.kind, children)
    # first the old one out: a hub's base topic is free for the new one only then
    upkeep.remove_device(connection, old_uid, now)
    (password,) = intake.add_devices(connection, [new], now=now)
    places = {"old": old_uid, "new": new.uid, "new_topic": new.topic}
    connection.execute(queries.mark_replaced, places)
    if children:
        connection.execute(queries.move_to_hub, places)
    # what the old hub named and nobody let in: the new one names it itself
    connection.execute(queries.forget_found_by, {"hub": old_uid})
    return password
