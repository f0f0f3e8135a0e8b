"""What shows that somebody was at the right door? The code of its label, and how far the phone was from the home."""

from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from alerts.model import Invalid
from alerts.visits import Proof

NEAR_M = 200
"""How far from the home a position still shows that somebody is there, where no area says otherwise."""
EARTH_M = 6_371_008.8
"""The mean radius of the earth (IUGG)."""


class CodeOfAnotherHome(Invalid):
    """visit {visit_id}: that code hangs at another home's door; compare the address, and scan the label of this home."""

    def __init__(self, visit_id: int, code: str) -> None:
        super().__init__(
            f"visit {visit_id}: code {code!r} hangs at another home's door; compare the address, and scan the label of"
            " this home"
        )


class Place(StrEnum):
    """Where whoever took the step was, as far as it was shown."""

    HOME = "home"
    ELSEWHERE = "elsewhere"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Door:
    """What is known of the home that the visit is for; its position in WGS-84 degrees."""

    code: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """How a proof was judged. `code`: "right", "wrong" or "none"; `distance_m`: None where there is no way to tell."""

    code: str
    distance_m: int | None
    within_m: int
    place: Place

    def kept(self) -> dict[str, str | int | None]:
        """Return it as it is stored."""
        return {
            "code": self.code,
            "distance_m": self.distance_m,
            "within_m": self.within_m,
            "place": str(self.place),
        }


def read_code(text: str) -> str:
    """Return the code of what was scanned or typed: a label holds a link that ends with it; hyphens and spaces are ours."""
    last = text.strip().split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character not in " -").upper()


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the way over the ground between two places, in metres, in a straight line (haversine)."""
    up, across = radians(other_lat - lat), radians(other_lon - lon)
    half = sin(up / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(across / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))


def judge(door: Door | None, proof: Proof, *, within_m: int) -> Check:
    """Say what a proof shows. A position too far from the home is never refused: in doubt somebody is at the door.

    `door`: None where the visit is for no home that anybody knows. A code counts for nothing where the phone was
    elsewhere: it may have been photographed.
    """
    code = "none"
    if proof.code is not None:
        code = "right" if door is not None and read_code(proof.code) == door.code else "wrong"
    away = None
    if door is not None and None not in (door.lat, door.lon, proof.lat, proof.lon):
        assert door.lat is not None and door.lon is not None  # noqa: S101, PT018 - for the type checker
        assert proof.lat is not None and proof.lon is not None  # noqa: S101, PT018 - for the type checker
        away = round(distance_m(door.lat, door.lon, proof.lat, proof.lon))
    if away is not None and away > within_m:
        place = Place.ELSEWHERE
    elif away is not None or code == "right":
        place = Place.HOME
    else:
        place = Place.UNPROVEN
    return Check(code, away, within_m, place)
