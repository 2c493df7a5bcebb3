"""Ridge regression in the dual, with every leave-one-out score from a single fit.

The intercept is not penalised (a penalised one collapses where one side has most of the examples),
so the features are centred on their weighted mean. Leaving an example out changes its residual by
the factor 1 / (1 - h), h its leverage on the diagonal of the hat matrix (Allen 1974, PRESS).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Reals = NDArray[Any]  # f64 or f32, kept as it comes

_TINY = 1e-12
_SMALL = 64


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """A fit: the score of x is sum(dual * (features · x)) + intercept.

    `scores` f64[n] are those of the examples. `left_out` f64[n] is what each would score had it not
    been an example, the others keeping their weights. `above` f64[n] is the same measured from the
    mean of the (other) negatives under the same refit: leaving out one of few examples shifts the
    intercept, which says nothing about order. `zero` is that mean for the fit itself.
    """

    dual: Floats
    intercept: float
    scores: Floats
    left_out: Floats
    above: Floats
    zero: float


def solve(gram: Reals, targets: Floats, weights: Floats, penalty: float) -> Ridge:
    """Minimise sum(weights * (targets - scores)²) + penalty * |w|², intercept free.

    `gram` f64[n, n] or f32[n, n] holds the examples' inner products, n >= 2; `targets` f64[n] has
    +1 and -1; `weights` f64[n] are positive and sum to 1; `penalty` > 0. O(n³) time, O(n²) memory.
    """
    kind = gram.dtype.type
    roots, share = np.sqrt(weights), weights.astype(kind)
    means = gram @ share
    centred = gram - means
    centred -= (means - share @ means)[:, None]
    centred *= roots.astype(kind)
    centred *= roots.astype(kind)[:, None]
    centred[np.diag_indices_from(centred)] += kind(penalty)
    inverse = inverted(centred)
    mean_target = weights @ targets
    solution = inverse @ (roots * (targets - mean_target)).astype(kind)
    scores = targets - penalty * solution / roots
    free = np.maximum(penalty * np.diag(inverse) - weights, _TINY)  # 1 - leverage
    change = penalty * solution / free  # residual of the left-out example, times the root
    left_out = targets - change / roots
    negative: Floats = weights * (targets < 0)
    reference = _means_without(negative, inverse, penalty, roots, scores, change, left_out)
    dual = roots * solution
    return Ridge(
        dual=dual,
        intercept=float(mean_target - dual @ means),
        scores=scores,
        left_out=left_out,
        above=np.where(np.isnan(reference), 0.0, left_out - reference),
        zero=float(negative @ scores / negative.sum()),
    )


def inverted(matrix: Reals) -> Reals:
    """The inverse of a positive definite matrix, by halves: twice as fast as a general one."""
    half = len(matrix) // 2
    if half < _SMALL:
        return np.asarray(np.linalg.inv(matrix), matrix.dtype)
    first = inverted(matrix[:half, :half])
    across = first @ matrix[:half, half:]
    rest = inverted(matrix[half:, half:] - matrix[half:, :half] @ across)
    corner = -across @ rest
    whole = np.empty_like(matrix)
    whole[:half, :half] = first - corner @ across.T
    whole[:half, half:] = corner
    whole[half:, :half] = corner.T
    whole[half:, half:] = rest
    return whole


def _means_without(
    share: Floats,
    inverse: Reals,
    penalty: float,
    roots: Floats,
    scores: Floats,
    change: Floats,
    left_out: Floats,
) -> Floats:
    """For each example: the mean score, by `share`, of the others in the fit without it.

    `penalty * inverse` is the identity minus the hat matrix without its intercept. NaN where there
    is no other.
    """
    by_root = share / roots
    influence = by_root - penalty * (by_root.astype(inverse.dtype) @ inverse) + share.sum() * roots
    total = share @ scores - influence * change - share * left_out
    others = share.sum() - share
    means: Floats = np.full_like(total, np.nan)
    np.divide(total, others, out=means, where=others > _TINY)
    return means
