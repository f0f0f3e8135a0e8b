"""Who must know that a shift ahead has nobody? Looks ahead over all policies, warns once a hole, and takes that back.

A rota that a policy names has a hole where it should hold and nobody who can be told has its turn. A policy has one where
all of its rotas are outside of their hours and it names nobody else. The warning goes to whoever answers one level up.
All holes of one rota or policy that are known at a time share an alert: three nights of an absence are one thing to mend.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from psycopg import Connection

from alerts import desk, duties, gaps, raising, texts
from alerts.duties import Duty
from alerts.gaps import Gap
from alerts.model import SHIFT_UNCOVERED, SYSTEM, AlreadyClosed, Outcome
from alerts.rota import Stretch, stretches
from storage import sql

queries = sql.load("alerts")
log = structlog.get_logger("alerts.cover")

WARN_AHEAD = timedelta(hours=72)
LOOK_AHEAD = timedelta(days=7)
"""How far the end of a hole is looked for: what reaches further has no end yet."""


_Subject = tuple[int | None, int | None]
"""A rota's id, or a policy's."""


@dataclass(frozen=True, slots=True)
class _Hole:
    """What nobody covers, of which rota or policy."""

    rota_id: int | None
    policy_id: int | None
    area: str
    name: str
    timezone: str
    gap: Gap

    @property
    def of(self) -> _Subject:
        """The rota or policy."""
        return self.rota_id, self.policy_id


@dataclass(slots=True)
class _Known:
    """A hole that was warned of; `is_open`: the warning is."""

    id: int
    rota_id: int | None
    policy_id: int | None
    start: datetime
    end: datetime
    alert_id: int
    is_open: bool
    still: list[Gap] = field(default_factory=list)

    @property
    def of(self) -> _Subject:
        """The rota or policy."""
        return self.rota_id, self.policy_id

    def is_about(self, hole: _Hole) -> bool:
        """Say whether it is the same hole, or a part of it."""
        return hole.of == self.of and hole.gap.overlaps(Gap(self.start, self.end))


def look_ahead(connection: Connection[Any], *, locale: str, now: datetime) -> int:
    """Warn of the holes of the next 72 hours that nobody was warned of, and close the warnings whose holes are none any
    more; return how many warnings were raised."""
    connection.execute(queries.lock_cover)
    known = [_Known(*row) for row in connection.execute(queries.uncovered_open).fetchall()]
    fresh: dict[_Subject, list[_Hole]] = defaultdict(list)
    for hole in _holes(connection, now):
        same = [each for each in known if each.is_about(hole)]
        for each in same:
            each.still.append(hole.gap)
        if not same and hole.gap.start < now + WARN_AHEAD:
            fresh[hole.of].append(hole)
    standing = {each.of: each.alert_id for each in known if each.is_open}
    raised = 0
    for of, holes in fresh.items():
        if of in standing:
            said = texts.gettext(locale, "One more: {text}", text=_text(connection, holes, locale, now))
            desk.note(connection, alert_id=standing[of], actor=SYSTEM, text=said, now=now)
            _keep(connection, holes, standing[of])
        else:
            _keep(connection, holes, _warn(connection, holes, locale, now))
            raised += 1
    _end(connection, known, {standing[of] for of in fresh if of in standing}, locale, now)
    return raised


def _holes(connection: Connection[Any], now: datetime) -> list[_Hole]:
    within = Gap(now, now + LOOK_AHEAD)
    rota_ids: dict[tuple[int, str], list[int]] = defaultdict(list)
    staff_ids: dict[tuple[int, str], list[int]] = defaultdict(list)
    for policy_id, area, rota_id, staff_id in connection.execute(queries.steps_of_all_policies).fetchall():
        rota_ids[policy_id, area] += [rota_id] if rota_id is not None else []
        staff_ids[policy_id, area] += [staff_id] if staff_id is not None else []
    read = duties.read(connection, sorted({each for found in rota_ids.values() for each in found}), since=now)
    held = {
        rota_id: stretches(each.rota, each.overrides, within.start, within.end) for rota_id, each in read.items()
    }  # fmt: skip
    reachable = _reachable(connection, held, staff_ids)
    holes = [
        _Hole(rota_id, None, read[rota_id].area, read[rota_id].name, read[rota_id].rota.timezone, gap)
        for rota_id, found in held.items()
        for gap in gaps.of_rota(found, reachable, within)
    ]
    for (policy_id, area), named in rota_ids.items():
        somebody = not reachable.isdisjoint(staff_ids[policy_id, area])
        for gap in gaps.of_policy([held[each] for each in named], somebody_named=somebody, within=within):
            holes.append(_Hole(None, policy_id, area, area, _timezone(named, read), gap))
    return holes


def _timezone(rota_ids: list[int], read: dict[int, Duty]) -> str:
    """Return the zone in which a policy's people read times; one that names no rota has no hours at all."""
    return read[rota_ids[0]].rota.timezone if rota_ids else "UTC"


def _reachable(
    connection: Connection[Any],
    held: dict[int, list[Stretch]],
    staff_ids: dict[tuple[int, str], list[int]],
) -> set[int]:
    """Return who of all these people can be told."""
    people = {each for found in staff_ids.values() for each in found}
    people |= {each.staff_id for found in held.values() for each in found if each.staff_id is not None}
    return {row[0] for row in connection.execute(queries.reachable_staff, {"staff_ids": sorted(people)}).fetchall()}


def _warn(connection: Connection[Any], holes: list[_Hole], locale: str, now: datetime) -> int:
    """Raise the alert of these holes, all of one rota or policy; returns its id."""
    hole = holes[0]
    text = _text(connection, holes, locale, now)
    detail = {"from": hole.gap.start.isoformat(), "text": text}
    detail |= {"rota": str(hole.rota_id)} if hole.rota_id is not None else {"policy": str(hole.policy_id)}
    above = connection.execute(queries.area_above, {"area": hole.area}).fetchone()
    area = str(above[0]) if above is not None else hole.area
    alert_id = raising.raise_for_area(
        connection, kind=SHIFT_UNCOVERED, area=area, text=text, actor=SYSTEM, detail=detail, now=now
    )
    log.warning("nobody covers a shift", alert=alert_id, rota=hole.rota_id, policy=hole.policy_id, holes=len(holes))
    return alert_id


def _keep(connection: Connection[Any], holes: list[_Hole], alert_id: int) -> None:
    for hole in holes:
        connection.execute(
            queries.insert_uncovered,
            {
                "rota_id": hole.rota_id,
                "policy_id": hole.policy_id,
                "start": hole.gap.start,
                "end": hole.gap.end,
                "alert_id": alert_id,
            },
        )


def _text(connection: Connection[Any], holes: list[_Hole], locale: str, now: datetime) -> str:
    """Return what the coordinator reads: of what, from when to when, in the rota's own time, and how many more."""
    hole = holes[0]
    name = hole.name
    if hole.policy_id is not None:
        row = connection.execute(queries.area_name, {"area": hole.area}).fetchone()
        name = texts.gettext(locale, "All steps of {area}", area=row[0] if row is not None else hole.area)
    zone = ZoneInfo(hole.timezone)
    start, end = (at.astimezone(zone).strftime("%m-%d %H:%M") for at in (hole.gap.start, hole.gap.end))
    if hole.gap.end >= now + LOOK_AHEAD:
        return texts.gettext(locale, "{name}: nobody from {start} on", name=name, start=start)
    words = texts.gettext(locale, "{name}: nobody from {start} to {end}", name=name, start=start, end=end)
    if len(holes) == 1:
        return words
    return texts.gettext(locale, "{words}, and {count} times more", words=words, count=len(holes) - 1)


def _end(connection: Connection[Any], known: list[_Known], grown: set[int], locale: str, now: datetime) -> None:
    """Write down how far the known holes reach now; an alert whose last one is none any more is closed.

    `grown`: alerts that new holes have joined.
    """
    lasting = grown | {each.alert_id for each in known if each.still}
    ended: dict[int, _Known] = {}
    for each in known:
        if each.still:
            start, end = min(gap.start for gap in each.still), max(gap.end for gap in each.still)
            connection.execute(queries.set_uncovered, {"id": each.id, "start": start, "end": end})
        else:
            connection.execute(queries.end_uncovered, {"id": each.id, "now": now})
            if each.is_open and each.alert_id not in lasting:
                ended[each.alert_id] = each
    for alert_id, last in ended.items():
        over = last.end <= now
        said = texts.mark("The time is over; nobody covered it.") if over else texts.mark("It is covered now.")
        try:
            desk.close(
                connection, alert_id=alert_id, actor=SYSTEM, outcome=Outcome.OTHER, note=texts.gettext(locale, said),
                now=now,
            )  # fmt: skip
        except AlreadyClosed:
            log.info("somebody closed the warning meanwhile", alert=alert_id)
