"""What every engine is asked to do, in one shape."""

import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]

THREADS = 2  # to build with; everything else has one
ROOM = 10_000  # rows that may be added to an index after it was opened


class UnableError(Exception):
    """This engine has no way to do that; the message says so in half a sentence."""


class Peer(ABC):
    """One engine with one kind of index, opened; it finds rows by their numbers.

    `package` is what pip calls it. A search goes further with a greater `knob`; `values` are tried
    in ascending order until nothing is missed. `parameters` are those of the build. One that is
    `exact` finds everything. `asks_rows` says that it needs the rows beside its own files. One that
    is `built_as` another searches what that one has built.
    """

    package: ClassVar[str]
    knob: ClassVar[str] = ""
    values: ClassVar[tuple[float, ...]] = (0,)
    parameters: ClassVar[dict[str, object]] = {}
    exact: ClassVar[bool] = False
    asks_rows: ClassVar[bool] = False
    built_as: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Index rows f32[n, dim] with THREADS threads, and save all of it as or in `path`.

        `masks` are for engines that filter by columns of their own.
        """

    @abstractmethod
    def __init__(self, path: Path, rows: Vectors) -> None:
        """Open what was built."""

    @abstractmethod
    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """Find rows i64[m, k] for queries f32[m, dim], -1 where there is none, in one thread.

        `within` is what `restriction` made.
        """

    def restriction(self, name: str, mask: Flags) -> Any:
        """Prepare a search among the rows of a mask; `UnableError` if it has no way."""
        raise UnableError("has no filter")

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Add rows under new numbers, so that the next search sees them; `UnableError`."""
        raise UnableError("cannot add")

    def remove(self, ids: Ids) -> None:
        """Remove rows; `UnableError`."""
        raise UnableError("cannot remove")


def padded(found: list[Any], k: int) -> Ids:
    """Ids of any number for each query as i64[m, k]."""
    ids = np.full((len(found), k), -1, np.int64)
    for row, some in zip(ids, found, strict=True):
        row[: len(some)] = some
    return ids


def column(name: str) -> str:
    """A mask's name as the name of a column."""
    return "in_" + re.sub(r"\W", "_", name)
