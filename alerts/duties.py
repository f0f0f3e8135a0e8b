"""What decides who has a rota's shifts? Reads a rota with its hours, pauses and overrides; the pure `rota` decides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from psycopg import Connection

from alerts.rota import Override, Pause, Rota, RotaKind, Stretch, stretches, turn_begins
from alerts.windows import Days, Hours, Window
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class Duty:
    """A rota and whatever else says who has it."""

    rota: Rota
    name: str
    area: str
    overrides: tuple[Override, ...]


def read(connection: Connection[Any], rota_ids: Sequence[int], *, since: datetime) -> dict[int, Duty]:
    """Return the rotas of these ids, with the overrides and pauses that are not over at `since`."""
    if not rota_ids:
        return {}
    asked = {"rota_ids": list(rota_ids), "at": since}
    overrides: dict[int, list[Override]] = defaultdict(list)
    for rota_id, override_id, start, end, staff_id in connection.execute(queries.overrides_of_rotas, asked).fetchall():
        overrides[rota_id].append(Override(override_id, start, end, staff_id))
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for rota_id, staff_id, start, end in connection.execute(queries.pauses_of_rotas, asked).fetchall():
        pauses[rota_id].append(Pause(staff_id, start, end))
    found = {}
    for rota_id, timezone, kind, length, start, members, windows, days, holidays, name, area in connection.execute(
        queries.rotas_by_id, {"rota_ids": list(rota_ids)}
    ).fetchall():
        hours = Hours(tuple(_window(each) for each in windows), Days(days), holidays)
        rota = Rota(rota_id, timezone, RotaKind(kind), length, start, tuple(members), hours, tuple(pauses[rota_id]))
        found[rota_id] = Duty(rota, name, area, tuple(overrides[rota_id]))
    return found


def shifts(connection: Connection[Any], rota_id: int, start: datetime, end: datetime) -> list[Stretch]:
    """Return who has which part of the time from `start` to `end`, each shift whole; nothing for an unknown rota."""
    duty = read(connection, [rota_id], since=start).get(rota_id)
    if duty is None:
        return []
    # where the first shift began depends on what was over when it was asked for
    since = turn_begins(duty.rota, start)
    whole = read(connection, [rota_id], since=since)[rota_id] if since < start else duty
    return stretches(whole.rota, whole.overrides, start, end)


def _window(kept: dict[str, Any]) -> Window:
    return Window(time.fromisoformat(kept["from"]), time.fromisoformat(kept["to"]), frozenset(kept["weekdays"]))
