"""What is an alert, and how can a wish about one be refused? The words of this package."""

from dataclasses import dataclass
from enum import StrEnum

HELP = "help"
"""The kind of alert that a press raises."""
SHIFT_UNCOVERED = "shift_uncovered"
"""The kind of alert that a shift ahead raises which nobody covers."""


class AlertState(StrEnum):
    """How far an alert is on its way from the press to its outcome."""

    RAISED = "raised"
    NOTIFIED = "notified"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    CLOSED = "closed"


class Severity(StrEnum):
    """How urgent an alert is; help and fall are critical."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Outcome(StrEnum):
    """How an alert ended."""

    HELPED = "helped"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    HOSPITAL = "hospital"
    EMERGENCY_SERVICES = "emergency_services"
    NO_ACCESS = "no_access"
    OTHER = "other"


UNANSWERED = (AlertState.RAISED, AlertState.NOTIFIED)
"""States in which nobody has said that he goes."""

CRITICAL_KINDS = frozenset({HELP, "fall"})
"""Kinds that are critical; every other kind is an early warning's name. They are never snoozed, silenced, collected or
held back by a limit."""

SEVERITY_BY_KIND: dict[str, Severity] = {
    **dict.fromkeys(CRITICAL_KINDS, Severity.CRITICAL),
    "no_answer": Severity.HIGH,
    "no_movement": Severity.HIGH,
    "smoke": Severity.HIGH,
    "gas": Severity.HIGH,
    "no_presence": Severity.HIGH,
    "inactivity": Severity.HIGH,
    "temperature_low": Severity.HIGH,
    "temperature_high": Severity.HIGH,
    "area_outage": Severity.HIGH,
    # no button behind it is heard
    "hub_offline": Severity.HIGH,
    "shift_uncovered": Severity.HIGH,
    "responder_unreachable": Severity.HIGH,
    # a button that cannot send its press is a visit soon, not a note: some send nothing when their battery is low
    "button_battery_low": Severity.NORMAL,
    "battery_low": Severity.LOW,
    "battery_draining": Severity.LOW,
    "signal_weak": Severity.LOW,
    "device_flapping": Severity.LOW,
    "firmware_outdated": Severity.LOW,
    "clock_wrong": Severity.LOW,
    "never_seen": Severity.LOW,
    "test_call_overdue": Severity.LOW,
}
"""How urgent an alert of a kind is; one that is not named here is normal."""


def severity_of(kind: str, *, test: bool = False) -> Severity:
    """Return how urgent an alert of that kind is where nothing else says so."""
    return Severity.LOW if test else SEVERITY_BY_KIND.get(kind, Severity.NORMAL)


def may_wait(kind: str, severity: Severity | str) -> bool:
    """Say whether an alert may be snoozed, silenced or held back by a limit: no call for help may, nor what is critical."""
    return kind not in CRITICAL_KINDS and severity != Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, for the timeline: a person by phone or console, a home, or the system itself."""

    name: str
    channel: str
    staff_id: int | None = None
    username: str | None = None


SYSTEM = Actor("", "system")
HOME = Actor("", "home")


class Refused(Exception):
    """The root of every refusal of this package; the message has the value and the mend."""


class Missing(Refused):
    """There is no such thing."""


class Conflict(Refused):
    """It is not possible as things stand."""


class Invalid(Refused):
    """What was asked for makes no sense."""


class UnknownAlert(Missing):
    """alert {alert_id}: there is none with that number."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"alert {alert_id}: there is none with that number")


class UnknownVisit(Missing):
    """visit {visit_id}: there is none with that id."""

    def __init__(self, visit_id: int) -> None:
        super().__init__(f"visit {visit_id}: there is none with that id")


class UnknownStaff(Invalid):
    """staff {staff_id}: there is nobody with that id; see GET /staff."""

    def __init__(self, staff_id: int) -> None:
        super().__init__(f"staff {staff_id}: there is nobody with that id; see GET /staff")


class UnknownPlace(Invalid):
    """{what} {value}: there is none with that id; name a home or a resident of the registry."""

    def __init__(self, what: str, value: object) -> None:
        super().__init__(f"{what} {value}: there is none with that id; name one of the registry")


class AlreadyClosed(Conflict):
    """alert {alert_id} is closed already."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"alert {alert_id} is closed already")


class AlreadyTaken(Conflict):
    """alert {alert_id} was accepted by {name} already."""

    def __init__(self, alert_id: int, name: str) -> None:
        super().__init__(f"alert {alert_id} was accepted by {name} already")
        self.name = name


class NeverSnoozed(Conflict):
    """alert {alert_id} is a call for help (or critical): it is never snoozed; accept it, or pass it on."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(
            f"alert {alert_id} is a call for help or critical: it is never snoozed; accept it, or pass it on"
        )


class NotClosed(Conflict):
    """alert {alert_id} is open; only a closed one is reopened."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"alert {alert_id} is open; only a closed one is reopened")


class ClosedTooLongAgo(Conflict):
    """alert {alert_id} was closed at {closed_at}, over a day ago; raise a new one."""

    def __init__(self, alert_id: int, closed_at: str) -> None:
        super().__init__(f"alert {alert_id} was closed at {closed_at}, over a day ago; raise a new one")


class NeedsProofOfHelp(Invalid):
    """alert {alert_id}: a help call is closed after a completed visit, or with whom one spoke (spoke_with)."""

    def __init__(self, alert_id: int) -> None:
        super().__init__(
            f"alert {alert_id}: a help call is closed after a completed visit, or with whom one spoke (spoke_with)"
        )


class UnknownOutcome(Invalid):
    """outcome {outcome}: use one of the known ones."""

    def __init__(self, outcome: object) -> None:
        super().__init__(f"outcome {outcome!r}: use one of {', '.join(Outcome)}")


class WrongOrder(Conflict):
    """visit {visit_id} is {state}: it cannot {step} now."""

    def __init__(self, visit_id: int, state: str, step: str, mend: str) -> None:
        super().__init__(f"visit {visit_id} is {state}: it cannot {step} now; {mend}")


class TimesRunBackwards(Invalid):
    """visit {visit_id}: {step} at {at} lies before {before}."""

    def __init__(self, visit_id: int, step: str, at: str, before: str) -> None:
        super().__init__(f"visit {visit_id}: {step} at {at} lies before the step it follows ({before}); mend the time")


class NobodyAssigned(Conflict):
    """visit {visit_id} has nobody assigned; assign it first."""

    def __init__(self, visit_id: int) -> None:
        super().__init__(f"visit {visit_id} has nobody assigned; assign it first")
