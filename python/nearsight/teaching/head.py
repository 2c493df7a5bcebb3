"""What was learned of one concept: a function of what is known of a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Probability = sigmoid(total + bias), bias in logits, and the total is

    direction · unit embedding + evidence · predictions + trust * log(mixture · predictions).

    `direction` is f32[dim]; `evidence` and `mixture`, which is positive, are f32[labels]; `trust`
    is at least 0. All three are sums that the engine makes, so that it ranks by a head exactly.
    Without labels there is the first only.
    """

    direction: NDArray[np.float32]
    evidence: NDArray[np.float32]
    mixture: NDArray[np.float32]
    trust: float
    bias: float

    @staticmethod
    def size(dim: int, labels: int) -> int:
        """How many numbers `weights` are."""
        return dim + 2 * labels + 1

    @staticmethod
    def of(weights: NDArray[np.float32], dim: int, bias: float) -> "Head":
        """Take apart `weights` f32[size(dim, labels)]."""
        evidence, mixture = weights[dim:-1].reshape(2, -1)
        return Head(weights[:dim], evidence, mixture, float(weights[-1]), bias)

    @property
    def weights(self) -> NDArray[np.float32]:
        """All but the bias in one, f32[size(dim, labels)]: what a database keeps."""
        trust = np.array([self.trust], np.float32)
        return np.concatenate([self.direction, self.evidence, self.mixture, trust])

    def probabilities(
        self, vectors: NDArray[np.float32], predictions: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Probabilities f64[n] in 0..1 for embeddings f32[n, dim] and predictions f32[n, labels].

        No embedding may be zero. Predictions count as the database keeps them, as float16.
        """
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        kept = predictions.astype(np.float16).astype(np.float32)
        totals = unit @ self.direction + kept @ self.evidence
        if self.trust > 0:
            totals = totals + self.trust * np.log(kept @ self.mixture)
        return self.of_totals(totals)

    def of_totals(self, totals: ArrayLike) -> NDArray[np.float64]:
        """The probability for each total; monotone."""
        logits = np.asarray(totals, np.float64) + self.bias
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))  # the sigmoid, without overflow

    def score(self, total: float) -> float:
        """`of_totals` for one total."""
        return float(self.of_totals(total))
