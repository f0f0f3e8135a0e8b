"""What does somebody say who asks for a visit, or moves one? The bodies of its routes."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from alerts.model import Outcome
from alerts.visits import FailKind, Payer, Proof
from api.fields import Body, Id, Instant, Latitude, Longitude, Name, Note, Text
from api.problems import invalid

Fee = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2, description="in yuan; not charged")]


class Paid(Body):
    """Who pays, and how much: written down, not charged."""

    payer: Payer | None = None
    fee: Fee | None = None


class OnDemand(Paid):
    """A visit that somebody asks for: where, what for, and when. `force`: `staff` goes whatever else he has then."""

    home: Id
    service: Annotated[Text, Field(min_length=1, max_length=40)]
    due_from: Instant
    due_to: Instant
    staff: Id | None = None
    note: Note | None = None
    force: bool = False


class Who(Body):
    """Who goes. `force`: also where he has another visit then, or nobody works."""

    staff: Id
    force: bool = False


class No(Body):
    """Why he cannot go."""

    reason: Annotated[Name, Field(max_length=200)]


class Later(No):
    """Another time, and why. `keep_staff`: whoever was to go goes then."""

    due_from: Instant
    due_to: Instant
    keep_staff: bool = True
    force: bool = False


class When(Body):
    """When the step was taken, where a phone tells it later."""

    at: Instant | None = None


class Shown(When):
    """What shows that somebody was there: a position (WGS-84), the door's code, the phone's own time."""

    lat: Latitude | None = None
    lon: Longitude | None = None
    code: Annotated[Text, Field(max_length=200)] | None = None

    def proof(self) -> Proof:
        """Return it as dispatch takes it. Raises Problem 422 for half a position."""
        if (self.lat is None) != (self.lon is None):
            raise invalid("lon" if self.lon is None else "lat", None, "lat and lon go together; send both or neither")
        return Proof(self.lat, self.lon, self.code, self.at)


class Done(Shown, Paid):
    """How it ended, with its proof, and who pays where that is known only now."""

    outcome: Outcome


class Why(Body):
    """Why it is not needed any more."""

    reason: Note | None = None


class Failed(Why):
    """Why it could not be done."""

    kind: FailKind = FailKind.OTHER
