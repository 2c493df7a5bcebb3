"""What the examples have in common, by the tree of concepts: "these five are all vegetables".

Every concept of the tree is a hypothesis of what is taught. Its likelihood is the product over the
examples of how much more probable it is in them than elsewhere, so that of all concepts that cover
the examples the narrowest wins (the size principle of Xu & Tenenbaum 2007). The average of the
hypotheses, weighted by their posterior, is a weight for every leaf, and a picture's kinship is
log(weights · predictions). Five examples prove less by their pixels than by what they share.

Before any example is seen, half of the belief is with what the name of the taught concept means, if
it means anything: examples that it fits need not prove it, and those that it does not fit refute it
as any other hypothesis.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.knowledge import ConceptSpace, GeneralConcept

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]

_FLOOR = 0.003  # a probability that means nothing: forgives the examples that the model mistakes
_LEAST_DEVIATION = 1e-3  # of what counts as the same; both judges speak in units of about 1
_MOST_FOLDS = 32  # beyond it, a left-out example takes others of its kind along


@dataclass(frozen=True, slots=True, eq=False)
class Kinship:
    """`mixture` f32[labels], positive: the kinship of a picture is log(mixture · predictions).

    `values` f64[n] are those of the examples. `left_out` holds for each example that shows the
    concept, in order, how far its kinship lies above the others' mean, in their standard
    deviations, by a mixture that it had no part in.
    """

    mixture: Vectors
    values: Floats
    left_out: Floats


def kinship(
    space: ConceptSpace,
    predictions: Vectors,
    shows: NDArray[np.bool_],
    weights: Floats,
    meant: Iterable[GeneralConcept] = (),
) -> Kinship:
    """Learn from predictions f32[n, labels], those that show it, and positive weights f64[n].

    `meant` are the concepts that the name of what is taught means, if any.
    """
    elsewhere = weights[~shows] @ predictions[~shows] / weights[~shows].sum()
    usual = space.rolled_up(elsewhere[None].astype(np.float32))[0] + _FLOOR
    ratios = np.log((space.rolled_up(predictions[shows]) + _FLOOR) / usual).astype(np.float64)
    evidence = ratios.sum(axis=0) + np.log(space.prior(meant))
    folds = list(_folds(len(ratios)))
    without = np.stack([evidence, *(evidence - ratios[fold].sum(axis=0) for fold in folds)])
    mixtures = space.rolled_down(_posterior(without)) + np.float32(_FLOOR)
    values = np.log(predictions @ mixtures.T).astype(np.float64)
    above = (values - values[~shows].mean(axis=0)) / deviation(values[~shows])
    left_out = np.empty(len(ratios))
    for column, fold in enumerate(folds, start=1):
        left_out[fold] = above[shows, column][fold]
    return Kinship(mixtures[0], values[:, 0], left_out)


def deviation(values: Floats) -> Floats:
    """The standard deviation of each column, never zero."""
    return np.asarray(np.maximum(values.std(axis=0), _LEAST_DEVIATION))


def _folds(count: int) -> Iterator[slice]:
    """Slices of 0..count, all of them together covering it once."""
    many = min(count, _MOST_FOLDS)
    return (slice(number, count, many) for number in range(many))


def _posterior(evidence: Floats) -> Vectors:
    powers = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
