"""Can a device be reached as it is registered? Its uid, kind and format, the hub it speaks through and its topic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection

from devices import formats, refused
from devices.formats import anju
from devices.formats.base import own_branch
from storage import sql

queries = sql.load("devices")

TOPIC_LIMIT = 200
_OURS = anju.PREFIX.partition("/")[0]


class Kind(StrEnum):
    """What a device is."""

    BUTTON = "button"
    PENDANT = "pendant"
    CAMERA = "camera"
    HUB = "hub"
    SENSOR = "sensor"


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to be registered, in the contract's words; `hub`: the uid of the hub it speaks through."""

    uid: str
    kind: str
    home_id: int
    format: str = "anju"
    topic: str | None = None
    hub: str | None = None
    patrol_every_s: int | None = None
    offline_after_s: int | None = None


def check(connection: Connection[Any], devices: Sequence[NewDevice]) -> None:
    """Raise the first fault of these devices: NotAUid, NotAKind, NotAFormat, NotATopic, UnknownHub or TopicTaken.

    The hubs they speak through cannot be removed, and nobody else can give a hub a base topic, until the transaction ends.
    """
    for _, fault in faults(connection, devices):
        raise fault


def faults(connection: Connection[Any], devices: Sequence[NewDevice]) -> Iterator[tuple[NewDevice, refused.Refused]]:
    """Yield all that is wrong with how these devices are to be reached, beside what is registered already."""
    for device in devices:
        yield from ((device, fault) for fault in _own_faults(device))
    yield from _unknown_hubs(connection, devices)
    yield from _taken_topics(connection, devices)


def _own_faults(device: NewDevice) -> Iterator[refused.Refused]:
    if not anju.UID.fullmatch(device.uid):
        yield refused.NotAUid(device.uid)
    if device.kind not in list(Kind):
        yield refused.NotAKind(device.kind, tuple(Kind))
    if device.format not in formats.names():
        yield refused.NotAFormat(device.format, formats.names())
    why = (
        None
        if device.topic is None
        else _why_no_topic(device.topic, is_base=device.kind == Kind.HUB or device.hub is None)
    )
    if device.topic is not None and why is not None:
        yield refused.NotATopic(device.topic[:TOPIC_LIMIT], why)


def granted(kind: str, format_name: str, base: str | None) -> tuple[str, ...]:
    """Return the MQTT filters under which whoever is registered with a base topic may speak and hear.

    A hub may under its base whatever it speaks, any other device where its format says so.
    """
    if base is None:
        return ()
    spoken = formats.installed().get(format_name)
    of_format = tuple(spoken.grants(base)) if spoken is not None else ()
    return tuple(dict.fromkeys((*(own_branch(base) if kind == Kind.HUB else ()), *of_format)))


def is_everybodys(base: str) -> bool:
    """Say whether devices of all homes make themselves known at, above or below a base topic."""
    roots = [each.removesuffix("/#") for each in formats.DISCOVERY]
    return any(f"{root}/".startswith(f"{base}/") or base.startswith(f"{root}/") for root in roots)


def _why_no_topic(topic: str, *, is_base: bool) -> str | None:
    """Return why a text cannot be a topic, or could give a device more of the broker than its own part; None where it can."""
    if not 1 <= len(topic) <= TOPIC_LIMIT:
        return f"a topic has 1 to {TOPIC_LIMIT} characters"
    # `*` and `>` are to the NATS server what `+` and `#` are to MQTT
    if any(character in "+#*>" or not character.isprintable() for character in topic):
        return "a topic has no + # * > and nothing unprintable; take them out"
    if topic.startswith(("/", "$", "_")) or topic.endswith("/") or "//" in topic:
        return "a topic begins with none of / $ _, ends without /, and has no empty level"
    if topic.partition("/")[0] == _OURS:
        return f"below {_OURS}/ every device has its own place already; name the vendor's topic"
    if is_base and " " in topic:
        return "a base topic has no space: not every broker takes one; rename it at the hub or device"
    return None


def _unknown_hubs(
    connection: Connection[Any], devices: Sequence[NewDevice]
) -> Iterator[tuple[NewDevice, refused.Refused]]:
    """Yield the devices whose hub is neither registered nor among `devices`."""
    known = {device.uid for device in devices if device.kind == Kind.HUB}
    wanted = sorted({device.hub for device in devices if device.hub is not None} - known)
    if wanted:
        known |= {uid for (uid,) in connection.execute(queries.hold_hubs, {"uids": wanted}).fetchall()}
    for device in devices:
        if device.hub is not None and (device.hub not in known or device.hub == device.uid):
            yield device, refused.UnknownHub(device.hub)


def _taken_topics(
    connection: Connection[Any], devices: Sequence[NewDevice]
) -> Iterator[tuple[NewDevice, refused.Refused]]:
    """Yield the devices that could speak in another one's name.

    The broker lets a hub publish at and below its base topic, and a device of its own where its format says so: no two of
    them may be granted the same, or one of them what lies above the other's.
    """
    speaking = [(device, _roots(device.kind, device.format, device.topic)) for device in devices if _has_base(device)]
    speaking = [(device, roots) for device, roots in speaking if roots]
    if not speaking:
        return
    connection.execute(queries.lock_topics)
    taken: set[str] = set()
    above: set[str] = set()
    others = connection.execute(
        queries.topics_of_others,
        {
            "uids": [device.uid for device, _ in speaking],
            "heads": sorted({root.partition("/")[0] for _, roots in speaking for root in roots}),
            "elsewhere": _speaking_elsewhere(),
        },
    ).fetchall()
    for kind, format_name, topic in others:
        _take(_roots(kind, format_name, topic), taken, above)
    for device, roots in speaking:
        if any(root in taken or root in above or not taken.isdisjoint(_ancestors(root)) for root in roots):
            yield device, refused.TopicTaken(str(device.topic))
        _take(roots, taken, above)


def _has_base(device: NewDevice) -> bool:
    return device.kind == Kind.HUB or device.hub is None


def _roots(kind: str, format_name: str, topic: str | None) -> set[str]:
    """Return the topics at and below which a device may speak."""
    return {each.removesuffix("/#") for each in granted(kind, format_name, topic)}


def _take(roots: set[str], taken: set[str], above: set[str]) -> None:
    taken |= roots
    for root in roots:
        above.update(_ancestors(root))


def _speaking_elsewhere() -> list[str]:
    """Return the formats whose devices speak also outside of their base topic, as Tasmota's below `tele/`."""
    return [
        name
        for name, spoken in formats.installed().items()
        if any(each != "a" and not each.startswith("a/") for each in spoken.grants("a"))
    ]


def _ancestors(topic: str) -> Iterator[str]:
    """Yield the topics above a topic: `a` and `a/b` of `a/b/c`."""
    levels = topic.split("/")
    return ("/".join(levels[:count]) for count in range(1, len(levels)))
