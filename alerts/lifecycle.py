"""Which moves may an alert make, and how long may each state last?"""

from datetime import timedelta

from alerts.model import HELP, AlertState

FOLLOW_UP_AFTER: dict[AlertState, timedelta] = {
    AlertState.ACCEPTED: timedelta(minutes=15),
    AlertState.EN_ROUTE: timedelta(minutes=60),
    AlertState.ARRIVED: timedelta(hours=4),
}
"""After this long in a state whoever has the alert is asked again. 15 min: what users of on-call systems name for a
forgotten alert; 60 min: by when every visit in person should have arrived (UK TSA's call handling standard)."""

_ORDER = list(AlertState)


def is_past(state: AlertState, other: AlertState) -> bool:
    """Say whether `state` is further on the way than `other`."""
    return _ORDER.index(state) > _ORDER.index(other)


def needs_proof(kind: str, *, visit_completed: bool, spoke_with: str | None) -> bool:
    """Say whether closing must be refused: a help call ends with a completed visit or a person spoken with."""
    return kind == HELP and not visit_completed and not (spoke_with and spoke_with.strip())
