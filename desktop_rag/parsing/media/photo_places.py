"""Names of the places near a point of the earth, from a table the program ships with."""

from __future__ import annotations

import gzip
import math
from bisect import bisect_left, bisect_right
from functools import cache

from msgspec import Struct

from desktop_rag.paths import resources_dir

_NEAR_KM = 50.0
_AROUND_KM = 25.0
_FAR_LARGER = 2
"""A place with this many times the inhabitants of the nearest one, and within ``_AROUND_KM``, is named too: a photo
taken in a suburb is looked for by the name of the city."""
_DEGREE_KM = 111.2
_EARTH_KM = 6371.0


class Town(Struct, frozen=True):
    """A town of more than 15,000 inhabitants. Degrees are positive to the north and east."""

    latitude: float
    longitude: float
    inhabitants: int
    name: str
    country: str


def place_name(latitude: float, longitude: float) -> str:
    """ "Lisbon, Portugal" for a point in degrees; "" when no town is within 50 km of it."""
    reach = _NEAR_KM / _DEGREE_KM
    near = [
        (distance, place)
        for place in _between(latitude - reach, latitude + reach)
        if (distance := _distance_km(latitude, longitude, place)) <= _NEAR_KM
    ]
    if not near:
        return ""
    _, nearest = min(near, key=lambda found: found[0])
    around = [place for distance, place in near if distance <= _AROUND_KM and place.country == nearest.country]
    city = max(around, key=lambda place: place.inhabitants, default=nearest)
    names = [nearest.name]
    if city.inhabitants >= _FAR_LARGER * nearest.inhabitants:
        names.append(city.name)
    where = " and ".join(dict.fromkeys(names))
    return f"{where}, {nearest.country}" if nearest.country and nearest.country not in names else where


def _between(south: float, north: float) -> list[Town]:
    latitudes, places = _table()
    return places[bisect_left(latitudes, south) : bisect_right(latitudes, north)]


@cache
def _table() -> tuple[list[float], list[Town]]:
    """Latitudes and places from south to north."""
    lines = gzip.decompress((resources_dir() / "places" / "cities.tsv.gz").read_bytes()).decode().split("\n")
    places = []
    for line in lines:
        latitude, longitude, inhabitants, name, country = line.split("\t")
        places.append(Town(float(latitude), float(longitude), int(inhabitants), name, country))
    return [place.latitude for place in places], places


def _distance_km(latitude: float, longitude: float, place: Town) -> float:
    """Along the great circle (haversine formula)."""
    here, there = math.radians(latitude), math.radians(place.latitude)
    across = math.radians(place.longitude - longitude)
    half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
