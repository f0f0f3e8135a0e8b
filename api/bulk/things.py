"""How do devices come in?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from api.bulk.entries import Entry, is_same, refuse_twice
from api.bulk.places import homes_meant
from api.bulk.taken import Progress, Taken
from api.routes.devices import DeviceBody
from devices import intake, wiring
from devices.wiring import NewDevice
from storage import sql

queries = sql.load("api.bulk")


def take_devices(connection: Connection[Any], entries: Sequence[Entry], now: datetime) -> Taken:
    """Look rows of devices through; the hubs they speak through may stand in the same file."""
    refuse_twice(entries, "uid", lambda entry: entry.text("uid") or entry.line)
    with connection.cursor(row_factory=dict_row) as cursor:
        asked = {"uids": sorted({entry.text("uid") for entry in entries})}
        there = {row["uid"]: row for row in cursor.execute(queries.devices_there, asked).fetchall()}
    new: list[tuple[Entry, NewDevice]] = []
    unchanged = 0
    for entry, home_id in zip(entries, homes_meant(connection, entries), strict=True):
        body = entry.as_body(DeviceBody, home=str(home_id))
        if body is None or home_id is None:
            continue
        if body.uid in there:
            unchanged += is_same(entry, "uid", body.model_dump(mode="json"), there[body.uid])
            continue
        device = NewDevice(
            body.uid, body.kind, home_id, body.format, body.topic, body.hub, body.patrol_every_s, body.offline_after_s
        )
        new.append((entry, device))
    of_uid = {device.uid: entry for entry, device in new}
    for device, fault in wiring.faults(connection, [device for _, device in new]):
        of_uid[device.uid].refuse(fault.field, fault.value, str(fault))

    def store(progress: Progress) -> Sequence[tuple[str, str]]:
        devices = [device for _, device in new]
        issued = intake.add_devices(connection, devices, now=now, progress=lambda done: progress(done, len(devices)))
        return list(zip((device.uid for device in devices), issued, strict=True))

    return Taken(len(new), unchanged, store)
