"""Which words does a person read or hear? One catalogue for SMS, console and what a home says, Chinese and English.

The English words are the keys in the code; `locale/zh_CN/LC_MESSAGES/anju.po` has the Chinese ones.
"""

from functools import cache
from importlib import resources

from babel.messages.pofile import read_po

LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38's basic table: one septet each."""
GSM_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Its extension table: two septets each."""


def gettext(language: str | None, message: str, /, **values: object) -> str:
    """Return the words for `message` in a language, with `{name}` places filled; the values are never interpreted.

    `language`: one of LANGUAGES; any other, and None, is read as DEFAULT_LANGUAGE.
    """
    words = message if language == "en" else _chinese().get(message, message)
    return words.format_map(values) if values else words


def mark(message: str) -> str:
    """Return the message as it is: names it for the catalogue where the language is known only later."""
    return message


@cache
def _chinese() -> dict[str, str]:
    source = resources.files("alerts").joinpath("locale", "zh_CN", "LC_MESSAGES", "anju.po")
    with source.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string and not entry.fuzzy}


def segments(text: str) -> int:
    """Return how many SMS a text takes: 160 then 153 septets a part, or 70 then 67 UTF-16 units where one character
    is outside of GSM 03.38 (3GPP TS 23.038, 23.040)."""
    if all(character in GSM_BASIC or character in GSM_EXTENDED for character in text):
        sizes = [2 if character in GSM_EXTENDED else 1 for character in text]
        single, part = 160, 153
    else:
        sizes = [2 if ord(character) > 0xFFFF else 1 for character in text]
        single, part = 70, 67
    if sum(sizes) <= single:
        return 1
    parts, room = 1, part
    for size in sizes:
        # a character is never split over two parts
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts


KIND_NAMES = {
    "help": mark("Help call"),
    "fall": mark("Fall"),
    "device_offline": mark("Device offline"),
    "area_outage": mark("Village silent"),
    "battery_low": mark("Battery low"),
    "patrol_missed": mark("Patrol missed"),
    "button_battery_low": mark("Help button's battery low"),
    "battery_draining": mark("Battery draining fast"),
    "no_presence": mark("Nobody seen"),
    "inactivity": mark("No movement"),
    "unusual_activity": mark("Unusual day"),
    "frequent_presses": mark("Many help calls"),
    "temperature_low": mark("Too cold"),
    "temperature_high": mark("Too hot"),
    "hub_offline": mark("Hub offline"),
    "device_flapping": mark("Device comes and goes"),
    "camera_blind": mark("Camera sees nothing"),
    "signal_weak": mark("Signal weak"),
    "firmware_outdated": mark("Firmware out of date"),
    "clock_wrong": mark("Device clock wrong"),
    "never_seen": mark("Device never heard"),
    "test_call_overdue": mark("Test call overdue"),
    "care_gap": mark("Not seen in time"),
    "visit_overdue": mark("Nobody came to a visit"),
    "visit_too_short": mark("Visit too short"),
    "visit_elsewhere": mark("Visit proven elsewhere"),
    "no_answer": mark("No answer to the look-in"),
    "shift_uncovered": mark("Shift without anybody"),
    "responder_unreachable": mark("Responder cannot be reached"),
    "complaint": mark("Complaint"),
    "plan_stuck": mark("Plan stands still"),
}


def kind_name(language: str | None, kind: str) -> str:
    """Return what a kind of alert is called; an early warning without a name of its own by its rule's."""
    return gettext(language, KIND_NAMES[kind]) if kind in KIND_NAMES else kind


def tell(
    language: str | None,
    *,
    kind: str,
    who: str,
    where: str,
    number: int,
    link: str | None,
    replies: bool,
    calls: bool = True,
    test: bool = False,
    times: int = 1,
    waited_min: int = 0,
) -> str:
    """Return the SMS to a responder: what, the number, who, where and how to answer. No health details.

    `calls`: whether he is called as well; where no reply comes back, the keys of that call answer. `times`: how often
    the home has pressed. `waited_min`: minutes since the press. Both also keep the second and third text about one
    alert from being the same: carriers refuse repeats (in mainland China the third in 24 hours).
    """
    parts = [
        gettext(
            language, "[Anju] {what} #{number}: {place}.",
            what=_what(language, kind, test), number=number, place=place(language, who, where),
        )
    ]  # fmt: skip
    if times > 1:
        parts.append(gettext(language, "Pressed {times} times.", times=times))
    if waited_min > 0:
        parts.append(_waiting(language, waited_min))
    if replies:
        parts.append(gettext(language, "Reply 1 accept, 2 pass on."))
    if not replies and not link:
        parts.append(
            gettext(language, "Answer by the keys in the call, or on the staff page.")
            if calls
            else gettext(language, "Answer on the staff page.")
        )
    return _sentences(language, parts) + (f" {link}" if link else "")


def numbered(language: str | None, text: str, number: int) -> str:
    """Return a text that says the how-manieth of its wording it is."""
    # set off by a space: the text may end with a link
    return text + " " + gettext(language, "Text {number}.", number=number)


def remind(
    language: str | None, *, kind: str, who: str, where: str, number: int, waited_min: int = 0, replies: bool = True
) -> str:
    """Return the SMS to somebody who took an alert and has not been heard of since."""
    parts = [
        gettext(
            language, "[Anju] You have {what} #{number}: {place}. How far are you?",
            what=kind_name(language, kind), number=number, place=place(language, who, where),
        )
    ]  # fmt: skip
    if waited_min > 0:
        parts.append(_waiting(language, waited_min))
    if replies:
        parts.append(gettext(language, "Reply 3 arrived, 9 done, 2 pass on."))
    return _sentences(language, parts)


def assigned(
    language: str | None,
    *,
    who: str,
    where: str,
    alert: int | None,
    visit: int,
    replies: bool,
    link: str | None,
) -> str:
    """Return the SMS to somebody whom somebody else sent. `alert`: its number where the visit is for one."""
    there = place(language, who, where)
    if alert is not None:
        parts = [gettext(language, "[Anju] You are sent to #{number}: {place}.", number=alert, place=there)]
        if replies:
            parts.append(gettext(language, "Reply 3 arrived, 9 done, 2 pass on."))
    else:
        parts = [gettext(language, "[Anju] Visit {number} is yours: {place}.", number=visit, place=there)]
    return _sentences(language, parts) + (f" {link}" if link else "")


def shift_begins(language: str | None, *, area: str) -> str:
    """Return the SMS that tries the phone of somebody whose shift begins."""
    return gettext(language, "[Anju] Your shift for {area} begins. This text tries your phone; do nothing.", area=area)


def taken(language: str | None, *, number: int, name: str) -> str:
    """Return what the second to accept hears: who has it."""
    return gettext(language, "#{number} was accepted by {name} already.", number=number, name=name)


def speak(language: str | None, *, kind: str, who: str, where: str, number: int, test: bool = False) -> str:
    """Return what a voice call says before it waits for a digit; the number is spoken digit by digit."""
    return gettext(
        language,
        "This is Anju. {what}: {place}. Number {number}. Press 1 to accept, 2 to pass on.",
        what=_what(language, kind, test),
        place=place(language, who, where),
        number=" ".join(str(number)),
    )


def say(language: str | None, state: str) -> str:
    """Return what a home hears at a step: short, calm, for somebody who is 82 and frightened."""
    return gettext(language, SPOKEN_STEPS[state])


SPOKEN_STEPS = {
    "received": mark("We have your call. We are finding someone to help you."),
    "accepted": mark("Someone has answered and is taking care of you."),
    "en_route": mark("Help is on the way to you."),
    "arrived": mark("Help is at your door."),
    "closed": mark("This call is finished. Press again whenever you need us."),
}


def place(language: str | None, who: str, where: str) -> str:
    """Return who and where in one breath; either may be unknown."""
    return gettext(language, "{who}, {where}", who=who, where=where) if who and where else who or where


def _what(language: str | None, kind: str, test: bool) -> str:
    name = kind_name(language, kind)
    return gettext(language, "TEST {what}", what=name) if test else name


def _waiting(language: str | None, minutes: int) -> str:
    if minutes < 120:
        return gettext(language, "Waiting {minutes} min.", minutes=minutes)
    # the minutes too: a third text with the same words within a day is eaten by carriers' filters
    return gettext(language, "Waiting {hours} h {minutes} min.", hours=minutes // 60, minutes=minutes % 60)


def _sentences(language: str | None, parts: list[str]) -> str:
    """Join sentences: Chinese ones need no space, which would cost a character of the 70."""
    return (" " if language == "en" else "").join(parts)
