"""How fast may messages leave? A bucket of tokens that slows down when the provider says it is busy, and comes back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SLOWER = 2.0
FASTER = 2.0
SLOWEST_PER_S = 1.0
"""However busy the provider is, one message a second feels the way, and the most urgent one goes first."""
ONE_ANSWER = timedelta(seconds=1)
"""Several refusals within this are one: they were on their way together."""
QUIET_FOR = timedelta(seconds=5)
"""After this long without a refusal it goes faster again."""
WAIT_AT_MOST = timedelta(seconds=30)
"""Longer than this nobody's call for help is held back for what a provider asks: it is tried, and refused again."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second: `most_per_s` as configured, `per_s` as the provider bears it; `tokens` may leave now."""

    most_per_s: float
    per_s: float
    tokens: float
    at: datetime
    changed_at: datetime
    not_before: datetime

    @staticmethod
    def of(most_per_s: float, now: datetime) -> "Pace":
        """Return the pace of a provider that bears `most_per_s`, with a second's worth ready."""
        return Pace(most_per_s, most_per_s, max(1.0, most_per_s), now, now, now)

    def take(self, wanted: int, now: datetime) -> tuple[int, "Pace"]:
        """Return how many of `wanted` messages may leave now, and the pace from then on."""
        pace = self._passed(now)
        if now < pace.not_before:
            return 0, pace
        granted = min(wanted, int(pace.tokens))
        return granted, replace(pace, tokens=pace.tokens - granted)

    def give_back(self, unused: int) -> "Pace":
        """Return the pace after there was less to send than was granted."""
        return replace(self, tokens=min(max(1.0, self.per_s), self.tokens + unused))

    def slowed(self, after_s: float | None, now: datetime) -> "Pace":
        """Return the pace after the provider said that it is busy, and perhaps how many seconds to wait."""
        pace = self._passed(now)
        wait = min(timedelta(seconds=after_s), WAIT_AT_MOST) if after_s is not None else timedelta(0)
        pace = replace(pace, not_before=max(pace.not_before, now + wait))
        if pace.per_s < pace.most_per_s and now - pace.changed_at < ONE_ANSWER:
            return pace
        slower = max(min(SLOWEST_PER_S, pace.most_per_s), pace.per_s / SLOWER)
        return replace(pace, per_s=slower, tokens=min(pace.tokens, 1.0), changed_at=now)

    def _passed(self, now: datetime) -> "Pace":
        """Return the pace with the tokens of the time that has passed."""
        pace = self
        while pace.per_s < pace.most_per_s and now - pace.changed_at >= QUIET_FOR:
            faster = min(pace.most_per_s, pace.per_s * FASTER)
            pace = replace(pace, per_s=faster, changed_at=pace.changed_at + QUIET_FOR)
        passed_s = max(0.0, (now - pace.at).total_seconds())
        tokens = min(max(1.0, pace.per_s), pace.tokens + passed_s * pace.per_s)
        return replace(pace, tokens=tokens, at=max(now, pace.at))
