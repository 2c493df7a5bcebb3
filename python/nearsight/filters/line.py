"""Filters as one line of text."""

import json
import re

from nearsight.errors import ArgumentError
from nearsight.filters.building import Path, annotated, metadata, predicted, within
from nearsight.filters.statement import COMPARISONS, RESERVED, Box, Filter
from nearsight.geo import point

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_STEP = rf"(?:[^\W\d][\w-]*|{_QUOTED})"
_TOKEN = re.compile(
    rf"""\s*(?:
        (?P<quoted>{_QUOTED})
      | (?P<place>(?:within|box)\s*\([^()]*\))
      | (?P<path>@{_STEP}(?:\.{_STEP})*)
      | (?P<operator>>=|<=|!=|[=<>()])
      | (?P<word>[^\s()=<>"!@{{]+)
    )""",
    re.VERBOSE,
)
_MAX_DEPTH = 100
_MAX_LENGTH = 100_000


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
            start = at + len(line[at:]) - len(line[at:].lstrip())
            if line[start] == "{":
                tokens.append(("json", *self._json(line, start)))
                at = start + len(tokens[-1][1])
                continue
            match = _TOKEN.match(line, at)
            if match is None:
                raise self._error("cannot be read", at)
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind), match.start(kind)))
            at = match.end()
        return tokens

    def _json(self, line: str, start: int) -> tuple[str, int]:
        try:
            _, end = json.JSONDecoder().raw_decode(line, start)
        except (ValueError, RecursionError):
            raise self._error("has a JSON object that cannot be read", start) from None
        return line[start:end], start

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
        if kind == "json":
            self._at += 1
            return metadata(dict(json.loads(text)))
        if kind == "path":
            self._at += 1
            return self._comparison(text, at)
        if kind == "place":
            self._at += 1
            return self._place(text, at)
        if kind not in ("word", "quoted") or (kind == "word" and text.lower() in RESERVED):
            raise self._error("needs a concept", at)
        self._at += 1
        name = _unquoted(text) if kind == "quoted" else text
        if self._take("operator", ">="):
            return predicted(name, self._number())
        if self._take("operator", "="):
            return annotated(name, self._number(0.0, 1.0) == 1.0)
        return annotated(name)

    def _comparison(self, text: str, at: int) -> Filter:
        steps = tuple(
            _unquoted(step) if step.startswith('"') else step
            for step in re.findall(_STEP, text[1:])
        )
        kind, operator, _ = self._peek()
        if kind != "operator" or operator not in COMPARISONS:
            raise self._error(f"needs one of {' '.join(COMPARISONS)} after {text}", at)
        self._at += 1
        return Path(steps).compared(operator, self._literal())

    def _literal(self) -> object:
        kind, text, at = self._peek()
        self._at += 1
        if kind == "quoted":
            return _unquoted(text)
        try:
            value = json.loads(text) if kind == "word" else None
        except ValueError:
            value = None
        if not isinstance(value, int | float):
            raise self._error('needs a number, a "text", true or false', at)
        return value

    def _place(self, text: str, at: int) -> Filter:
        name, numbers = text.rstrip(")").split("(")
        try:
            given = [float(number) for number in numbers.split(",")]
        except ValueError:
            given = []
        if name.strip() == "within" and len(given) == 3:
            return within(*given)
        if name.strip() == "box" and len(given) == 4:
            (south, west), (north, east) = point(given[:2]), point(given[2:])
            return Box(min(south, north), west, max(south, north), east)
        raise self._error("needs within(latitude, longitude, km) or box(lat, lon, lat, lon)", at)

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


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
