"""Whom does the silence of devices concern? Reads what changed in an area, asks the rules, raises and closes their alerts.

Cost follows changes: an area is looked at when a device of it fell silent or was heard again, and at no other time. A
change stays a row until its device was warned of or was heard again: what waits for its neighbours, or is held under an
outage, waits there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from alerts import desk, raising, texts, thresholds
from alerts.model import SYSTEM, Outcome
from alerts.rules import area_outage, device_offline, hub_offline
from alerts.rules.area_outage import AREA_OUTAGE, WINDOW, Outage, Silent
from alerts.rules.base import Thresholds
from alerts.rules.device_offline import DEVICE_OFFLINE
from alerts.rules.hub_offline import HUB_OFFLINE
from alerts.rules.scope import Place, Scope, holding
from devices import health
from devices.health import DeviceState
from storage import sql

queries = sql.load("alerts")
log = structlog.get_logger("alerts.outages")

NAMED_AT_MOST = 20
"""Devices that an outage names on its timeline."""
WHILE_FLAPPING = timedelta(minutes=30)
"""A device that comes and goes is warned of as that (`device_flapping`): only a longer silence is one more warning."""
LOOK_AGAIN = timedelta(hours=1)
"""When a device is looked at again whose hub is silent without an alert: switched off on purpose, or not warned of."""


@dataclass(frozen=True, slots=True)
class _Device:
    """A device of the area that was heard at least once. `silent`: offline, and not because somebody switched it off.

    `hub_silent`, `hub_back`: whether the hub it speaks through is offline, and since when it is not.
    """

    id: int
    uid: str
    kind: str
    home_id: int
    silent: bool
    off_on_purpose: bool
    since: datetime
    regular: bool
    may_be_silent_s: float
    flapping: bool
    hub: str | None
    hub_silent: bool
    hub_back: datetime | None

    def of_silence(self, *, fresh: bool, held: bool) -> Silent:
        """Return its silence as the rules see it. What fell silent with its hub has its own time to speak
        once the hub is back."""
        back = self.hub_back if self.hub_back is not None and self.hub_back > self.since else None
        not_before = None if back is None else back + timedelta(seconds=self.may_be_silent_s)
        under = self.hub if self.hub_silent and held else None
        return Silent(self.uid, self.since, self.regular, fresh, under, not_before)

    @property
    def rule(self) -> str:
        """What its silence is called."""
        return HUB_OFFLINE if self.kind == "hub" else DEVICE_OFFLINE


@dataclass(frozen=True, slots=True)
class _Area:
    """An area as it stands, its changes locked. `hub_alerts`: the open ones, by hub, also of hubs elsewhere."""

    code: str
    path: str
    changes: int
    devices: Mapping[str, _Device]
    silent: tuple[Silent, ...]
    warned: Mapping[str, list[int]]
    outages: Mapping[int, datetime]
    last_closed: datetime | None
    hub_alerts: Mapping[str, int]
    scopes: Mapping[str, list[Scope]]

    def lasts(self, uid: str) -> timedelta:
        """Return for how long a device must be silent before somebody is warned."""
        lasts = timedelta(seconds=self._holding(uid)[0].lasts_s)
        return max(lasts, WHILE_FLAPPING) if self.devices[uid].flapping else lasts

    def is_warned_of(self, uid: str) -> bool:
        """Say whether anybody wants to hear of that device's silence; yes of a hub that stands elsewhere."""
        return uid not in self.devices or self._holding(uid)[1]

    def _holding(self, uid: str) -> tuple[Thresholds, bool]:
        device = self.devices[uid]
        place = Place(self.path, device.home_id, device.id, device.kind)
        if device.kind == "hub":
            return holding(hub_offline.RULE, self.scopes.get(HUB_OFFLINE, ()), place)
        return holding(device_offline.RULE, self.scopes.get(DEVICE_OFFLINE, ()), place)


def look(connection: Connection[Any], *, locale: str, now: datetime) -> int:
    """Look at one area where a device fell silent or was heard again; return how many changes of it there were, 0 once
    no area has any that are due."""
    row = connection.execute(queries.area_of_change, {"now": now}).fetchone()
    if row is None:
        return 0
    area = _read(connection, str(row[0]))
    outage = _outage(area)
    warnings = device_offline.decide(
        [each for each in area.silent if area.is_warned_of(each.uid)],
        area.warned,
        holds_from=outage.holds_from,
        outage_ended=now if outage.clear else area.last_closed,
        now=now,
        lasts=area.lasts,
    )
    outage_id = min(area.outages, default=None)
    if outage.clear:
        _end_outages(connection, area, locale, now)
    elif outage.raise_at is not None:
        outage_id = _raise_outage(connection, area, warnings.held, outage.raise_at, locale, now)
    under = texts.gettext(locale, "Part of the outage #{number}.", number=outage_id)
    _close(connection, warnings.absorbed, under, now)
    _end_warnings(connection, area, warnings.cleared, locale, now)
    hub_alerts = dict(area.hub_alerts)
    for uid in warnings.raised:
        rule = area.devices[uid].rule
        alert_id = raising.raise_about_device(connection, kind=rule, device_uid=uid, text=uid, now=now)
        if rule == HUB_OFFLINE:
            hub_alerts[uid] = alert_id
    for alert_id, hub in warnings.absorbed_under.items():
        number = hub_alerts.get(hub)
        if number is not None:
            held = texts.gettext(locale, "Its hub is offline: held under #{number}.", number=number)
            _close(connection, [alert_id], held, now)
    _keep(connection, area, warnings, outage_id, hub_alerts, now)
    return max(area.changes, 1)


def _outage(area: _Area) -> Outage:
    limits, enabled = holding(area_outage.RULE, area.scopes.get(AREA_OUTAGE, ()), Place(area.path))
    if not enabled:
        return Outage(clear=bool(area.outages))
    return area_outage.decide(
        sum(each.regular for each in area.devices.values()),
        area.silent,
        open_since=min(area.outages.values(), default=None),
        last_closed=area.last_closed,
        thresholds=limits,
    )


def _read(connection: Connection[Any], code: str) -> _Area:
    # one look at an area at a time: two would each raise the same
    connection.execute(queries.lock_press, {"place": f"outage:area:{code}"})
    changed, of_outage = [], {}
    for device_id, outage_id in connection.execute(queries.take_changes, {"area": code}).fetchall():
        changed.append(device_id)
        of_outage[device_id] = outage_id
    rows = connection.execute(queries.devices_heard_in, {"area": code}).fetchall()
    devices = {device.uid: device for device in map(_device, rows)}
    hubs = sorted({each.hub for each in devices.values() if each.hub is not None})
    warned: dict[str, list[int]] = defaultdict(list)
    hub_alerts: dict[str, int] = {}
    for alert_id, uid, kind, here in connection.execute(
        queries.open_warnings,
        {"area": code, "device_ids": changed, "hubs": hubs, "kinds": [DEVICE_OFFLINE, HUB_OFFLINE]},
    ).fetchall():
        if here:
            warned[uid].append(alert_id)
        if kind == HUB_OFFLINE:
            hub_alerts[uid] = alert_id
    outages = dict(connection.execute(queries.open_outages, {"area": code}).fetchall())
    ended = connection.execute(queries.last_outage_closed, {"area": code}).fetchone()
    open_ones = {*outages, *hub_alerts.values()}
    path = connection.execute(queries.path_of_area, {"code": code}).fetchone()
    scopes = thresholds.scopes(
        connection,
        home_ids=[each.home_id for each in devices.values()],
        device_ids=[each.id for each in devices.values()],
    )
    area = _Area(
        code, str(path[0]) if path else "/", len(changed), devices, (), warned, outages, ended[0] if ended else None,
        hub_alerts, scopes,
    )  # fmt: skip
    silent = tuple(
        # where nobody wants to hear of the hub, its devices are told by themselves
        each.of_silence(
            fresh=_is_fresh(each.id, of_outage, open_ones), held=each.hub is not None and area.is_warned_of(each.hub)
        )
        for each in devices.values()
        if each.silent
    )
    return replace(area, silent=silent)


def _device(row: tuple[Any, ...]) -> _Device:
    device_id, uid, state, since, kind, home_id, *periods, on_purpose, flapping, hub, hub_state, hub_since = row
    is_off = state == DeviceState.OFFLINE
    expected = health.expectation(kind, *periods)
    late_after_s = expected.late_after_s
    hub_silent = hub_state == DeviceState.OFFLINE
    return _Device(
        device_id, uid, kind, home_id, is_off and not on_purpose, is_off and on_purpose,
        since,
        # whose silence shows within WINDOW: a button is silent for hours and well
        late_after_s is not None and late_after_s <= WINDOW.total_seconds(),
        expected.offline_after_s, flapping, hub, hub_silent, None if hub_silent else hub_since,
    )  # fmt: skip


def _is_fresh(device_id: int, of_outage: Mapping[int, int | None], open_ones: Collection[int]) -> bool:
    """Say whether a silence is still to be told: whoever closed an outage, or a hub's warning, has seen to all it held."""
    if device_id not in of_outage:
        return False
    outage_id = of_outage[device_id]
    return outage_id is None or outage_id in open_ones


def _raise_outage(
    connection: Connection[Any], area: _Area, held: list[str], raise_at: datetime, locale: str, now: datetime
) -> int:
    regular = [each for each in area.devices.values() if each.regular]
    away = sum(each.regular and each.since >= raise_at - WINDOW for each in area.silent)
    text = texts.gettext(locale, "{offline} of {count} devices offline", offline=away, count=len(regular))
    named = ", ".join(held[:NAMED_AT_MOST]) + (", …" if len(held) > NAMED_AT_MOST else "")
    alert_id = raising.raise_for_area(
        connection, kind=AREA_OUTAGE, area=area.code, text=text, actor=SYSTEM,
        detail={"rule": AREA_OUTAGE, "text": f"{text}: {named}"}, raised_at=raise_at, now=now,
    )  # fmt: skip
    log.warning("an area fell silent", alert=alert_id, area=area.code, offline=away, devices=len(regular))
    return alert_id


def _end_outages(connection: Connection[Any], area: _Area, locale: str, now: datetime) -> None:
    regular = [each for each in area.devices.values() if each.regular]
    heard = sum(not each.silent for each in regular)
    said = texts.gettext(locale, "{heard} of {count} devices are heard again.", heard=heard, count=len(regular))
    _close(connection, area.outages, said, now)


def _end_warnings(connection: Connection[Any], area: _Area, alert_ids: list[int], locale: str, now: datetime) -> None:
    of = {alert_id: uid for uid, found in area.warned.items() for alert_id in found}
    for alert_id in alert_ids:
        device = area.devices.get(of[alert_id])
        if device is None:
            said = texts.mark("The device is not here any more.")
        elif device.off_on_purpose:
            said = texts.mark("The device was switched off on purpose.")
        elif device.silent:
            said = texts.mark("Nobody wants to hear of it here any more.")
        else:
            said = texts.mark("The device is heard again.")
        _close(connection, [alert_id], texts.gettext(locale, said), now)
    # what is held under a hub's warning is looked at again, also where its home is in another area
    connection.execute(queries.release_changes, {"alert_ids": alert_ids, "now": now})


def _close(connection: Connection[Any], alert_ids: Iterable[int], said: str, now: datetime) -> None:
    # their rows are locked since they were read: nobody has closed them meanwhile
    for alert_id in alert_ids:
        desk.close(connection, alert_id=alert_id, actor=SYSTEM, outcome=Outcome.OTHER, note=said, now=now)


def _keep(
    connection: Connection[Any],
    area: _Area,
    warnings: device_offline.Warnings,
    outage_id: int | None,
    hub_alerts: Mapping[str, int],
    now: datetime,
) -> None:
    """Write down which silences are still to be looked at: those that wait, and those held under an outage or a hub."""
    kept: list[tuple[str, datetime | None, int | None]] = [(uid, at, None) for uid, at in warnings.waiting.items()]
    kept += [(uid, None, outage_id) for uid in warnings.held]
    for uid, hub in warnings.held_under.items():
        alert_id = hub_alerts.get(hub)
        # a hub that fell silent just now is warned of when it has settled
        waits = warnings.waiting.get(hub, now + LOOK_AGAIN)
        kept.append((uid, waits, None) if alert_id is None else (uid, None, alert_id))
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
