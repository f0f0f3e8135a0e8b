"""What does a responder mean by "1 4821"? Digits only: an acceptance is never guessed from words."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What a reply asks for."""

    ACCEPT = "accept"
    PASS_ON = "pass_on"  # noqa: S105 - not a password
    ARRIVED = "arrived"
    DONE = "done"
    STOP = "stop"
    START = "start"
    HELP = "help"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it was understood; `number` is the alert's where one was given."""

    verb: Verb
    number: int | None = None


DIGITS = {"1": Verb.ACCEPT, "2": Verb.PASS_ON, "3": Verb.ARRIVED, "9": Verb.DONE}
_DIGIT_AND_NUMBER = re.compile(
    r"([1239])"
    # the number is set off by at least one sign: "14821" could be alert 14821 as well
    r"(?:[\s#:,.、。]+(?:(?:no|nr|编号|警报)[\s#:.]*)?([0-9]{1,18})号?)?"
    r"[\s#:,.、。!]*"
)
# The words that make Twilio stop of its own accord, whether we want it or not, and the Chinese ones
_WORDS = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout", "opt out", "t", "td", "退订",
         "取消订阅", "停止"), Verb.STOP
    ),
    **dict.fromkeys(("start", "unstop", "yes", "恢复", "开始"), Verb.START),
    **dict.fromkeys(("help", "info", "?", "帮助"), Verb.HELP),
}  # fmt: skip
_LONGEST = 100
"""Characters of the longest text that is read; what has more is a letter, not an answer."""
_AROUND = " \t\r\n\"'“”‘’「」『』()[]【】"
_UNSEEN = frozenset({"Cf", "Cc", "Me", "Mn"})
"""Unicode categories of signs that phones add unseen: direction and zero-width marks, the frame of a key-cap emoji."""


def read(body: str) -> Reply:
    """Return what a text or keypad input means; full-width digits and stray signs are read too."""
    if len(body) > _LONGEST:
        return Reply(Verb.UNREADABLE)
    # NFKC turns the full-width digits of a Chinese keyboard into plain ones
    folded = unicodedata.normalize("NFKC", body).lower()
    seen = "".join(sign for sign in folded if sign.isspace() or unicodedata.category(sign) not in _UNSEEN)
    plain = seen.strip(_AROUND)
    found = _DIGIT_AND_NUMBER.fullmatch(plain)
    if found is not None:
        return Reply(DIGITS[found[1]], int(found[2]) if found[2] else None)
    return Reply(_WORDS.get(plain.rstrip(" .。!,"), Verb.UNREADABLE))
