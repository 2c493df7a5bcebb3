"""Statements: what an input meets or does not meet. What joins them, and those about concepts."""

from collections.abc import Iterable
from dataclasses import dataclass

from nearsight.errors import ArgumentError
from nearsight.filters.quoting import quoted_name
from nearsight.values.text import shown

MAX_DEPTH = 100
_MOST_STATEMENTS = 100_000


class Filter:
    """A statement that an input does or does not meet; combine with &, | and ~."""

    __slots__ = ()

    def __and__(self, other: "Filter") -> "Filter":
        """Both."""
        return every((self, other))

    def __or__(self, other: "Filter") -> "Filter":
        """Either, or both."""
        return either((self, other))

    def __invert__(self) -> "Filter":
        """The opposite."""
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> bool:
        """Refuse `and`, `or`, `not`, which Python would evaluate instead of combining."""
        raise ArgumentError("combine filters with &, | and ~ instead of and, or, not")


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


@dataclass(frozen=True, slots=True)
class Annotated(Filter):
    """People said of the input that it shows (`value`) or does not show the concept."""

    concept: str
    value: bool = True

    def __str__(self) -> str:
        """As `parse` reads it."""
        return quoted_name(self.concept) + ("" if self.value else " = 0")


@dataclass(frozen=True, slots=True)
class Unsaid(Filter):
    """Nobody said of the input that it shows the concept, nor that it does not."""

    concept: str

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"unsaid({quoted_name(self.concept)})"


@dataclass(frozen=True, slots=True)
class Predicted(Filter):
    """The model gives the concept a probability of `at_least`, 0..1."""

    concept: str
    at_least: float

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{quoted_name(self.concept)} >= {self.at_least!r}"


def every(filters: Iterable[Filter]) -> Filter:
    """All of them hold; of one, the one itself. There must be one."""
    parts = _flat(And, filters)
    return parts[0] if len(parts) == 1 else And(parts)


def either(filters: Iterable[Filter]) -> Filter:
    """At least one of them holds; of one, the one itself. There must be one."""
    parts = _flat(Or, filters)
    return parts[0] if len(parts) == 1 else Or(parts)


def checked_depth(filter_: Filter) -> Filter:
    """The filter itself. Raises `ArgumentError` above 100 levels or 100 000 statements."""
    level: tuple[Filter, ...] = (filter_,)
    statements = 0
    for _ in range(MAX_DEPTH):
        statements += len(level)
        if statements > _MOST_STATEMENTS:  # a filter that contains itself twice doubles each level
            raise ArgumentError(f"where: the filter has more than {_MOST_STATEMENTS} statements")
        level = tuple(part for above in level for part in _inside(above))
        if not level:
            return filter_
    raise ArgumentError(f"where: the filter nests deeper than {MAX_DEPTH} levels")


def _inside(filter_: Filter) -> tuple[Filter, ...]:
    if isinstance(filter_, Not):
        return (filter_.part,)
    return filter_.parts if isinstance(filter_, And | Or) else ()


def _flat(kind: type[And] | type[Or], filters: Iterable[Filter]) -> tuple[Filter, ...]:
    parts: list[Filter] = []
    for part in filters:
        if not isinstance(part, Filter):
            raise ArgumentError(
                f"{shown(part)} is no filter: use annotated(…), … of nearsight.filters"
            )
        parts += part.parts if isinstance(part, kind) else (part,)
    return tuple(parts)
