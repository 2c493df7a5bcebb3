"""An embedder whose answers are planted in the picture, so that tests know what must be found.

A picture of one colour (r, g, b) has the embedding (r, g, b, 1) and predicts three concepts with
the shares of red, green and blue. A black picture has no direction at all.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nearsight.embedders import Embedded
from nearsight.knowledge import ConceptTree
from nearsight.pictures import Picture

CONCEPTS = ("tabby", "sports car", "lemon")  # red, green, blue


class Planted:
    """The embedder; counts its calls, and can be told to fail."""

    name = "planted"
    fingerprint = "0" * 64
    dim = 4

    def __init__(self, fingerprint: str = fingerprint) -> None:
        self.fingerprint = fingerprint
        self.calls = 0
        self.pictures = 0
        self.labels = tuple(self._leaves())

    def _leaves(self) -> list[str]:
        tree = ConceptTree.load()
        leaves = sorted((c for c in tree if len(c.leaves) == 1), key=lambda c: min(c.leaves))
        by_leaf = {}
        for concept in leaves:
            by_leaf.setdefault(min(concept.leaves), concept.id)
        return [by_leaf[leaf] for leaf in range(1000)]

    def prepare(self, picture: Picture) -> NDArray[np.uint8]:
        return np.asarray(picture.pixels.resize((1, 1)), np.uint8)

    def embed(self, pixels: NDArray[np.uint8]) -> Embedded:
        self.calls += 1
        self.pictures += len(pixels)
        colour = pixels.reshape(len(pixels), 3).astype(np.float32)
        known = colour.sum(1, keepdims=True) > 0
        vectors = np.hstack([colour / 255, np.ones((len(colour), 1), np.float32)]) * known
        share = colour / np.maximum(colour.sum(1, keepdims=True), 1)
        probabilities = np.zeros((len(colour), 1000), np.float32)
        for column, name in enumerate(CONCEPTS):
            (leaf,) = ConceptTree.load().named(name)[0].leaves
            probabilities[:, leaf] = share[:, column]
        return Embedded(vectors.astype(np.float32), probabilities)


def plain(colour: Sequence[int], size: int = 8) -> NDArray[np.uint8]:
    """A picture of one colour."""
    return np.full((size, size, 3), colour, np.uint8)
