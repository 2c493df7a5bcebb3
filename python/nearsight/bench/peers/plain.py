"""numpy: a BLAS product and `argpartition`; what a filter lets through is gathered first."""

from pathlib import Path
from typing import Any

import numpy as np

from nearsight.bench.peers.peer import Flags, Ids, Peer, Vectors, padded


class Numpy(Peer):
    """Exact."""

    package = "numpy"
    exact = True
    asks_rows = True

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Nothing is built."""
        path.touch()

    def __init__(self, path: Path, rows: Vectors) -> None:
        """The rows as they are mapped."""
        self._rows = np.asarray(rows)

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """All queries in one product."""
        rows = self._rows if within is None else self._rows[within]
        cosines = queries @ rows.T
        some = min(k, len(rows))
        best = np.argpartition(cosines, len(rows) - some, axis=1)[:, len(rows) - some :]
        order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1)
        found = np.take_along_axis(best, order, axis=1)
        return padded(list(found if within is None else within[found]), k)

    def restriction(self, name: str, mask: Flags) -> Any:
        """The numbers of the rows."""
        return np.flatnonzero(mask)
