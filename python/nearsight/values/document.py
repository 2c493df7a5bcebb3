"""A JSON value that somebody wrote, read with its place, so that errors name where they are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from nearsight.errors import ArgumentError
from nearsight.values.text import checked_text, shown


class Node:
    """One value of a document: `value`, and `place`, as `where.and[0].within.km`.

    Nothing that it holds is ever changed. Every reading raises `ArgumentError` naming the place.
    """

    __slots__ = ("place", "value")

    def __init__(self, value: object, place: str) -> None:
        """Read `value`, which lies at `place`."""
        self.value = value
        self.place = place

    def error(self, why: str) -> ArgumentError:
        """What is wrong here."""
        return ArgumentError(f"{self.place}: {why}")

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let what goes wrong inside say that it is here, unless it says a place further in."""
        try:
            yield
        except ArgumentError as error:
            if str(error).startswith(self.place):
                raise
            raise self.error(str(error)) from None

    def object(self, *known: str) -> dict[str, "Node"]:
        """The members of an object, all of them among `known`, if any are named."""
        if not isinstance(self.value, Mapping):
            raise self.error(f"{shown(self.value)} is no object: give a dictionary")
        for key in self.value:
            if not isinstance(key, str) or (known and key not in known):
                raise self.error(f"there is no key {shown(key)} here; known are {', '.join(known)}")
        return {key: self[key] for key in self.value}

    def filled(self, *known: str) -> dict[str, "Node"]:
        """The members of an object, all of them among `known`, without empty ones."""
        return {key: node for key, node in self.object(*known).items() if not node.is_empty}

    @property
    def is_empty(self) -> bool:
        """Null, or a text, list or object with nothing in it; a number never is."""
        value = self.value
        return value is None or (isinstance(value, str | bytes | Sequence | Mapping) and not value)

    def __getitem__(self, key: str) -> "Node":
        """One member of an object that `object` has read."""
        value: Any = self.value
        plain = re.fullmatch(r"[^\W\d]\w*", key)
        return Node(value[key], f"{self.place}.{key}" if plain else f"{self.place}[{shown(key)}]")

    def list(self) -> list["Node"]:
        """The elements of a list."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str | bytes | bytearray):
            raise self.error(f"{shown(self.value)} is no list")
        return [Node(value, f"{self.place}[{n}]") for n, value in enumerate(self.value)]

    def text(self) -> str:
        """A text that can be kept."""
        return checked_text(self.value, self.place)

    def number(self) -> float:
        """A number, as it is: finite, and no bool."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{shown(value)} is no number")
        if not abs(value) <= 1e300:
            raise self.error(f"{shown(value)} is no number that can be used")
        return value

    def flag(self) -> bool:
        """True or false, also as 1 or 0."""
        if isinstance(self.value, bool | int | float) and self.value in (0, 1):
            return bool(self.value)
        raise self.error(f"{shown(self.value)} is neither true nor false")
