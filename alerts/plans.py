"""On which days, and when, does a planned visit come? RFC 5545 rules in local time, right when the clocks change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from alerts.model import Invalid

FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
RULE_LIMIT = 500
"""Characters of the longest rule."""
LONGEST_INTERVAL = 366
MOST = 2_000
"""Occurrences that are counted out at once."""

_PARTS = frozenset({
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYHOUR", "BYMINUTE", "WKST",
})  # fmt: skip
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{8})(T[0-9]{6}(Z)?)?")
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# part: (least, greatest, whether it may count from the end)
_NUMBERS = {
    "INTERVAL": (1, LONGEST_INTERVAL, False), "COUNT": (1, MOST, False), "BYMONTHDAY": (1, 31, True),
    "BYMONTH": (1, 12, False), "BYSETPOS": (1, 31, True), "BYHOUR": (0, 23, False), "BYMINUTE": (0, 59, False),
}  # fmt: skip
_SINGLE = frozenset({"INTERVAL", "COUNT", "BYMINUTE"})


class UnreasonableRule(Invalid):
    """rule {rule}: {why}."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"rule {rule[:RULE_LIMIT]!r}: {why}")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When something comes again. `exceptions`: by its usual instant, the one it is moved to, None where it is skipped."""

    rule: str
    start: time
    timezone: str
    from_day: date
    until_day: date | None = None
    exceptions: Mapping[datetime, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One time that it comes. `usual`: by its rule, which it is known by; `at`: when it really is."""

    at: datetime
    usual: datetime


def parts_of(rule: str) -> dict[str, str]:
    """Return a rule's parts by name. Raises UnreasonableRule for what cannot be read, or makes no sense for a visit."""
    if not rule or len(rule) > RULE_LIMIT:
        raise UnreasonableRule(
            rule, f"has no or over {RULE_LIMIT} characters; write for example FREQ=WEEKLY;BYDAY=MO,TH"
        )
    parts: dict[str, str] = {}
    for part in rule.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS or not value:
            raise UnreasonableRule(rule, f"{part!r} cannot be read; use {', '.join(sorted(_PARTS))}, each with a value")
        if name in parts:
            raise UnreasonableRule(rule, f"{name} is there twice; write its values with commas")
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        raise UnreasonableRule(
            rule,
            f"FREQ={parts.get('FREQ', '')}: a visit comes at most once an hour; use one of {', '.join(FREQUENCIES)}",
        )
    if "COUNT" in parts and "UNTIL" in parts:
        raise UnreasonableRule(rule, "has both COUNT and UNTIL; leave one out")
    _check_values(rule, parts)
    _check_together(rule, parts)
    return parts


def check(recurrence: Recurrence) -> None:
    """Raise UnreasonableRule where there is nothing that ever comes, or the day it ends lies before its first."""
    first = _local(datetime.combine(recurrence.from_day, recurrence.start), recurrence)
    rule = _rule_of(recurrence)
    if recurrence.until_day is not None and recurrence.until_day < recurrence.from_day:
        raise UnreasonableRule(
            recurrence.rule, f"ends {recurrence.until_day} before it begins {recurrence.from_day}; swap them"
        )
    found = rule.after(datetime.combine(recurrence.from_day, time.min), inc=True)
    if found is None or _is_over(found, recurrence):
        raise UnreasonableRule(
            recurrence.rule, f"never comes from {first.date()} on; mend the rule, its first day or its last day"
        )


def occurrences(recurrence: Recurrence, start: datetime, end: datetime) -> list[Occurrence]:
    """Return what comes from `start` on and before `end`, in order; at most MOST.

    A local time that the clocks leap over is as much later; one that is there twice comes once, the first time.
    Raises UnreasonableRule.
    """
    zone = ZoneInfo(recurrence.timezone)
    rule = _rule_of(recurrence)
    found = [
        Occurrence(moved, usual)
        for usual, moved in recurrence.exceptions.items()
        if moved is not None and start <= moved < end
    ]
    known: set[datetime] = set(recurrence.exceptions)
    # a day around: which instants local times are is only known below
    first = start.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    last = end.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    for local in rule.xafter(first, inc=True):
        if local > last or _is_over(local, recurrence) or len(found) >= MOST:
            break
        usual = _local(local, recurrence)
        if start <= usual < end and usual not in known:
            known.add(usual)
            found.append(Occurrence(usual, usual))
    return sorted(found)


def is_usual(recurrence: Recurrence, at: datetime) -> bool:
    """Say whether something comes at that instant by the rule, skipped or moved as it may be."""
    bare = Recurrence(
        recurrence.rule, recurrence.start, recurrence.timezone, recurrence.from_day, recurrence.until_day
    )  # fmt: skip
    return bool(occurrences(bare, at, at + timedelta(microseconds=1)))


def _rule_of(recurrence: Recurrence) -> rrule:
    parts = parts_of(recurrence.rule)
    until = parts.pop("UNTIL", None)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    if until is not None:
        # a naive one: dateutil counts in the days and hours of the home's own clock
        text += f";UNTIL={_last_of(recurrence, until):%Y%m%dT%H%M%S}"
    try:
        made = rrulestr(text, dtstart=datetime.combine(recurrence.from_day, recurrence.start))
    except (ValueError, TypeError) as error:
        raise UnreasonableRule(recurrence.rule, f"cannot be read: {error}; see RFC 5545, section 3.3.10") from None
    if not isinstance(made, rrule):
        raise UnreasonableRule(recurrence.rule, "is more than one rule; write each as a plan of its own")
    return made


def _last_of(recurrence: Recurrence, until: str) -> datetime:
    """Return until when a rule holds, in local time. A day counts whole, a Z is an instant."""
    day, clock, is_utc = _UNTIL.fullmatch(until).groups()  # type: ignore[union-attr]  # checked with the other values
    try:
        if clock is None:
            return datetime.combine(datetime.strptime(day, "%Y%m%d").date(), time(23, 59, 59))  # noqa: DTZ007
        at = datetime.strptime(day + clock[:7], "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise UnreasonableRule(recurrence.rule, f"UNTIL={until} is no day; mend its month or day") from None
    if is_utc:
        return at.replace(tzinfo=UTC).astimezone(ZoneInfo(recurrence.timezone)).replace(tzinfo=None)
    return at


def _check_values(rule: str, parts: Mapping[str, str]) -> None:
    for name, (least, greatest, from_end) in _NUMBERS.items():
        if name not in parts:
            continue
        values = parts[name].split(",")
        for value in values:
            number = int(value) if re.fullmatch(r"[+-]?[0-9]{1,5}", value) else None
            size = abs(number) if from_end and number is not None else number
            if size is None or not least <= size <= greatest:
                raise UnreasonableRule(rule, f"{name}={value} is none of {least} to {greatest}; mend it")
        if name in _SINGLE and len(values) > 1:
            raise UnreasonableRule(rule, f"{name}={parts[name]} would be more than one an hour; give one value")
    for value in parts.get("BYDAY", "MO").split(","):
        found = _DAY.fullmatch(value)
        if found is None or (found[1] and parts["FREQ"] not in ("MONTHLY", "YEARLY")):
            raise UnreasonableRule(
                rule,
                f"BYDAY={value} is no day of a week; use MO TU WE TH FR SA SU, in MONTHLY rules with 1 to 5 before it",
            )
    if parts.get("WKST", "MO") not in ("MO", "TU", "WE", "TH", "FR", "SA", "SU"):
        raise UnreasonableRule(rule, f"WKST={parts['WKST']} is no day of a week; use MO or SU")
    if "UNTIL" in parts and _UNTIL.fullmatch(parts["UNTIL"]) is None:
        raise UnreasonableRule(rule, f"UNTIL={parts['UNTIL']} is no day; write for example UNTIL=20270131")


def _check_together(rule: str, parts: Mapping[str, str]) -> None:
    """Refuse parts that never meet, or that would be counted out for ever."""
    filters = [name for name in ("BYDAY", "BYMONTHDAY", "BYMONTH", "BYHOUR") if name in parts]
    if parts["FREQ"] in ("HOURLY", "DAILY") and filters and parts.get("INTERVAL", "1") != "1":
        raise UnreasonableRule(rule, f"INTERVAL beside {filters[0]} may never meet; leave one of them out")
    if parts["FREQ"] == "HOURLY" and ("BYMONTH" in parts or "BYMONTHDAY" in parts):
        raise UnreasonableRule(rule, "HOURLY goes with BYDAY and BYHOUR only; use FREQ=DAILY with BYHOUR")
    if parts["FREQ"] == "WEEKLY" and "BYMONTHDAY" in parts:
        raise UnreasonableRule(rule, "a week has no BYMONTHDAY; use FREQ=MONTHLY")
    if parts["FREQ"] == "WEEKLY" and "BYMONTH" in parts and parts.get("INTERVAL", "1") != "1":
        raise UnreasonableRule(rule, "INTERVAL beside BYMONTH may never meet; leave one of them out")
    if "BYMONTHDAY" in parts and "BYMONTH" in parts:
        days = [abs(int(day)) for day in parts["BYMONTHDAY"].split(",")]
        longest = max(_LENGTHS[int(month) - 1] for month in parts["BYMONTH"].split(","))
        if min(days) > longest:
            raise UnreasonableRule(rule, f"there is no day {min(days)} in that month; mend BYMONTHDAY or BYMONTH")


def _local(naive: datetime, recurrence: Recurrence) -> datetime:
    """Return the instant of a local time."""
    return naive.replace(tzinfo=ZoneInfo(recurrence.timezone), fold=0).astimezone(UTC)


def _is_over(local: datetime, recurrence: Recurrence) -> bool:
    return recurrence.until_day is not None and local.date() > recurrence.until_day
