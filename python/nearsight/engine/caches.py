"""The two derived stores of one truth, as the core has them: rows to rank, documents to filter."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearsight import _core
from nearsight._core import Columns, ColumnsSnapshot, DocSet, Index, RowMask, Snapshot

__all__ = [
    "EMBEDDING",
    "PREDICTION",
    "CacheDamaged",
    "Caches",
    "Columns",
    "ColumnsSnapshot",
    "DocSet",
    "EngineRank",
    "EngineTerm",
    "Index",
    "RowMask",
    "Snapshot",
    "View",
    "fields",
    "kernel",
    "threads",
    "version",
]

EMBEDDING = "embedding"
PREDICTION = "prediction"

_MOST_THREADS = 4  # memory is the limit, and more do not read it faster
_SKETCHED_DIM = 64  # shorter rows take as long to be told apart as to be scored

# What the core ranks by, as its stub has it: field, query, weight, curve; weight, squash, bias,
# terms.
EngineTerm = tuple[str, NDArray[np.float32], float, Literal["linear", "log"]]
EngineRank = tuple[float, Literal["linear", "sigmoid", "exp"], float, Sequence[EngineTerm]]

kernel = _core.kernel
version = _core.__version__
CacheDamaged = _core.CorruptionError


def threads() -> int:
    """How many threads one search shares: a processor each, as many as this process may use."""
    return min(_MOST_THREADS, len(os.sched_getaffinity(0)))


class View(NamedTuple):
    """All that one commit published: the embeddings as rows, the annotations as documents."""

    rows: Snapshot
    docs: ColumnsSnapshot
    generation: int


class Caches(NamedTuple):
    """The two stores; they follow the truth together."""

    rows: Index
    docs: Columns

    @staticmethod
    def open(
        directory: Path | None, uuid: bytes, size: tuple[int, int], read_only: bool
    ) -> "Caches":
        """Open those of the database `uuid` in a folder, or None: empty ones in memory.

        `size` is the embedder's dim and its number of labels. Raises `OSError`.
        """
        where = "" if directory is None else str(directory)
        return Caches(
            Index.open(where, uuid, fields(*size), read_only),
            Columns.open(where, uuid, read_only),
        )

    def view(self) -> View:
        """What the last commit published."""
        return View(self.rows.snapshot(), self.docs.snapshot(), self.docs.generation)

    def seal(self) -> None:
        """Write what is only in memory yet."""
        self.rows.seal()
        self.docs.seal()


def fields(dim: int, labels: int) -> "list[_core.Field]":
    """What the core keeps of each embedding."""
    element: Literal["f32", "f32+i8"] = "f32+i8" if dim >= _SKETCHED_DIM else "f32"
    kept: list[_core.Field] = [(EMBEDDING, dim, element, "cosine")]
    if labels:
        kept.append((PREDICTION, labels, "f16", "dot"))
    return kept
