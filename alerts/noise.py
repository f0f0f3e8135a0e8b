"""What need not ring at once? Pure: low alerts are collected for one text a shift, silences and snoozes hold the others.

Nothing of this is ever asked about a call for help, or about anything critical.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.model import Severity, may_wait

GATHER = timedelta(seconds=30)
"""A digest leaves that long after its first alert: what is due with it is in the same text."""
SNOOZE_AT_MOST = timedelta(days=7)
NOBODY_WAIT_LOW = timedelta(hours=1)
"""A low alert for which nobody at all is on call is looked at again after this."""


@dataclass(frozen=True, slots=True)
class DigestHour:
    """At which hour of the day, by which wall clock, low alerts are told."""

    at: time
    timezone: str

    def after(self, now: datetime) -> datetime:
        """Return the next such hour after `now`; one that a clock's change skips is an hour later that day."""
        zone = ZoneInfo(self.timezone)
        day = now.astimezone(zone).date()
        while True:
            wanted = datetime.combine(day, self.at, tzinfo=zone).astimezone(now.tzinfo)
            if wanted > now:
                return wanted
            day += timedelta(days=1)


def is_collected(kind: str, severity: str, *, test: bool) -> bool:
    """Say whether an alert waits for the text of a shift; a test is waited for by whoever presses, and leaves at once."""
    return severity == Severity.LOW and not test and may_wait(kind, severity)


def next_digest(shift_ends: datetime | None, of_area: DigestHour | None, usual: DigestHour, now: datetime) -> datetime:
    """Return when low alerts are told next: at the area's hour, else when the next shift starts, else at the usual hour.

    `shift_ends`: of whoever is on call now; None for somebody whom the policy names, or for nobody.
    """
    if of_area is not None:
        return of_area.after(now)
    if shift_ends is not None and shift_ends > now:
        return shift_ends
    return usual.after(now)
