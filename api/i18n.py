"""Which language does a page speak, and how are its times and numbers written? The words are in `alerts.texts`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts import texts

COOKIE = "anju_language"
_LOCALES = {"zh-CN": "zh_Hans_CN", "en": "en_GB"}
"""How times and numbers are written; English in the British way, whose clock has 24 hours."""


def choose(*wishes: str | None) -> str:
    """Return the first wish that is a language of ours, else the default."""
    return next((wish for wish in wishes if wish in texts.LANGUAGES), texts.DEFAULT_LANGUAGE)


@dataclass(frozen=True, slots=True)
class Wording:
    """The words, times and numbers of one reader; `timezone`: where he is, not where the homes' clocks are set."""

    language: str
    timezone: str = "Asia/Shanghai"

    @property
    def _locale(self) -> str:
        return _LOCALES[self.language]

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def gettext(self, message: str, /, **values: object) -> str:
        """Return the words for an English message, its `{places}` filled."""
        return texts.gettext(self.language, message, **values)

    def number(self, value: float) -> str:
        """Return a number with its thousands parted."""
        return numbers.format_decimal(value, locale=self._locale)

    def share(self, value: float) -> str:
        """Return a share in per cent, to a tenth."""
        return numbers.format_percent(value, "0.0%", locale=self._locale)

    def day(self, day: date, now: datetime) -> str:
        """Return a day; with its year where that is not this one."""
        skeleton = "MMMd" if day.year == self.day_of(now).year else "yMMMd"
        return dates.format_skeleton(skeleton, day, locale=self._locale)

    def clock(self, at: datetime) -> str:
        """Return a time of day to the second, for timelines."""
        return dates.format_time(at, "HH:mm:ss", tzinfo=self._zone, locale=self._locale)

    def minute(self, at: datetime) -> str:
        """Return a time of day to the minute, for shifts."""
        return dates.format_time(at, "HH:mm", tzinfo=self._zone, locale=self._locale)

    def moment(self, at: datetime, now: datetime) -> str:
        """Return a time; with its day where that is not clear, with its year where that is not this one."""
        # a night shift reads 23:50 at 00:10: no clock shows the same time twice within half a day
        if self.day_of(at) == self.day_of(now) or abs(now - at) < timedelta(hours=12):
            return self.clock(at)
        return self._day_and_minute(at, now)

    def _day_and_minute(self, at: datetime, now: datetime) -> str:
        day, today = self.day_of(at), self.day_of(now)
        if day == today:
            return self.minute(at)
        skeleton = "MMMd" if day.year == today.year else "yMMMd"
        return f"{dates.format_skeleton(skeleton, at, self._zone, locale=self._locale)} {self.minute(at)}"

    def stretch(self, start: datetime, end: datetime | None, now: datetime) -> str:
        """Return from when to when; the day once where it is the same one."""
        first = self._day_and_minute(start, now)
        if end is None:
            return first
        return f"{first} – {self.minute(end) if self.day_of(end) == self.day_of(start) else self._day_and_minute(end, now)}"

    def day_of(self, at: datetime) -> date:
        """Return the day that an instant falls on for this reader."""
        return at.astimezone(self._zone).date()

    def ago(self, at: datetime, now: datetime) -> str:
        """Return how long ago something was, in one unit: `3 minutes ago`."""
        return dates.format_timedelta(
            min(at - now, timedelta(seconds=-1)), add_direction=True, threshold=1.2, locale=self._locale
        )

    def lasting(self, seconds: float) -> str:
        """Return how long something lasts, in one unit: `8 hours`."""
        return dates.format_timedelta(timedelta(seconds=seconds), threshold=1.2, locale=self._locale)

    def span(self, since: datetime, until: datetime) -> str:
        """Return a running time as a clock shows it: 01:12, 2:31:00, from a day on in days and hours.

        `ages.js` writes the same forms.
        """
        seconds = max(0, int((until - since).total_seconds()))
        days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
        if days:
            _ = self.gettext
            return _("{days} d {hours} h", days=days, hours=hours % 24)
        if hours:
            return f"{hours}:{minutes % 60:02}:{seconds % 60:02}"
        return f"{minutes:02}:{seconds % 60:02}"

    def age(self, birth_date: date | None, now: datetime) -> str:
        """Return how old somebody is, in words; '' where it is not known."""
        if birth_date is None:
            return ""
        today = self.day_of(now)
        _ = self.gettext
        years = today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
        return _("aged {years}", years=years) if 0 <= years < 130 else ""

    def listing(self, parts: list[str]) -> str:
        """Return several names in one breath."""
        _ = self.gettext
        return _(", ").join(parts)

    @property
    def own_name(self) -> str:
        """What the language calls itself, for the switch between them."""
        return str(Locale.parse(self._locale).languages[self.language[:2]])


@cache
def environment() -> Environment:
    """Return the templates, compiled once a process; every value that goes into a page is escaped."""
    made = Environment(
        loader=PackageLoader("api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["iso"] = iso
    made.filters["phone"] = phone
    return made


def iso(at: datetime) -> str:
    """Return an instant as scripts read it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def phone(number: str) -> str:
    """Return a phone number as people read it: `+86 138 0000 0001`; one that is none as it is."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
