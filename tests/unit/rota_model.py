"""Who has the shift? Answered the slow way, minute by minute, by what a clock on the wall shows: the model that the real
answer is held against. It shares no line with it.

A hand-off, or an edge of a window, is passed when the wall's clock has shown its time, or a later one, for the first time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from alerts.rota import Override, Rota, RotaKind, Why
from alerts.windows import Days, Window

MINUTE = timedelta(minutes=1)
Answer = int | Why

# the State Council's announcement for 2026: days off beside the weekends, and weekend days that are worked
OFF_2026 = {
    date(2026, month, day)
    for month, first, last in ((1, 1, 3), (2, 15, 23), (4, 4, 6), (5, 1, 5), (6, 19, 21), (9, 25, 27), (10, 1, 7))
    for day in range(first, last + 1)
}
WORKED_2026 = {
    date(2026, month, day) for month, day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
}  # fmt: skip


def is_worked(day: date) -> bool:
    """Say whether China works on a day of 2026."""
    return day in WORKED_2026 or (day.isoweekday() < 6 and day not in OFF_2026)


def minutes(rota: Rota, overrides: list[Override], start: datetime, end: datetime) -> Iterator[tuple[datetime, Answer]]:
    """Yield every minute from `start` to `end` with whoever has it, or why nobody does. All edges lie on whole minutes."""
    zone = ZoneInfo(rota.timezone)
    shown = datetime(1, 1, 1)
    at = start - timedelta(hours=30)
    passed = 0
    while at < end:
        shown = max(shown, at.astimezone(zone).replace(tzinfo=None))
        if at >= start:
            while at >= rota.start and _handed_over(rota, passed + 1, at, shown):
                passed += 1
            yield at, _answer(rota, overrides, at, shown, passed)
        at += MINUTE


def _answer(rota: Rota, overrides: list[Override], at: datetime, shown: datetime, passed: int) -> Answer:
    if not _is_open(rota, shown):
        return Why.OUTSIDE
    held: Override | None = None
    for each in overrides:
        if each.start <= at < each.end and (held is None or each.id > held.id):
            held = each
    if held is not None:
        return held.staff_id
    if at < rota.start:
        return Why.OUTSIDE
    for further in range(len(rota.members)):
        member = rota.members[(passed + further) % len(rota.members)]
        if not any(
            pause.staff_id == member and pause.start <= at and (pause.end is None or at < pause.end)
            for pause in rota.pauses
        ):
            return member
    return Why.NOBODY


def _handed_over(rota: Rota, number: int, at: datetime, shown: datetime) -> bool:
    amount = rota.length * number
    if rota.kind is RotaKind.HOURLY:
        return at - rota.start >= timedelta(hours=amount)
    first = rota.start.astimezone(ZoneInfo(rota.timezone)).replace(tzinfo=None)
    if rota.kind is RotaKind.DAILY:
        return shown >= first + timedelta(days=amount)
    if rota.kind is RotaKind.WEEKLY:
        return shown >= first + timedelta(days=7 * amount)
    months = first.month - 1 + amount
    begin = date(first.year + months // 12, months % 12 + 1, 1)
    following = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
    last = (following - begin).days
    return shown >= datetime.combine(begin.replace(day=min(first.day, last)), first.time())


def _is_open(rota: Rota, shown: datetime) -> bool:
    windows = rota.hours.windows or (Window(time(0), time(0)),)
    for days_ago in (0, 1):
        day = shown.date() - timedelta(days=days_ago)
        if rota.hours.days is not Days.EVERY and is_worked(day) != (rota.hours.days is Days.WORK):
            continue
        for window in windows:
            begin = datetime.combine(day, window.begins)
            end = datetime.combine(day, window.ends)
            if end <= begin:
                end += timedelta(days=1)
            if day.isoweekday() in window.weekdays and begin <= shown < end:
                return True
    return False


@cache
def changes_of(zone: ZoneInfo, year: int) -> list[datetime]:
    """Return the instants of a year, to the minute, at which a zone's clock is set forward or back."""
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    while at.year == year:
        later = at + timedelta(days=1)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = at, later
            while high - low > MINUTE:
                middle = low + (high - low) // 2
                middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
                if middle.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append(high)
        at = later
    return found
