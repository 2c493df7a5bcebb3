"""Statements about where an input is: degrees, latitude first (WGS 84)."""

from dataclasses import dataclass

from nearsight.filters.statement import Filter
from nearsight.values.geo import GeoPoint


@dataclass(frozen=True, slots=True)
class Within(Filter):
    """The input's place is at most `km` away from this one."""

    latitude: float
    longitude: float
    km: float

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"within({self.latitude!r}, {self.longitude!r}, {self.km!r})"


@dataclass(frozen=True, slots=True)
class Box(Filter):
    """The input's place lies between two latitudes, and from `west` eastwards to `east`."""

    south: float
    west: float
    north: float
    east: float

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"box({self.south!r}, {self.west!r}, {self.north!r}, {self.east!r})"


@dataclass(frozen=True, slots=True)
class Polygon(Filter):
    """The input's place lies inside of these corners, of which the last is joined to the first.

    The edges belong to it, are straight in degrees, and go the shorter way round the earth, so that
    a polygon may lie across the date line; one around a pole holds the pole that is nearer to it.
    Where edges cross, the even-odd rule decides what is inside.
    """

    corners: tuple[GeoPoint, ...]

    def __str__(self) -> str:
        """As `parse` reads it."""
        numbers = (f"{latitude!r}, {longitude!r}" for latitude, longitude in self.corners)
        return f"polygon({', '.join(numbers)})"
