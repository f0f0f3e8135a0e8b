"""What shall a device be called? A uid made of what its vendor calls it, and fresh ones for boxes not yet opened."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Container

UID_LIMIT = 64
_SHORTEST = 3
_PREFIX = {"button": "btn", "pendant": "pen", "camera": "cam", "hub": "hub", "sensor": "sen"}
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""None that is read as another: a uid is also typed from a label."""
FRESH_LETTERS = 8
"""31 ** 8 are 850 thousand million: a hundred thousand devices leave one in eight million taken."""


def proposed(name: str, address: str, kind: str | None, taken: Container[str]) -> str:
    """Return a uid that is not taken: made of the name, else of the address, else a short mark that is always the same."""
    for text in (name, address.rpartition("/")[2], address):
        found = _slug(text)
        if len(found) >= _SHORTEST:
            break
    else:
        mark = hashlib.sha256(f"{address}\0{name}".encode()).hexdigest()[:FRESH_LETTERS]
        found = f"{_prefix(kind)}-{mark}"
    if found not in taken:
        return found
    number = 2
    while (next_one := f"{found[: UID_LIMIT - len(str(number)) - 1]}-{number}") in taken:
        number += 1
    return next_one


def fresh(kind: str | None, choose: Callable[[str], str]) -> str:
    """Return a uid that nobody has, for the label of a box; `choose` draws one of some letters."""
    return f"{_prefix(kind)}-{''.join(choose(LETTERS) for _ in range(FRESH_LETTERS))}"


def _prefix(kind: str | None) -> str:
    return _PREFIX.get(kind or "", "dev")


def _slug(text: str) -> str:
    """Return a text as a uid may hold it; '' or a remnant where little of it is Latin."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    # a name that is half Chinese would leave a remnant that says nothing: one SOS in every bedroom
    if sum(not each.isascii() for each in plain) > len(plain) / 4:
        return ""
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:UID_LIMIT].strip("-")
