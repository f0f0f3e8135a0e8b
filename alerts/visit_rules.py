"""How are visits given out in an area? The nearest area up the tree that says so, else what is usual."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from psycopg import Connection

from alerts.proofs import NEAR_M
from storage import sql

queries = sql.load("alerts")

WORK_FROM, WORK_TO = time(8), time(20)
TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class VisitRules:
    """How near is at the door, when people work (in `timezone`), and whether the best one is sent without a dispatcher.

    `area`: whose rules these are; None where nobody set any.
    """

    near_m: int = NEAR_M
    work_from: time = WORK_FROM
    work_to: time = WORK_TO
    timezone: str = TIMEZONE
    auto_assign: bool = False
    area: str | None = None


def read(connection: Connection[Any], area: str | None, timezone: str = TIMEZONE) -> VisitRules:
    """Return what holds in an area; `timezone`: the one where nobody set any."""
    row = connection.execute(queries.visit_rules_up, {"area": area}).fetchone()
    return VisitRules(timezone=timezone) if row is None else VisitRules(*row)


def write(connection: Connection[Any], area: str, rules: VisitRules, now: datetime) -> None:
    """Let these hold in an area, and in all below it that says nothing of its own."""
    connection.execute(
        queries.set_visit_rules,
        {
            "area": area, "near_m": rules.near_m, "work_from": rules.work_from, "work_to": rules.work_to,
            "timezone": rules.timezone, "auto_assign": rules.auto_assign, "now": now,
        },
    )  # fmt: skip


def remove(connection: Connection[Any], area: str) -> bool:
    """Let the wider area's hold again; False where nothing was set."""
    return connection.execute(queries.unset_visit_rules, {"area": area}).rowcount > 0
