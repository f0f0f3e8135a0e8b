"""Who is asked how a visit was, when, and by which way? An old person is not woken, and not asked every day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import phonenumbers

from alerts.channels import countries

FROM_HOUR, TO_HOUR = 9, 18
"""Local hours in which somebody is asked."""
NOT_AGAIN_WITHIN = timedelta(days=7)
"""A resident is asked at most once in so long."""
ANSWER_WITHIN = timedelta(days=14)
"""A text that comes later is no answer to it any more."""
SILENT_AFTER = timedelta(days=1)
"""Who has not answered a text for so long is rung."""
REGION = "CN"
"""Of numbers that are written without their country."""


class Way(StrEnum):
    """How somebody is asked."""

    SMS = "sms"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Reach:
    """By which way, at which number; None where no number is known, and he is asked when somebody is there."""

    way: Way
    phone: str | None


def reach(phone: str | None, contacts: Sequence[Mapping[str, str]], *, provider: str, opted_out: bool = False) -> Reach:
    """Return how somebody is asked: by his own telephone, else by that of his first contact who has one.

    By SMS only where an answer can come back; somebody rings otherwise.
    """
    numbers = [each for each in (phone, *(contact.get("phone") for contact in contacts)) if each]
    if not numbers:
        return Reach(Way.CALL, None)
    full = _e164(numbers[0])
    if full is None or opted_out or not countries.profile(full, provider).replies:
        return Reach(Way.CALL, full or numbers[0])
    return Reach(Way.SMS, full)


def number_of(phone: str | None, contacts: Sequence[Mapping[str, str]]) -> str | None:
    """Return the number that would be asked at, None where there is none or it is not one that can be dialled from here."""
    return reach(phone, contacts, provider="outbox").phone


def when(now: datetime, timezone: str) -> datetime:
    """Return when somebody may be asked: now, or as soon as it is day."""
    local = now.astimezone(ZoneInfo(timezone))
    if FROM_HOUR <= local.hour < TO_HOUR:
        return now
    day = local.date() + timedelta(days=1 if local.hour >= TO_HOUR else 0)
    morning = datetime(day.year, day.month, day.day, FROM_HOUR, tzinfo=ZoneInfo(timezone))
    return morning.astimezone(now.tzinfo)


def _e164(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
