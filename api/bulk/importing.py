"""How does a file come in? Read whole, checked whole, and stored whole, or not at all."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from psycopg import Connection

from api import audit
from api.accounts import COMMAND_LINE
from api.audit import Who
from api.bulk import entries, people, places, things
from api.bulk.entries import Entry
from api.bulk.found import BadFile, Report
from api.bulk.taken import Progress, Taken, unwatched

Take: TypeAlias = Callable[[Connection[Any], Sequence[Entry], datetime], Taken]

TAKE: Mapping[str, Take] = {
    "areas": places.take_areas,
    "homes": places.take_homes,
    "residents": people.take_residents,
    "staff": people.take_staff,
    "devices": things.take_devices,
}


def import_file(
    connection: Connection[Any],
    source: Path | str,
    *,
    now: datetime,
    dry_run: bool = False,
    who: Who | str = COMMAND_LINE,
    progress: Progress = unwatched,
) -> Report:
    """Bring a CSV file in, in the caller's transaction; `source` is its path, or its text.

    What is there already as the file has it is left alone, so that the same file may come twice. `dry_run`: only look
    what is wrong. `progress` hears how many of how many rows are done. Raises NotAFile, and BadFile with every mistake.
    """
    table, rows = entries.read(source)
    with connection.transaction():
        taken = TAKE[table.name](connection, rows, now)
        bad = list(entries.bad_cells(rows))
        if bad:
            raise BadFile(bad)
        issued = () if dry_run or not taken.added else tuple(taken.store(progress))
        if taken.added and not dry_run:
            detail = {"added": taken.added, "unchanged": taken.unchanged}
            audit.record(connection, who, action="import", object=table.name, detail=detail, now=now)
    return Report(table.name, taken.added, taken.unchanged, dry_run, issued)
