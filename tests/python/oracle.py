"""The slow plain-Python meaning of every filter: what the search is held to.

    meets(where, {"concepts": {"dog": True}, "metadata": {"iso": 400}, "geo": (48.8, 2.3)})

A record is a dictionary; what it leaves out it does not have:

- id, url, type, status, name, format: texts
- concepts: what was said, {name: True | False}, or of several annotations {name: {True, False}};
  predictions: {name: probability}
- metadata: a JSON object; geo: (latitude, longitude) in degrees; added, changed: datetimes in UTC
- annotations: the ids of its annotations, by: their authors; of one annotation, one of each
- regions: how many of its annotations have a box; crop: its box, if it was cropped

Where a number decides (a probability, a distance, a place on an edge), equal is in. `Predicted` and
`Within` are exact to rounding only: let a test keep its distance from their edges.
"""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from nearsight.filters import (
    And,
    Annotated,
    Box,
    Compared,
    Contains,
    Exists,
    Filter,
    Has,
    Is,
    Not,
    Or,
    Polygon,
    Predicted,
    Unsaid,
    When,
    Within,
)
from nearsight.values.geo import EARTH_KM

Record = Mapping[str, Any]

OPERATORS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
MISSING = object()


def meets(where: Filter | None, record: Record) -> bool:
    """Does the record meet the filter?"""
    match where:
        case None:
            return True
        case And(parts):
            return all(meets(part, record) for part in parts)
        case Or(parts):
            return any(meets(part, record) for part in parts)
        case Not(part):
            return not meets(part, record)
        case Annotated(concept, value):
            return value in said(record, concept)
        case Unsaid(concept):
            return not said(record, concept)
        case Predicted(concept, at_least):
            return bool(record.get("predictions", {}).get(concept, 0.0) >= at_least)
        case Contains(text):
            return contains(record.get("metadata", {}), json.loads(text))
        case Compared(path, operator, value):
            found = behind(record.get("metadata", {}), path)
            return kind(found) == kind(value) and bool(OPERATORS[operator](found, value))
        case Exists(path):
            return behind(record.get("metadata", {}), path) is not MISSING
        case Is(field, value):
            return _is(record, field, value)
        case When(field, operator, instant):
            return field in record and bool(OPERATORS[operator](record[field], instant))
        case Has("geo"):
            return record.get("geo") is not None
        case Has("region"):
            return bool(record.get("regions", 0))
        case Has("crop"):
            return record.get("crop") is not None
    return _lies(where, record.get("geo"))


def said(record: Record, concept: str) -> set[bool]:
    """What was said of the concept: nothing, that it is shown, that it is not, or both."""
    values = record.get("concepts", {}).get(concept, set())
    return {values} if isinstance(values, bool) else set(values)


def _is(record: Record, field: str, value: str) -> bool:
    if field == "annotation":
        return value in record.get("annotations", ())
    if field == "by":
        return value in record.get("by", ())
    return field in record and bool(record[field] == value)


def _lies(where: Filter, geo: tuple[float, float] | None) -> bool:
    if geo is None:
        return False
    latitude, longitude = geo
    match where:
        case Within(north, east, km):
            return distance_km(geo, (north, east)) <= km + 1e-6
        case Box(south, west, north, east):
            if west <= east:
                return south <= latitude <= north and west <= longitude <= east
            return south <= latitude <= north and (longitude >= west or longitude <= east)
        case Polygon(corners):
            return surrounds(corners, geo)
    raise AssertionError(f"no filter: {where!r}")


# -- metadata


def kind(value: object) -> str:
    """What a JSON value is: values of different kinds are never equal, greater or less."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "incomparable" if value is MISSING else "other"


def behind(metadata: Any, path: Sequence[str]) -> Any:
    """The value at the end of a path of keys, which only lead through objects, or MISSING."""
    for key in path:
        if not isinstance(metadata, Mapping) or key not in metadata:
            return MISSING
        metadata = metadata[key]
    return metadata


def contains(value: Any, pattern: Any) -> bool:
    """Objects contain what they have under each key, lists what some element contains."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and contains(value[key], inner) for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(contains(element, inner) for element in value) for inner in pattern
        )
    if pattern is None:
        return value is None
    return kind(value) == kind(pattern) and bool(value == pattern)


# -- places


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """On a sphere, by the haversine formula (Sinnott 1984)."""
    (south, west), (north, east) = (map(math.radians, place) for place in (a, b))
    chord = math.sin((north - south) / 2) ** 2
    chord += math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def surrounds(corners: Sequence[tuple[float, float]], place: tuple[float, float]) -> bool:
    """Even-odd in the plane of degrees, edges included; each edge goes the shorter way round.

    The corners are laid out with longitudes that go on past 180, and the place is looked for at all
    of its longitudes there. A polygon round a pole is closed along the pole that is nearer to it.
    """
    latitude, longitude = place
    line = [corners[0]]
    for lat, lon in [*corners[1:], corners[0]]:
        line.append((lat, line[-1][1] + eastwards(line[-1][1], lon)))
    if abs(line[-1][1] - line[0][1]) > 180:
        pole = math.copysign(90.0, sum(lat for lat, _ in corners))
        line += [(pole, line[-1][1]), (pole, line[0][1]), line[0]]
    least, most = min(lon for _, lon in line), max(lon for _, lon in line)
    inside = False
    for turn in range(math.floor((least - 180) / 360), math.ceil((most + 180) / 360) + 1):
        for start, end in pairwise(line):
            if _on(start, end, latitude, longitude + 360 * turn):
                return True
            inside ^= _crosses(start, end, latitude, longitude + 360 * turn)
    return inside


def eastwards(start: float, end: float) -> float:
    """The shorter way from one longitude to another; of a half turn, eastwards."""
    way = math.fmod(end - start, 360.0)
    return way - 360 if way > 180 else way + 360 if way <= -180 else way


def _crosses(start: Sequence[float], end: Sequence[float], lat: float, lon: float) -> bool:
    """Does the edge pass the meridian of the place, north of it?"""
    (y0, x0), (y1, x1) = start, end
    return (x0 > lon) != (x1 > lon) and lat < y0 + (lon - x0) * (y1 - y0) / (x1 - x0)


def _on(start: Sequence[float], end: Sequence[float], lat: float, lon: float) -> bool:
    (y0, x0), (y1, x1) = start, end
    if not (min(y0, y1) <= lat <= max(y0, y1) and min(x0, x1) <= lon <= max(x0, x1)):
        return False
    return (lat - y0) * (x1 - x0) == (lon - x0) * (y1 - y0)
