"""nearsight itself: `nearsight.Index` with its codes, and comparing every vector."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from nearsight import Index
from nearsight.bench.drawing import BLOCK
from nearsight.bench.peers.peer import THREADS, Flags, Ids, Peer, Vectors


class Coded(Peer):
    """As users have it: recall is asked for, and how far to go follows from that."""

    package = "nearsight"
    knob = "recall"
    values: ClassVar[tuple[float, ...]] = (0.9, 0.95, 0.99, 0.999)
    dtype: ClassVar[Literal["f32", "f16"]] = "f32"

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Add in blocks, then code."""
        with Index(rows.shape[1], path, cls.dtype) as index:
            for begin in range(0, len(rows), BLOCK):
                block = rows[begin : begin + BLOCK]
                index.add(np.arange(begin, begin + len(block)), block)
            if not cls.exact:
                index.optimize(threads=THREADS)

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Open the folder as one of many; the first change opens it as the only one."""
        self._path = path
        self._index = Index.open(path, read_only=True)
        self._changing = False

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """Ask for the recall `value`."""
        found = self._index.search(queries, k, recall=value, exact=self.exact, allow=within)
        return found.ids.astype(np.int64)

    def restriction(self, name: str, mask: Flags) -> Any:
        """Keep the mask."""
        return self._index.mask(mask)

    def add(self, ids: Ids, rows: Vectors) -> None:
        """As users do."""
        self._changed().add(ids, rows)

    def remove(self, ids: Ids) -> None:
        """As users do."""
        self._changed().remove(ids)

    def _changed(self) -> Index:
        if not self._changing:
            self._index.close()
            self._index, self._changing = Index.open(self._path), True
        return self._index


class Exact(Coded):
    """The same vectors, every one compared."""

    knob, values, exact = "", (1,), True
    built_as = "nearsight"


class HalfExact(Exact):
    """Every one of vectors that are kept as f16, so exact but for their rounding."""

    built_as = ""
    dtype = "f16"
    parameters: ClassVar[dict[str, object]] = {"dtype": "f16"}
