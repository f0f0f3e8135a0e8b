"""How far is it from one place to another? Pure; a straight line over the ground."""

from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_008.8
"""The earth's mean radius."""


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the metres between two places in WGS-84 degrees, by the haversine."""
    north = sin(radians(other_lat - lat) / 2) ** 2
    east = cos(radians(lat)) * cos(radians(other_lat)) * sin(radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, north + east)))
