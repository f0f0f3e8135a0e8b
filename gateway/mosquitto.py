"""What does Mosquitto read of the registry? A password file and an ACL file, as text. Pure.

Mosquitto looks through the users of its ACL file one by one, for each line of it and at each connection: a hundred thousand
hubs that each had lines of their own would stop it for half a minute. So what many may do by one shape of their UID is one
`pattern` of all, where that gives nobody what is another's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gateway.permits import Account, hears, says

PATTERN_FROM = 50
"""So many users of one shape are worth a pattern; fewer are told apart by name."""
WILD = frozenset({"+", "#"})
_USER, _CLIENT = "%u", "%c"


def password_lines(accounts: Iterable[Account]) -> Iterator[str]:
    """Yield a line of the password file for each device whose password Mosquitto can check."""
    return (f"{account.uid}:{account.pbkdf2}\n" for account in accounts if account.pbkdf2 is not None)


def acl_lines(insiders: Iterable[str], accounts: Sequence[Account]) -> Iterator[str]:
    """Yield the ACL file: our own users may everything, devices what is theirs."""
    for name in insiders:
        yield f"user {name}\n"
        yield "topic readwrite #\n"
    patterns = shared_patterns(accounts)
    for account in accounts:
        own = [each for each in account.grants if _shape(account.uid, each) not in patterns]
        if own:
            yield f"user {account.uid}\n"
            yield from (f"topic readwrite {each}\n" for each in own)
    yield from (f"pattern write {each}\n" for each in says(_USER))
    yield f"pattern read {hears(_USER)}\n"
    yield from (f"pattern readwrite {each}\n" for each in sorted(patterns))


def shared_patterns(accounts: Sequence[Account]) -> set[str]:
    """Return the grants of many that become one when their UIDs are put aside, and that overlap nobody else's.

    `zigbee2mqtt/%u/#` stands for `zigbee2mqtt/hub-1/#` of hub-1 and so on; it also gives every other device the place of its
    own name there, so it is none where somebody's grant lies in a place that bears another device's name.
    """
    shapes = Counter(shape for account in accounts for each in account.grants if (shape := _shape(account.uid, each)))
    heads = {shape: _head(shape) for shape, count in shapes.items() if count >= PATTERN_FROM}
    depths = {len(head) for head in heads.values()}
    uids = {account.uid for account in accounts} | WILD
    # the places right above what is another's, and those from which on somebody was granted everything
    taken: set[tuple[str, ...]] = set()
    wide: set[tuple[str, ...]] = set()
    for account in accounts:
        for levels in (each.split("/") for each in account.grants):
            exact = next((place for place, level in enumerate(levels) if level in WILD), len(levels))
            for depth in depths:
                if exact < depth:
                    wide.add(tuple(levels[:exact]))
                elif len(levels) > depth and levels[depth] != account.uid and levels[depth] in uids:
                    taken.add(tuple(levels[:depth]))
    return {
        shape
        for shape, head in heads.items()
        if head not in taken and not any(head[:place] in wide for place in range(len(head) + 1))
    }


def _head(shape: str) -> tuple[str, ...]:
    """Return the levels above the user's name."""
    levels = shape.split("/")
    return tuple(levels[: levels.index(_USER)])


def _shape(uid: str, grant: str) -> str | None:
    """Return the grant with its user's name put aside, None where it does not bear it in one place."""
    levels = grant.split("/")
    if levels.count(uid) != 1 or _USER in grant or _CLIENT in grant:
        return None
    return "/".join(_USER if level == uid else level for level in levels)
