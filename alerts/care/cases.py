"""How does the case of a gap go on? Found, assigned, made good, confirmed by somebody else, reported. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.model import Conflict, Missing

CAMERA = "camera"
CONTACTS = ("telephone", "in_person", "video")
"""How somebody is spoken with or seen beside visits and looks."""


class CaseState(StrEnum):
    """How far a case is."""

    FOUND = "found"
    ASSIGNED = "assigned"
    MADE_GOOD = "made_good"
    CONFIRMED = "confirmed"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Filled:
    """What made a gap good: the visit, look or contact."""

    how: str
    ref: int | None


NOT_NEEDED = Filled("not_needed", None)
"""Nobody of the home is late any more, and nobody had to see him: he moved away, or the standard is another."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case, as far as its steps ask. `by`, `staff_id`: who made it good."""

    id: int
    assigned_at: datetime | None = None
    made_good_at: datetime | None = None
    by: str | None = None
    staff_id: int | None = None
    confirmed_at: datetime | None = None
    reported_at: datetime | None = None

    @property
    def state(self) -> CaseState:
        """How far it is."""
        for at, state in (
            (self.reported_at, CaseState.REPORTED),
            (self.confirmed_at, CaseState.CONFIRMED),
            (self.made_good_at, CaseState.MADE_GOOD),
            (self.assigned_at, CaseState.ASSIGNED),
        ):
            if at is not None:
                return state
        return CaseState.FOUND


class UnknownCase(Missing):
    """case {case_id}: there is none with that id."""

    def __init__(self, case_id: object) -> None:
        super().__init__(f"case {case_id}: there is none with that id")


class CaseNotThere(Conflict):
    """case {case_id} is {state}: {mend}."""

    def __init__(self, case_id: int, state: str, mend: str) -> None:
        super().__init__(f"case {case_id} is {state}: {mend}")


class SamePerson(Conflict):
    """case {case_id} was made good by {name}: somebody else confirms it."""

    def __init__(self, case_id: int, name: str) -> None:
        super().__init__(f"case {case_id} was made good by {name}: somebody else confirms it; ask a colleague")


def may_assign(case: Case) -> None:
    """Raise CaseNotThere once the gap is made good: there is nobody to send any more."""
    _is(case, (CaseState.FOUND, CaseState.ASSIGNED), "it is made good already")


def may_make_good(case: Case) -> None:
    """Raise CaseNotThere once it is made good."""
    _is(case, (CaseState.FOUND, CaseState.ASSIGNED), "it is made good already")


def may_confirm(case: Case, *, names: frozenset[str], staff_id: int | None) -> None:
    """Raise CaseNotThere before it is made good or once confirmed, SamePerson for whoever made it good himself.

    `names`: all by which the one who confirms is known.
    """
    mend = "make it good first" if case.made_good_at is None else "it is confirmed already"
    _is(case, (CaseState.MADE_GOOD,), mend)
    if (case.by is not None and case.by in names) or (case.staff_id is not None and case.staff_id == staff_id):
        raise SamePerson(case.id, case.by or "you")


def may_report(case: Case) -> None:
    """Raise CaseNotThere before it is confirmed, or once it is in a list."""
    mend = "it is in a month's list already" if case.reported_at is not None else "have it confirmed first"
    _is(case, (CaseState.CONFIRMED,), mend)


def _is(case: Case, states: tuple[CaseState, ...], mend: str) -> None:
    if case.state not in states:
        raise CaseNotThere(case.id, case.state, mend)
