"""How long is a device usually silent, where nobody said how often it speaks? Learnt from its days.

A day's lesson is its longest silence. Of the last days the second longest counts: one bad day teaches nothing, and a device
that speaks once a day is not taken for one that went silent because it was an hour late.
"""

from collections.abc import Sequence

DAYS = 14
"""Days that are looked back on."""
DAYS_NEEDED = 7
"""Days on which it was heard, before anything is learnt."""
SHORTEST_S = 60
LONGEST_S = 72 * 3600
"""Who is silent for longer than this has no habit to go by."""
STEADY_SHARE = 0.25
"""A change smaller than this is no change: what is expected of a device must not move from day to day."""


def learn(longest_silences_s: Sequence[int | None], known_s: int | None) -> int | None:
    """Return the usual longest silence in seconds from those of the last days (None: a day without a lesson).

    `known_s`, what was learnt before, stays where the days say nearly the same, or too little.
    """
    lessons = sorted(each for each in longest_silences_s if each is not None)
    if len(lessons) < DAYS_NEEDED:
        return known_s
    usual_s = max(SHORTEST_S, lessons[-2])
    if usual_s > LONGEST_S:
        return None
    if known_s is not None and abs(usual_s - known_s) <= STEADY_SHARE * known_s:
        return known_s
    return usual_s
