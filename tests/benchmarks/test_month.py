"""`anju bench month` in small: warnings and reports are the centre's own books, and some people were late."""

import pytest

from api.bench import month
from api.bench.system import Say

pytestmark = pytest.mark.slow


def test_whoever_is_late_has_an_open_warning_and_the_reports_are_the_books(say: Say) -> None:
    figures = month.measure(homes=300, say=say)
    assert (figures.missed, figures.wrong, figures.differences) == (0, 0, 0)
    assert figures.late > 20
    assert figures.evenings == month.DAYS
    assert all(true > 0 for _, _, true in figures.compared)
    assert len(figures.lines()) > len(figures.compared)
