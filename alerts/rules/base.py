"""What is a rule? A name, a sentence, thresholds, and one pure function: how bad is it, by the facts, at this instant?

When a cause has lasted long enough to be told, and when it is gone for good, is the same for all rules: `standing` says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

from alerts.model import Severity, severity_of
from alerts.texts import gettext

DAY_S = 24 * 3600


class About(StrEnum):
    """What a rule looks at."""

    DEVICE = "device"
    HOME = "home"
    AREA = "area"


class Level(Enum):
    """How bad it is: past the threshold, back behind the other one, or between the two, where nothing changes."""

    BAD = "bad"
    BETWEEN = "between"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule finds. `since`: since when it is bad, where the facts tell. `look_at`: when time alone may make it bad or
    good. `said`: the figure that a person wants to read, without words. `severity`: where it is not that of the rule."""

    level: Level
    since: datetime | None = None
    look_at: datetime | None = None
    said: str = ""
    severity: Severity | None = None


GOOD = Reading(Level.GOOD)
BETWEEN = Reading(Level.BETWEEN)


def bounded(usual: int, low: int, high: int) -> Any:
    """Return a dataclass field for a threshold: what is usual, and from where to where it may be set."""
    return field(default=usual, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What every rule has. `lasts_s`: how long a cause must last before it is told; `gone_s`: how long it must be gone."""

    lasts_s: int = bounded(0, 0, 30 * DAY_S)
    gone_s: int = bounded(0, 0, 30 * DAY_S)


class NotAThreshold(ValueError):
    """{name}: {why}."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


F = TypeVar("F")
T = TypeVar("T", bound=Thresholds)


@dataclass(frozen=True, slots=True)
class Rule(Generic[F, T]):
    """An early warning. `sentence` explains it, with the thresholds' names as places.

    `judge` is None where changes, not states, decide: `alerts.outages` asks those rules, `alerts.falls` that of falls.
    `insists_s`: so long after a person closed its alert it is raised anew where the cause still stands; None: it is not.
    """

    name: str
    about: About
    sentence: str
    usual: T
    judge: Callable[[F, T, datetime], Reading] | None = None
    insists_s: int | None = None

    @property
    def severity(self) -> Severity:
        """How urgent its alerts are."""
        return severity_of(self.name)

    @property
    def clears_itself(self) -> bool:
        """Whether its alerts close when their cause is gone: no call for help and no fall does."""
        return self.severity is not Severity.CRITICAL

    def explain(self, language: str | None) -> str:
        """Return its sentence in a language, by the usual thresholds."""
        return gettext(
            language, self.sentence, **{each.name: getattr(self.usual, each.name) for each in fields(self.usual)}
        )

    def described(self) -> list[dict[str, Any]]:
        """Return its thresholds: their names, what is usual, and from where to where each may be set."""
        return [
            {"name": each.name, "usual": getattr(self.usual, each.name), **each.metadata} for each in fields(self.usual)
        ]

    def thresholds(self, own: Mapping[str, object]) -> T:
        """Return the thresholds where some differ from the usual ones. Raises NotAThreshold."""
        bounds = {each.name: each.metadata for each in fields(self.usual)}
        for name, value in own.items():
            if name not in bounds:
                raise NotAThreshold(name, f"{self.name} has no such threshold; use one of {', '.join(bounds)}")
            low, high = bounds[name]["low"], bounds[name]["high"]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise NotAThreshold(name, f"is {value!r}; a whole number from {low} to {high} is wanted")
        return type(self.usual)(**{name: getattr(self.usual, name) for name in bounds} | dict(own))


def hours(seconds: float) -> str:
    """Return a span as a figure to read: `26 h`, `40 min`."""
    return f"{round(seconds / 3600)} h" if seconds >= 2 * 3600 else f"{round(seconds / 60)} min"
