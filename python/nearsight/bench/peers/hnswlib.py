"""hnswlib: a graph in memory, single precision."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.peers.peer import ROOM, THREADS, Flags, Ids, Peer, Vectors

_M, _EF = 16, 200


class Hnswlib(Peer):
    """HNSW with inner products of unit vectors: what it computes fastest that orders so."""

    package = "hnswlib"
    knob = "ef"
    values = (10, 20, 40, 80, 160, 320, 640, 1280)
    parameters: ClassVar[dict[str, object]] = {"M": _M, "ef_construction": _EF, "space": "ip"}

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Insert all, and save."""
        index: Any = import_module("hnswlib").Index(space="ip", dim=rows.shape[1])
        index.init_index(max_elements=len(rows), M=_M, ef_construction=_EF)
        index.add_items(rows, num_threads=THREADS)
        index.save_index(str(path))

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Read the whole file into memory."""
        self._index: Any = import_module("hnswlib").Index(space="ip", dim=rows.shape[1])
        self._index.load_index(str(path), max_elements=len(rows) + ROOM)

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One by one where it finds fewer than k: then it finds none at all."""
        self._index.set_ef(max(int(value), k))
        try:
            found, _ = self._index.knn_query(queries, k=k, num_threads=1, filter=within)
        except RuntimeError:  # "Cannot return the results in a contiguous 2D array"
            if len(queries) == 1:
                return np.full((1, k), -1, np.int64)
            return np.concatenate([self.search(each[None], k, value, within) for each in queries])
        return np.asarray(found, np.int64)

    def restriction(self, name: str, mask: Flags) -> Any:
        """A function of Python's, which it calls for every vector that it looks at."""
        return mask.tolist().__getitem__

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Insert."""
        self._index.add_items(rows, ids, num_threads=1)

    def remove(self, ids: Ids) -> None:
        """Mark, which is all that it does."""
        for each in ids:
            self._index.mark_deleted(int(each))
