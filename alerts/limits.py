"""When may a responder's phone ring again? Pure: rules, what left before, and `now` in; an instant out.

The rules are one table (`limits` in the database, its first rows in the manner of GoAlert's), which administrators set.
Calls for help and what is critical are never asked about here: they leave at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ANY = "any"
"""A rule over all channels, or all purposes, together."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many messages of a channel and a purpose to one responder within a span."""

    channel: str
    purpose: str
    at_most: int
    within: timedelta

    def counts(self, channel: str, purpose: str) -> bool:
        """Say whether a message counts for this rule."""
        return self.channel in (ANY, channel) and self.purpose in (ANY, purpose)


@dataclass(frozen=True, slots=True)
class Left:
    """A message that left, or is about to."""

    channel: str
    purpose: str
    at: datetime


def may_leave_at(
    limits: Sequence[Limit], before: Sequence[Left], channel: str, purpose: str, now: datetime
) -> datetime:
    """Return when one more message may leave: `now`, or the first instant at which every rule allows it.

    `before`: what left to the same responder, in any order. A message that left exactly `within` ago counts no more.
    """
    at = now
    for limit in limits:
        if not limit.counts(channel, purpose):
            continue
        counted = sorted(each.at for each in before if limit.counts(each.channel, each.purpose))
        if len(counted) >= limit.at_most:
            at = max(at, counted[-limit.at_most] + limit.within)
    return at


def look_back(limits: Sequence[Limit]) -> timedelta:
    """Return how far back messages still count."""
    return max((limit.within for limit in limits), default=timedelta(0))
