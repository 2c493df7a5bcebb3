"""What a search for vectors found."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
Scores = NDArray[np.float32]


class Found(tuple[Ids, Scores]):
    """What a search found: unpacks to `(ids, scores)`.

    `ids` u64 and `scores` f32 (cosines, -1 to 1) have the same shape: [m] for one query, [n, m] for
    n of them, best first, where m = min(k, vectors that may be found). `exact` says whether every
    one of those was scored by its own numbers, so that nothing better exists; `recall` is the
    expected share of the true best m that are here (the worst query's), 1.0 if exact.
    """

    exact: bool
    recall: float

    def __new__(cls, ids: Ids, scores: Scores, exact: bool, recall: float) -> Self:
        """Bind what belongs together."""
        found = super().__new__(cls, (ids, scores))
        found.exact = exact
        found.recall = recall
        return found

    @property
    def ids(self) -> Ids:
        """Ids, u64, best first."""
        return self[0]

    @property
    def scores(self) -> Scores:
        """Cosines, f32, falling."""
        return self[1]
