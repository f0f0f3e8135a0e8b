"""What may a list or a report be asked for? The parts of a query that several routes share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, Field

from api.fields import Code, Instant, Text
from api.problems import invalid

ALTERNATIVES_AT_MOST = 50
OPEN = "open"
"""The state that stands for every one in which something is still to be done."""


def _several(values: list[str] | None) -> list[str] | None:
    """Return each value of a parameter that was given several times, with commas, or both; None for no value."""
    parts = [part.strip() for value in values or [] for part in value.split(",")]
    return list(dict.fromkeys(part for part in parts if part)) or None


Several = Annotated[
    list[Annotated[Text, Field(max_length=1000)]] | None,
    Query(max_length=ALTERNATIVES_AT_MOST, description="one of these; several times, or with commas"),
    AfterValidator(_several),
]
"""Alternatives; None where none is asked for."""
InArea = Annotated[Code | None, Query(description="in this area and all below it")]
OfId = Annotated[Text | None, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class Span:
    """From when on, and until before when; None for no bound."""

    start: datetime | None
    end: datetime | None


def span(
    start: Annotated[Instant | None, Query(alias="from", description="not before")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="before this")] = None,
) -> Span:
    """Read the time that is asked for. Raises Problem 422 where it ends before it begins."""
    if start is not None and end is not None and end < start:
        raise invalid("to", end.isoformat(), f"lies before from ({start.isoformat()}); swap them")
    return Span(start, end)


Within = Annotated[Span, Depends(span)]
"""The time, as a route asks for it."""


def states(values: list[str] | None, known: Sequence[str], over: Collection[str] = ()) -> list[str] | None:
    """Return the states that are asked for, None for all. OPEN stands for every one but those in `over`.

    Raises Problem 422 for one that nobody knows.
    """
    for value in values or []:
        if value not in known and not (over and value == OPEN):
            raise invalid("state", value, f"use one of {', '.join([OPEN, *known] if over else known)}")
    if not values:
        return None
    return [state for state in known if state in values or (OPEN in values and state not in over)]
