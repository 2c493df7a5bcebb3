"""What restricts a search: statements about an input, joined by and, or, not.

Three spellings that round-trip: Python, the one line that the command line takes, and JSON.

>>> where = annotated("beach") & ~annotated("dog") & predicted("sea", 0.5)
>>> str(where)
'beach and not dog and sea >= 0.5'
>>> parse(str(where)) == where == from_json(to_json(where))
True
>>> str(metadata({"camera": {"make": "Canon"}}) | (metadata("iso") < 400) & within(48.8, 2.3, km=5))
'{"camera": {"make": "Canon"}} or @iso < 400 and within(48.8, 2.3, 5.0)'

A concept by itself asks what people said (`dog`: said to show it; `dog = 0`: said not to show it;
`unsaid(dog)`: neither; `not dog`: not said to show it, which silence is too). With a threshold it
asks what the model predicts (`dog >= 0.5`). Names with spaces, commas or reserved words are quoted:
`"polar bear" >= 0.2`.

`{…}`, a JSON object, asks for metadata that contain it, however deep: every key of it with the same
value, and of a list every element. `@` compares one value of the metadata (`@camera.iso < 400`,
`@iso between 100 and 400`, `@city in ("Nice", "Cannes")`, `@"my key" != true`) with a number, a
text or true and false; a value of another kind, or none, is no match. A date without quotes is
compared with ISO 8601 texts and meant whole (`@exif.taken >= 2024-06-01`, `@exif.taken = 2024-06`;
a bare year, `@exif.taken > 2024`, only there: elsewhere it is a number). `@camera.iso exists` asks
whether there is anything, be it null.

`:` asks for what is known of an input besides: `:id = "a"`, `:url = "https://…"`, `:type = image`,
`:status`, `:name`, `:format`, `:annotation` (the id of one of its annotations), `:by` (one of its
authors), each with =, != or `in (…)`, and when it was `:added` or `:changed`
(`:added >= 2024-06-01`, `:changed between 2024-06 and 2024-08`; a day, month or year is meant
whole, in UTC). `has(geo)`, `has(region)` and `has(crop)` ask what there is at all.

`within(latitude, longitude, kilometres)` (or `5 miles`, `degrees`, `radians`), `box(latitude,
longitude, latitude, longitude)`, two opposite corners, the western one first (so that a box may lie
across the date line), and `polygon(latitude, longitude, …)`, at least three, ask where an input is.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from nearsight.errors import ArgumentError
from nearsight.filters.building import (
    annotated,
    box,
    metadata,
    polygon,
    predicted,
    unsaid,
    within,
)
from nearsight.filters.fields import (
    added,
    annotation,
    by,
    changed,
    format,
    has,
    id,
    name,
    status,
    type,
    url,
)
from nearsight.filters.json import from_json, is_spelled, to_json
from nearsight.filters.line import parse
from nearsight.filters.places import Box, Polygon, Within
from nearsight.filters.properties import Compared, Contains, Exists, Has, Is, When
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
from nearsight.values.text import shown

__all__ = [
    "And",
    "Annotated",
    "Box",
    "Compared",
    "Contains",
    "Exists",
    "Filter",
    "Has",
    "Is",
    "Not",
    "Or",
    "Polygon",
    "Predicted",
    "Unsaid",
    "When",
    "Where",
    "Within",
    "added",
    "annotated",
    "annotation",
    "asks_nothing",
    "box",
    "by",
    "changed",
    "either",
    "every",
    "format",
    "from_json",
    "has",
    "id",
    "metadata",
    "name",
    "parse",
    "polygon",
    "predicted",
    "status",
    "to_filter",
    "to_json",
    "type",
    "unsaid",
    "url",
    "within",
]

Where: TypeAlias = (
    Filter | str | Mapping[str, Any] | Iterable["Filter | str | Mapping[str, Any]"] | None
)


def to_filter(where: Where) -> Filter | None:
    """What `where=` means: nothing, a filter, a line, JSON, or several of these, which all hold.

    Raises `ArgumentError` for anything else, and for what nests deeper than 100 levels.
    """
    found = _joined(where, 0)
    return None if found is None else checked_depth(found)


def asks_nothing(asked: Filter | None) -> bool:
    """Does it plainly let everything through, as `{}` does, which all metadata contain?

    >>> [asks_nothing(parse(line)) for line in ("{} or dog", "{} and dog", "not {}")]
    [True, False, False]
    """
    match asked:
        case And(parts):
            return all(map(asks_nothing, parts))
        case Or(parts):
            return any(map(asks_nothing, parts))
        case Contains(text):
            return text == "{}"
    return asked is None


def _joined(where: Where, depth: int) -> Filter | None:
    if where is None or isinstance(where, Filter):
        return where
    if isinstance(where, str):
        return parse(where)
    if isinstance(where, Mapping):
        return _spelled(where)
    if isinstance(where, bytes) or not isinstance(where, Iterable):
        raise ArgumentError(
            f"where={shown(where)}: give a concept's name, a line such as 'dog and not cat', or a "
            "filter"
        )
    if depth > MAX_DEPTH:
        raise ArgumentError(f"where: lists nest deeper than {MAX_DEPTH} levels")
    parts = [part for each in where if (part := _joined(each, depth + 1)) is not None]
    return every(parts) if parts else None


def _spelled(where: Mapping[str, Any]) -> Filter:
    if is_spelled(where):
        return from_json(where)
    raise ArgumentError(
        f"where={shown(where)}: to ask for metadata that contain this, write metadata({{…}}); as "
        'JSON, a filter is an object with one key, such as {"annotated": "dog"}'
    )
