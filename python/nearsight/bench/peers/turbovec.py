"""turbovec: every vector's few bits compared, rescored by its own numbers here."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.peers.peer import Flags, Ids, Peer, Vectors, padded

_BITS = 4
_SAMPLE = 4096  # rows that it learns its scale from; they lie in no order


class Turbovec(Peer):
    """Four bits a dimension, and so many candidates rescored in single precision by numpy."""

    package = "turbovec"
    knob = "rescored"
    values = (10, 20, 50, 100, 200)
    parameters: ClassVar[dict[str, object]] = {"bits": _BITS}
    asks_rows = True

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Calibrate, encode, write."""
        index: Any = import_module("turbovec").TurboQuantIndex(rows.shape[1], _BITS)
        index.calibrate(np.asarray(rows[:_SAMPLE]))
        index.add(np.asarray(rows))
        index.write(str(path))

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Read the whole file into memory."""
        self._index: Any = import_module("turbovec").TurboQuantIndex.load(str(path))
        self._rows = rows

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """Candidates of all queries at once, the rest one by one."""
        _, found = self._index.search(queries, max(int(value), k), mask=within)
        pairs = zip(queries, np.asarray(found).astype(np.int64), strict=True)
        return padded([self._best(query, ids[ids >= 0], k) for query, ids in pairs], k)

    def _best(self, query: Vectors, ids: Ids, k: int) -> Ids:
        best: Ids = ids[np.argsort(-(self._rows[ids] @ query), kind="stable")[:k]]
        return best

    def restriction(self, name: str, mask: Flags) -> Any:
        """It takes the mask as it is."""
        return mask
