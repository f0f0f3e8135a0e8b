"""What may a registered device say and hear at a broker? Pure; in MQTT's own words, for every broker that is not ours.

A device publishes what homes say under its own UID and hears its own replies; whoever is registered with a base topic also
speaks and hears what its vendor's format puts there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from devices.formats import anju

LEAVES = (*sorted(anju.HELP_LEAVES), "patrol", "telemetry", "status", anju.REQUEST_LEAF)
"""What a home says. Its own `reply` is not among them: nobody but the gateway tells a home that help comes."""


class Action(StrEnum):
    """What somebody wants at a broker."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"


@dataclass(frozen=True, slots=True)
class Account:
    """A device as a broker knows it; `grants`: the MQTT filters under which it may speak and hear besides its own.

    Its password, as bcrypt and as PBKDF2-SHA512; None where it is older than the latter was kept.
    """

    uid: str
    bcrypt: str
    pbkdf2: str | None
    grants: tuple[str, ...] = ()


def says(uid: str) -> Iterator[str]:
    """Yield the topics that a device publishes to by its UID."""
    return (anju.topic_of(uid, leaf) for leaf in LEAVES)


def hears(uid: str) -> str:
    """Return the topic that a device subscribes to by its UID."""
    return anju.topic_of(uid, anju.REPLY_LEAF)


def may(account: Account, action: Action, topic: str) -> bool:
    """Say whether a device may publish to a topic, or subscribe to a filter."""
    if action is Action.PUBLISH and ("+" in topic or "#" in topic):
        return False
    own = says(account.uid) if action is Action.PUBLISH else (hears(account.uid),)
    return any(topic == each for each in own) or any(covers(each, topic) for each in account.grants)


def covers(grant: str, wanted: str) -> bool:
    """Say whether all that a filter or topic matches is matched by the grant too."""
    given, asked = grant.split("/"), wanted.split("/")
    for place, level in enumerate(given):
        if level == "#":
            # by MQTT's rule `#` matches what it stands below as well
            return place > 0 or not asked[0].startswith("$")
        if place == len(asked):
            return False
        if asked[place] == "#" or (level == "+" and place == 0 and asked[0].startswith("$")):
            return False
        if level != "+" and level != asked[place]:
            return False
    return len(given) == len(asked)
