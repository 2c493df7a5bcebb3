"""From examples of one concept to its head and its report.

Features: the unit embedding and, where the model predicts the general concepts, the predictions as
a point in the concepts' space, each block centred and scaled to the same variance (the second to
0.75² of it). Both sides count the same in total, however many examples they have; within the
negative side an unlabelled picture counts a tenth of one that was said not to show the concept,
because it may show it.
"""

import numpy as np
from numpy.typing import NDArray

from nearsight.knowledge import ConceptSpace
from nearsight.teaching.calibration import Calibration, calibrate
from nearsight.teaching.head import Head
from nearsight.teaching.report import Report, report
from nearsight.teaching.ridge import Ridge, solve

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]

YES, NO, PRESUMED = 1, -1, 0

_PRESUMED_WEIGHT = 0.1
_CONCEPTS_SCALE = 0.75
_PENALTY = 0.1  # of the features' variance
_LEAST_VARIANCE = 1e-9


def teach(vectors: Vectors, predictions: Vectors, stances: NDArray[np.int8]) -> tuple[Head, Report]:
    """Learn a concept from n examples, at least one YES and one that is not.

    `vectors` f32[n, dim] are embeddings of any length but zero, `predictions` f32[n, labels]
    probabilities (labels may be 0), `stances` i8[n] hold YES (shows it), NO (does not) or PRESUMED
    (nobody said).
    Deterministic; O(n³): 0.2 s for 1000 examples on one core.
    """
    weights = _balanced(stances)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    blocks = [(unit, 1.0)]
    space = ConceptSpace.of(predictions.shape[1])
    if space is not None:
        blocks.append((space.spread(predictions), _CONCEPTS_SCALE))
    grams = [np.asarray(block @ block.T, np.float64) for block, _ in blocks]
    scales = [
        scale**2 / variance if (variance := _variance(gram, weights)) > _LEAST_VARIANCE else 0.0
        for gram, (_, scale) in zip(grams, blocks, strict=True)
    ]
    total = sum(scale**2 for (_, scale), used in zip(blocks, scales, strict=True) if used) or 1.0
    gram = sum((g * s for g, s in zip(grams, scales, strict=True)), np.zeros_like(grams[0]))
    fit = solve(gram, np.where(stances == YES, 1.0, -1.0), weights, _PENALTY * total)
    calibration, judged = _judged(fit, stances)
    steep = [calibration.slope * scale * fit.dual for scale in scales]
    direction = (steep[0] @ unit).astype(np.float32)
    evidence = np.zeros(predictions.shape[1], np.float32)
    if space is not None:
        evidence = space.gather(np.asarray(steep[1] @ blocks[1][0], np.float32))
    bias = calibration.slope * (fit.intercept - fit.zero) + calibration.offset
    return Head(direction, evidence, bias), judged


def _balanced(stances: NDArray[np.int8]) -> Floats:
    """Weights f64[n] that sum to 1, one half on each side."""
    weights = np.where(stances == PRESUMED, _PRESUMED_WEIGHT, 1.0)
    shows = stances == YES
    weights[shows] *= 0.5 / weights[shows].sum()
    weights[~shows] *= 0.5 / weights[~shows].sum()
    return weights


def _variance(gram: Floats, weights: Floats) -> float:
    """The weighted mean square distance of the examples from their weighted mean."""
    return float(weights @ np.diag(gram) - weights @ gram @ weights)


def _judged(fit: Ridge, stances: NDArray[np.int8]) -> tuple[Calibration, Report]:
    """Calibrate and judge by left-out scores.

    A single positive has none: without it there is nothing to learn from. Half its score stands in,
    which is what examples kept of theirs when left out.
    """
    positive = fit.above[stances == YES]
    if len(positive) == 1:
        positive = (fit.scores[stances == YES] - fit.zero) / 2
    negative, presumed = fit.above[stances == NO], fit.above[stances == PRESUMED]
    calibration = calibrate(positive, negative, presumed)
    return calibration, report(positive, negative, presumed, calibration)
