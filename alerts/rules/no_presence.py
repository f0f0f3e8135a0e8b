"""Was nobody seen at a home for the waking hours of a day, though its camera looks?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded, hours
from alerts.rules.facts import HomeFacts
from alerts.rules.waking import awake_for, is_waking, waking_s
from alerts.texts import mark

LOOKED_FOR = timedelta(hours=1)
"""How long a camera that was away looks before its word counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPresence(Thresholds):
    """Nobody seen for `after_h` hours between `wakes_h` and `sleeps_h` o'clock; it is told in those hours only."""

    after_h: int = bounded(14, 1, 240)
    wakes_h: int = bounded(6, 0, 23)
    sleeps_h: int = bounded(21, 1, 24)


def judge(facts: HomeFacts, thresholds: NoPresence, now: datetime) -> Reading:
    """Say for how long nobody was seen; a home that nobody watches now says nothing."""
    day = {"wakes_h": thresholds.wakes_h, "sleeps_h": thresholds.sleeps_h}
    if facts.seen_at is None:
        return GOOD
    if facts.in_view:
        # he may go the next moment
        return Reading(Level.GOOD, look_at=awake_for(now, thresholds.after_h * 3600, **day, timezone=facts.timezone))
    if facts.watched_since is None:
        return BETWEEN
    at = max(
        awake_for(facts.seen_at, thresholds.after_h * 3600, **day, timezone=facts.timezone),
        facts.watched_since + LOOKED_FOR,
    )
    if at > now:
        return Reading(Level.GOOD, look_at=at)
    if not is_waking(now, **day, timezone=facts.timezone):
        return Reading(Level.BETWEEN, look_at=awake_for(now, 1, **day, timezone=facts.timezone))
    awake = waking_s(facts.seen_at, now, **day, timezone=facts.timezone)
    return Reading(Level.BAD, said=hours(awake))


RULE = Rule(
    "no_presence", About.HOME,
    mark("Nobody was seen for {after_h} hours between {wakes_h} and {sleeps_h} o'clock, though the camera looks."),
    NoPresence(), judge,
)  # fmt: skip
