"""Filters as one line of text."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from nearsight.errors import ArgumentError
from nearsight.filters import dates, instant
from nearsight.filters.building import Path, annotated, metadata, polygon, predicted, unsaid, within
from nearsight.filters.fields import any_of, has
from nearsight.filters.places import Box
from nearsight.filters.properties import COMPARISONS, FIELDS, PARTS, TIMES, Operator, Time
from nearsight.filters.quoting import RESERVED, STEP, unquoted
from nearsight.filters.statement import MAX_DEPTH, Filter, either, every
from nearsight.filters.tokens import Token, tokens, unreadable
from nearsight.values.geo import point

_T = TypeVar("_T")
_CALLS = ("within", "box", "polygon", "unsaid", "has")
_UNLIKE_PROBABILITY = (">", "<", "<=", "!=")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d(?:[Tt]\S+)?)?", re.ASCII)
_UNITS = {
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), "km"),
    **dict.fromkeys(("mile", "miles"), "miles"),
    **dict.fromkeys(("degree", "degrees"), "degrees"),
    **dict.fromkeys(("radian", "radians"), "radians"),
}


def parse(line: str) -> Filter:
    """Read a filter from its one-line spelling. Raises `ArgumentError` that shows the place."""
    return _Parser(line).parse()


class _Parser:
    """Recursive descent, one token ahead: or ◄ and ◄ not ◄ ( ) or a statement."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._tokens = tokens(line)
        self._at = 0
        self._depth = 0

    def parse(self) -> Filter:
        parsed = self._or()
        if self._next.kind != "end":
            raise self._error("has something unexpected")
        return parsed

    # -- tokens --------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _error(self, what: str, at: Token | None = None) -> ArgumentError:
        return unreadable(self._line, what, (at or self._next).at)

    def _advance(self) -> Token:
        token = self._next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _took(self, text: str) -> bool:
        """Take a keyword or an operator, if it comes next."""
        token = self._next
        if text in (token.lower, token.text if token.kind == "operator" else ""):
            self._advance()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._took(text):
            raise self._error(f"lacks a {text}")

    # -- what joins ----------------------------------------------------------------------------

    def _or(self) -> Filter:
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        return either(parts)

    def _and(self) -> Filter:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return every(parts)

    def _not(self) -> Filter:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nests deeper than {MAX_DEPTH}")
        parsed = ~self._not() if self._took("not") else self._statement()
        self._depth -= 1
        return parsed

    # -- statements ----------------------------------------------------------------------------

    def _statement(self) -> Filter:
        if self._took("("):
            parsed = self._or()
            self._expect(")")
            return parsed
        token = self._next
        if token.kind == "json":
            self._advance()
            return metadata(dict(json.loads(token.text)))
        if token.kind == "path":
            return self._metadata()
        if token.kind == "field":
            return self._field()
        if token.lower in _CALLS and self._tokens[self._at + 1].text == "(":
            return self._call()
        return self._concept()

    def _concept(self) -> Filter:
        name = self._name()
        if self._took(">="):
            return predicted(name, self._number("a probability in 0..1", 0.0, 1.0))
        if self._next.text in _UNLIKE_PROBABILITY:
            raise self._error("needs >= before a probability (for less: not dog >= 0.5)")
        if self._took("="):
            token = self._next
            value = self._number("0 or 1", 0.0, 1.0)
            if value not in (0.0, 1.0):
                raise self._error("needs 0 or 1", token)
            return annotated(name, value == 1.0)
        return annotated(name)

    def _name(self) -> str:
        token = self._next
        if token.kind not in ("word", "quoted") or token.lower in RESERVED:
            raise self._error("needs a concept")
        self._advance()
        return unquoted(token.text) if token.kind == "quoted" else token.text

    def _metadata(self) -> Filter:
        token = self._advance()
        steps = re.findall(STEP, token.text[1:], re.DOTALL)
        path = Path(tuple(unquoted(step) if step.startswith('"') else step for step in steps))
        if self._took("exists"):
            return path.exists()
        return self._compared(token, path.compared, self._literal)

    def _field(self) -> Filter:
        token = self._advance()
        field = token.text[1:]
        if field in TIMES:
            time: Time = field
            return self._compared(token, lambda *a: instant.compared(time, *a), self._text)
        if field not in FIELDS:
            known = ", ".join(f":{name}" for name in (*FIELDS, *TIMES))
            raise self._error(f"has no such field (known are {known})", token)
        if self._took("="):
            return any_of(field, self._text())
        if self._took("!="):
            return ~any_of(field, self._text())
        if self._took("in"):
            return any_of(field, *self._listed(self._text))
        raise self._error(f"needs =, != or in after {token.text}")

    def _compared(
        self, after: Token, compared: Callable[[Operator, Any], Filter], value: Callable[[], Any]
    ) -> Filter:
        """What may follow a path or a time: a comparison, `between … and …`, `in (…)`."""
        if self._took("between"):
            least = value()
            self._expect("and")
            return compared(">=", least) & compared("<=", value())
        if self._took("in"):
            return either(compared("=", each) for each in self._listed(value))
        for operator in COMPARISONS:
            if self._took(operator):
                return compared(operator, value())
        words = "between, in" + ("" if after.kind == "field" else ", exists")
        raise self._error(f"needs one of {' '.join(COMPARISONS)} {words} after {after.text}")

    def _call(self) -> Filter:
        token = self._advance()
        self._expect("(")
        made: Filter = getattr(self, f"_{token.lower}")()
        self._expect(")")
        return made

    def _unsaid(self) -> Filter:
        return unsaid(self._name())

    def _has(self) -> Filter:
        if self._next.lower not in PARTS:
            raise self._error(f"needs one of {', '.join(PARTS)}")
        return has(self._advance().lower)

    def _within(self) -> Filter:
        needed = "within(latitude, longitude, km)"
        latitude, longitude, distance = self._numbers(needed, 3, 3)
        token = self._next
        if token.kind != "word":
            return within(latitude, longitude, distance)
        if token.lower not in _UNITS:
            raise self._error("needs km, miles, degrees or radians")
        self._advance()
        return within(latitude, longitude, **{_UNITS[token.lower]: distance})

    def _box(self) -> Filter:
        numbers = self._numbers("box(lat, lon, lat, lon)", 4, 4)
        (south, west), (north, east) = point(numbers[:2]), point(numbers[2:])
        return Box(min(south, north), west, max(south, north), east)

    def _polygon(self) -> Filter:
        needed = "polygon(lat, lon, lat, lon, lat, lon, …)"
        numbers = self._numbers(needed, 6)
        if len(numbers) % 2:
            raise self._error(f"needs {needed}")
        return polygon(*zip(numbers[::2], numbers[1::2], strict=True))

    # -- values --------------------------------------------------------------------------------

    def _listed(self, value: Callable[[], _T]) -> list[_T]:
        self._expect("(")
        values = [value()]
        while self._took(","):
            values.append(value())
        self._expect(")")
        return values

    def _text(self) -> str:
        token = self._next
        if token.kind not in ("word", "quoted"):
            raise self._error('needs a "text"')
        self._advance()
        return unquoted(token.text) if token.kind == "quoted" else token.text

    def _literal(self) -> object:
        token = self._next
        if token.kind == "quoted":
            return unquoted(self._advance().text)
        if token.kind == "word" and _DATE.fullmatch(token.text):
            return dates.read(self._advance().text)
        try:
            value = json.loads(token.text) if token.kind == "word" else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, int | float):
            raise self._error('needs a number, a "text", a date, true or false')
        self._advance()
        return value

    def _numbers(self, needed: str, least: int, most: int | None = None) -> list[float]:
        numbers = [self._number(needed)]
        while self._took(","):
            numbers.append(self._number(needed))
        if len(numbers) < least or (most and len(numbers) > most):
            raise self._error(f"needs {needed}")
        return numbers

    def _number(
        self, needed: str, least: float = float("-inf"), most: float = float("inf")
    ) -> float:
        token = self._next
        try:
            value = float(token.text) if token.kind == "word" else float("nan")
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise self._error(f"needs {needed}")
        self._advance()
        return value
