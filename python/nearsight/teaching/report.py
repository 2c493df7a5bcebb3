"""How well a concept was learned, and what would help."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.teaching.calibration import Calibration

Floats = NDArray[np.float64]

_LEAST_UNLABELLED = 20
_FEW = 5
_GOOD = 0.8
_USUAL, _USUAL_COUNT = 0.75, 5
_SPREAD = 0.4


@dataclass(frozen=True, slots=True)
class Report:
    """What one concept was learned from, and how far to trust it.

    `positives` and `negatives` count what people said, `presumed` the unlabelled pictures that were
    taken as weak negatives. `share` in 0..1 estimates the part of the collection that shows the
    concept. `average_precision` in 0..1 estimates that of a search for it, every positive scored by
    a fit that has not seen it; `spread` is how far off that typically is. Both are None with a
    single positive. Five positives tell little of a search among unlabelled pictures, and the
    spread says so: tests/e2e/taught_concepts.py measures both.
    """

    positives: int
    negatives: int
    presumed: int
    share: float
    average_precision: float | None
    spread: float | None
    advice: str

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-ready values."""
        return asdict(self)


def report(
    positive: Floats, negative: Floats, presumed: Floats, calibration: Calibration
) -> Report:
    """Judge left-out scores: f64[p], f64[n], f64[u], p >= 1."""
    measured, error = _estimated(positive, negative, presumed, calibration)
    return Report(
        positives=len(positive),
        negatives=len(negative),
        presumed=len(presumed),
        share=calibration.share,
        average_precision=measured,
        spread=error,
        advice=_advice(len(positive), len(negative), measured),
    )


def _estimated(
    positive: Floats, negative: Floats, presumed: Floats, calibration: Calibration
) -> tuple[float | None, float | None]:
    """The average precision and how far off it is.

    Among labelled pictures it is counted. Among unlabelled ones it is the mean of two estimates
    that err differently (by the left-out positives; by the probabilities of the unlabelled), drawn
    to what is usual as if that were five more positives. Weight, usual value and spread were fitted
    to half of the concepts of tests/e2e/taught_concepts.py, with the other half in sight.
    """
    count = len(positive)
    if count < 2:
        return None, None
    precisions = _precisions(positive, negative, presumed, calibration.share)
    found = float(precisions.mean())
    error = float(np.sqrt(precisions.var(ddof=1) / count + _SPREAD**2 / (count + 2)))
    if len(presumed) < _LEAST_UNLABELLED:
        return found, error
    both = (found + _expected(presumed, calibration)) / 2
    return (count * both + _USUAL_COUNT * _USUAL) / (count + _USUAL_COUNT), error


def _expected(presumed: Floats, calibration: Calibration) -> float:
    """The average precision that the probabilities of the unlabelled pictures promise."""
    best_first = np.sort(presumed)[::-1]
    shows = 0.5 + 0.5 * np.tanh(0.5 * (calibration.slope * best_first + calibration.offset))
    precision = np.cumsum(shows) / np.arange(1, len(shows) + 1)
    return float(precision @ shows / shows.sum())


def _precisions(positive: Floats, negative: Floats, presumed: Floats, share: float) -> Floats:
    """The precision at each positive, f64[p]; their mean is the average precision.

    Among labelled pictures it is counted. Among unlabelled ones, some of which show the concept, it
    is share * recall / (part that scores as high): of what is found, that part is right.
    """
    best_first = np.sort(positive)[::-1]
    rank = np.arange(1, len(positive) + 1)
    if len(presumed) < _LEAST_UNLABELLED:
        others = np.sort(np.concatenate([negative, presumed]))
        return rank / (rank + _at_least(others, best_first))
    found = np.maximum(_at_least(np.sort(presumed), best_first), 0.5) / len(presumed)
    recall = (rank - 0.5) / len(positive)
    return np.minimum(1.0, share * recall / found)


def _at_least(ascending: Floats, thresholds: Floats) -> NDArray[np.intp]:
    """How many reach each threshold; ties count against us."""
    return len(ascending) - np.searchsorted(ascending, thresholds, side="left")


def _advice(positives: int, negatives: int, measured: float | None) -> str:
    if positives < _FEW:
        return f"{_more(_FEW - positives)} that show{'s' * (positives == _FEW - 1)} it"
    if negatives < _FEW:
        missing = _FEW - negatives
        verb = "does" if missing == 1 else "do"
        return f"{_more(missing)} that {verb} not show it, best such as are mistaken for it"
    if measured is not None and measured < _GOOD:
        return f"{_more(positives)} that show it, as different from each other as can be"
    return "nothing in particular: more of both kinds would help little"


def _more(count: int) -> str:
    return f"{count} more picture{'s' * (count != 1)}"
