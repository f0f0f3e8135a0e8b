"""How are figures told? Percentiles, and a plain table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long things took, in milliseconds, each in its turn."""

    ms: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Return the value that a share (0 to 1) of all does not exceed: the nearest rank. NaN of nothing."""
        if not self.ms:
            return math.nan
        return sorted(self.ms)[max(0, math.ceil(share * len(self.ms)) - 1)]

    @property
    def p50(self) -> float:
        """The middle one."""
        return self.percentile(0.5)

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds."""
        return self.percentile(0.99)

    @property
    def longest(self) -> float:
        """The worst."""
        return self.percentile(1)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table: the first column left, the others right."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [heads, *rows]
    ]


def milliseconds(value: float) -> str:
    """Return a duration to read: 2.3 ms."""
    return "-" if math.isnan(value) else f"{value:,.1f} ms"


def ratio(value: float, other: float) -> float:
    """Return value / other; NaN where that says nothing."""
    return value / other if other else math.nan
