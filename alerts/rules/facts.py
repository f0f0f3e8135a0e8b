"""What do the rules know of a device and of a home? Facts, gathered by whoever asks the rules."""

from dataclasses import dataclass
from datetime import date, datetime

from alerts.test_call import EVERY_DAYS

HELP_BUTTONS = frozenset({"button", "pendant"})
"""Kinds of device that call for help."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device as it stands. `placed_at`: since when it is where it is. `hub_state`: of the hub it speaks through, if any.

    `rssi_dbm`, `linkquality`: smoothed. `clock_skew_s`: how far its clock is behind ours. `battery_flat_on`: the forecast.
    `untested_since`: since when nobody tried it; `test_every_days`: how often it is to be tried.
    """

    uid: str
    kind: str
    placed_at: datetime
    state: str = "never"
    state_since: datetime | None = None
    last_seen: datetime | None = None
    last_patrol_at: datetime | None = None
    patrol_every_s: int | None = None
    battery_pct: int | None = None
    battery_flat_on: date | None = None
    temperature_c: float | None = None
    rssi_dbm: float | None = None
    linkquality: int | None = None
    clock_skew_s: float | None = None
    flapping_since: datetime | None = None
    firmware_outdated: bool = False
    fw: str | None = None
    picture: str | None = None
    off_on_purpose: bool = False
    hub_state: str | None = None
    untested_since: datetime | None = None
    test_every_days: int = EVERY_DAYS
    timezone: str = "Asia/Shanghai"

    @property
    def heard(self) -> bool:
        """Whether it is heard now, so that what it said still holds."""
        return self.state in ("online", "late")


@dataclass(frozen=True, slots=True)
class HomeDay:
    """How often a home's cameras looked by day and by night, and how often they saw somebody; the day ends in the morning."""

    day: date
    day_pings: int
    day_seen: int
    night_pings: int
    night_seen: int


@dataclass(frozen=True, slots=True)
class CareFacts:
    """A resident who is to be seen by then. `high`: he is at high risk."""

    due_at: datetime
    high: bool = False


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit that is promised to a home, or lately was. `away_m`: how far from the home its proof lay at most, None where
    nobody can tell. `told_at`: when we heard of its end. `confirmed`: somebody looked into it, and it was in order."""

    id: int
    service: str | None = None
    of_alert: bool = False
    due_to: datetime | None = None
    over: bool = False
    arrived_at: datetime | None = None
    completed_at: datetime | None = None
    told_at: datetime | None = None
    usual_minutes: int | None = None
    away_m: float | None = None
    wrong_code: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """A home as its cameras see it. `watched_since`: since when one of them that sees people is heard, and we listen; None:
    none is. `seen_at`: when somebody was last seen. `still_since`: since when what they see of people is the same.

    `presses`: when help was called in the last weeks, tests left out, each alert once. `days`: finished days, oldest first.
    """

    watched_since: datetime | None = None
    seen_at: datetime | None = None
    in_view: bool = False
    still_since: datetime | None = None
    presses: tuple[datetime, ...] = ()
    days: tuple[HomeDay, ...] = ()
    today: date | None = None
    timezone: str = "Asia/Shanghai"
    care: tuple[CareFacts, ...] = ()
    visits: tuple[VisitFacts, ...] = ()
    short_answered_at: datetime | None = None
    elsewhere_answered_at: datetime | None = None
