"""The fewest filters, in as few sessions as hold them, and nothing moved that could stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import subscriptions

LEVELS = st.sampled_from(["a", "b", "+"])
FILTERS = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(LEVELS, min_size=1, max_size=3),
    st.sampled_from([[], ["#"]]),
)
TOPICS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join)


def fits(filter_: str, topic: str) -> bool:
    """Say whether a filter lets a topic through, as the standard says, level by level."""
    levels, rest = filter_.split("/"), topic.split("/")
    if levels[0] == "#":
        return True
    if not rest or (levels[0] not in ("+", rest[0])):
        return False
    if len(levels) == 1 or len(rest) == 1:
        return len(levels) == len(rest) or (len(rest) == 1 and levels[1:] == ["#"])
    return fits("/".join(levels[1:]), "/".join(rest[1:]))


@pytest.mark.parametrize(
    ("wide", "narrow", "wanted"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/#", True),
        ("a/+", "a/b", True),
        ("a/+", "a/#", False),
        ("+/b", "a/b", True),
        ("a/b", "a/+", False),
        ("a", "a/b", False),
        ("a/b", "a", False),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
    ],
)
def test_a_filter_covers_another(wide: str, narrow: str, wanted: bool) -> None:
    assert subscriptions.covers(wide, narrow) is wanted


@given(st.sets(FILTERS, max_size=8), TOPICS)
def test_the_fewest_hear_the_same(filters: set[str], topic: str) -> None:
    kept = subscriptions.fewest(filters, ())
    assert kept <= filters
    assert any(fits(each, topic) for each in filters) == any(fits(each, topic) for each in kept)
    assert not any(subscriptions.covers(one, two) for one in kept for two in kept if one != two)


def test_what_the_lane_hears_anyway_is_not_asked_for_again() -> None:
    assert subscriptions.fewest({"anju/v1/hub-1/#", "zigbee2mqtt/#"}, ["anju/v1/#"]) == {"zigbee2mqtt/#"}


@given(st.sets(FILTERS, max_size=30), st.dictionaries(FILTERS, st.integers(0, 4), max_size=30), st.integers(2, 8))
def test_a_plan_holds_what_is_wanted_and_moves_nothing(wanted: set[str], held: dict[str, int], room: int) -> None:
    plan = subscriptions.plan(wanted, held, room)
    after = {each: where for each, where in held.items() if each not in plan.go} | plan.come
    assert set(after) == wanted
    assert all(after[each] == held[each] for each in wanted & set(held))
    assert set(plan.go) == set(held) - wanted
    for session in set(plan.come.values()):
        assert sum(subscriptions.cost(each) for each, where in after.items() if where == session) <= room


def test_sessions_are_filled_one_after_the_other() -> None:
    plan = subscriptions.plan([f"hub{number}/#" for number in range(7)], {}, 6)
    assert sorted(plan.come.values()) == [0, 0, 0, 1, 1, 1, 2]
