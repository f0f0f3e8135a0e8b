"""Which stretches of the time does nobody cover? Pure: of one rota, and of all the steps of a policy together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.rota import Stretch, Why


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody covers it: start <= t < end."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Gap") -> bool:
        """Say whether they share an instant."""
        return self.start < other.end and other.start < self.end


def of_rota(found: Sequence[Stretch], reachable: Collection[int], within: Gap) -> list[Gap]:
    """Return what a rota should cover and does not: nobody's turn, or the turn of somebody who cannot be told.

    `found`: all of the time `within`, as `rota.stretches` gives it. What lies outside of the rota's hours is no gap of it.
    """
    return _merged([each for each in found if each.why is not Why.OUTSIDE and each.staff_id not in reachable], within)


def of_policy(rotas: Sequence[Sequence[Stretch]], *, somebody_named: bool, within: Gap) -> list[Gap]:
    """Return when all of a policy's rotas are outside of their hours, and it names nobody who can be told.

    What one of the rotas should cover is none: if nobody does, it is that rota's own gap.
    """
    if somebody_named:
        return []
    covered = sorted(
        (stretch for found in rotas for stretch in found if stretch.why is not Why.OUTSIDE),
        key=lambda stretch: stretch.start,
    )
    gaps: list[Gap] = []
    reached = within.start
    for stretch in covered:
        if reached < stretch.start < within.end:
            gaps.append(Gap(reached, stretch.start))
        reached = max(reached, stretch.end)
    return [*gaps, Gap(reached, within.end)] if reached < within.end else gaps


def _merged(found: Sequence[Stretch], within: Gap) -> list[Gap]:
    """Return them within that time, those that touch as one."""
    gaps: list[Gap] = []
    for each in found:
        start, end = max(each.start, within.start), min(each.end, within.end)
        if gaps and gaps[-1].end == start:
            gaps[-1] = Gap(gaps[-1].start, end)
        elif start < end:
            gaps.append(Gap(start, end))
    return gaps
