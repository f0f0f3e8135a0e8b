"""What do words mean that several vendors' devices say: a name that calls for help, a plain `online`, a radio address?"""

import re

from devices.formats.payload import TEXT_LIMIT, clean

_HELP_WORDS = frozenset(
    {
        "sos",
        "panic",
        "emergency",
        "help",
        "helpcall",
        "call",
        "nurse",
        "assist",
        "assistance",
        "distress",
        "notruf",
        "hilfe",
    }
)
_HELP_SIGNS = ("求助", "求救", "呼救", "呼叫", "紧急", "报警", "救命")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RADIO_ADDRESS = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{12}", re.IGNORECASE)
_ONLINE = {"online": True, "true": True, "1": True, "offline": False, "false": False, "0": False}


def says_help(name: str) -> bool:
    """Say whether somebody who named a thing so meant that it calls for help, in English or Chinese.

    `alarm` is none of the words: it is what smoke and burglar alarms are called.
    """
    return not _HELP_WORDS.isdisjoint(parts(name)) or any(sign in name for sign in _HELP_SIGNS)


def parts(name: str) -> list[str]:
    """Return the words a name is made of, in small letters: `bed_SOSButton` is bed, sos, button."""
    return [part.lower() for part in _PART.findall(name)]


def plain(payload: bytes, limit: int = TEXT_LIMIT) -> str | None:
    """Return the text that a payload is, without space around it; None where it is none, too long or not to be stored."""
    if len(payload) > 4 * limit:
        return None
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        return None
    return text if len(text) <= limit and clean(text) else None


def online(payload: bytes) -> bool | None:
    """Return what a bare `online`, `Offline`, `true` says; None where it says neither."""
    return _ONLINE.get((plain(payload, 20) or "").lower())


def radio_address(text: object) -> str | None:
    """Return a Bluetooth or network address as an address of ours: twelve of 0-9 a-f, small, nothing between them."""
    if not isinstance(text, str) or not _RADIO_ADDRESS.fullmatch(text):
        return None
    return text.replace(":", "").replace("-", "").lower()
