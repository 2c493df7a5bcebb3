"""From examples of one concept to its head and its report.

Two judges look at a picture. `Ridge` compares it with the examples: by the unit embedding and,
where the model predicts the general concepts, by the predictions as a point in the concepts' space,
each block centred and scaled to the same variance (the second to 0.45² of it). `Kinship` asks for
what the examples have in common in the tree of concepts, where the name of what is taught is a
hint. Each is heard as far as it finds examples that it had no part in.

Both sides count the same in total, however many examples they have; within the negative side an
unlabelled picture counts a tenth of one that was said not to show the concept, because it may show
it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.knowledge import ConceptSpace, GeneralConcept
from nearsight.teaching.calibration import Calibration, calibrate
from nearsight.teaching.head import Head
from nearsight.teaching.kinship import Kinship, deviation, kinship
from nearsight.teaching.report import Report, report
from nearsight.teaching.ridge import Ridge, solve

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]

YES, NO, PRESUMED = 1, -1, 0

_CONCEPTS_SCALE = 0.45
_KINSHIP_SHARE = 0.6
_SAME = 1e-5  # of the mean square: what rounding leaves of the variance of equal features


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn. `penalty` > 0, of the features' variance: higher takes examples less exactly.

    `presumed_weight` > 0: what an unlabelled picture counts against one said not to show it.
    """

    penalty: float = 0.1
    presumed_weight: float = 0.1


def teach(
    vectors: Vectors,
    predictions: Vectors,
    stances: NDArray[np.int8],
    settings: Settings = Settings(),
    meant: Iterable[GeneralConcept] = (),
) -> tuple[Head, Report]:
    """Learn a concept from n examples, at least one YES and one that is not.

    `vectors` f32[n, dim] are embeddings of any length but zero, `predictions` f32[n, labels]
    probabilities (labels may be 0), `stances` i8[n] hold YES (shows it), NO (does not) or PRESUMED
    (nobody said). `meant` are the general concepts that the taught one's name means; it counts
    where there are predictions. Deterministic; O(n³): 0.1 s for 1000 examples on one core.
    """
    look, kin, opinion = _judges(vectors, predictions, stances, settings, meant)
    calibration = calibrate(*_sides(opinion.left_out, stances))
    judged = report(*_sides(opinion.left_out, stances), calibration)
    return _head(look, kin, opinion, calibration, predictions.shape[1]), judged


def doubts(
    vectors: Vectors,
    predictions: Vectors,
    stances: NDArray[np.int8],
    settings: Settings = Settings(),
    meant: Iterable[GeneralConcept] = (),
) -> Floats:
    """How much speaks against each label, f64[n] in 0..1, by a fit that has not seen it.

    What `teach` takes. It is the probability that the label is wrong if half of all labels were, so
    that it orders labels of both kinds; 0 for those that are PRESUMED, which nobody said.
    """
    _, _, opinion = _judges(vectors, predictions, stances, settings, meant)
    fitted = calibrate(*_sides(opinion.left_out, stances))
    odds = fitted.slope * opinion.left_out + fitted.offset - np.log(1 / (1 / fitted.share - 1))
    return np.where(stances == PRESUMED, 0.0, 0.5 - 0.5 * np.tanh(0.5 * stances * odds))


def _judges(
    vectors: Vectors,
    predictions: Vectors,
    stances: NDArray[np.int8],
    settings: Settings,
    meant: Iterable[GeneralConcept],
) -> tuple["_Look", Kinship | None, "_Opinion"]:
    shows = stances == YES
    weights = _balanced(stances, settings.presumed_weight)
    space = ConceptSpace.of(predictions.shape[1])
    look = _look(vectors, predictions, shows, weights, settings.penalty, space)
    kin = None if space is None else kinship(space, predictions, shows, weights, meant)
    return look, kin, _opinion(look.fit, kin, shows)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A ridge fit, and its scores: direction · unit + evidence · predictions + fit.intercept."""

    fit: Ridge
    direction: Vectors
    evidence: Vectors


def _look(
    vectors: Vectors,
    predictions: Vectors,
    shows: NDArray[np.bool_],
    weights: Floats,
    penalty: float,
    space: ConceptSpace | None,
) -> _Look:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    blocks = [(unit, 1.0)]
    if space is not None:
        blocks.append((space.spread(predictions), _CONCEPTS_SCALE))
    grams = [block @ block.T for block, _ in blocks]
    scales = [
        scale**2 / variance if (variance := _variance(gram, weights)) else 0.0
        for gram, (_, scale) in zip(grams, blocks, strict=True)
    ]
    total = sum(scale**2 for (_, scale), used in zip(blocks, scales, strict=True) if used) or 1.0
    for gram, scale in zip(grams, scales, strict=True):
        gram *= np.float32(scale)
    fit = solve(sum(grams[1:], grams[0]), np.where(shows, 1.0, -1.0), weights, penalty * total)
    sums = [
        scale * (fit.dual.astype(np.float32) @ block)
        for scale, (block, _) in zip(scales, blocks, strict=True)
    ]
    labels = predictions.shape[1]
    evidence = np.zeros(labels, np.float32) if space is None else space.gather(sums[1])
    return _Look(fit, sums[0], evidence)


def _balanced(stances: NDArray[np.int8], presumed_weight: float) -> Floats:
    """Weights f64[n] that sum to 1, one half on each side."""
    weights = np.where(stances == PRESUMED, presumed_weight, 1.0)
    shows = stances == YES
    weights[shows] *= 0.5 / weights[shows].sum()
    weights[~shows] *= 0.5 / weights[~shows].sum()
    return weights


def _variance(gram: Vectors, weights: Floats) -> float:
    """The weighted mean square distance of the examples from their weighted mean; 0 if tiny."""
    square = float(weights @ np.diag(gram))
    variance = square - float(weights @ (gram @ weights.astype(np.float32)))
    return variance if variance > _SAME * square else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Opinion:
    """How the two judges are joined: opinion = look * score + kin * kinship + offset.

    `left_out` f64[n] is the opinion of each example by judges that had not seen it, in standard
    deviations of those that don't show it, above their mean.
    """

    look: float
    kin: float
    offset: float
    left_out: Floats


def _opinion(fit: Ridge, kin: Kinship | None, shows: NDArray[np.bool_]) -> _Opinion:
    """Join the judges, each weighted by the square of how well it finds what it has not seen.

    A single positive has no left-out score: without it there is nothing to learn from. Half of what
    it gets stands in, which is what examples kept of theirs when left out.
    """
    single = np.count_nonzero(shows) == 1
    above = np.where(shows, (fit.scores - fit.zero) / 2, fit.above) if single else fit.above
    middle, spread = above[~shows].mean(), float(deviation(above[~shows]))
    seen = (above - middle) / spread
    if kin is None:
        return _Opinion(1 / spread, 0.0, -(fit.zero + middle) / spread, seen)
    usual, width = kin.values[~shows].mean(), float(deviation(kin.values[~shows]))
    related = (kin.values - usual) / width
    related[shows] = related[shows] / 2 if single else kin.left_out
    heard = 1.0 if single else _heard(seen, shows)
    kin_heard = _KINSHIP_SHARE * (1.0 if single else _heard(related, shows))
    total = heard + kin_heard or 1.0
    look, kinned = (heard or total - kin_heard) / total, kin_heard / total
    return _Opinion(
        look / spread,
        kinned / width,
        -look * (fit.zero + middle) / spread - kinned * usual / width,
        look * seen + kinned * related,
    )


def _heard(left_out: Floats, shows: NDArray[np.bool_]) -> float:
    """The square of the mean log odds with which an example outranks those that don't show it."""
    others = np.sort(left_out[~shows])
    beaten = (np.searchsorted(others, left_out[shows]) + 0.5) / (len(others) + 1)
    return float(max(0.0, np.log(beaten / (1 - beaten)).mean()) ** 2)


def _sides(left_out: Floats, stances: NDArray[np.int8]) -> tuple[Floats, Floats, Floats]:
    return left_out[stances == YES], left_out[stances == NO], left_out[stances == PRESUMED]


def _head(
    look: _Look, kin: Kinship | None, opinion: _Opinion, calibration: Calibration, labels: int
) -> Head:
    slope = calibration.slope
    steep = slope * opinion.look
    return Head(
        direction=(steep * look.direction).astype(np.float32),
        evidence=(steep * look.evidence).astype(np.float32),
        mixture=np.ones(labels, np.float32) if kin is None else kin.mixture,
        trust=float(np.float32(slope * opinion.kin)),
        bias=steep * look.fit.intercept + slope * opinion.offset + calibration.offset,
    )
