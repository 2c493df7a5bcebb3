"""Filters in Python: functions that check what they are given and return statements."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, overload

from nearsight.errors import ArgumentError
from nearsight.filters import dates
from nearsight.filters.places import Box, Polygon, Within
from nearsight.filters.properties import Compared, Contains, Exists, Operator
from nearsight.filters.statement import Annotated, Filter, Predicted, Unsaid, either
from nearsight.values.geo import kilometres, point, ring
from nearsight.values.patching import checked, checked_scalar
from nearsight.values.text import checked_text, shown


class Path:
    """One value of the metadata, to be compared: `metadata("camera.iso") < 400`.

    A `datetime.date` (the whole day) or a datetime (to the second, without a zone) is compared with
    ISO 8601 texts, such as metadata("exif.taken"); that takes the number of a year, too.
    """

    __slots__ = ("_steps",)
    __hash__ = None  # type: ignore[assignment]  # == makes a filter of it

    def __init__(self, steps: tuple[str, ...]) -> None:
        """Lead through these keys."""
        self._steps = tuple(checked_text(step, "where") for step in steps)

    def __repr__(self) -> str:
        """As it is written; by itself it asks nothing."""
        return f"metadata({'.'.join(self._steps)!r})"

    def compared(self, operator: Operator, value: object) -> Filter:
        """The statement; raises `ArgumentError` for what cannot be compared."""
        asked = f"{self!r} {operator}"
        if isinstance(value, dates.Stretch):
            return dates.compared(self._steps, operator, value)
        is_year = self._steps == dates.TAKEN and isinstance(value, int | float)
        if isinstance(value, date) or (is_year and not isinstance(value, bool)):
            return dates.compared(self._steps, operator, dates.stretch_of(value))
        if not isinstance(value, str | int | float) or value != value:
            raise ArgumentError(
                f"{asked} {shown(value)}: compare with a number, a text, a bool or a date"
            )
        return Compared(self._steps, operator, checked_scalar(value, f"{asked} value"))

    def exists(self) -> Filter:
        """There is something, be it null."""
        return Exists(self._steps)

    def one_of(self, *values: object) -> Filter:
        """Equal to one of these values, and of the same kind."""
        if not values:
            raise ArgumentError(f"{self!r}.one_of(): give a value")
        return either(self.compared("=", value) for value in values)

    def between(self, least: object, most: object) -> Filter:
        """At least the one and at most the other."""
        return self.compared(">=", least) & self.compared("<=", most)

    def __eq__(self, value: object) -> Filter:  # type: ignore[override]
        """Equal, and of the same kind."""
        return self.compared("=", value)

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]
        """There, of the same kind, and not equal."""
        return self.compared("!=", value)

    def __lt__(self, value: object) -> Filter:
        """Less; texts compare by their characters, so that ISO dates do by time."""
        return self.compared("<", value)

    def __le__(self, value: object) -> Filter:
        """Less or equal."""
        return self.compared("<=", value)

    def __gt__(self, value: object) -> Filter:
        """Greater."""
        return self.compared(">", value)

    def __ge__(self, value: object) -> Filter:
        """Greater or equal."""
        return self.compared(">=", value)


def annotated(concept: str, value: bool = True) -> Filter:
    """Inputs of which people said that they show the concept (or, `value=False`, do not).

    `value` may be 1 or 0, too, as the hosted service has it.
    """
    if not isinstance(value, bool | int | float) or value not in (0, 1):
        raise ArgumentError(f"annotated({concept!r}, {shown(value)}): give True or False")
    return Annotated(_name(concept), bool(value))


def unsaid(concept: str) -> Filter:
    """Inputs of which nobody said that they show the concept, nor that they do not."""
    return Unsaid(_name(concept))


def predicted(concept: str, at_least: float = 0.5) -> Filter:
    """Inputs whose predicted probability of the concept is `at_least`, 0..1."""
    try:
        threshold = float(at_least)
    except (TypeError, ValueError):
        threshold = float("nan")
    if not 0.0 <= threshold <= 1.0:
        raise ArgumentError(f"predicted({concept!r}, {at_least!r}): a probability lies in 0..1")
    return Predicted(_name(concept), threshold)


@overload
def metadata(asked: str) -> Path: ...
@overload
def metadata(asked: Mapping[str, Any]) -> Filter: ...
def metadata(asked: str | Mapping[str, Any]) -> "Path | Filter":
    """Inputs whose metadata contain an object; or, of a dotted path, a value to be compared.

    `metadata({"tags": ["sea"]})`, `metadata("camera.iso") < 400`. A key that holds a dot itself is
    reached by the one-line spelling: `@"a.b" = 1`.
    """
    if isinstance(asked, str):
        steps = tuple(asked.split("."))
        if not all(steps):
            raise ArgumentError(f"metadata({asked!r}): give keys joined by dots, e.g. camera.iso")
        return Path(steps)
    return Contains(json.dumps(checked(asked), ensure_ascii=False, sort_keys=True))


def within(
    latitude: float,
    longitude: float,
    km: float | None = None,
    *,
    miles: float | None = None,
    degrees: float | None = None,
    radians: float | None = None,
) -> Filter:
    """Inputs at most so far away; on a sphere of 6371.0088 km, poles and date line included."""
    place = point((latitude, longitude))
    return Within(*place, kilometres(km, miles, degrees, radians))


def box(corner: object, opposite: object) -> Filter:
    """Inputs between two opposite corners, each (latitude, longitude).

    The box is the one that does not cross the date line, unless its west lies east of its east in
    `Box(south, west, north, east)`.
    """
    (a, b), (c, d) = point(corner), point(opposite)
    return Box(min(a, c), min(b, d), max(a, c), max(b, d))


def polygon(*corners: object) -> Filter:
    """Inputs inside of at least three corners, each (latitude, longitude), in order.

    Edges are straight in degrees and go the shorter way round the earth, so that a polygon may lie
    across the date line; around a pole, it holds the nearer one. The last corner may repeat the
    first.
    """
    return Polygon(ring(corners))


def _name(concept: str) -> str:
    if not isinstance(concept, str) or not concept.strip():
        raise ArgumentError(f"{concept!r} is no concept: give its name or id as text")
    return checked_text(concept.strip(), "where")
