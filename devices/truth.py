"""How must each simulated device stand, by what it said? A simple model of its own, held against what Anju found out.

It shares no code with `health`: two who agree because they are one would prove nothing. What the broker has not taken yet,
or only just now, or whose deadline has only just passed, may be known already or not: where that would make a difference,
nothing is judged.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ONLINE, LATE, OFFLINE, NEVER = "online", "late", "offline", "never"
STATES = (ONLINE, LATE, OFFLINE, NEVER)
CAMERA_LATE_AFTER_S, CAMERA_OFFLINE_AFTER_S = 90.0, 180.0
"""A camera speaks every minute: half a minute over it is late, after three missed it is offline."""
BUTTON_OFFLINE_AFTER_S = 25 * 3600.0
"""A button may be silent for a day and an hour; it is never late."""
EXAMPLES = 10
"""Wrong states that are shown."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A device that stands otherwise than it must; `said_s_ago`: since it last said something, None for never."""

    uid: str
    must_be: str
    is_found: str
    said_s_ago: float | None

    def __str__(self) -> str:
        ago = "it has never said anything" if self.said_s_ago is None else f"it last spoke {self.said_s_ago:.1f} s ago"
        return f"{self.uid} must be {self.must_be} and is {self.is_found}; {ago}"


@dataclass(slots=True)
class Verdict:
    """What came out of one look at all devices: by the state that each must have, and who was not judged."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    unjudged: int = 0
    examples: list[Wrong] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        """Add another look; the examples that spoke longest ago, or never, are kept."""
        self.right += other.right
        self.wrong += other.wrong
        self.unjudged += other.unjudged
        worst = sorted([*self.examples, *other.examples], key=_how_bad, reverse=True)
        self.examples = worst[:EXAMPLES]


@dataclass(slots=True)
class Word:
    """When a device spoke and when the broker had taken it, in seconds; `goes`: it was its Last Will."""

    said_at_s: float
    goes: bool
    taken_at_s: float = float("inf")


class Truth:
    """What each device said, of which only the newest words are kept: those of twice `tolerance_s`, and the one before.

    A device stands as a camera or a button by what `cameras` says of its uid. Times are seconds of one clock.
    """

    def __init__(self, cameras: Iterable[str], buttons: Iterable[str], *, tolerance_s: float) -> None:
        self._cameras = frozenset(cameras)
        self._said: dict[str, list[Word]] = {uid: [] for uid in (*self._cameras, *buttons)}
        self._tolerance_s = tolerance_s

    def note(self, uid: str, at_s: float, *, goes: bool) -> Word:
        """A device spoke; `goes`: it was its Last Will. Set `taken_at_s` of what is returned once the broker has it."""
        word = Word(at_s, goes)
        words = self._said[uid]
        old = sum(each.taken_at_s <= at_s - 2 * self._tolerance_s for each in words)
        # a list of its own each time: whoever judges meanwhile keeps the one he has
        self._said[uid] = [*words[max(0, old - 1) :], word]
        return word

    def must_be(self, uid: str, since_s: float, until_s: float) -> set[str]:
        """Return how a device may stand for somebody who looked between two instants: one state, where it is certain."""
        words = self._said[uid]
        earliest_s = since_s - self._tolerance_s
        old = [each for each in words if each.taken_at_s <= earliest_s]
        new = [each for each in words if each.taken_at_s > earliest_s]
        may_be_last: list[Word | None] = [old[-1] if old else None, *new]
        return {
            self._state(uid, word, at_s - (said_at_s if word else 0.0))
            for word in may_be_last
            for at_s in (earliest_s, until_s)
            for said_at_s in ((word.said_at_s, min(word.taken_at_s, until_s)) if word else (0.0,))
        }

    def _state(self, uid: str, word: Word | None, silent_s: float) -> str:
        if word is None:
            return NEVER
        if word.goes:
            return OFFLINE
        if uid not in self._cameras:
            return OFFLINE if silent_s >= BUTTON_OFFLINE_AFTER_S else ONLINE
        if silent_s >= CAMERA_OFFLINE_AFTER_S:
            return OFFLINE
        return LATE if silent_s >= CAMERA_LATE_AFTER_S else ONLINE

    def judge(self, found: Mapping[str, str], since_s: float, until_s: float) -> Verdict:
        """Hold what was found between two instants against what must be, device by device; one that is missing is wrong."""
        verdict = Verdict()
        wrong: list[Wrong] = []
        for uid, words in self._said.items():
            possible = self.must_be(uid, since_s, until_s)
            if len(possible) > 1:
                verdict.unjudged += 1
                continue
            (must_be,) = possible
            is_found = found.get(uid, "missing")
            if is_found == must_be:
                verdict.right[must_be] += 1
            else:
                verdict.wrong[must_be] += 1
                wrong.append(Wrong(uid, must_be, is_found, until_s - words[-1].said_at_s if words else None))
        verdict.examples = sorted(wrong, key=_how_bad, reverse=True)[:EXAMPLES]
        return verdict


def _how_bad(wrong: Wrong) -> float:
    return float("inf") if wrong.said_s_ago is None else wrong.said_s_ago
