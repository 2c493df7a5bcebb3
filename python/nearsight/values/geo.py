"""Places on the earth: latitude first, in degrees (WGS 84), on a sphere of the mean radius."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from nearsight.errors import ArgumentError
from nearsight.values.text import shown

_FARTHEST = 1e9  # of any unit: several times around the earth
_MOST_CORNERS = 1000
EARTH_KM = 6371.0088  # mean radius, IUGG
KM_PER_MILE = 1.609344


class GeoPoint(NamedTuple):
    """A place: latitude -90..90, longitude -180..180, both in degrees."""

    latitude: float
    longitude: float


def point(place: object) -> GeoPoint:
    """A `GeoPoint` or a pair (latitude, longitude) as a checked `GeoPoint`.

    Raises `ArgumentError`, which also notices a pair that is the other way round.

    >>> point((48.85, 2.35))
    GeoPoint(latitude=48.85, longitude=2.35)
    """
    try:
        if isinstance(place, str | bytes):
            raise TypeError
        latitude, longitude = map(_degrees, place)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"geo={shown(place)}: give (latitude, longitude) in degrees") from None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ArgumentError(
            f"geo=({latitude}, {longitude}): the latitude comes first and lies in -90..90, the "
            "longitude in -180..180"
        )
    return GeoPoint(latitude, longitude)


def _degrees(number: Any) -> float:
    if isinstance(number, bool | str | bytes):
        raise TypeError
    return float(number)


def ring(corners: Iterable[object]) -> tuple[GeoPoint, ...]:
    """The corners of a polygon, checked, without a last one that repeats the first.

    Raises `ArgumentError` for fewer than 3 corners and more than 1000.

    >>> len(ring([(0, 0), (0, 2), (2, 1), (0, 0)]))
    3
    """
    places = tuple(point(corner) for corner in corners)
    if len(places) > 1 and places[0] == places[-1]:
        places = places[:-1]
    if not 3 <= len(places) <= _MOST_CORNERS:
        raise ArgumentError(
            f"a polygon of {len(places)} corners: give 3 to {_MOST_CORNERS}, each as (latitude, "
            "longitude)"
        )
    return places


def kilometres(
    km: float | None = None,
    miles: float | None = None,
    degrees: float | None = None,
    radians: float | None = None,
) -> float:
    """One distance, whatever its unit (an angle is one seen from the centre of the earth)."""
    given = {"km": km, "miles": miles, "degrees": degrees, "radians": radians}
    said = {unit: amount for unit, amount in given.items() if amount is not None}
    if len(said) != 1:
        raise ArgumentError("give one distance: km=, miles=, degrees= or radians=")
    ((unit, amount),) = said.items()
    factor = {
        "km": 1.0,
        "miles": KM_PER_MILE,
        "degrees": EARTH_KM * math.pi / 180,
        "radians": EARTH_KM,
    }[unit]
    if type(amount) is bool or not isinstance(amount, int | float) or not 0 <= amount <= _FARTHEST:
        raise ArgumentError(f"{unit}={amount!r}: a distance is a number of at least 0")
    return float(amount * factor)
