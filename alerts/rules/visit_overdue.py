"""Did nobody come to a visit that was promised?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules.base import DAY_S, GOOD, About, Level, Reading, Rule, Thresholds, bounded, hours
from alerts.rules.facts import HomeFacts
from alerts.texts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOverdue(Thresholds):
    """Nobody arrived `grace_min` minutes after the visit was due at the latest."""

    grace_min: int = bounded(30, 0, 7 * 24 * 60)


def judge(facts: HomeFacts, thresholds: VisitOverdue, now: datetime) -> Reading:
    """Say which promised visit nobody came to for the longest."""
    grace = timedelta(minutes=thresholds.grace_min)
    waiting = sorted(
        (each.due_to + grace, each.id)
        for each in facts.visits
        if each.due_to is not None and not each.over and each.arrived_at is None
    )
    if not waiting:
        return GOOD
    late = [each for each in waiting if each[0] <= now]
    ahead = next((at for at, _ in waiting if at > now), None)
    if not late:
        return Reading(Level.GOOD, look_at=ahead)
    at, visit_id = late[0]
    said = f"{visit_id}: {hours((now - at + grace).total_seconds())}"
    return Reading(Level.BAD, since=at, look_at=ahead, said=said)


RULE = Rule(
    "visit_overdue", About.HOME, mark("Nobody came to a promised visit within {grace_min} minutes after its time."),
    VisitOverdue(), judge, insists_s=DAY_S,
)  # fmt: skip
