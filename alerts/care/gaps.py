"""What is promised to homes, and what came of it? Gathers visits for the rules that warn of those missed, hurried or made up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from alerts.proofs import distance_m
from alerts.rules.facts import VisitFacts
from storage import sql

queries = sql.load("alerts")

VISITS_KEPT = timedelta(days=60)
"""A visit in doubt is asked about for so long."""


def visits_of(connection: Connection[Any], home_ids: Sequence[int], now: datetime) -> dict[int, tuple[VisitFacts, ...]]:
    """Return the visits of homes as the rules know them, oldest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            queries.care_visits_of_homes, {"home_ids": list(home_ids), "since": now - VISITS_KEPT}
        ).fetchall()
    found: dict[int, list[VisitFacts]] = defaultdict(list)
    for row in rows:
        found[row["home_id"]].append(
            VisitFacts(
                id=row["id"], service=row["service"], of_alert=row["of_alert"], due_to=row["due_to"], over=row["over"],
                arrived_at=row["arrived_at"], completed_at=row["completed_at"], told_at=row["told_at"],
                usual_minutes=row["usual_minutes"], away_m=_away_m(row), wrong_code=row["wrong_code"],
                confirmed=row["confirmed"],
            )
        )  # fmt: skip
    return {home_id: tuple(visits) for home_id, visits in found.items()}


def answers_of(connection: Connection[Any], home_ids: Sequence[int]) -> dict[tuple[int, str], datetime]:
    """Return when a warning of a visit in doubt was last closed, by home and rule."""
    rows = connection.execute(queries.care_answers_of_homes, {"home_ids": list(home_ids)}).fetchall()
    return {(home_id, kind): at for home_id, kind, at in rows}


def _away_m(row: Mapping[str, Any]) -> float | None:
    """Return how far from the home a visit was proven at most; None where the home or the phone has no position."""
    if row["lat"] is None or row["lon"] is None:
        return None
    shown = [
        distance_m(row["lat"], row["lon"], row[f"{when}_lat"], row[f"{when}_lon"])
        for when in ("arrived", "completed")
        if row[f"{when}_lat"] is not None and row[f"{when}_lon"] is not None
    ]
    return max(shown, default=None)
