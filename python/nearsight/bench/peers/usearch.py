"""usearch: a graph of vectors in half precision, mapped."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.peers.peer import THREADS, Flags, Ids, Peer, Vectors, padded


class Usearch(Peer):
    """HNSW in f16, with inner products; its Python has no filter."""

    package = "usearch"
    knob = "ef"
    values = (16, 32, 64, 128, 256, 512, 1024)
    parameters: ClassVar[dict[str, object]] = {"dtype": "f16", "metric": "ip"}

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Insert all, and save."""
        index = _empty(rows.shape[1])
        index.add(np.arange(len(rows)), np.asarray(rows), threads=THREADS)
        index.save(str(path))

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Map the file; the first change reads it into memory."""
        self._path, self._rows, self._changing = path, rows, False
        self._index = _empty(rows.shape[1])
        self._index.view(str(path))

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One query or several."""
        self._index.expansion_search = int(value)
        keys = self._index.search(queries, k, threads=1).keys
        return padded(list(np.atleast_2d(np.asarray(keys)).astype(np.int64)), k)

    def _changed(self) -> Any:
        if not self._changing:  # a view cannot be changed
            self._index = _empty(self._rows.shape[1])
            self._index.load(str(self._path))
            self._changing = True
        return self._index

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Insert."""
        self._changed().add(ids.astype(np.uint64), rows, threads=1)

    def remove(self, ids: Ids) -> None:
        """Take out of the graph."""
        self._changed().remove(ids.astype(np.uint64), threads=1)


def _empty(dim: int) -> Any:
    return import_module("usearch.index").Index(ndim=dim, metric="ip", dtype="f16")
