"""Is somebody in view by day and nothing changes, hour after hour? Perhaps he lies there."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules.base import BETWEEN, GOOD, About, Level, Reading, Rule, Thresholds, bounded, hours
from alerts.rules.facts import HomeFacts
from alerts.rules.waking import awake_for, is_waking, waking_s
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Inactivity(Thresholds):
    """Somebody in view, and nobody came or went, for `after_h` hours between `wakes_h` and `sleeps_h` o'clock."""

    after_h: int = bounded(9, 1, 48)
    wakes_h: int = bounded(7, 0, 23)
    sleeps_h: int = bounded(21, 1, 24)


def judge(facts: HomeFacts, thresholds: Inactivity, now: datetime) -> Reading:
    """Say for how long nothing changed; a home that nobody watches now says nothing."""
    day = {"wakes_h": thresholds.wakes_h, "sleeps_h": thresholds.sleeps_h}
    if facts.still_since is None:
        return GOOD
    if facts.watched_since is None:
        return BETWEEN
    if not facts.in_view:
        # he may come the next moment
        return Reading(Level.GOOD, look_at=awake_for(now, thresholds.after_h * 3600, **day, timezone=facts.timezone))
    # while nobody watched he may have come and gone
    since = max(facts.still_since, facts.watched_since)
    at = awake_for(since, thresholds.after_h * 3600, **day, timezone=facts.timezone)
    if at > now:
        return Reading(Level.GOOD, look_at=at)
    if not is_waking(now, **day, timezone=facts.timezone):
        return Reading(Level.BETWEEN, look_at=awake_for(now, 1, **day, timezone=facts.timezone))
    return Reading(Level.BAD, said=hours(waking_s(since, now, **day, timezone=facts.timezone)))


RULE = Rule(
    "inactivity", About.HOME,
    mark("Somebody is in view and nothing changed for {after_h} hours between {wakes_h} and {sleeps_h} o'clock."),
    Inactivity(), judge,
)  # fmt: skip
