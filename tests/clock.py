"""A clock that a story sets."""

from datetime import UTC, datetime, timedelta


class StoryClock:
    """Stands still until moved."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime(2026, 11, 24, 2, 13, 58, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the story's present instant."""
        return self._now

    def forward(self, step: timedelta) -> None:
        """Let time pass."""
        self._now += step
