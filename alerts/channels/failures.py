"""A message did not reach its person: what does the provider's code say, and what is done? One table, read by a pure function.

Sources: Twilio's error dictionary (numbers) and Alibaba Cloud's SMS error codes (words). A code that is not in the table
escalates at once: codes appear that nobody here has seen, and none of them may drop a call for help.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Fault(StrEnum):
    """What a code says against a number."""

    BAD = "bad"
    NO_SMS = "no_sms"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Failure:
    """What is done about a failure. The person's telephone is called first where it may ring, then the next one is told.

    `call`: a call to the same number may succeed. `beside`: the next person is told at once, also beside a call or a
    second try. `again_after`: it is sent once more after that time; `reworded`: without its link.
    """

    why: str
    fault: Fault | None = None
    call: bool = True
    beside: bool = False
    again_after: timedelta | None = None
    reworded: bool = False


SECOND_TRY_AFTER = timedelta(seconds=60)
"""A phone that was out of reach may be back after this; the next person has been told long before."""

UNKNOWN = Failure("a code that nobody here knows", beside=True)
NOT_TAKEN = Failure("the call was not answered by a person", call=False, beside=True)

TABLE: dict[str, Failure] = {
    # The number is none, or rings nowhere
    "21211": Failure("no such number", Fault.BAD, call=False),
    "21217": Failure("no such number", Fault.BAD, call=False),
    "30005": Failure("no such phone", Fault.BAD, call=False),
    "isv.MOBILE_NUMBER_ILLEGAL": Failure("no such number", Fault.BAD, call=False),
    "MOBILE_NOT_ON_SERVICE": Failure("no such phone", Fault.BAD, call=False),
    # It rings, and takes no texts
    "21614": Failure("takes no SMS", Fault.NO_SMS),
    "21635": Failure("a landline", Fault.NO_SMS),
    "30006": Failure("a landline, or its carrier takes no SMS", Fault.NO_SMS),
    # Its owner wants no messages: neither is he called
    "21610": Failure("asked for no messages", Fault.OPTED_OUT, call=False),
    "isv.BLACK_KEY_CONTROL_LIMIT": Failure("asked for no messages", Fault.OPTED_OUT, call=False),
    # Not now: nothing is waited for
    "21611": Failure("the sender's queue is full"),
    "30001": Failure("the queue is full"),
    "30036": Failure("not brought in time"),
    "expired": Failure("not sent in time", beside=True),
    "isv.BUSINESS_LIMIT_CONTROL": Failure("too many texts to this number"),
    "isv.DAY_LIMIT_CONTROL": Failure("too many texts today"),
    "30003": Failure("out of reach, or switched off", beside=True, again_after=SECOND_TRY_AFTER),
    "PHONE_SHUTDOWN": Failure("switched off", beside=True, again_after=SECOND_TRY_AFTER),
    "NOT_ON_SERVICE": Failure("out of reach", beside=True, again_after=SECOND_TRY_AFTER),
    # The carrier did not like the words
    "30007": Failure("filtered by the carrier", again_after=timedelta(0), reworded=True),
    "CONTENT_KEYWORD": Failure("filtered by the carrier"),
    "SP_NOT_BY_INTER_SMS": Failure("filtered by the carrier"),
    # Our own configuration: another way that is under way goes on
    "no-sender": Failure("no number to call from", call=False),
    "no-voice": Failure("no provider of voice calls", call=False),
    "no-template": Failure("no approved template for this message"),
    # A call
    "no-digit": Failure("heard, and no key pressed", call=False),
}  # fmt: skip


def judge(code: str | None, channel: str) -> Failure:
    """Return what is done about a provider's code; None where it named none."""
    found = TABLE.get(code or "")
    if found is not None:
        return found
    # busy, no answer, an answering machine: Twilio names no code for those
    return NOT_TAKEN if channel == "voice" else UNKNOWN


def reworded(text: str) -> str:
    """Return the text without its link, which is what carriers' filters dislike most; the number leads there as well."""
    return " ".join(word for word in text.split(" ") if not word.startswith(("http://", "https://"))).strip()
