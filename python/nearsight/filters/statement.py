"""Statements: what an input meets or does not meet, each with its one-line spelling."""

import json
import re
from dataclasses import dataclass

from nearsight.errors import ArgumentError

RESERVED = {"and", "or", "not"}
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class Filter:
    """A statement that an input does or does not meet; combine with &, | and ~."""

    __slots__ = ()

    def __and__(self, other: "Filter") -> "Filter":
        """Both."""
        return And((*_parts(And, self), *_parts(And, other)))

    def __or__(self, other: "Filter") -> "Filter":
        """Either, or both."""
        return Or((*_parts(Or, self), *_parts(Or, other)))

    def __invert__(self) -> "Filter":
        """The opposite."""
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> bool:
        """Refuse `and`, `or`, `not`, which Python would evaluate instead of combining."""
        raise ArgumentError("combine filters with &, | and ~ instead of and, or, not")


@dataclass(frozen=True, slots=True)
class Annotated(Filter):
    """People said of the input that it shows (`value`) or does not show the concept."""

    concept: str
    value: bool = True

    def __str__(self) -> str:
        """As `parse` reads it."""
        return _quoted(self.concept) + ("" if self.value else " = 0")


@dataclass(frozen=True, slots=True)
class Predicted(Filter):
    """The model gives the concept a probability of `at_least`, 0..1."""

    concept: str
    at_least: float

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{_quoted(self.concept)} >= {self.at_least!r}"


@dataclass(frozen=True, slots=True)
class Contains(Filter):
    """The metadata contain this JSON object (kept as text, so that filters can be compared)."""

    json: str

    def __str__(self) -> str:
        """As `parse` reads it."""
        return self.json


@dataclass(frozen=True, slots=True)
class Compared(Filter):
    """One value of the metadata, at the end of a path of keys, compares so with `value`."""

    path: tuple[str, ...]
    operator: str
    value: str | float | bool

    def __str__(self) -> str:
        """As `parse` reads it."""
        steps = ".".join(_quoted_step(step) for step in self.path)
        value = self.value
        spelled = _in_quotes(value) if isinstance(value, str) else json.dumps(value)
        return f"@{steps} {self.operator} {spelled}"


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
class And(Filter):
    """Every part holds."""

    parts: tuple[Filter, ...]

    def __str__(self) -> str:
        """As `parse` reads it."""
        return " and ".join(f"({p})" if isinstance(p, Or) else str(p) for p in self.parts)


@dataclass(frozen=True, slots=True)
class Or(Filter):
    """At least one part holds."""

    parts: tuple[Filter, ...]

    def __str__(self) -> str:
        """As `parse` reads it."""
        return " or ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Not(Filter):
    """The part does not hold."""

    part: Filter

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"not ({self.part})" if isinstance(self.part, And | Or) else f"not {self.part}"


def _parts(kind: type[And] | type[Or], part: Filter) -> tuple[Filter, ...]:
    if not isinstance(part, Filter):
        raise ArgumentError(f"{part!r} is no filter: use annotated(…), predicted(…) or parse(…)")
    return part.parts if isinstance(part, kind) else (part,)


def _quoted(name: str) -> str:
    plain = re.fullmatch(r'[^\s()=<>"\\!@{]+', name) and name.lower() not in RESERVED
    return name if plain else _in_quotes(name)


def _quoted_step(step: str) -> str:
    return step if re.fullmatch(r"[^\W\d][\w-]*", step) else _in_quotes(step)


def _in_quotes(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
