"""What restricts a search: statements about an input, joined by and, or, not.

Two spellings that round-trip: Python, and the one line that the command line takes.

>>> where = annotated("beach") & ~annotated("dog") & predicted("sea", 0.5)
>>> str(where)
'beach and not dog and sea >= 0.5'
>>> parse(str(where)) == where
True
>>> str(metadata({"camera": {"make": "Canon"}}) | (metadata("iso") < 400) & within(48.8, 2.3, km=5))
'{"camera": {"make": "Canon"}} or @iso < 400 and within(48.8, 2.3, 5.0)'

A concept by itself asks what people said (`dog`: said to show it; `dog = 0`: said not to show it;
`not dog`: not said to show it, which silence is too). With a threshold it asks what the model
predicts (`dog >= 0.5`). Names with spaces or reserved words are quoted: `"polar bear" >= 0.2`.

`{…}`, a JSON object, asks for metadata that contain it, however deep: every key of it with the same
value, and of a list every element. `@` compares one value of the metadata (`@camera.iso < 400`,
`@taken >= "2024-06"`, `@"my key" != true`) with a number, a text or true and false; a value of
another kind, or none, is no match. `within(latitude, longitude, kilometres)` and
`box(latitude, longitude, latitude, longitude)`, two opposite corners, ask where an input is.
"""

from collections.abc import Iterable

from nearsight.errors import ArgumentError
from nearsight.filters.building import annotated, box, metadata, predicted, within
from nearsight.filters.line import parse
from nearsight.filters.statement import (
    And,
    Annotated,
    Box,
    Compared,
    Contains,
    Filter,
    Not,
    Or,
    Predicted,
    Within,
)

__all__ = [
    "And",
    "Annotated",
    "Box",
    "Compared",
    "Contains",
    "Filter",
    "Not",
    "Or",
    "Predicted",
    "Where",
    "Within",
    "annotated",
    "box",
    "metadata",
    "parse",
    "predicted",
    "to_filter",
    "within",
]

Where = Filter | str | Iterable["Filter | str"] | None


def to_filter(where: Where) -> Filter | None:
    """What `where=` means: nothing, a filter, a line to `parse`, or several, which all hold."""
    if where is None or isinstance(where, Filter):
        return where
    if isinstance(where, str):
        return parse(where)
    if not isinstance(where, Iterable):
        raise ArgumentError(
            f"where={where!r}: give a concept's name, a line such as 'dog and not cat', or a filter"
        )
    parts = [to_filter(part) for part in where]
    joined: Filter | None = None
    for part in parts:
        if part is not None:
            joined = part if joined is None else joined & part
    return joined
