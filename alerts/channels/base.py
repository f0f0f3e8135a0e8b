"""What must a way of telling people be able to do? Send one message, or say whether to try again."""

import re
from dataclasses import dataclass, field
from typing import Protocol

_NUMBER = re.compile(r"\+?\d{7,15}")


@dataclass(frozen=True, slots=True)
class Words:
    """What a message about an alert says, piece by piece: for providers that fill in a template of their own."""

    what: str
    number: int
    place: str
    waited_min: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is to leave; `recipient` is a number in E.164, or the name of a person's own channel.

    `address`: where such a channel leads; a secret. `words`: only where the way of telling asks for them.
    """

    id: int
    recipient: str
    channel: str
    text: str
    language: str
    alert_number: int | None
    expires_in_s: int
    purpose: str = "tell"
    address: str | None = field(default=None, repr=False)
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has it: its id there, and its first state."""

    sid: str | None
    state: str


class TryAgain(Exception):
    """It was not taken, and may be later; `after_s` is what the provider asks to wait, `busy`: we were too fast."""

    def __init__(self, reason: str, after_s: float | None = None, *, busy: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.busy = busy


class GiveUp(Exception):
    """It will never reach this person this way; `code` is the provider's."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Channel(Protocol):
    """A way of telling people."""

    def send(self, message: Outgoing) -> Sent:
        """Hand the message over. Raises TryAgain or GiveUp."""
        ...


def masked(text: str) -> str:
    """Return the text with every telephone number in it hidden but for its ends, as logs may have it: +86******01."""
    return _NUMBER.sub(lambda found: f"{found[0][:3]}******{found[0][-2:]}", text)
