"""Did a whole village fall silent at once? Then that is one alert: its power or its line failed, not twelve cameras."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import About, Rule, Thresholds, bounded
from alerts.texts import mark

AREA_OUTAGE = "area_outage"
"""The kind of alert about a village whose devices fell silent together."""
WINDOW = timedelta(minutes=10)
"""Devices that fall silent within this fell silent together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaOutage(Thresholds):
    """Of fewer silent devices than `at_least` each is told by itself: two of a hamlet's three are no outage. It begins with
    `share_pct` of those that speak regularly, and is over when under `clear_pct` of them are silent."""

    at_least: int = bounded(5, 2, 10_000)
    share_pct: int = bounded(50, 5, 100)
    clear_pct: int = bounded(25, 1, 100)


USUAL = AreaOutage()
AT_LEAST = USUAL.at_least


@dataclass(frozen=True, slots=True)
class Silent:
    """A device that is offline, since when; `regular`: it is expected to speak at least once in WINDOW.

    `fresh`: nobody has been warned of this silence yet, but perhaps of an open outage that it is a part of. `under`: the
    hub that it speaks through, where that is offline too. `not_before`: until when its silence is explained.
    """

    uid: str
    since: datetime
    regular: bool
    fresh: bool
    under: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """What becomes of an area's outage. `raise_at`: one is to be raised, that began to be one then; `clear`: the open one
    is over. `holds_from`: devices silent since then or later are a part of it; None: there is none."""

    raise_at: datetime | None = None
    clear: bool = False
    holds_from: datetime | None = None


def decide(
    speaking: int,
    silent: Sequence[Silent],
    *,
    open_since: datetime | None,
    last_closed: datetime | None,
    thresholds: AreaOutage = USUAL,
) -> Outage:
    """Return what becomes of the outage of an area where `speaking` devices are expected to speak regularly.

    By the usual thresholds it begins when half of them fell silent together and ends when under a quarter of them are
    still silent, so that one device more or less does not raise it twice. `open_since`: when the open one was raised.
    `last_closed`: when the last one was closed, by itself or by a person: whose silence began before that was a part of
    it, and makes no other.
    """
    if open_since is not None:
        holds_from = open_since - WINDOW
        still = sum(each.regular and each.since >= holds_from for each in silent)
        # where nothing is expected to speak any more there is no outage either
        clear_pct = min(thresholds.clear_pct, thresholds.share_pct)
        over = 100 * still < clear_pct * max(speaking, 1)
        return Outage(clear=True) if over else Outage(holds_from=holds_from)
    counted = [
        each for each in silent if each.regular and (last_closed is None or each.since > last_closed)
    ]  # fmt: skip
    raise_at = _together(speaking, counted, thresholds)
    return Outage() if raise_at is None else Outage(raise_at=raise_at, holds_from=raise_at - WINDOW)


def _together(speaking: int, silent: Sequence[Silent], thresholds: AreaOutage) -> datetime | None:
    """Return the end of the last WINDOW in which enough of the devices fell silent, one of them just now; None: in none."""
    sinces = sorted(each.since for each in silent)
    fresh = sorted(each.since for each in silent if each.fresh)
    for end in reversed(sinces):
        together = bisect_right(sinces, end) - bisect_left(sinces, end - WINDOW)
        untold = bisect_right(fresh, end) - bisect_left(fresh, end - WINDOW)
        if together >= thresholds.at_least and 100 * together >= thresholds.share_pct * speaking and untold:
            return end
    return None


RULE: Rule[None, AreaOutage] = Rule(
    AREA_OUTAGE, About.AREA,
    mark("{share_pct} % of an area's devices fell silent within ten minutes, and {at_least} at least."), USUAL,
)  # fmt: skip
