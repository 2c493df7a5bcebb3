"""What was learned of one concept: a linear function of what is known of a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Probability = sigmoid(direction · unit embedding + evidence · predictions + bias).

    `direction` is f32[dim], `evidence` f32[labels] (empty or zero where predictions don't help),
    `bias` in logits. Linear, so that the engine ranks by it exactly.
    """

    direction: NDArray[np.float32]
    evidence: NDArray[np.float32]
    bias: float

    @staticmethod
    def of(weights: NDArray[np.float32], dim: int, bias: float) -> "Head":
        """Take apart `weights` f32[dim + labels]."""
        return Head(weights[:dim], weights[dim:], bias)

    @property
    def weights(self) -> NDArray[np.float32]:
        """Direction and evidence in one, f32[dim + labels]: what a database keeps."""
        return np.concatenate([self.direction, self.evidence])

    def probabilities(
        self, vectors: NDArray[np.float32], predictions: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Probabilities f64[n] in 0..1 for embeddings f32[n, dim] and predictions f32[n, labels].

        No embedding may be zero. Predictions count as the database keeps them, as float16.
        """
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        kept = predictions.astype(np.float16).astype(np.float32)
        return self.of_sums(unit @ self.direction + kept @ self.evidence)

    def of_sums(self, sums: ArrayLike) -> NDArray[np.float64]:
        """The probability for direction · unit embedding + evidence · predictions; monotone."""
        logits = np.asarray(sums, np.float64) + self.bias
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))  # the sigmoid, without overflow
