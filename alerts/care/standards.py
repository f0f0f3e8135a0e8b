"""How often must a resident be seen, and when is that next? Pure: the standards, what makes it more often, and why.

The shipped standards are those that Chinese regions set (Inner Mongolia, 2022): high risk (over 80 and alone, dementia, severe
illness) weekly and within a day of a change for the worse, the disabled and destitute monthly, others quarterly. An area sets
its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.texts import gettext, mark

WORSE_WITHIN = timedelta(hours=24)
"""After a change for the worse, a return from hospital."""
DUE_H = 17
"""By this local hour of his day a resident is to be seen: there is light left to go and see."""

URGENT_DAYS = 7
"""Whoever is to be seen weekly is at high risk."""

Key = tuple[str | None, str | None, int | None]


@dataclass(frozen=True, slots=True)
class Standard:
    """Residents of that category, risk and age are seen every so many days; without any: whoever has none of his own.

    `remote`: a camera that sees somebody counts. `path`: of the area with all below it where it holds, None for everywhere.
    """

    every_days: int
    category: str | None = None
    risk: str | None = None
    from_age: int | None = None
    remote: bool = False
    path: str | None = None

    @property
    def key(self) -> Key:
        """For whom it is, wherever."""
        return self.category, self.risk, self.from_age

    @property
    def is_for_others(self) -> bool:
        """Whether it is for whoever has no standard of his own."""
        return self.key == (None, None, None)

    def is_for(self, resident: "Resident") -> bool:
        """Say whether it is for somebody, at the latest once he is old enough."""
        return (self.category is None or self.category in resident.category) and self.risk in (None, resident.risk)


SHIPPED = (
    Standard(7, risk="high"),
    Standard(7, category="lives_alone", from_age=80),
    Standard(7, category="dementia"),
    Standard(7, category="severe_illness"),
    Standard(30, category="disabled"),
    Standard(30, category="destitute"),
    # somebody decided that he is well: there a camera is enough
    Standard(90, risk="low", remote=True),
    Standard(90),
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Meanwhile residents are seen `factor` times as often, or at least every `every_days`; one of the two is set."""

    name: str
    from_at: datetime
    until_at: datetime
    factor: int | None = None
    every_days: int | None = None
    path: str | None = None

    def period(self, every_days: int) -> int:
        """Return how often that is for whoever is usually seen every so many days."""
        if self.every_days is not None:
            return min(every_days, self.every_days)
        return max(1, every_days // (self.factor or 1))


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody, as far as care asks. `path`: of his home's area; `since`: since when he is our duty."""

    path: str
    since: datetime
    category: frozenset[str] = frozenset()
    risk: str | None = None
    birth_date: date | None = None
    worse_since: datetime | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """When he was last seen. `at`: by a person; `remote_at`: a camera saw somebody at his home."""

    at: datetime | None = None
    remote_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why he is to be seen then: a change for the worse, or every so many days for what he is, more often at an occasion.

    `high`: he is at high risk, so that a gap is urgent.
    """

    every_days: int | None = None
    category: str | None = None
    risk: str | None = None
    from_age: int | None = None
    occasion: str | None = None
    high: bool = False

    def kept(self) -> dict[str, Any]:
        """Return it as it is stored."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in named.items() if value not in (None, False)}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Why":
        """Return what was stored; what another version wrote beside is passed over."""
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__ if name in kept})


@dataclass(frozen=True, slots=True)
class Due:
    """When he is to be seen, and why."""

    at: datetime
    why: Why


CATEGORIES = {
    "lives_alone": mark("lives alone"),
    "empty_nest": mark("empty nest"),
    "left_behind": mark("left behind"),
    "disabled": mark("disabled"),
    "destitute": mark("destitute"),
    "dementia": mark("dementia"),
    "severe_illness": mark("severe illness"),
}
RISKS = {"high": mark("high risk"), "medium": mark("medium risk"), "low": mark("low risk")}


def explain(language: str | None, why: Why) -> str:
    """Return the reason as a sentence in a language."""
    if why.every_days is None:
        return gettext(language, mark("A change for the worse: to be seen within 24 hours."))
    if why.occasion is not None:
        return gettext(
            language, mark("{occasion}: to be seen every {days} days meanwhile."), occasion=why.occasion,
            days=why.every_days,
        )  # fmt: skip
    parts = []
    if why.category is not None:
        named = CATEGORIES.get(why.category)
        parts.append(why.category if named is None else gettext(language, named))
    if why.risk is not None:
        parts.append(gettext(language, RISKS[why.risk]))
    if why.from_age is not None:
        parts.append(gettext(language, mark("{age} years or older"), age=why.from_age))
    who = (", " if language == "en" else "、").join(parts) or gettext(language, mark("everybody"))
    return gettext(language, mark("{who}: to be seen every {days} days."), who=who, days=why.every_days)


def holding(own: Iterable[Standard], path: str) -> list[Standard]:
    """Return the standards of an area: of each kind of resident that of the nearest area up the tree, else the shipped one."""
    nearest = {each.key: each for each in SHIPPED}
    for each in sorted(own, key=lambda each: len(each.path or "")):
        if each.path is None or path.startswith(each.path):
            nearest[each.key] = each
    return list(nearest.values())


def due(
    resident: Resident,
    standards: Sequence[Standard],
    occasions: Sequence[Occasion],
    seen: Seen,
    *,
    timezone: str,
) -> Due | None:
    """Return when a resident is to be seen next and why; None where he is nobody's duty.

    `standards`: those that hold in his area. Whatever asks for him the soonest counts. Nothing here depends on the present:
    what was missed stays due, also once the festival is over.
    """
    if resident.gone:
        return None
    found = [
        each
        for standard in _of(resident, standards)
        for each in _by(standard, resident, occasions, seen, ZoneInfo(timezone))
    ]
    if resident.worse_since is not None and (seen.at is None or seen.at < resident.worse_since):
        found.append(Due(resident.worse_since + WORSE_WITHIN, Why(high=True)))
    return min(found, key=lambda each: (each.at, not each.why.high))


def counts_cameras(resident: Resident, standards: Sequence[Standard]) -> bool:
    """Say whether what a camera sees may count for somebody."""
    return not resident.gone and any(each.remote for each in _of(resident, standards))


def _of(resident: Resident, standards: Sequence[Standard]) -> list[Standard]:
    """Return the standards that may ask for somebody: his own, and those for others until one of his own holds."""
    own = [each for each in standards if not each.is_for_others and each.is_for(resident)]
    own = [each for each in own if each.from_age is None or resident.birth_date is not None]
    if any(each.from_age is None for each in own):
        return own
    # SHIPPED has one, and whatever an area sets takes its place
    return [*own, *(each for each in standards if each.is_for_others)]


def _by(
    standard: Standard, resident: Resident, occasions: Sequence[Occasion], seen: Seen, zone: ZoneInfo
) -> Iterable[Due]:
    """Return when one standard asks for somebody: by itself, and at each occasion that reaches so far."""
    from_at = resident.since
    if standard.from_age is not None and resident.birth_date is not None:
        from_at = max(from_at, _birthday(resident.birth_date, standard.from_age, zone))
    counted = [seen.at, seen.remote_at if standard.remote else None]
    last = max([from_at, *(at for at in counted if at is not None)])
    high = resident.risk == "high" or standard.every_days <= URGENT_DAYS
    why = Why(standard.every_days, standard.category, standard.risk, standard.from_age, high=high)
    yield Due(_days_after(last, standard.every_days, zone), why)
    for each in occasions:
        period = each.period(standard.every_days)
        if period >= standard.every_days or (each.path is not None and not resident.path.startswith(each.path)):
            continue
        at = _days_after(max(last, each.from_at), period, zone)
        if at <= each.until_at:
            yield Due(at, Why(period, occasion=each.name, high=high))


def _days_after(last: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the hour of the day that many days later by which he is to be seen."""
    day = last.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(DUE_H), zone).astimezone(UTC)


def _birthday(born: date, age: int, zone: ZoneInfo) -> datetime:
    """Return the beginning of the day on which somebody reaches an age; who was born on a leap day, in March."""
    try:
        day = born.replace(year=born.year + age)
    except ValueError:
        day = date(born.year + age, 3, 1)
    return datetime.combine(day, time(0), zone).astimezone(UTC)
