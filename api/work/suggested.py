"""What does whoever asks read of the people who could go to a visit?"""

from pydantic import BaseModel, Field

from alerts.assigning import Suggested
from alerts.suggesting import Suggestion


class SuggestionRead(BaseModel):
    """Somebody who could go, and what speaks for and against him."""

    staff: str
    name: str
    area: str
    score: int = Field(description="1000 able, 500 free, 200 on shift, 100 in the area, 99 less one for each km away")
    able: bool = Field(description="has the skill that the service needs")
    free: bool = Field(description="can do it beside the visits that he has, with the way between them")
    on_shift: bool
    in_area: bool = Field(description="works in that area or one above it")
    distance_m: int | None = Field(description="in a straight line from where he was shown to be last, or works")
    declined: bool = Field(description="has said no to this visit")
    clash: str | None = Field(description="the visit that he cannot do beside this one")
    visits_before: int = Field(description="how many he has before him")


class Suggestions(BaseModel):
    """Who could go, the one who fits best first."""

    items: list[SuggestionRead]
    outside_hours: bool = Field(description="it is planned for a time at which nobody works")

    @classmethod
    def of(cls, found: Suggested) -> "Suggestions":
        """Return them as they are read."""
        return cls(items=[_read(each) for each in found.people], outside_hours=found.outside_hours)


def _read(found: Suggestion) -> SuggestionRead:
    who = found.candidate
    return SuggestionRead(
        staff=str(who.staff_id), name=who.name, area=who.area, score=found.score, able=found.able, free=found.free,
        on_shift=who.on_shift, in_area=who.in_area, distance_m=found.away_m, declined=who.declined,
        clash=str(found.clash.visit_id) if found.clash is not None else None, visits_before=len(who.busy),
    )  # fmt: skip
