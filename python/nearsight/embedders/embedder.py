"""What every embedder promises, whatever computes inside."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nearsight.pictures import Picture


class Embedded(NamedTuple):
    """What a model says of n pictures, row by row in their order.

    `vectors` float32[n, dim]: as the network gives them, finite, not normalised.
    `probabilities` float32[n, len(labels)]: rows sum to 1; of width 0 if the model has no labels.
    """

    vectors: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class Embedder(Protocol):
    """Turns pictures into vectors. Safe to use from several threads.

    `name` is what users call the model, `fingerprint` (hex SHA-256 over weights and preprocessing)
    what tells it from every other: vectors of two fingerprints are never compared. `dim` is the
    length of its vectors, `labels` the concept ids of its probabilities' columns.
    """

    @property
    def name(self) -> str:
        """What users call the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 over weights and preprocessing."""
        ...

    @property
    def dim(self) -> int:
        """The length of a vector."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Concept ids of the probabilities' columns; empty if the model predicts nothing."""
        ...

    def prepare(self, picture: "Picture") -> NDArray[np.uint8]:
        """Return the picture as the model wants to see it: uint8[height, width, 3], RGB."""
        ...

    def embed(self, pixels: NDArray[np.uint8]) -> Embedded:
        """Embed n prepared pictures, uint8[n, height, width, 3]; n may be 0.

        A picture's row does not depend on its neighbours beyond float32 rounding. Raises
        `ModelError` if the model cannot run or gives numbers that are not finite.
        """
        ...
