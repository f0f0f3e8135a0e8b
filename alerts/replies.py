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
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it was understood; `number` is the alert's where one was given."""

    verb: Verb
    number: int | None = None


DIGITS = {"1": Verb.ACCEPT, "2": Verb.PASS_ON, "3": Verb.ARRIVED, "9": Verb.DONE}
_DIGIT_AND_NUMBER = re.compile(r"([1239])(?:[\s#:,.、，。]+(?:no\.?\s*)?#?([0-9]{1,18}))?[\s#.。!]*")
_STOP = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "退订", "停止", "td", "t"})
_START = frozenset({"start", "unstop", "恢复", "开始"})


def read(body: str) -> Reply:
    """Return what a text or keypad input means; full-width digits and stray signs are read too."""
    # NFKC turns the full-width digits of a Chinese keyboard into plain ones
    plain = unicodedata.normalize("NFKC", body).strip().lower()
    if plain in _STOP:
        return Reply(Verb.STOP)
    if plain in _START:
        return Reply(Verb.START)
    found = _DIGIT_AND_NUMBER.fullmatch(plain)
    if found is None:
        return Reply(Verb.UNREADABLE)
    return Reply(DIGITS[found[1]], int(found[2]) if found[2] else None)
