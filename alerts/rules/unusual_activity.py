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
    """Two days in a row `off_pct` points off the usual share, or one day `far_pct`, and `times` the usual spread at least;
    judged once `days` are known."""

    off_pct: int = bounded(30, 5, 100)
    far_pct: int = bounded(50, 5, 100)
    times: int = bounded(5, 2, 20)
    days: int = bounded(7, 3, DAYS)


def judge(facts: HomeFacts, thresholds: UnusualActivity, now: datetime) -> Reading:
    """Say whether yesterday was unusual. It clears with a usual day; a day that is not known changes nothing."""
    if facts.today is None or not facts.days or facts.days[-1].day != facts.today - timedelta(days=1):
        return BETWEEN
    last = facts.days[-1].day
    lately = [each for each in facts.days if each.day >= last - timedelta(days=DAYS)]
    parts = [
        _Part.of([(each.day_pings, each.day_seen) for each in lately]),
        _Part.of([(each.night_pings, each.night_seen) for each in lately]),
    ]
    judged = [each.is_unlike(thresholds) for each in parts]
    if any(judged):
        said = [f"{each.shares[-1]:.0f} % ({each.usual_pct:.0f} %)" for each in parts if each.shares[-1] is not None]
        return Reading(Level.BAD, said=", ".join(said))
    return BETWEEN if judged == [None, None] else GOOD


@dataclass(frozen=True, slots=True)
class _Part:
    """Of a home's last days, or of its nights: in what percent of the looks somebody was seen, yesterday last."""

    shares: tuple[float | None, ...]

    @classmethod
    def of(cls, looks_and_seen: Sequence[tuple[int, int]]) -> "_Part":
        """Return the shares; None where the camera looked less than half as often as usual."""
        enough = median([looks for looks, _ in looks_and_seen]) / 2
        return cls(tuple(100 * seen / looks if looks and looks >= enough else None for looks, seen in looks_and_seen))

    @property
    def _usual(self) -> list[float]:
        return [each for each in self.shares[:-1] if each is not None]

    @property
    def usual_pct(self) -> float:
        """The usual share; 0 where none is known."""
        return median(self._usual) if self._usual else 0.0

    def is_unlike(self, thresholds: UnusualActivity) -> bool | None:
        """Say whether the last one is unlike the others, or the last two in the same way; None where too little is known."""
        usual, last = self._usual, self.shares[-1]
        if last is None or len(usual) < thresholds.days:
            return None
        spread = thresholds.times * _SIGMA * median(abs(each - self.usual_pct) for each in usual)
        off = last - self.usual_pct
        ahead = self.shares[-2]
        before = 0.0 if ahead is None else ahead - self.usual_pct
        twice = min(abs(off), abs(before)) if off * before > 0 else 0.0
        return abs(off) > max(thresholds.far_pct, spread) or twice > max(thresholds.off_pct, spread)


RULE = Rule(
    "unusual_activity", About.HOME,
    mark(
        "Somebody was seen far more or less than in the home's own last two weeks: by {off_pct} points two days in a row,"
        " or by {far_pct} in one."
    ),
    UnusualActivity(), judge,
)  # fmt: skip
