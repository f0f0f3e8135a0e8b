"""Whom does the silence of devices concern? Reads what changed in an area, asks the rules, raises and closes their alerts.

Cost follows changes: an area is looked at when a device of it fell silent or was heard again, and at no other time. A
change stays a row until its device was warned of or was heard again: what waits for its neighbours, or is held under an
outage, waits there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection

from alerts import desk, press, texts
from alerts.model import SYSTEM, Outcome
from alerts.rules import area_outage, device_offline
from alerts.rules.area_outage import AREA_OUTAGE, WINDOW, Silent
from alerts.rules.device_offline import DEVICE_OFFLINE
from devices import health
from devices.health import DeviceState
from storage import sql

queries = sql.load("alerts")
log = structlog.get_logger("alerts.outages")

NAMED_AT_MOST = 20
"""Devices that an outage names on its timeline."""


@dataclass(frozen=True, slots=True)
class _Device:
    """A device of the area that was heard at least once."""

    id: int
    uid: str
    state: str
    since: datetime
    regular: bool


@dataclass(frozen=True, slots=True)
class _Area:
    """An area as it stands, its changes locked."""

    code: str
    changes: int
    devices: Mapping[str, _Device]
    silent: tuple[Silent, ...]
    warned: Mapping[str, list[int]]
    outages: Mapping[int, datetime]
    last_closed: datetime | None


def look(connection: Connection[Any], *, locale: str, now: datetime) -> int:
    """Look at one area where a device fell silent or was heard again; return how many changes of it there were, 0 once
    no area has any that are due."""
    row = connection.execute(queries.area_of_change, {"now": now}).fetchone()
    if row is None:
        return 0
    area = _read(connection, str(row[0]))
    outage = area_outage.decide(
        sum(each.regular for each in area.devices.values()),
        area.silent,
        open_since=min(area.outages.values(), default=None),
        last_closed=area.last_closed,
    )
    warnings = device_offline.decide(
        area.silent,
        area.warned,
        holds_from=outage.holds_from,
        outage_ended=now if outage.clear else area.last_closed,
        now=now,
    )
    outage_id = min(area.outages, default=None)
    if outage.clear:
        _end_outages(connection, area, locale, now)
    elif outage.raise_at is not None:
        outage_id = _raise_outage(connection, area, warnings.held, outage.raise_at, locale, now)
    under = texts.gettext(locale, "Part of the outage #{number}.", number=outage_id)
    _close(connection, warnings.absorbed, under, now)
    _end_warnings(connection, area, warnings.cleared, locale, now)
    for uid in warnings.raised:
        press.raise_about_device(connection, kind=DEVICE_OFFLINE, device_uid=uid, text=uid, now=now)
    _keep(connection, area, warnings, outage_id)
    return max(area.changes, 1)


def _read(connection: Connection[Any], code: str) -> _Area:
    # one look at an area at a time: two would each raise the same
    connection.execute(queries.lock_press, {"place": f"outage:area:{code}"})
    changed, of_outage = [], {}
    for device_id, outage_id in connection.execute(queries.take_changes, {"area": code}).fetchall():
        changed.append(device_id)
        of_outage[device_id] = outage_id
    devices = {
        uid: _Device(device_id, uid, state, since, _is_regular(kind, patrol_every_s, offline_after_s))
        for device_id, uid, state, since, kind, patrol_every_s, offline_after_s in connection.execute(
            queries.devices_heard_in, {"area": code}
        ).fetchall()
    }
    warned: dict[str, list[int]] = defaultdict(list)
    for alert_id, uid in connection.execute(
        queries.open_warnings, {"area": code, "device_ids": changed, "kind": DEVICE_OFFLINE}
    ).fetchall():
        warned[uid].append(alert_id)
    outages = dict(connection.execute(queries.open_outages, {"area": code}).fetchall())
    ended = connection.execute(queries.last_outage_closed, {"area": code}).fetchone()
    silent = tuple(
        Silent(each.uid, each.since, each.regular, _is_fresh(each.id, of_outage, outages))
        for each in devices.values()
        if each.state == DeviceState.OFFLINE
    )
    return _Area(code, len(changed), devices, silent, warned, outages, ended[0] if ended else None)


def _is_regular(kind: str, patrol_every_s: int | None, offline_after_s: int | None) -> bool:
    """Say whether a device's silence shows within WINDOW: a button is silent for hours and well."""
    late_after_s = health.expectation(kind, patrol_every_s, offline_after_s).late_after_s
    return late_after_s is not None and late_after_s <= WINDOW.total_seconds()


def _is_fresh(device_id: int, of_outage: Mapping[int, int | None], outages: Mapping[int, datetime]) -> bool:
    """Say whether a silence is still to be told: whoever closed an outage by hand has seen to all that it held."""
    if device_id not in of_outage:
        return False
    outage_id = of_outage[device_id]
    return outage_id is None or outage_id in outages


def _raise_outage(
    connection: Connection[Any], area: _Area, held: list[str], raise_at: datetime, locale: str, now: datetime
) -> int:
    regular = [each for each in area.devices.values() if each.regular]
    away = sum(each.regular and each.since >= raise_at - WINDOW for each in area.silent)
    text = texts.gettext(locale, "{offline} of {count} devices offline", offline=away, count=len(regular))
    named = ", ".join(held[:NAMED_AT_MOST]) + (", …" if len(held) > NAMED_AT_MOST else "")
    alert_id = press.raise_for_area(
        connection, kind=AREA_OUTAGE, area=area.code, text=text, actor=SYSTEM,
        detail={"rule": AREA_OUTAGE, "text": f"{text}: {named}"}, raised_at=raise_at, now=now,
    )  # fmt: skip
    log.warning("an area fell silent", alert=alert_id, area=area.code, offline=away, devices=len(regular))
    return alert_id


def _end_outages(connection: Connection[Any], area: _Area, locale: str, now: datetime) -> None:
    regular = [each for each in area.devices.values() if each.regular]
    heard = sum(each.state != DeviceState.OFFLINE for each in regular)
    said = texts.gettext(locale, "{heard} of {count} devices are heard again.", heard=heard, count=len(regular))
    _close(connection, area.outages, said, now)


def _end_warnings(connection: Connection[Any], area: _Area, alert_ids: list[int], locale: str, now: datetime) -> None:
    of = {alert_id: uid for uid, found in area.warned.items() for alert_id in found}
    for alert_id in alert_ids:
        there = of[alert_id] in area.devices
        said = texts.mark("The device is heard again.") if there else texts.mark("The device is not here any more.")
        _close(connection, [alert_id], texts.gettext(locale, said), now)


def _close(connection: Connection[Any], alert_ids: Iterable[int], said: str, now: datetime) -> None:
    # their rows are locked since they were read: nobody has closed them meanwhile
    for alert_id in alert_ids:
        desk.close(connection, alert_id=alert_id, actor=SYSTEM, outcome=Outcome.OTHER, note=said, now=now)


def _keep(connection: Connection[Any], area: _Area, warnings: device_offline.Warnings, outage_id: int | None) -> None:
    """Write down which silences are still to be looked at: those that wait, and those held under the outage."""
    kept: list[tuple[str, datetime | None, int | None]] = [(uid, at, None) for uid, at in warnings.waiting.items()]
    kept += [(uid, None, outage_id) for uid in warnings.held]
    if not kept:
        return
    connection.execute(
        queries.keep_changes,
        {
            "area": area.code,
            "device_ids": [area.devices[uid].id for uid, _, _ in kept],
            "ats": [area.devices[uid].since for uid, _, _ in kept],
            "look_ats": [at for _, at, _ in kept],
            "outage_ids": [held_by for _, _, held_by in kept],
        },
    )
