"""What is left to do with a file's rows once they are looked through?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many of how many rows are done."""


def unwatched(done: int, total: int) -> None:
    """Hear of progress and say nothing."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many rows are new, how many are there already, and how the new ones are stored.

    `store` returns uid and password of what got one.
    """

    added: int
    unchanged: int
    store: Callable[[Progress], Sequence[tuple[str, str]]]
