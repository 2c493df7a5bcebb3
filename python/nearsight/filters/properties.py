"""Statements about what an input has: its metadata, and what is known of it besides."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from nearsight.errors import ArgumentError
from nearsight.filters.quoting import in_quotes, quoted_path
from nearsight.filters.statement import Filter
from nearsight.values.text import shown

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
COMPARISONS: tuple[Operator, ...] = ("=", "!=", "<", "<=", ">", ">=")

Field: TypeAlias = Literal["id", "url", "type", "status", "name", "format", "annotation", "by"]
FIELDS: tuple[Field, ...] = ("id", "url", "type", "status", "name", "format", "annotation", "by")

# Of some fields there are only so many values; case does not count, and one may go by two names.
_VALUES = {
    "type": ("image", "video", "text", "audio"),
    "status": ("processed", "to_process", "failed"),
    "format": ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "ARRAY"),
}
_ALIASES = {"jpg": "JPEG", "tif": "TIFF"}

Time: TypeAlias = Literal["added", "changed"]
TIMES: tuple[Time, ...] = ("added", "changed")

Part: TypeAlias = Literal["geo", "region", "crop"]
PARTS: tuple[Part, ...] = ("geo", "region", "crop")


@dataclass(frozen=True, slots=True)
class Contains(Filter):
    """The metadata contain this JSON object (kept as text, so that filters can be compared).

    Every key of it is there with a value that contains its value; of a list, every element of it is
    contained in some element; scalars are equal and of the same kind (`true` is no 1).
    """

    json: str

    def __str__(self) -> str:
        """As `parse` reads it."""
        return self.json


@dataclass(frozen=True, slots=True)
class Compared(Filter):
    """One value of the metadata, at the end of a path of keys, compares so with `value`.

    It is of the same kind: a number, a text, or a bool (false before true). Texts compare by code
    points. A list, an object, null, a value of another kind or none is no match, also for `!=`.
    """

    path: tuple[str, ...]
    operator: Operator
    value: str | float | bool

    def __str__(self) -> str:
        """As `parse` reads it."""
        value = self.value
        spelled = in_quotes(value) if isinstance(value, str) else json.dumps(value)
        return f"{quoted_path(self.path)} {self.operator} {spelled}"


@dataclass(frozen=True, slots=True)
class Exists(Filter):
    """The metadata have something at the end of this path of keys, be it null."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{quoted_path(self.path)} exists"


@dataclass(frozen=True, slots=True)
class Is(Filter):
    """A property of the input has exactly this value.

    id, url (where it came from), type ("image"), status ("processed"), name, format ("JPEG"),
    annotation (the id of one of its annotations), by (an author of one of them; "": the app's own).
    Types, statuses and formats are taken in any case, as is "jpg"; raises `ArgumentError` for those
    that there are not.
    """

    field: Field
    value: str

    def __post_init__(self) -> None:
        """Spell the value as inputs have it."""
        if known := _VALUES.get(self.field):
            object.__setattr__(self, "value", _meant(self.field, self.value, known))

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f":{self.field} = {in_quotes(self.value)}"


@dataclass(frozen=True, slots=True)
class When(Filter):
    """The input was added, or last changed, so compared with this instant (a datetime in UTC)."""

    field: Time
    operator: Operator
    instant: datetime

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f":{self.field} {self.operator} {spelled(self.instant)}"


@dataclass(frozen=True, slots=True)
class Has(Filter):
    """The input has a place (geo), a region of its own, or was cropped when it was added."""

    what: Part

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"has({self.what})"


def _meant(field: str, value: str, known: tuple[str, ...]) -> str:
    plain = value.strip().lower()
    for name in known:
        if name == _ALIASES.get(plain) or name.lower() == plain:
            return name
    raise ArgumentError(f":{field} = {shown(value)}: no input has that; give {', '.join(known)}")


def spelled(instant: datetime) -> str:
    """An instant in UTC as ISO 8601 with a time, so that it is not read as a whole day."""
    return instant.replace(tzinfo=None).isoformat() + "Z"
