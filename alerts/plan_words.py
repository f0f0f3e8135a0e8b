"""How is a plan's rule said in words, and which rule is the usual pattern that somebody chose?"""

from collections.abc import Sequence
from datetime import date, time

from alerts import plans, texts
from alerts.texts import mark

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")
DAYS = {
    "MO": mark("Monday"), "TU": mark("Tuesday"), "WE": mark("Wednesday"), "TH": mark("Thursday"), "FR": mark("Friday"),
    "SA": mark("Saturday"), "SU": mark("Sunday"),
}  # fmt: skip
PATTERNS = {
    "daily": mark("Every day"),
    "weekdays": mark("Monday to Friday"),
    "weekly": mark("On days of the week"),
    "monthly": mark("On a day of the month"),
    "own": mark("By a rule of one's own (RFC 5545)"),
}


def rule_of(pattern: str, *, days: Sequence[str] = (), every: int = 1, month_day: int = 1, own: str = "") -> str:
    """Return the rule of a usual pattern. Raises UnreasonableRule for a week without a day, and for an unknown pattern."""
    step = f";INTERVAL={every}" if every != 1 else ""
    match pattern:
        case "daily":
            return "FREQ=DAILY" + step
        case "weekdays":
            return "FREQ=WEEKLY;BYDAY=" + ",".join(WEEKDAYS)
        case "weekly" if days:
            return f"FREQ=WEEKLY{step};BYDAY=" + ",".join(day for day in DAYS if day in days)
        case "weekly":
            raise plans.UnreasonableRule("FREQ=WEEKLY", "has no day of the week; choose one")
        case "monthly":
            return f"FREQ=MONTHLY{step};BYMONTHDAY={month_day}"
        case "own":
            return own.strip().upper().removeprefix("RRULE:")
        case _:
            raise plans.UnreasonableRule(pattern, f"is no pattern; choose one of {', '.join(PATTERNS)}")


def said(language: str | None, rule: str, start: time, from_day: date) -> str:
    """Return when a plan comes, as one says it; a rule that has no words of its own as it is written."""
    parts = plans.parts_of(rule)
    every, clock = int(parts.get("INTERVAL", "1")), f"{start:%H:%M}"
    when = _when(language, parts, every, clock, from_day)
    if when is None:
        when = texts.gettext(language, "By the rule {rule}, at {time}", rule=rule, time=clock)
    if "COUNT" in parts:
        when += texts.gettext(language, ", {count} times", count=parts["COUNT"])
    if "UNTIL" in parts:
        day = parts["UNTIL"]
        when += texts.gettext(language, ", until {day}", day=f"{day[:4]}-{day[4:6]}-{day[6:8]}")
    return when


def _when(language: str | None, parts: dict[str, str], every: int, clock: str, from_day: date) -> str | None:
    known = set(parts) - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
    if parts["FREQ"] == "DAILY" and not known:
        if every == 1:
            return texts.gettext(language, "Every day at {time}", time=clock)
        return texts.gettext(language, "Every {count} days at {time}", count=every, time=clock)
    if parts["FREQ"] == "WEEKLY" and known <= {"BYDAY"}:
        days = parts.get("BYDAY", list(DAYS)[from_day.weekday()]).split(",")
        if every == 1 and set(days) == set(WEEKDAYS):
            return texts.gettext(language, "Monday to Friday at {time}", time=clock)
        names = texts.gettext(language, ", ").join(texts.gettext(language, DAYS[day]) for day in DAYS if day in days)
        if every == 1:
            return texts.gettext(language, "Every week on {days} at {time}", days=names, time=clock)
        return texts.gettext(language, "Every {count} weeks on {days} at {time}", count=every, days=names, time=clock)
    if parts["FREQ"] == "MONTHLY" and known <= {"BYMONTHDAY"}:
        day = parts.get("BYMONTHDAY", str(from_day.day))
        if "," in day or (day.startswith("-") and day != "-1"):
            return None
        if day == "-1":
            message = mark("On the last day of the month at {time}")
            return texts.gettext(language, message, time=clock) if every == 1 else None
        if every == 1:
            return texts.gettext(language, "Every month on day {day} at {time}", day=day, time=clock)
        return texts.gettext(
            language, "Every {count} months on day {day} at {time}", count=every, day=day, time=clock
        )  # fmt: skip
    return None
