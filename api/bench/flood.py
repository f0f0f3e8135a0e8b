"""Did every ping that the broker took reach the database? The load as a measurement sees it, and what came of it."""

import time
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from api.bench import load
from api.bench.aside import Aside
from api.bench.system import Say, System
from storage import sql

queries = sql.load("api.bench")

CONNECTIONS = 4
LOOK_EVERY_S = 0.5
LOOK_AT_THE_END_EVERY_S = 0.05
NEARLY = 0.95
GIVE_UP_AFTER_S = 30.0
"""Nothing more was stored for this long: what is missing then is lost."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How much was stored in the end, and when the last of it was seen there (the machine's monotonic clock)."""

    stored: int
    until: float


def start(system: System, uids: list[str], *, rate: float, seconds: float, name: str) -> Aside[load.Report]:
    """Let the cameras speak: `rate` pings a second (0: as fast as it goes) for so many seconds."""
    order = load.Order(system.insider, uids, rate, seconds, CONNECTIONS, name)
    return Aside("api.bench.load", order, load.Report)


def wait_begun(flood: Aside[load.Report], system: System) -> None:
    """Wait until the broker has taken the first pings. Raises AsideFailed, RoleEnded."""
    while True:
        report = flood.next(LOOK_EVERY_S)
        system.check()
        if report is not None and (report.acked or report.done):
            return


def wait_published(flood: Aside[load.Report], system: System, say: Say, what: str) -> load.Report:
    """Wait until the broker has taken all of it. Raises AsideFailed, RoleEnded."""
    said = time.monotonic()
    while True:
        report = flood.next(LOOK_EVERY_S)
        system.check()
        if report is None:
            continue
        if report.done:
            return report
        if time.monotonic() - said > 1:
            said = time.monotonic()
            say(f"{what}: {report.acked:,} pings taken by the broker in {report.ended - report.began:.0f} s")


def wait_stored(connection: Connection[Any], system: System, say: Say, expected: int) -> Drained:
    """Wait until so many pings are stored, or no more come."""
    stored, until, said = -1, time.monotonic(), time.monotonic()
    while True:
        system.check()
        now_stored = pings_stored(connection)
        now = time.monotonic()
        if now_stored != stored:
            stored, until = now_stored, now
        if stored >= expected or now - until > GIVE_UP_AFTER_S:
            return Drained(stored, until)
        if now - said > 1:
            said = now
            say(f"waiting for the backlog: {stored:,} of {expected:,} pings stored")
        time.sleep(LOOK_EVERY_S if stored < NEARLY * expected else LOOK_AT_THE_END_EVERY_S)


def pings_stored(connection: Connection[Any]) -> int:
    """Return how many patrol pings are stored."""
    row = connection.execute(queries.pings_stored).fetchone()
    return int(row[0]) if row else 0


def delay_p99_s(connection: Connection[Any]) -> float:
    """Return in how many seconds 99 of 100 pings came from the camera into the gateway's hands."""
    row = connection.execute(queries.delay_of_pings).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0
