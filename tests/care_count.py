"""Who should have been seen by when? The plain count, from raw rows alone: slow, without any of the product's own code.

It walks day by day where the product computes at once, and knows the shipped standards by heart.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
FIVE = time(17)


@dataclass
class Person:
    """A resident as the raw tables have him."""

    id: int
    home_id: int
    path: str
    created_at: datetime
    birth_date: date | None
    category: list[str]
    risk: str | None
    worse_since: datetime | None
    gone: bool
    seen: list[datetime] = field(default_factory=list)
    pictured: list[datetime] = field(default_factory=list)


def people(connection: Any) -> list[Person]:
    """Read everybody, and each time that somebody saw him, from the raw tables."""
    rows = connection.execute(
        "select r.id, r.home_id, a.path, r.created_at, r.birth_date, r.category, r.risk, r.worse_since,"
        " r.left_at is not null or r.removed_at is not null or h.removed_at is not null"
        " from residents r join homes h on h.id = r.home_id join areas a on a.code = h.area"
    ).fetchall()
    found = {row[0]: Person(*row) for row in rows}
    of_home: dict[int, list[Person]] = {}
    for each in found.values():
        of_home.setdefault(each.home_id, []).append(each)
    for home_id, at in connection.execute(
        "select home_id, completed_at from visits where completed_at is not null and outcome <> 'no_access'"
        " union all select home_id, at from looks where result = 'well'"
    ).fetchall():
        for each in of_home.get(home_id, []):
            if at >= each.created_at:
                each.seen.append(at)
    for resident_id, at in connection.execute("select resident_id, at from care_contacts").fetchall():
        found[resident_id].seen.append(at)
    for home_id, at in connection.execute(
        "select d.home_id, e.time from events e join devices d on d.id = e.device_id where e.kind = 1 and e.presence"
    ).fetchall():
        for each in of_home.get(home_id, []):
            if at >= each.created_at:
                each.pictured.append(at)
    return list(found.values())


def periods(person: Person, day: date) -> list[tuple[int, bool]]:
    """Return every so many days in which he is to be seen on a day, each with whether a camera counts."""
    years = None
    if person.birth_date is not None:
        had_birthday = (day.month, day.day) >= (person.birth_date.month, person.birth_date.day)
        years = day.year - person.birth_date.year - (0 if had_birthday else 1)
    own = []
    if person.risk == "high":
        own.append((7, False))
    if person.risk == "low":
        own.append((90, True))
    own += [(7, False) for each in ("dementia", "severe_illness") if each in person.category]
    own += [(30, False) for each in ("disabled", "destitute") if each in person.category]
    if not own:
        own.append((90, False))
    if "lives_alone" in person.category and years is not None and years >= 80:
        # what he was due for before his birthday he is still due for
        own.append((7, False))
    return own


def missed(person: Person, now: datetime, occasions: list[tuple[str | None, datetime, datetime, int]]) -> bool:
    """Say whether he should have been seen by now and was not. `occasions`: path, from, until, at least every so many days."""
    if person.gone:
        return False
    seen = max((at for at in person.seen if at <= now), default=None)
    pictured = max((at for at in person.pictured if at <= now), default=None)
    unseen_since_worse = person.worse_since is not None and (seen is None or seen < person.worse_since)
    if unseen_since_worse and person.worse_since is not None and person.worse_since + timedelta(hours=24) <= now:
        return True
    turned = None
    if person.birth_date is not None:
        turned = person.birth_date.replace(year=person.birth_date.year + 80)
    today = now.astimezone(ZONE).date()
    for every, camera in periods(person, today):
        last = max(at for at in (person.created_at, seen, pictured if camera else None) if at is not None)
        start = last.astimezone(ZONE).date()
        if every == 7 and turned is not None and only_for_age(person) and turned > start:
            start = turned
        if passed(start, every, now):
            return True
        for path, begins, until, at_least in occasions:
            if at_least < every and (path is None or person.path.startswith(path)):
                first = max(start, begins.astimezone(ZONE).date())
                by = datetime.combine(first + timedelta(days=at_least), FIVE, ZONE)
                if by <= until and by <= now:
                    return True
    return False


def only_for_age(person: Person) -> bool:
    """Say whether nothing but his age makes him one of the weekly ones."""
    return person.risk != "high" and not {"dementia", "severe_illness"} & set(person.category)


def passed(start: date, days: int, now: datetime) -> bool:
    """Count the days one by one: is it past five in the afternoon of the last of them?"""
    day = start
    for _ in range(days):
        day += timedelta(days=1)
    return datetime.combine(day, FIVE, ZONE) <= now
