"""How does a calendar read a shift? Pure: entries in, a document of RFC 5545 out, its times in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

READ_EVERY = timedelta(hours=1)
"""How often a calendar is asked to read it again (RFC 7986, REFRESH-INTERVAL); few do it that often."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a calendar shows from `start` to `end`; `uid` is the same whenever the same entry is written again."""

    uid: str
    start: datetime
    end: datetime
    summary: str


def write(entries: Iterable[Entry], *, name: str, now: datetime) -> bytes:
    """Return the document that a calendar subscribes to."""
    calendar = Calendar()
    calendar.add("prodid", "-//Anju//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    # what calendars understand that were written before RFC 7986
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", READ_EVERY, parameters={"VALUE": "DURATION"})
    for each in entries:
        event = Event()
        event.add("uid", each.uid)
        event.add("dtstamp", now)
        event.add("dtstart", each.start.astimezone(UTC))
        event.add("dtend", each.end.astimezone(UTC))
        event.add("summary", each.summary)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
