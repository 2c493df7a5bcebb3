"""Predictions as a point in the space of all concepts, where related pictures lie close together.

One axis per concept: its probability times the square root of its information content, -log of the
share of leaves that it covers (Resnik 1995), so that agreeing on "beagle" counts for more than
agreeing on "animal". A pug and a beagle share no leaf but share "dog", which is what lets five
examples of a general concept reach its other kinds.

Concepts that cover the same leaves say the same of every picture: they are one axis here, as long
as all of them together, which changes no distance and spares a quarter of the axes.
"""

from collections.abc import Iterable
from functools import cache
from math import log

import numpy as np
from numpy.typing import NDArray

from nearsight.knowledge.concept import GeneralConcept
from nearsight.knowledge.tree import ConceptTree

Floats = NDArray[np.float32]

_UNNAMED = 1 / 20  # how likely a concept that people have no word for is what examples share
_BELIEVED = 0.5  # of all belief before any example is seen, the part that a name gets


class ConceptSpace:
    """The linear map from probabilities of leaves to axes of concepts, and its transpose.

    The axes are the leaves in the model's order, then the concepts above them.
    """

    def __init__(self, tree: ConceptTree) -> None:
        """Span the space of a tree's concepts."""
        alike: dict[tuple[int, ...], list[GeneralConcept]] = {}
        for concept in tree:
            alike.setdefault(concept.leaves, []).append(concept)
        axes = sorted(alike, key=lambda covered: (len(covered) > 1, covered))
        self._axis = {covered: axis for axis, covered in enumerate(axes)}
        leaves = len(tree.leaf_ids)
        self._above = np.zeros((leaves, len(axes) - leaves), np.float32)
        for column, covered in enumerate(axes[leaves:]):
            self._above[list(covered), column] = 1
        content = [-len(alike[covered]) * log(len(covered) / leaves) for covered in axes]
        self._lengths = np.sqrt(content).astype(np.float32)
        named = [any(concept.shown for concept in alike[covered]) for covered in axes]
        prior = np.where(named, 1.0, _UNNAMED)
        self._prior: NDArray[np.float64] = prior / prior.sum()

    @staticmethod
    @cache
    def of(labels: int) -> "ConceptSpace | None":
        """Return the space for a model of so many labels; None if the tree does not know them."""
        if not labels:
            return None
        tree = ConceptTree.load()
        return ConceptSpace(tree) if len(tree.leaf_ids) == labels else None

    def prior(self, meant: Iterable[GeneralConcept] = ()) -> NDArray[np.float64]:
        """How likely each concept is what examples share before they are seen, f64[axes], sum 1.

        `meant` are the concepts of the tree that its name means: half of the belief is theirs in
        equal parts, the other half everybody's.
        """
        prior = self._prior.copy()
        if axes := sorted({self._axis[concept.leaves] for concept in meant}):
            prior *= 1 - _BELIEVED
            prior[axes] += _BELIEVED / len(axes)
        return prior

    def spread(self, probabilities: Floats) -> Floats:
        """Turn probabilities f32[n, leaves] into points f32[n, axes]."""
        points: Floats = self.rolled_up(probabilities) * self._lengths
        return points

    def gather(self, direction: Floats) -> Floats:
        """Turn a direction f32[axes] into f32[leaves]: spread(p) @ direction = p @ gathered."""
        return self.rolled_down(direction * self._lengths)

    def rolled_up(self, probabilities: Floats) -> Floats:
        """Turn probabilities f32[n, leaves] into those of all axes, f32[n, axes]."""
        return np.hstack([probabilities, probabilities @ self._above])

    def rolled_down(self, weights: Floats) -> Floats:
        """Turn weights f32[axes] into f32[leaves]: rolled_up(p) @ weights = p @ rolled_down."""
        leaves = len(self._above)
        down: Floats = weights[..., :leaves] + weights[..., leaves:] @ self._above.T
        return down
