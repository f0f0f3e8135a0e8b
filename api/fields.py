"""What may a value in a request look like? The types that the bodies and queries of all routes are made of."""

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from devices.registry import AREA_CODE_LIMIT, is_area_code

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside of these are typing mistakes, and further out the database and Python disagree about them."""

_ID = re.compile(r"[1-9][0-9]{0,17}")
_LOST_PLUS = re.compile(r"(?<=[0-9.]) (?=[0-9]{2}:?[0-9]{2}$)")


class Body(BaseModel):
    """A request's body: an unknown key is a spelling mistake that would otherwise go unnoticed."""

    model_config = ConfigDict(extra="forbid")


class Patch(Body):
    """A change: keys that are left out stay as they are, null takes a value away where there may be none."""

    def given(self) -> dict[str, Any]:
        """Return what was sent, by field."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def unset() -> Any:
    """Return the default of a PATCH's field that may be left out but not be null."""
    return Field(default_factory=lambda: None)


def _printable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "holds a NUL character; take it out")
    return text


def _not_blank(text: str) -> str:
    text = text.strip()
    if not text:
        raise PydanticCustomError("blank", "is empty; write at least a character")
    return text


Text = Annotated[str, AfterValidator(_printable)]
"""Any text that can be stored."""
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable), AfterValidator(_not_blank)]
Address = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_printable), AfterValidator(_not_blank)]
Word = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_printable), AfterValidator(_not_blank)]
"""A short word of the users' own: a category, a relation."""
Language = Literal["zh-CN", "en"]
Note = Annotated[str, Field(max_length=4000), AfterValidator(_printable)]


def _area_code(code: str) -> str:
    if not is_area_code(code):
        raise PydanticCustomError(
            "not_a_code",
            "cannot be a code: a slash, a backslash, a space or something unprintable is in it; take it out",
        )
    return code


Code = Annotated[str, Field(min_length=1, max_length=AREA_CODE_LIMIT), AfterValidator(_area_code)]
"""An area's code; Chinese is fine."""
Id = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_printable)]
"""The id of something else, as it was read from the API."""
Whole = Annotated[int, Strict()]
Latitude = Annotated[float, Strict(), Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Strict(), Field(ge=-180, le=180, allow_inf_nan=False)]


def _only_text(value: object) -> object:
    # pydantic would take a number for seconds since 1970
    if not isinstance(value, str | date):
        raise PydanticCustomError("not_a_time", "is not a time; write 2026-11-24T10:13:58+08:00")
    if isinstance(value, str):
        # in an address an unescaped + is a space
        return _LOST_PLUS.sub("+", value)
    return value


def _possible(at: datetime) -> datetime:
    try:
        if EARLIEST <= at <= LATEST:
            return at.astimezone(UTC)
    except OverflowError:
        pass
    raise PydanticCustomError("time_out_of_range", "lies outside of 1900 to 2200; mend the year")


Instant = Annotated[AwareDatetime, BeforeValidator(_only_text), AfterValidator(_possible)]
"""A time with its offset, RFC 3339; inside always UTC."""


def _possible_day(day: date) -> date:
    if not EARLIEST.date() <= day <= LATEST.date():
        raise PydanticCustomError("day_out_of_range", "lies outside of 1900 to 2200; mend the year")
    return day


Day = Annotated[date, BeforeValidator(_only_text), AfterValidator(_possible_day)]


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise PydanticCustomError(
            "unknown_timezone", "is no time zone of the IANA list; write for example Asia/Shanghai"
        )
    return name


Timezone = Annotated[str, AfterValidator(_known_timezone)]


def _e164(number: str) -> str:
    # loaded at first use: it is heavy, and only those who write phone numbers need it
    import phonenumbers

    if not number.strip().startswith("+"):
        raise PydanticCustomError(
            "phone_without_country", "begins without + and the country's number; write for example +86 138 0000 0001"
        )
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("not_a_phone", "is not a phone number; write for example +86 138 0000 0001") from None
    if not phonenumbers.is_possible_number(parsed):
        raise PydanticCustomError(
            "not_a_phone", "is too long or too short for a phone number of its country; count its digits"
        )
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


Phone = Annotated[str, Field(max_length=40), AfterValidator(_e164)]
"""A phone number that we call ourselves: normalised to E.164."""


def _dialled_by_people(number: str) -> str:
    number = number.strip()
    if number.startswith("+"):
        return _e164(number)
    if not re.fullmatch(r"[0-9][0-9 ()/-]{1,30}", number):
        raise PydanticCustomError("not_a_phone", "is not a phone number; write its digits, or +86 138 0000 0001")
    return number


LocalPhone = Annotated[str, Field(max_length=40), AfterValidator(_dialled_by_people)]
"""A phone number that people dial: with the country's number it is normalised, without it is kept as written."""


def row_id(text: str) -> int | None:
    """Return the database's id that an API id stands for; None when it cannot be one."""
    return int(text) if _ID.fullmatch(text) else None
