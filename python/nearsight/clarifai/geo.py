"""Places, as the old client spells them: longitude first."""

from nearsight.clarifai.errors import UserError
from nearsight.clarifai.wire import Json

_UNITS = {
    "mile": "withinMiles",
    "kilometer": "withinKilometers",
    "degree": "withinDegrees",
    "radian": "withinRadians",
}


class GeoPoint:
    """A place: longitude -180..180 first, then latitude -90..90, in degrees."""

    def __init__(self, longitude: float, latitude: float) -> None:
        """Hold both as floats."""
        self.longitude = float(longitude)
        self.latitude = float(latitude)

    def dict(self) -> Json:
        """As on the wire."""
        return {"geo_point": {"longitude": self.longitude, "latitude": self.latitude}}


class GeoLimit:
    """How far from a point: `limit_range` in miles, kilometres, degrees or radians.

    The tutorials of the old client say "mile" in one place and "withinMiles" in another: both work.

    >>> GeoLimit("mile", 10).dict() == GeoLimit("withinMiles", 10).dict()
    True
    """

    def __init__(self, limit_type: str = "mile", limit_range: float = 10) -> None:
        """Raises `UserError` for another unit."""
        if limit_type not in {*_UNITS, *_UNITS.values()}:
            raise UserError(f"limit_type={limit_type!r}: give one of {', '.join(_UNITS)}")
        self.limit_type = _UNITS.get(limit_type, limit_type)
        self.limit_range = float(limit_range)

    def dict(self) -> Json:
        """As on the wire."""
        return {"geo_limit": {"type": self.limit_type, "value": self.limit_range}}


class GeoBox:
    """The box between any two opposite corners."""

    def __init__(self, point1: GeoPoint, point2: GeoPoint) -> None:
        """Hold both corners."""
        self.point1 = point1
        self.point2 = point2

    def dict(self) -> Json:
        """As on the wire."""
        return {"geo_box": [self.point1.dict(), self.point2.dict()]}


class Geo:
    """Where an input is (`geo_point`), or where to search: a point with a limit, or a box."""

    def __init__(
        self,
        geo_point: GeoPoint | None = None,
        geo_limit: GeoLimit | None = None,
        geo_box: GeoBox | None = None,
    ) -> None:
        """Raises `UserError` for a box with a point or limit, and for neither."""
        if (geo_point is None) == (geo_box is None) or (geo_limit and not geo_point):
            raise UserError("Geo: give a geo_point, with or without a geo_limit, or a geo_box")
        self.geo_point = geo_point
        self.geo_limit = geo_limit
        self.geo_box = geo_box

    def dict(self) -> Json:
        """As on the wire."""
        given = (self.geo_point, self.geo_limit, self.geo_box)
        parts = [part.dict() for part in given if part is not None]
        return {"geo": {name: value for part in parts for name, value in part.items()}}
