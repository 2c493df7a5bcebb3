"""The words of a one-line filter, each with its place."""

import json
import re
from typing import NamedTuple

from nearsight.errors import ArgumentError
from nearsight.filters.quoting import QUOTED, STEP, WORD
from nearsight.values.text import shown

MAX_LENGTH = 100_000

_TOKEN = re.compile(
    rf"""
        (?P<quoted>{QUOTED})
      | (?P<path>@{STEP}(?:\.{STEP})*)
      | (?P<field>:[a-z]+)
      | (?P<operator>>=|<=|!=|[=<>(),])
      | (?P<word>{WORD})
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")


class Token(NamedTuple):
    """`kind`: quoted, path, field, operator, word, json or end; `at`: where `text` begins."""

    kind: str
    text: str
    at: int

    @property
    def lower(self) -> str:
        """The text of a word in lower case; of anything else nothing, as it is no keyword."""
        return self.text.lower() if self.kind == "word" else ""


def tokens(line: str) -> list[Token]:
    """Everything in the line, and its end. Raises `ArgumentError` that shows the place."""
    if not isinstance(line, str):
        raise ArgumentError(f"where: {shown(line)} is a {type(line).__name__}; give text")
    if len(line) > MAX_LENGTH:
        raise ArgumentError(f"where: {len(line)} characters; at most {MAX_LENGTH} are read")
    found: list[Token] = []
    at = _after_space(line, 0)
    while at < len(line):
        found.append(_json(line, at) if line[at] == "{" else _token(line, at))
        at = _after_space(line, at + len(found[-1].text))
    return [*found, Token("end", "", len(line))]


def unreadable(line: str, what: str, at: int) -> ArgumentError:
    """What is wrong with the line at this place, and how to write one."""
    rest = line[at : at + 20].strip()
    place = f"at {rest!r}" if rest else "at its end"
    return ArgumentError(
        f"where={line[:200]!r} {what} {place}. "
        'Write for instance: dog and not (cat or "polar bear" >= 0.5)'
    )


def _after_space(line: str, at: int) -> int:
    match = _SPACE.match(line, at)
    return at if match is None else match.end()


def _token(line: str, at: int) -> Token:
    match = _TOKEN.match(line, at)
    if match is None:
        raise unreadable(line, "cannot be read", at)
    return Token(str(match.lastgroup), match[0], at)


def _json(line: str, at: int) -> Token:
    try:
        _, end = json.JSONDecoder().raw_decode(line, at)
    except (ValueError, RecursionError):
        raise unreadable(line, "has a JSON object that cannot be read", at) from None
    return Token("json", line[at:end], at)
