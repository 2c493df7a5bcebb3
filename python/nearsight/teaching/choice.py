"""Which pictures to ask about next: those in doubt that are unlike each other."""

import numpy as np
from numpy.typing import NDArray

_SAME = 1e-5  # what rounding leaves of 1 - cosine of equal pictures


def choose(vectors: NDArray[np.float32], doubt: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Up to n of m pictures, the most helpful first: indices into embeddings f32[m, dim].

    Greedy: each time the one whose doubt f64[m], times its distance (1 - cosine) to the nearest
    that is chosen already, is highest. Equal ones by index; a copy of a chosen one is not chosen.
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    novelty = np.ones(len(unit))
    chosen: list[int] = []
    for _ in range(min(n, len(unit))):
        gain = doubt * novelty
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        chosen.append(best)
        novelty = np.minimum(novelty, np.maximum(0, 1 - unit @ unit[best] - _SAME))
    return np.array(chosen, np.intp)
