"""What is done with a step that a phone kept while there was no line? It comes late, maybe twice, and much may have happened."""

from enum import StrEnum

from alerts.visits import VisitState


class KeptStep(StrEnum):
    """What whoever goes can write down at the door; the words of the API's paths."""

    DEPART = "depart"
    ARRIVE = "arrive"
    BEGIN = "begin"
    COMPLETE = "complete"
    FAIL = "fail"


class Fate(StrEnum):
    """What becomes of a kept step."""

    TAKE = "take"
    ALREADY = "already"
    """The visit has gone that far by another way: an operator wrote it down, or a text message said it."""
    OTHERS = "others"
    """Somebody else has it now."""
    CANCELLED = "cancelled"
    OVER = "over"


_ORDER = ("en_route", "arrived", "in_service", "completed", "followed_up")
_LEADS_TO = {
    KeptStep.DEPART: "en_route",
    KeptStep.ARRIVE: "arrived",
    KeptStep.BEGIN: "in_service",
    KeptStep.COMPLETE: "completed",
}


def fate(step: KeptStep, state: VisitState, *, may_move: bool) -> Fate:
    """Say what becomes of a step that comes now; whether it follows in order and time is for the visit itself to say.

    `may_move`: the visit is his, or he is an operator.
    """
    if not may_move:
        return Fate.OTHERS
    if state == "cancelled":
        return Fate.CANCELLED
    if step is KeptStep.FAIL:
        return Fate.ALREADY if state == "failed" else Fate.OVER if state in ("completed", "followed_up") else Fate.TAKE
    if state == "failed":
        return Fate.OVER
    if state in _ORDER and _ORDER.index(state) >= _ORDER.index(_LEADS_TO[step]):
        return Fate.ALREADY
    return Fate.TAKE
