"""Filters as JSON: objects whose only key says what is asked.

| JSON | one line |
|---|---|
| `{"annotated": "dog"}` | `dog` |
| `{"annotated": {"concept": "dog", "value": false}}` | `dog = 0` |
| `{"unsaid": "dog"}` | `unsaid(dog)` |
| `{"predicted": {"concept": "dog", "at_least": 0.5}}` | `dog >= 0.5` |
| `{"contains": {"camera": {"make": "Canon"}}}` | `{"camera": {"make": "Canon"}}` |
| `{"compared": {"path": ["camera", "iso"], "operator": "<", "value": 400}}` | `@camera.iso < 400` |
| `{"exists": ["camera", "iso"]}` | `@camera.iso exists` |
| `{"is": {"field": "type", "value": "image"}}` | `:type = "image"` |
| `{"when": {"field": "added", "operator": ">=", "instant": "2024-06"}}` | `:added >= 2024-06` |
| `{"has": "geo"}` | `has(geo)` |
| `{"within": {"latitude": 48.8, "longitude": 2.3, "km": 5}}` | `within(48.8, 2.3, 5)` |
| `{"box": {"south": 48, "west": 2, "north": 49, "east": 3}}` | `box(48, 2, 49, 3)` |
| `{"polygon": [[48, 2], [49, 2], [49, 3]]}` | `polygon(48, 2, 49, 2, 49, 3)` |
| `{"and": […]}`, `{"or": […]}`, `{"not": {…}}` | `… and …`, `… or …`, `not …` |

Paths may also be dotted text (`"camera.iso"`), distances also `miles`, `degrees` or `radians`.

>>> to_json(from_json({"not": {"within": {"latitude": 48.8, "longitude": 2.3, "miles": 1}}}))
{'not': {'within': {'latitude': 48.8, 'longitude': 2.3, 'km': 1.609344}}}
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from nearsight.errors import ArgumentError
from nearsight.filters import instant
from nearsight.filters.building import Path, annotated, metadata, polygon, predicted, unsaid, within
from nearsight.filters.fields import any_of, has
from nearsight.filters.places import Box, Polygon, Within
from nearsight.filters.properties import (
    COMPARISONS,
    TIMES,
    Compared,
    Contains,
    Exists,
    Has,
    Is,
    Operator,
    When,
    spelled,
)
from nearsight.filters.statement import (
    MAX_DEPTH,
    And,
    Annotated,
    Filter,
    Not,
    Or,
    Predicted,
    Unsaid,
    checked_depth,
    either,
    every,
)
from nearsight.values.document import Node
from nearsight.values.geo import point
from nearsight.values.text import shown


def to_json(filter_: Filter) -> dict[str, Any]:
    """The filter as plain JSON types. Raises `ArgumentError` if it nests deeper than 100 levels."""
    return _written(checked_depth(filter_))


def from_json(mapping: Mapping[str, Any], place: str = "where") -> Filter:
    """The filter that a JSON object spells.

    Raises `ArgumentError` that names the place inside of it, as `where.and[0].within.km`.
    """
    return _read(Node(mapping, place), 0)


def is_spelled(mapping: Mapping[str, Any]) -> bool:
    """Is it written as a filter: one key, which says what is asked?"""
    return len(mapping) == 1 and next(iter(mapping)) in OPERATORS


def _written(filter_: Filter) -> dict[str, Any]:
    match filter_:
        case And(parts):
            return {"and": [_written(part) for part in parts]}
        case Or(parts):
            return {"or": [_written(part) for part in parts]}
        case Not(part):
            return {"not": _written(part)}
        case Annotated(concept, value):
            return {"annotated": concept if value else {"concept": concept, "value": False}}
        case Unsaid(concept):
            return {"unsaid": concept}
        case Predicted(concept, at_least):
            return {"predicted": {"concept": concept, "at_least": at_least}}
        case Contains(text):
            return {"contains": json.loads(text)}
        case Compared(path, operator, value):
            return {"compared": {"path": list(path), "operator": operator, "value": value}}
        case Exists(path):
            return {"exists": list(path)}
        case Is(field, value):
            return {"is": {"field": field, "value": value}}
        case When(field, operator, moment):
            return {"when": {"field": field, "operator": operator, "instant": spelled(moment)}}
        case Has(what):
            return {"has": what}
        case Within(latitude, longitude, km):
            return {"within": {"latitude": latitude, "longitude": longitude, "km": km}}
        case Box(south, west, north, east):
            return {"box": {"south": south, "west": west, "north": north, "east": east}}
        case Polygon(corners):
            return {"polygon": [list(corner) for corner in corners]}
    raise ArgumentError(f"{shown(filter_)} is no filter that can be written as JSON")


def _read(node: Node, depth: int) -> Filter:
    if depth >= MAX_DEPTH:
        raise ArgumentError(f"{node.place[:80]}…: nests deeper than {MAX_DEPTH} levels")
    asked = node.object(*OPERATORS)
    if len(asked) != 1:
        raise node.error(f"{len(asked)} keys; give one of {', '.join(OPERATORS)}")
    ((key, inner),) = asked.items()
    if key == "not":
        return ~_read(inner, depth + 1)
    if key in ("and", "or"):
        parts = [_read(part, depth + 1) for part in inner.list()]
        if not parts:
            raise inner.error("an empty list asks for nothing: leave it out")
        return every(parts) if key == "and" else either(parts)
    with inner.named():
        return _LEAVES[key](inner)


def _members(node: Node, *needed: str, optional: tuple[str, ...] = ()) -> dict[str, Node]:
    found = node.object(*needed, *optional)
    for key in needed:
        if key not in found:
            raise node.error(f"{key!r} is missing")
    return found


def _annotated(node: Node) -> Filter:
    if isinstance(node.value, str):
        return annotated(node.text())
    found = _members(node, "concept", optional=("value",))
    value = found["value"].flag() if "value" in found else True
    return annotated(found["concept"].text(), value)


def _predicted(node: Node) -> Filter:
    if isinstance(node.value, str):
        return predicted(node.text())
    found = _members(node, "concept", optional=("at_least",))
    at_least = found["at_least"].number() if "at_least" in found else 0.5
    return predicted(found["concept"].text(), at_least)


def _contains(node: Node) -> Filter:
    node.object()
    return metadata(cast(Mapping[str, Any], node.value))


def _path(node: Node) -> Path:
    if isinstance(node.value, str):
        return metadata(node.text())
    steps = tuple(step.text() for step in node.list())
    if not steps:
        raise node.error("give at least one key")
    return Path(steps)


def _operator(node: Node) -> Operator:
    for operator in COMPARISONS:
        if node.value == operator:
            return operator
    raise node.error(f"{shown(node.value)} is none of {' '.join(COMPARISONS)}")


def _compared(node: Node) -> Filter:
    found = _members(node, "path", "operator", "value")
    return _path(found["path"]).compared(_operator(found["operator"]), found["value"].value)


def _is(node: Node) -> Filter:
    found = _members(node, "field", "value")
    return any_of(found["field"].text(), found["value"].text())


def _when(node: Node) -> Filter:
    found = _members(node, "field", "operator", "instant")
    field = found["field"].value
    if field not in TIMES:
        raise found["field"].error(f"{shown(field)} is none of {', '.join(TIMES)}")
    return instant.compared(field, _operator(found["operator"]), found["instant"].text())


def _within(node: Node) -> Filter:
    units = ("km", "miles", "degrees", "radians")
    found = _members(node, "latitude", "longitude", optional=units)
    distance = {unit: found[unit].number() for unit in units if unit in found}
    return within(found["latitude"].number(), found["longitude"].number(), **distance)


def _box(node: Node) -> Filter:
    found = _members(node, "south", "west", "north", "east")
    south, west = point((found["south"].number(), found["west"].number()))
    north, east = point((found["north"].number(), found["east"].number()))
    if south > north:
        raise node.error(f"its south, {south}, lies north of its north, {north}")
    return Box(south, west, north, east)


def _polygon(node: Node) -> Filter:
    return polygon(*([number.number() for number in corner.list()] for corner in node.list()))


_LEAVES: dict[str, Callable[[Node], Filter]] = {
    "annotated": _annotated,
    "unsaid": lambda node: unsaid(node.text()),
    "predicted": _predicted,
    "contains": _contains,
    "compared": _compared,
    "exists": lambda node: _path(node).exists(),
    "is": _is,
    "when": _when,
    "has": lambda node: has(node.text()),
    "within": _within,
    "box": _box,
    "polygon": _polygon,
}
OPERATORS = ("and", "or", "not", *_LEAVES)
