"""Is a press a test? Pure: what the home says, and what was announced; in doubt it is a call for help.

A test is told as a test, to the same people and in the same order; a person closes its alert. So the worst that a wrong
"test" does is that somebody answers it without haste: whatever may be real is real.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

EVERY_DAYS = 30
"""How often a button is tried where its area says nothing: telecare tells its users to do it monthly."""
LONGEST_WINDOW = timedelta(hours=2)
"""Whoever announces a test is there and does it; a window that is forgotten must end by itself, soon."""
FALL = "fall"
"""The source of a help call that nobody's finger made."""


class InWindow(StrEnum):
    """How a press in an announced test window is taken, as its timeline says it."""

    TEST = "test"
    AGAIN = "again"
    FALL = "fall"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Announced:
    """The test window that a press falls into; `pressed`: whether its device has called in it before."""

    pressed: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a press is a test, and how the window that it falls into bears on that; None: it falls into none."""

    test: bool
    window: InWindow | None = None


def judge(*, says_test: bool, source: str | None, readable: bool, announced: Announced | None) -> Verdict:
    """Say whether a press is a test: it says so itself, or it is the first of its device in an announced window.

    A second press of the same device is real (who tests presses once; who needs help presses on), and so is a fall, and
    what cannot be read.
    """
    if announced is None:
        return Verdict(says_test)
    if says_test:
        return Verdict(True, InWindow.TEST)
    if not readable:
        return Verdict(False, InWindow.UNREADABLE)
    if source == FALL:
        return Verdict(False, InWindow.FALL)
    if announced.pressed:
        return Verdict(False, InWindow.AGAIN)
    return Verdict(True, InWindow.TEST)
