"""What the benchmarks' own tests share."""

from collections.abc import Callable

import pytest


@pytest.fixture
def said() -> list[str]:
    """What a benchmark said of its progress."""
    return []


@pytest.fixture
def say(said: list[str]) -> Callable[[str], None]:
    """A place for progress."""
    return said.append
