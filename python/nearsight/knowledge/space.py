"""Predictions as a point in the space of all concepts, where related pictures lie close together.

One axis per concept: its probability times the square root of its information content, -log of the
share of leaves that it covers (Resnik 1995), so that agreeing on "beagle" counts for more than
agreeing on "animal". A pug and a beagle share no leaf but share "dog", which is what lets five
examples of a general concept reach its other kinds.
"""

from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from nearsight.knowledge.tree import ConceptTree


class ConceptSpace:
    """The linear map from probabilities of leaves to axes of concepts, and its transpose."""

    def __init__(self, tree: ConceptTree) -> None:
        """Span the space of a tree's concepts."""
        self._tree = tree

    @staticmethod
    @cache
    def of(labels: int) -> "ConceptSpace | None":
        """Return the space for a model of so many labels; None if the tree does not know them."""
        if not labels:
            return None
        tree = ConceptTree.load()
        return ConceptSpace(tree) if len(tree.weights([])) == labels else None

    def spread(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn probabilities f32[n, leaves] into points f32[n, concepts]."""
        return probabilities @ self._axes

    def gather(self, direction: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn a direction f32[concepts] into f32[leaves]: spread(p) @ direction = p @ gathered."""
        return self._axes @ direction

    @cached_property
    def _axes(self) -> NDArray[np.float32]:
        """Of each leaf: the scale of every concept that covers it. f32[leaves, concepts], 7 MB."""
        covered = np.stack([self._tree.weights([concept]) for concept in self._tree], axis=1)
        return np.asarray(covered * np.sqrt(-np.log(covered.mean(axis=0))), np.float32)
