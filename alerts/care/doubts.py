"""Which finished visits are in doubt, and nobody has looked into it? For the rules about them; time alone settles none soon."""

from collections.abc import Callable, Iterable
from datetime import datetime

from alerts.rules.facts import VisitFacts


def unsettled(
    visits: Iterable[VisitFacts], is_doubtful: Callable[[VisitFacts], bool], answered_at: datetime | None
) -> list[VisitFacts]:
    """Return the visits in doubt that nobody confirmed, whose warning nobody closed, and that none after them made good.

    `visits`: oldest first. One is made good by a later one for the same service that is not in doubt itself.
    """
    found: list[VisitFacts] = []
    for each in visits:
        if each.completed_at is None:
            continue
        if is_doubtful(each):
            told_at = each.told_at or each.completed_at
            if not each.confirmed and (answered_at is None or told_at > answered_at):
                found.append(each)
        else:
            found = [other for other in found if other.service != each.service]
    return found
