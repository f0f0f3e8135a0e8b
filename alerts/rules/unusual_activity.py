"""Was yesterday unlike the home's own last two weeks? By how much of the day, and of the night, somebody was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded
from alerts.rules.facts import HomeFacts
from alerts.texts import mark

DAYS = 14
"""The home's own days that a day is compared with."""
_SIGMA = 1.4826
"""A normal distribution's standard deviation is so many times its median absolute deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualActivity(Thresholds):
    """`times` the usual spread off the usual share, and `off_pct` points at least; judged once `days` are known."""

    off_pct: int = bounded(25, 5, 100)
    times: int = bounded(5, 2, 20)
    days: int = bounded(7, 3, DAYS)


def judge(facts: HomeFacts, thresholds: UnusualActivity, now: datetime) -> Reading:
    """Say whether yesterday was unusual. It clears with a usual day; a day that is not known changes nothing."""
    if facts.today is None or not facts.days or facts.days[-1].day != facts.today - timedelta(days=1):
        return BETWEEN
    *others, last = facts.days
    before = [each for each in others if each.day >= last.day - timedelta(days=DAYS)]
    parts = [
        _Part.of([(each.day_pings, each.day_seen) for each in before], (last.day_pings, last.day_seen)),
        _Part.of([(each.night_pings, each.night_seen) for each in before], (last.night_pings, last.night_seen)),
    ]
    judged = [each.is_unlike(thresholds) for each in parts]
    if any(judged):
        said = [f"{each.pct:.0f} % ({each.usual_pct:.0f} %)" for each in parts if each.pct is not None]
        return Reading(Level.BAD, said=", ".join(said))
    return BETWEEN if judged == [None, None] else GOOD


@dataclass(frozen=True, slots=True)
class _Part:
    """Of a home's days, or of its nights: in what percent somebody was seen, the last time and usually."""

    pct: float | None
    usual: tuple[float, ...]

    @classmethod
    def of(cls, before: Sequence[tuple[int, int]], last: tuple[int, int]) -> "_Part":
        """Return the shares, of (looks, seen); without those on which the camera looked less than half as often as usual."""
        enough = median([looks for looks, _ in before]) / 2 if before else 0
        usual = tuple(100 * seen / looks for looks, seen in before if looks and looks >= enough)
        looks, seen = last
        return cls(100 * seen / looks if looks and looks >= enough else None, usual)

    @property
    def usual_pct(self) -> float:
        """The usual share; 0 where none is known."""
        return median(self.usual) if self.usual else 0.0

    def is_unlike(self, thresholds: UnusualActivity) -> bool | None:
        """Say whether the last one is unlike the others; None where too little is known."""
        if self.pct is None or len(self.usual) < thresholds.days:
            return None
        spread = _SIGMA * median(abs(each - self.usual_pct) for each in self.usual)
        return abs(self.pct - self.usual_pct) > max(thresholds.off_pct, thresholds.times * spread)


RULE = Rule(
    "unusual_activity", About.HOME,
    mark(
        "Yesterday somebody was seen far more or less than in the home's own last two weeks: by {off_pct} points or more."
    ),
    UnusualActivity(), judge,
)  # fmt: skip
