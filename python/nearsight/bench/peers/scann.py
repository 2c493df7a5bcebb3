"""ScaNN: a tree of lists, codes learned for inner products, rescored in single precision."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.peers.peer import THREADS, Flags, Ids, Peer, Vectors, padded

_RESCORED = 20  # candidates for each of the k that are wanted


class Scann(Peer):
    """Its Python has no filter, and it numbers rows itself."""

    package = "scann"
    knob = "leaves"
    values = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    parameters: ClassVar[dict[str, object]] = {
        "leaves": "2 √n",
        "ah": 2,
        "anisotropic": 0.2,
        "reorder": f"{_RESCORED} k",
    }

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Train, encode and serialize."""
        builder = import_module("scann.scann_ops.py.scann_ops_pybind").builder
        sample = min(len(rows), 250_000)
        index = (
            builder(np.asarray(rows), 10, "dot_product")
            .set_n_training_threads(THREADS)
            .tree(int(2 * len(rows) ** 0.5), 10, training_sample_size=sample)
            .score_ah(2, anisotropic_quantization_threshold=0.2)
            .reorder(10 * _RESCORED)
            .build()
        )
        path.mkdir()
        index.serialize(str(path), relative_path=True)

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Read the whole folder into memory."""
        load = import_module("scann.scann_ops.py.scann_ops_pybind").load_searcher
        self._index: Any = load(str(path))
        self._index.set_num_threads(1)
        self._n = len(rows)

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One query by the way for one, which is the faster one."""
        asked = {
            "final_num_neighbors": k,
            "pre_reorder_num_neighbors": _RESCORED * k,
            "leaves_to_search": int(value),
        }
        if len(queries) == 1:
            return padded([self._index.search(queries[0], **asked)[0]], k)
        found = np.asarray(self._index.search_batched(queries, **asked)[0]).astype(np.int64)
        return np.where(found < self._n, found, -1)  # what it fills up with is a great number
