"""What do the rules know of devices and homes? Reads the facts, a batch at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import dict_row

from alerts import test_call
from alerts.care import gaps, seen
from alerts.rules import daily, frequent_presses, unusual_activity, visit_elsewhere, visit_too_short
from alerts.rules.facts import DeviceFacts, HomeDay, HomeFacts
from alerts.rules.scope import Place
from storage import sql

queries = sql.load("alerts")

DAY_BEGINS_H, NIGHT_BEGINS_H = 6, 22
"""A home's day is from six to ten in the evening, its night until the next six, by the installation's clock."""
KEEP_HOME_DAYS = timedelta(days=60)

Facts = TypeVar("Facts")
_DEVICE = tuple(each.name for each in fields(DeviceFacts) if each.name not in ("timezone", "test_every_days"))


@dataclass(frozen=True, slots=True)
class Known(Generic[Facts]):
    """What is known of a device or home, and where it is."""

    facts: Facts
    place: Place


def devices(connection: Connection[Any], ids: Sequence[int], *, timezone: str) -> dict[int, Known[DeviceFacts]]:
    """Return the facts of those of the devices that stand somewhere, by id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries.device_facts, {"ids": list(ids)}).fetchall()
    return {
        row["id"]: Known(
            DeviceFacts(
                **{name: row[name] for name in _DEVICE},
                test_every_days=row["test_every_days"] or test_call.EVERY_DAYS,
                timezone=timezone,
            ),
            Place(row["path"], row["home_id"], row["id"], row["kind"]),
        )
        for row in rows
    }


def homes(
    connection: Connection[Any],
    ids: Sequence[int],
    *,
    timezone: str,
    listening_since: datetime | None,
    now: datetime,
) -> dict[int, Known[HomeFacts]]:
    """Return the facts of those of the homes that are there, by id; their residents' care is worked out anew.

    `listening_since`: when our ingest came up, if it is.
    """
    rows = connection.execute(queries.home_facts, {"ids": list(ids)}).fetchall()
    calls = _calls(connection, ids, now)
    days = _days(connection, ids, timezone, now)
    today = (now.astimezone(ZoneInfo(timezone)) - timedelta(hours=DAY_BEGINS_H)).date()
    # those that are there no more as well: who lived there is nobody's duty any more
    care = seen.work_out(connection, ids, {row[0]: row[4] for row in rows}, timezone=timezone, now=now)
    visits = gaps.visits_of(connection, ids, now)
    answers = gaps.answers_of(connection, ids)
    return {
        home_id: Known(
            HomeFacts(
                watched_since=max(since, listening_since) if watched and listening_since is not None else None,
                seen_at=seen_at,
                in_view=in_view,
                still_since=still_since,
                presses=tuple(calls[home_id]),
                days=tuple(days[home_id]),
                today=today,
                timezone=timezone,
                care=care.get(home_id, ()),
                visits=visits.get(home_id, ()),
                short_answered_at=answers.get((home_id, visit_too_short.RULE.name)),
                elsewhere_answered_at=answers.get((home_id, visit_elsewhere.RULE.name)),
            ),
            Place(path, home_id),
        )
        for home_id, path, watched, since, seen_at, in_view, still_since in rows
    }


def tidy(connection: Connection[Any], now: datetime) -> None:
    """Forget the days of homes that nothing is compared with any more."""
    connection.execute(queries.prune_home_days, {"before": (now - KEEP_HOME_DAYS).date()})


def _calls(connection: Connection[Any], ids: Sequence[int], now: datetime) -> Mapping[int, list[datetime]]:
    since = now - timedelta(days=frequent_presses.DAYS_AT_MOST)
    found: dict[int, list[datetime]] = defaultdict(list)
    for home_id, at in connection.execute(queries.calls_of_homes, {"ids": list(ids), "since": since}).fetchall():
        found[home_id].append(at)
    return found


def _days(connection: Connection[Any], ids: Sequence[int], timezone: str, now: datetime) -> Mapping[int, list[HomeDay]]:
    """Return the finished days of homes, oldest first; yesterday is counted where it was not yet."""
    begins, night, ends = daily.day_bounds(now, timezone, begins_h=DAY_BEGINS_H, sleeps_h=NIGHT_BEGINS_H)
    yesterday = begins.astimezone(ZoneInfo(timezone)).date()
    asked = {"ids": list(ids), "since": yesterday - timedelta(days=unusual_activity.DAYS)}
    rows = connection.execute(queries.days_of_homes, asked).fetchall()
    uncounted = sorted(set(ids) - {row[0] for row in rows if row[1] == yesterday})
    if uncounted:
        connection.execute(
            queries.count_home_days,
            {"ids": uncounted, "day": yesterday, "begins": begins, "night": night, "ends": ends},
        )
        rows = connection.execute(queries.days_of_homes, asked).fetchall()
    found: dict[int, list[HomeDay]] = defaultdict(list)
    for home_id, *day in rows:
        found[home_id].append(HomeDay(*day))
    return found
