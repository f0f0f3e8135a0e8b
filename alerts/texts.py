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


def gettext(language: str | None, message: str, **values: object) -> str:
    """Return the words for `message` in a language, with `{name}` places filled; the values are never interpreted."""
    words = message if language == "en" else _chinese().get(message, message)
    return words.format_map(values) if values else words


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


def kind_name(language: str | None, kind: str) -> str:
    """Return what a kind of alert is called; an early warning without a name of its own by its rule's."""
    names = {
        "help": gettext(language, "Help call"),
        "fall": gettext(language, "Fall"),
        "device_offline": gettext(language, "Device offline"),
        "battery_low": gettext(language, "Battery low"),
        "patrol_missed": gettext(language, "Patrol missed"),
    }
    return names.get(kind, kind)


def tell(
    language: str | None,
    *,
    kind: str,
    who: str,
    where: str,
    number: int,
    link: str | None,
    replies: bool,
    test: bool = False,
    times: int = 1,
) -> str:
    """Return the SMS to a responder: what, who, where, the number and how to answer. No health details."""
    what = kind_name(language, kind)
    if test:
        what = gettext(language, "TEST {what}", what=what)
    if times > 1:
        what = gettext(language, "{what}, pressed {times} times", what=what, times=times)
    parts = [gettext(language, "[Anju] {what} #{number}: {place}", what=what, number=number, place=_joined(who, where))]
    if replies:
        parts.append(gettext(language, "Reply 1 accept, 2 pass on."))
    if link:
        parts.append(link)
    return " ".join(parts)


def remind(language: str | None, *, kind: str, who: str, where: str, number: int) -> str:
    """Return the SMS to somebody who took an alert and has not been heard of since."""
    return gettext(
        language,
        "[Anju] You have {what} #{number}: {place}. How far are you? 3 arrived, 9 done, 2 pass on.",
        what=kind_name(language, kind),
        number=number,
        place=_joined(who, where),
    )


def assigned(language: str | None, *, who: str, where: str, number: int) -> str:
    """Return the SMS to somebody who was given a visit."""
    return gettext(language, "[Anju] Visit {number} is yours: {place}", number=number, place=_joined(who, where))


def _joined(who: str, where: str) -> str:
    return ", ".join(part for part in (who, where) if part)


def say(language: str | None, state: str) -> str:
    """Return what a home hears at a step: short, calm, for somebody who is 82 and frightened."""
    sentences = {
        "received": gettext(language, "We have your call. We are finding someone to help you."),
        "accepted": gettext(language, "Someone has answered and is taking care of you."),
        "en_route": gettext(language, "Help is on the way to you."),
        "arrived": gettext(language, "Help is at your door."),
        "closed": gettext(language, "This call is finished. Press again whenever you need us."),
    }
    return sentences[state]
