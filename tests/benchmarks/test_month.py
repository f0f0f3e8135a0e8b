"""`anju bench month` in small: the count and the warnings agree, and some were missed."""

import pytest

from api.bench import month
from api.bench.system import Say

pytestmark = pytest.mark.slow


def test_whoever_is_missed_has_an_open_warning(say: Say) -> None:
    figures = month.measure(homes=300, say=say)
    assert (figures.unwarned, figures.in_vain, figures.wrong) == (0, 0, 0)
    assert figures.missed > 5
    assert figures.seen > 100
    assert figures.seen_otherwise == 0
    assert figures.ended > 0
    assert len(figures.lines()) >= 4
