"""What nobody covers: of one rota, and of all steps of a policy together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alerts import gaps
from alerts.gaps import Gap
from alerts.rota import Stretch, Why

BEGIN = datetime(2026, 11, 24, tzinfo=UTC)
HOURS = 24
ALL = Gap(BEGIN, BEGIN + timedelta(hours=HOURS))
REACHABLE = {1, 2}
HOUR = st.sampled_from([1, 2, 3, Why.OUTSIDE, Why.NOBODY])
"""Who has an hour: 3 cannot be told."""


def found(hours: list[int | Why]) -> list[Stretch]:
    """Return the stretches of a rota of which each hour is given."""
    stretches = []
    for number, each in enumerate(hours):
        start = BEGIN + timedelta(hours=number)
        who, why = (None, each) if isinstance(each, Why) else (each, None)
        stretches.append(Stretch(who, start, start + timedelta(hours=1), why))
    return stretches


def hours_of(holes: list[Gap]) -> set[int]:
    """Return which hours lie in a gap; the gaps are whole hours, in order, and do not touch."""
    assert all(each.end < following.start for each, following in pairwise(holes))
    hours: set[int] = set()
    for each in holes:
        first, last = ((at - BEGIN) // timedelta(hours=1) for at in (each.start, each.end))
        assert first < last
        hours |= set(range(first, last))
    return hours


ROTA = st.lists(HOUR, min_size=HOURS, max_size=HOURS)


@given(ROTA)
def test_a_rotas_gap_is_each_hour_that_it_should_cover_and_does_not(rota: list[int | Why]) -> None:
    expected = {number for number, each in enumerate(rota) if each in (3, Why.NOBODY)}
    assert hours_of(gaps.of_rota(found(rota), REACHABLE, ALL)) == expected


@given(st.lists(ROTA, max_size=3))
def test_a_policys_gap_is_each_hour_that_all_its_rotas_lie_outside_of(rotas: list[list[int | Why]]) -> None:
    expected = {number for number in range(HOURS) if all(rota[number] is Why.OUTSIDE for rota in rotas)}
    listed = [found(rota) for rota in rotas]
    assert hours_of(gaps.of_policy(listed, somebody_named=False, within=ALL)) == expected
    assert gaps.of_policy(listed, somebody_named=True, within=ALL) == []
