"""Which moves may an alert make, and how long may each state last?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.model import HELP, SHIFT_UNCOVERED, AlertState, Severity

REOPEN_WITHIN = timedelta(days=1)
"""A closed alert can be opened again for this long; after that it is another one."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long whoever has an alert may be silent in each state before he is asked, and after that (`asked`)."""

    accepted: timedelta
    en_route: timedelta
    arrived: timedelta
    asked: timedelta

    def of(self, state: AlertState) -> timedelta:
        """Return how long a state may last before somebody asks."""
        by_state = {AlertState.ACCEPTED: self.accepted, AlertState.EN_ROUTE: self.en_route}
        return by_state.get(state, self.arrived)


PATIENCE: dict[Severity, Patience] = {
    Severity.CRITICAL: Patience(
        timedelta(minutes=15), timedelta(minutes=60), timedelta(hours=4), asked=timedelta(minutes=5)
    ),
    Severity.HIGH: Patience(timedelta(hours=1), timedelta(hours=2), timedelta(hours=4), asked=timedelta(minutes=30)),
    Severity.NORMAL: Patience(timedelta(hours=8), timedelta(hours=8), timedelta(hours=8), asked=timedelta(hours=2)),
    Severity.LOW: Patience(timedelta(days=1), timedelta(days=1), timedelta(days=1), asked=timedelta(hours=8)),
}
"""The times where no area says otherwise. 15 min: what users of on-call systems name for a forgotten alert; 60 min: by
when every visit in person should have arrived (UK TSA's call handling standard)."""


PATIENCE_OF_KIND: dict[str, Patience] = {
    # it is seen three days ahead, and is mended by asking around: nobody is to be woken over it twice a night
    SHIFT_UNCOVERED: Patience(timedelta(days=1), timedelta(days=1), timedelta(days=1), asked=timedelta(hours=12)),
}
"""The times of kinds that no area's own times touch."""


def is_given_up(state: AlertState, asked_at: datetime | None) -> bool:
    """Say whether whoever has an alert loses it now: he was asked once, and was not heard. At the door he keeps it."""
    return asked_at is not None and state in (AlertState.ACCEPTED, AlertState.EN_ROUTE)


_ORDER = list(AlertState)


def is_past(state: AlertState, other: AlertState) -> bool:
    """Say whether `state` is further on the way than `other`."""
    return _ORDER.index(state) > _ORDER.index(other)


def needs_proof(kind: str, *, visit_completed: bool, spoke_with: str | None) -> bool:
    """Say whether closing must be refused: a help call ends with a completed visit or a person spoken with."""
    return kind == HELP and not visit_completed and not (spoke_with and spoke_with.strip())
