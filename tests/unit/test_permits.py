"""What devices may say and hear at a broker, and what Mosquitto is told of it: nobody ever gets what is another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import passwords
from devices.formats.base import own_branch
from gateway import mosquitto
from gateway.mosquitto import PATTERN_FROM, acl_lines, shared_patterns
from gateway.permits import Account, Action, covers, may


def account(uid: str, *grants: str) -> Account:
    return Account(uid, "", "$7$1$a$b", grants)


def hub(uid: str, base: str) -> Account:
    return account(uid, *own_branch(base))


@pytest.mark.parametrize(
    ("grant", "wanted", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/b", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/#", True),
        ("a/#", "a/+/set", True),
        ("a/#", "#", False),
        ("a/#", "+/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a/+", True),
        ("a/+", "a/#", False),
        ("a/+", "a", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
    ],
)
def test_what_a_grant_covers(grant: str, wanted: str, expected: bool) -> None:
    assert covers(grant, wanted) is expected


@pytest.mark.parametrize(
    ("action", "topic", "expected"),
    [
        (Action.PUBLISH, "anju/v1/btn-1/help", True),
        (Action.PUBLISH, "anju/v1/btn-1/status", True),
        (Action.PUBLISH, "anju/v1/btn-1/reply", False),
        (Action.PUBLISH, "anju/v1/btn-2/help", False),
        (Action.PUBLISH, "anju/v1/btn-1/+", False),
        (Action.SUBSCRIBE, "anju/v1/btn-1/reply", True),
        (Action.SUBSCRIBE, "anju/v1/+/reply", False),
        (Action.SUBSCRIBE, "anju/v1/btn-1/#", False),
        (Action.SUBSCRIBE, "#", False),
        (Action.SUBSCRIBE, "z2m/house/+/set", True),
        (Action.PUBLISH, "z2m/house/bedroom/sos", True),
        (Action.PUBLISH, "z2m/house2/sos", False),
        (Action.PUBLISH, "z2m/house/#", False),
    ],
)
def test_what_a_device_may(action: Action, topic: str, expected: bool) -> None:
    assert may(hub("btn-1", "z2m/house"), action, topic) is expected


def test_many_hubs_that_bear_their_own_name_are_one_pattern() -> None:
    many = [hub(f"hub-{number}", f"z2m/hub-{number}") for number in range(PATTERN_FROM)]
    other = hub("other", "elsewhere/house")
    assert shared_patterns([*many, other]) == {"z2m/%u", "z2m/%u/#"}
    lines = list(acl_lines(["gateway"], [*many, other]))
    assert [line for line in lines if line.startswith("user")] == ["user gateway\n", "user other\n"]
    assert shared_patterns(many[1:]) == set()


@pytest.mark.parametrize(
    "reached",
    [
        # a hub whose base bears the name of another device, which a pattern would let in
        ("odd-hub", ("z2m/hub-7x", "z2m/hub-7x/#"), ["hub-7x"]),
        # whoever has a whole level of it
        ("odd-hub", ("z2m/#",), []),
        ("odd-hub", ("z2m/+/set",), []),
        ("odd-hub", ("#",), []),
        ("odd-hub", ("+/x",), []),
    ],
)
def test_a_pattern_is_none_where_it_would_reach_into_what_is_anothers(
    reached: tuple[str, tuple[str, ...], list[str]],
) -> None:
    uid, grants, others = reached
    many = [hub(f"hub-{number}", f"z2m/hub-{number}") for number in range(PATTERN_FROM)]
    assert shared_patterns([*many, account(uid, *grants), *map(account, others)]) == set()
    # a base that bears nobody's name hurts nobody
    assert shared_patterns([*many, hub("odd-hub", "z2m/the-house")]) == {"z2m/%u", "z2m/%u/#"}


NAMES = st.sampled_from(["aaa", "bbb", "ccc", "ddd"])
LEVEL = st.one_of(NAMES, st.just("x"))
BASES = st.lists(LEVEL, min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(NAMES, BASES, min_size=2), st.integers(1, 2))
def test_patterns_give_no_device_what_another_was_granted(bases: dict[str, str], many: int) -> None:
    accounts = [hub(uid, base) for uid, base in bases.items()]
    before, mosquitto.PATTERN_FROM = mosquitto.PATTERN_FROM, many
    try:
        patterns = shared_patterns(accounts)
    finally:
        mosquitto.PATTERN_FROM = before
    for stranger in accounts:
        for other in accounts:
            for granted in (pattern.replace("%u", stranger.uid) for pattern in patterns):
                # what both were granted by their own bases, the registry refuses beforehand
                shared = any(covers(each, granted) for each in stranger.grants)
                reaches = any(covers(granted, each) or covers(each, granted) for each in other.grants)
                assert stranger is other or shared or not reaches


def test_a_password_is_known_by_either_hash() -> None:
    password = passwords.random_password()
    cheap, slow = passwords.mosquitto_hash_of(password), passwords.hash_of(password)
    assert cheap.startswith("$7$1$")
    for hashed in (cheap, None):
        assert passwords.matches(password, slow, hashed)
        assert not passwords.matches(password[:-1], slow, hashed)
        assert not passwords.matches("", slow, hashed)
        assert not passwords.matches(password * 100, slow, hashed)
