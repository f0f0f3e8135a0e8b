"""`anju bench sweep` in small: just the devices that went silent are judged, however many there are."""

import pytest

from api.bench import sweep
from api.bench.system import Say

pytestmark = pytest.mark.slow


def test_only_the_silent_ones_are_judged(say: Say) -> None:
    figures = sweep.measure(devices=6_000, say=say)
    # 600 are more than one transaction of the sweep takes
    assert [(each.devices, each.silent, each.judged) for each in figures.swept] == [
        (60, 6, 6),
        (6_000, 6, 6),
        (6_000, 60, 60),
        (6_000, 600, 600),
    ]
    assert all(each.ms > 0 for each in figures.swept)
    assert figures.larger_by_smaller == pytest.approx(figures.swept[1].ms / figures.swept[0].ms)
    assert len(figures.lines()) == 8
