"""When was each resident last seen, and when is he due? Works it out for the homes that are looked at, and keeps it.

Whatever changes it (a visit, a look, a call, the resident himself, a standard, an occasion) lets his home be looked at: the
cost follows changes. Raw rows are the truth; what is kept is what lists and rules read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from alerts.care import cases
from alerts.care.standards import Due, Occasion, Resident, Seen, Standard, Why, counts_cameras, due, holding
from alerts.rules.facts import CareFacts
from storage import sql

queries = sql.load("alerts")

OCCASIONS_KEPT = timedelta(days=400)
"""An occasion that was missed still asks for somebody; longer than that ago every standard asks for him anyway."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a resident."""

    resident_id: int
    home_id: int
    home_since: datetime
    since: datetime
    seen_at: datetime | None
    seen_by: str | None
    seen_ref: int | None
    remote_at: datetime | None
    due: Due | None


def work_out(
    connection: Connection[Any],
    home_ids: Sequence[int],
    cameras: Mapping[int, datetime | None],
    *,
    timezone: str,
    now: datetime,
) -> dict[int, tuple[CareFacts, ...]]:
    """Work out who of these homes is due when, keep what changed, and return it by home.

    `cameras`: when they last saw somebody at each home. A gap that is open and has been filled is made good in the same
    transaction: by whom, says the row.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.care_of_homes, {"home_ids": list(home_ids), "now": now}).fetchall()
    own = [Standard(*row) for row in connection.execute(queries.care_standards_set).fetchall()]
    occasions = occasions_of(connection, now)
    holds: dict[str, list[Standard]] = {}
    facts: dict[int, list[CareFacts]] = defaultdict(list)
    changed: list[_Kept] = []
    newly: dict[int, cases.Filled] = {}
    for row in rows:
        if row["path"] not in holds:
            holds[row["path"]] = holding(own, row["path"])
        kept = _of(row, holds[row["path"]], occasions, cameras.get(row["home_id"]), timezone, now)
        if kept.due is not None:
            facts[kept.home_id].append(CareFacts(kept.due.at, kept.due.why.high))
        if kept != _before(row):
            changed.append(kept)
        if kept.seen_at is not None and kept.seen_at != row["seen_at"]:
            newly[kept.home_id] = cases.Filled(str(kept.seen_by), kept.seen_ref)
        elif kept.remote_at is not None and kept.remote_at != row["remote_at"]:
            newly.setdefault(kept.home_id, cases.Filled(cases.CAMERA, None))
    _keep(connection, changed)
    late = {home_id for home_id, dues in facts.items() if any(each.due_at <= now for each in dues)}
    _fill(connection, [each for each in home_ids if each not in late], newly, now)
    return {home_id: tuple(dues) for home_id, dues in facts.items()}


def occasions_of(connection: Connection[Any], now: datetime) -> list[Occasion]:
    """Return the occasions that may ask for somebody now or later."""
    rows = connection.execute(queries.care_occasions_since, {"since": now - OCCASIONS_KEPT}).fetchall()
    return [Occasion(*row) for row in rows]


def _of(
    row: Mapping[str, Any],
    standards: Sequence[Standard],
    occasions: Sequence[Occasion],
    camera_at: datetime | None,
    timezone: str,
    now: datetime,
) -> _Kept:
    """Return what is to be kept of a resident."""
    stays = row["old_home_id"] == row["home_id"]
    home_since = row["home_since"] if stays else row["created_at"] if row["old_home_id"] is None else now
    since = row["created_at"] if row["since"] is None else row["since"]
    if row["since"] is not None and row["due_at"] is None and not row["gone"]:
        # he was nobody's duty until now
        since = now
    resident = Resident(
        row["path"], since, frozenset(row["category"]), row["risk"], row["birth_date"], row["worse_since"], row["gone"]
    )
    is_newer = row["new_seen_at"] is not None and (row["seen_at"] is None or row["new_seen_at"] > row["seen_at"])
    new = "new_" if is_newer else ""
    seen_at, seen_by, seen_ref = (row[f"{new}seen_{each}"] for each in ("at", "by", "ref"))
    remote_at = None
    if counts_cameras(resident, standards):
        kept_at = row["remote_at"]
        seen_here = camera_at if camera_at is not None and camera_at >= home_since else None
        remote_at = max((at for at in (kept_at, seen_here) if at is not None), default=None)
    found = due(resident, standards, occasions, Seen(seen_at, remote_at), timezone=timezone)
    return _Kept(row["id"], row["home_id"], home_since, since, seen_at, seen_by, seen_ref, remote_at, found)


def _before(row: Mapping[str, Any]) -> _Kept | None:
    if row["old_home_id"] is None:
        return None
    was_due = None if row["due_at"] is None else Due(row["due_at"], Why.of(row["why"]))
    return _Kept(
        row["id"], row["old_home_id"], row["home_since"], row["since"], row["seen_at"], row["seen_by"], row["seen_ref"],
        row["remote_at"], was_due,
    )  # fmt: skip


def _keep(connection: Connection[Any], changed: Sequence[_Kept]) -> None:
    if not changed:
        return
    connection.execute(
        queries.keep_care_states,
        {
            "resident_ids": [each.resident_id for each in changed],
            "home_ids": [each.home_id for each in changed],
            "home_sinces": [each.home_since for each in changed],
            "sinces": [each.since for each in changed],
            "seen_ats": [each.seen_at for each in changed],
            "seen_bys": [each.seen_by for each in changed],
            "seen_refs": [each.seen_ref for each in changed],
            "remote_ats": [each.remote_at for each in changed],
            "due_ats": [None if each.due is None else each.due.at for each in changed],
            "whys": [None if each.due is None else Jsonb(each.due.why.kept()) for each in changed],
        },
    )


def _fill(
    connection: Connection[Any], home_ids: Sequence[int], newly: Mapping[int, cases.Filled], now: datetime
) -> None:
    """The open cases of homes where nobody is late any more are made good: by whoever saw him, or not needed any more."""
    rows = connection.execute(queries.care_cases_not_made_good, {"home_ids": list(home_ids)}).fetchall()
    for case_id, home_id in rows:
        filled = newly.get(home_id, cases.NOT_NEEDED)
        connection.execute(
            queries.care_case_made_good,
            {"case_id": case_id, "how": filled.how, "ref": filled.ref, "by": None, "note": None, "now": now},
        )
