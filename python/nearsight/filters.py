"""What restricts a search: statements about an input, joined by and, or, not.

Two spellings that round-trip: Python, and the one line that the command line takes.

>>> where = annotated("beach") & ~annotated("dog") & predicted("sea", 0.5)
>>> str(where)
'beach and not dog and sea >= 0.5'
>>> parse(str(where)) == where
True

A concept by itself asks what people said (`dog`: said to show it; `dog = 0`: said not to show it;
`not dog`: not said to show it, which silence is too). With a threshold it asks what the model
predicts (`dog >= 0.5`). Names with spaces or reserved words are quoted: `"polar bear" >= 0.2`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nearsight.errors import ArgumentError

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<operator>>=|=|\(|\))|(?P<word>[^\s()=<>"]+))"""
)
_RESERVED = {"and", "or", "not"}
_MAX_DEPTH = 100
_MAX_LENGTH = 100_000


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


Where = Filter | str | Iterable["Filter | str"] | None


def annotated(concept: str, value: bool = True) -> Filter:
    """Inputs of which people said that they show the concept (or, `value=False`, do not)."""
    return Annotated(_name(concept), bool(value))


def predicted(concept: str, at_least: float = 0.5) -> Filter:
    """Inputs whose predicted probability of the concept is `at_least`, 0..1."""
    try:
        threshold = float(at_least)
    except (TypeError, ValueError):
        threshold = float("nan")
    if not 0.0 <= threshold <= 1.0:
        raise ArgumentError(f"predicted({concept!r}, {at_least!r}): a probability lies in 0..1")
    return Predicted(_name(concept), threshold)


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


def parse(line: str) -> Filter:
    """Read a filter from its one-line spelling. Raises `ArgumentError` that shows the place."""
    if len(line) > _MAX_LENGTH:
        raise ArgumentError(f"where: {len(line)} characters; at most {_MAX_LENGTH} are read")
    return _Parser(line).parse()


class _Parser:
    """Recursive descent, one token ahead: or ◄ and ◄ not ◄ ( ) or a concept."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._tokens = self._tokenize(line)
        self._at = 0
        self._depth = 0

    def _tokenize(self, line: str) -> list[tuple[str, str, int]]:
        tokens, at = [], 0
        while line[at:].strip():
            match = _TOKEN.match(line, at)
            if match is None:
                raise self._error("cannot be read", at)
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind), match.start(kind)))
            at = match.end()
        return tokens

    def _error(self, what: str, at: int) -> ArgumentError:
        rest = self._line[at : at + 20].strip()
        place = f"at {rest!r}" if rest else "at its end"
        return ArgumentError(
            f"where={self._line[:200]!r} {what} {place}. "
            'Write for instance: dog and not (cat or "polar bear" >= 0.5)'
        )

    def _peek(self) -> tuple[str, str, int]:
        end = ("end", "", len(self._line))
        return self._tokens[self._at] if self._at < len(self._tokens) else end

    def _take(self, kind: str, *texts: str) -> bool:
        found, text, _ = self._peek()
        if found == kind and (text.lower() if kind == "word" else text) in texts:
            self._at += 1
            return True
        return False

    def parse(self) -> Filter:
        parsed = self._or()
        if self._peek()[0] != "end":
            raise self._error("has something unexpected", self._peek()[2])
        return parsed

    def _or(self) -> Filter:
        parsed = self._and()
        while self._take("word", "or"):
            parsed = parsed | self._and()
        return parsed

    def _and(self) -> Filter:
        parsed = self._not()
        while self._take("word", "and"):
            parsed = parsed & self._not()
        return parsed

    def _not(self) -> Filter:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"nests deeper than {_MAX_DEPTH}", self._peek()[2])
        try:
            return ~self._not() if self._take("word", "not") else self._concept()
        finally:
            self._depth -= 1

    def _concept(self) -> Filter:
        if self._take("operator", "("):
            parsed = self._or()
            if not self._take("operator", ")"):
                raise self._error("lacks a )", self._peek()[2])
            return parsed
        kind, text, at = self._peek()
        if kind not in ("word", "quoted") or (kind == "word" and text.lower() in _RESERVED):
            raise self._error("needs a concept", at)
        self._at += 1
        name = re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "quoted" else text
        if self._take("operator", ">="):
            return predicted(name, self._number())
        if self._take("operator", "="):
            return annotated(name, self._number(0.0, 1.0) == 1.0)
        return annotated(name)

    def _number(self, *allowed: float) -> float:
        kind, text, at = self._peek()
        try:
            value = float(text) if kind == "word" else float("nan")
        except ValueError:
            value = float("nan")
        if not 0.0 <= value <= 1.0 or (allowed and value not in allowed):
            needed = " or ".join(f"{a:g}" for a in allowed) or "a probability in 0..1"
            raise self._error(f"needs {needed}", at)
        self._at += 1
        return value


def _parts(kind: type[And] | type[Or], part: Filter) -> tuple[Filter, ...]:
    if not isinstance(part, Filter):
        raise ArgumentError(f"{part!r} is no filter: use annotated(…), predicted(…) or parse(…)")
    return part.parts if isinstance(part, kind) else (part,)


def _name(concept: str) -> str:
    if not isinstance(concept, str) or not concept.strip():
        raise ArgumentError(f"{concept!r} is no concept: give its name or id as text")
    return concept.strip()


def _quoted(name: str) -> str:
    if re.fullmatch(r'[^\s()=<>"\\]+', name) and name.lower() not in _RESERVED:
        return name
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return f'"{escaped}"'
