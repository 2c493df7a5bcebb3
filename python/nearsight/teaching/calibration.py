"""From a score to a probability, using no score that the example itself had a part in.

Scores of pictures that show the concept and of those that don't are taken as two normal
distributions of equal variance. That makes the probability a logistic function of the score, the
form of Platt (1999). Platt's fit needs to know of every picture what it shows. Here most are
unlabelled and some of them show the concept, so their share is estimated by expectation
maximisation (Dempster, Laird & Rubin 1977), with the labelled ones fixed. And where p examples show
it, the two are taken to be no more than sqrt(p + 1) standard deviations apart, however far apart
they look: a few examples that happen to agree prove no certainty.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDS = 100
_LEAST_UNLABELLED = 20
_FIRST_SHARE = 0.1
_MOST_SHARE = 0.9
_LEAST_DEVIATION = 1e-3  # targets are 2 apart
_FURTHEST = 4.0  # standard deviations between the two sides, while the share is sought
_NEAREST = 0.05  # keeps the slope positive where the examples prove nothing


@dataclass(frozen=True, slots=True)
class Calibration:
    """The probability is sigmoid(slope * score + offset), slope > 0.

    `share` in 0..1 is the estimated part of the collection that shows the concept.
    """

    slope: float
    offset: float
    share: float


def calibrate(positive: Floats, negative: Floats, unlabelled: Floats) -> Calibration:
    """Fit to left-out scores: f64[p] with p >= 1, f64[n] and f64[u] with n + u >= 1.

    With fewer than 20 unlabelled ones they count as negative, and the share is that among the
    labelled (with one more on each side, so that it is never 0 or 1).
    """
    if len(unlabelled) < _LEAST_UNLABELLED:
        negative, unlabelled = np.concatenate([negative, unlabelled]), unlabelled[:0]
    high = float(positive.mean())
    share = _FIRST_SHARE
    if not len(unlabelled):
        share = (len(positive) + 1) / (len(positive) + len(negative) + 2)
    shows = np.zeros(len(unlabelled))
    low, deviation = _fitted(positive, negative, unlabelled, shows, high)
    for _ in range(_ROUNDS if len(unlabelled) else 0):
        slope, offset = _logistic(high, low, deviation, share, _FURTHEST)
        shows = 0.5 + 0.5 * np.tanh(0.5 * (slope * unlabelled + offset))
        share = float(np.clip(shows.mean(), 1 / (len(unlabelled) + 2), _MOST_SHARE))
        low, deviation = _fitted(positive, negative, unlabelled, shows, high)
    proven = float(np.sqrt(len(positive) + 1))
    return Calibration(*_logistic(high, low, deviation, share, proven), share)


def _fitted(
    positive: Floats, negative: Floats, unlabelled: Floats, shows: Floats, high: float
) -> tuple[float, float]:
    """The mean of those that don't show it, and the deviation around both means."""
    lacks = 1 - shows
    low = (negative.sum() + lacks @ unlabelled) / (len(negative) + lacks.sum())
    squares = (
        ((positive - high) ** 2).sum()
        + ((negative - low) ** 2).sum()
        + shows @ (unlabelled - high) ** 2
        + lacks @ (unlabelled - low) ** 2
    )
    count = len(positive) + len(negative) + len(unlabelled)
    return float(low), float(np.sqrt(squares / max(1, count - 1)))


def _logistic(
    high: float, low: float, deviation: float, share: float, furthest: float
) -> tuple[float, float]:
    deviation = max(deviation, _LEAST_DEVIATION, (high - low) / furthest)
    gap = max(high - low, _NEAREST * deviation)
    slope = gap / deviation**2
    return slope, float(np.log(share / (1 - share)) - slope * (high + low) / 2)
