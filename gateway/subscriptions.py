"""What does a lane subscribe to, and in which of its sessions? The fewest filters that hear all that is registered.

Overlapping filters are left out where one has all that another has: the NATS server and EMQX deliver once for each filter
that fits. And a session holds few of them: the NATS server adds up `max_ack_pending` over a session's filters, counts one
that ends in `/#` twice, and refuses what goes over 65,535; a lane therefore takes as many sessions as it needs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

ACKNOWLEDGEMENTS_OF_A_SESSION = 65_535
"""The packet numbers of a session: NATS' `mqttMaxAckTotalLimit`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to change: filters to subscribe to, each with its session, and those to leave, each with its session."""

    come: dict[str, int]
    go: dict[str, int]


def fewest(filters: Iterable[str], own: Collection[str]) -> set[str]:
    """Return the filters that hear the same without those that another one covers, or one of the lane's own does."""
    kept: set[str] = set(own)
    # one that has all of another has never more levels, and where it has as many, more of them stand for anything
    for each in sorted(set(filters), key=lambda one: (len(_bare(one)), "#" not in one, -one.count("+"), one)):
        if not _is_covered(each, kept):
            kept.add(each)
    return kept - set(own)


def covers(wide: str, narrow: str) -> bool:
    """Say whether a filter hears all that another one hears."""
    wanted = narrow.split("/")
    for position, level in enumerate(levels := wide.split("/")):
        if level == "#":
            return not (position == 0 and narrow.startswith("$"))
        if position == len(wanted):
            return False
        if wanted[position] == "#" or (level != "+" and level != wanted[position]):
            return False
    return len(wanted) == len(levels)


def plan(wanted: Collection[str], held: Mapping[str, int], room: int) -> Plan:
    """Return how to come from the filters that are held, each in its session, to those that are wanted.

    Sessions are numbered from 0 and each takes filters up to `room`; what stays, stays where it is.
    """
    go = {each: session for each, session in held.items() if each not in wanted}
    taken: dict[int, int] = {}
    for each, session in held.items():
        if each in wanted:
            taken[session] = taken.get(session, 0) + cost(each)
    come: dict[str, int] = {}
    first = 0
    for each in sorted(wanted):
        if each in held:
            continue
        session = first
        while taken.get(session, 0) + cost(each) > max(room, cost(each)):
            session += 1
        if taken.get(first, 0) >= room:
            first += 1
        taken[session] = taken.get(session, 0) + cost(each)
        come[each] = session
    return Plan(come, go)


def cost(filter_: str) -> int:
    """Return how many subscriptions a filter is to the NATS server: `a/#` hears `a` as well, which is another one there."""
    return 2 if filter_.endswith("/#") else 1


def _bare(filter_: str) -> list[str]:
    return filter_.removesuffix("#").rstrip("/").split("/")


def _is_covered(each: str, kept: set[str]) -> bool:
    """Say whether one of these covers a filter: the few that could are looked up, not all gone through."""
    if each in kept:
        return True
    levels = each.split("/")
    heads = ["/".join((*levels[:count], "#")) for count in range(len(levels) + 1)]
    if any(head in kept for head in heads):
        return True
    return any("+" in one and covers(one, each) for one in kept)
