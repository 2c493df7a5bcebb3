"""nearsight for ann-benchmarks (https://github.com/erikbern/ann-benchmarks, `BaseANN`).

Its algorithms are classes that it finds by a file of settings. Copy `CONFIG` to
`ann_benchmarks/algorithms/nearsight/config.yml` there, have its Dockerfile `pip install nearsight`,
and let its `module.py` say

    from nearsight.bench.ann_benchmarks import Nearsight, NearsightExact

The class takes BaseANN's part without being one, so that nothing has to be installed here.

>>> import numpy as np
>>> algorithm = Nearsight("angular")
>>> algorithm.fit(np.eye(4, dtype=np.float32))
>>> algorithm.set_query_arguments(0.99)
>>> algorithm.query(np.array([0, 1, 0.1, 0]), 2).tolist()
[1, 2]
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import ArgumentError, Index
from nearsight.bench.measure import memory_mb

Ids = NDArray[np.int64]

CONFIG = """\
float:
  angular:
  - base_args: ['@metric']
    constructor: Nearsight
    disabled: false
    docker_tag: ann-benchmarks-nearsight
    module: ann_benchmarks.algorithms.nearsight
    name: nearsight
    run_groups:
      f32:
        args: [[f32]]
        query_args: [[0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]]
      f16:
        args: [[f16]]
        query_args: [[0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]]
  - base_args: ['@metric']
    constructor: NearsightExact
    disabled: false
    docker_tag: ann-benchmarks-nearsight
    module: ann_benchmarks.algorithms.nearsight
    name: nearsight-exact
    run_groups:
      base:
        args: [[f32, f16]]
"""


class Nearsight:
    """`nearsight.Index`, asked for a recall; only "angular" is a cosine's order."""

    exact = False

    def __init__(self, metric: str, dtype: str = "f32") -> None:
        """`ArgumentError` for another metric than "angular", or another dtype than f32 and f16."""
        if metric != "angular":
            raise ArgumentError(f"nearsight searches by cosine: metric 'angular', not {metric!r}")
        if dtype not in ("f32", "f16"):
            raise ArgumentError(f"vectors are kept as 'f32' or 'f16', not {dtype!r}")
        self._dtype: Any = dtype
        self._recall = 0.99
        self._index: Index | None = None
        self._found: list[Ids] = []

    @property
    def name(self) -> str:
        """What its curves are called."""
        return str(self)

    def fit(self, vectors: ArrayLike) -> None:
        """Index vectors [n, d]; they are found by their numbers, from 0. None may be zero."""
        rows = np.asarray(vectors)
        self.done()
        self._index = Index(rows.shape[1], dtype=self._dtype)
        self._index.add(np.arange(len(rows)), rows)
        if not self.exact:
            self._index.optimize()

    def set_query_arguments(self, recall: float) -> None:
        """Ask for a recall, above 0 and at most 1."""
        self._recall = recall

    def query(self, vector: ArrayLike, n: int) -> Ids:
        """Find the numbers of the n nearest, best first, in one thread."""
        return self._search(vector, n, threads=1)

    def batch_query(self, vectors: ArrayLike, n: int) -> None:
        """Find those of many; `get_batch_results` gives them."""
        self._found = list(self._search(vectors, n, threads=2))

    def get_batch_results(self) -> list[Ids]:
        """Give what `batch_query` found, for each of its vectors."""
        return self._found

    def _search(self, vectors: ArrayLike, n: int, threads: int) -> Ids:
        if self._index is None:
            raise ArgumentError("nothing was indexed yet: call fit first")
        asked = {"recall": self._recall, "exact": self.exact, "threads": threads}
        return self._index.search(vectors, n, **asked).ids.astype(np.int64)  # type: ignore[arg-type]

    def get_memory_usage(self) -> float:
        """Give this process's memory in kB, files that it maps included."""
        return sum(memory_mb().values()) * 1e6 / 1024

    def get_additional(self) -> dict[str, Any]:
        """Nothing more."""
        return {}

    def done(self) -> None:
        """Let go of the index."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def __str__(self) -> str:
        """Name it with its settings."""
        return f"nearsight({self._dtype}, recall={self._recall:g})"


class NearsightExact(Nearsight):
    """The same, every vector compared; it has no query arguments."""

    exact = True

    def __str__(self) -> str:
        """Name it with its settings."""
        return f"nearsight-exact({self._dtype})"
