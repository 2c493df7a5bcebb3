"""voyager: a graph in memory."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.drawing import BLOCK
from nearsight.bench.peers.peer import THREADS, Flags, Ids, Peer, Vectors

_M, _EF = 16, 200


class Voyager(Peer):
    """HNSW, single precision; it has no filter."""

    package = "voyager"
    knob = "ef"
    values = (10, 20, 40, 80, 160, 320, 640, 1280)
    parameters: ClassVar[dict[str, object]] = {"M": _M, "ef_construction": _EF}

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Insert all, and save."""
        voyager: Any = import_module("voyager")
        space = voyager.Space.InnerProduct
        index = voyager.Index(space, rows.shape[1], M=_M, ef_construction=_EF)
        for begin in range(0, len(rows), BLOCK):  # copies: it refuses what it could not write to
            block = np.array(rows[begin : begin + BLOCK])
            ids = list(range(begin, begin + len(block)))
            index.add_items(block, ids, num_threads=THREADS)
        index.save(str(path))

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Read the whole file into memory."""
        self._index: Any = import_module("voyager").Index.load(str(path))

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One query or several."""
        found, _ = self._index.query(queries, k=k, num_threads=1, query_ef=max(int(value), k))
        return np.asarray(found).astype(np.int64)

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Insert."""
        self._index.add_items(rows, ids.tolist(), num_threads=1)

    def remove(self, ids: Ids) -> None:
        """Mark, which is all that it does."""
        for each in ids:
            self._index.mark_deleted(int(each))
