"""The models that come with nearsight: what a picture shows, its vector, its colours, its focus."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nearsight import pictures
from nearsight.colors import Color, palette
from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import NotFoundError
from nearsight.focus import sharpness
from nearsight.knowledge import ConceptTree, GeneralConcept
from nearsight.looking import embed_query
from nearsight.models.arguments import check_limits, selected_names
from nearsight.pictures import Limits

# What the views of the general model are about: concepts of WordNet with all that is below them.
VIEWS = {
    "general": (),
    "food": ("n00021265", "n07555863", "n07705711", "n13134947"),
    "travel": ("n04524313", "n04341686", "n09287968"),
    "apparel": ("n03051540", "n03122748"),
}


class ConceptModel:
    """The general model, or a view of it that knows the concepts of one field only.

    Its concepts are WordNet's, `type` is "concept".
    """

    type = "concept"

    def __init__(self, id_: str, embedder: Embedder, engine: Engine, limits: Limits) -> None:
        """`id_` is one of `VIEWS`; use `app.models`."""
        self.id = self.name = id_
        self._embedder = embedder
        self._engine = engine
        self._limits = limits

    @property
    def concepts(self) -> tuple[str, ...]:
        """The names of what it recognises. Raises `ModelError` (the app's model predicts none)."""
        return tuple(dict.fromkeys(c.name for c in self._tree() if c.shown and self._covers(c)))

    def predict(
        self,
        image: object,
        *,
        min_value: float = 0.0,
        max_concepts: int | None = 20,
        select_concepts: Iterable[str] | None = None,
        language: str | None = None,
    ) -> list[tuple[str, float]]:
        """What a picture shows: (name, probability in 0..1), the most probable first.

        `image` is any source of one picture. Concepts below `min_value` are left out, so are those
        that are not in `select_concepts` (names, in `language` too, or WordNet's ids), then all but
        the first `max_concepts`. With a `language` ("ja", "fr") concepts bear its name for them, or
        the English one where it has none.

        Raises `ArgumentError`, `NotFoundError` (no such file; a selected concept that it does not
        know), `ModelError` (the app's model predicts no concepts), `PictureError`.
        """
        check_limits(min_value, max_concepts)
        tree = self._tree()
        wanted = None if select_concepts is None else self._selected(select_concepts, language)
        _, result = embed_query(image, self._embedder, self._engine, self._limits)
        probabilities = result.probabilities[0]
        if wanted is None:
            found = [
                (tree.name(concept, language or "en") or concept.name, value)
                for concept, value in tree.top(probabilities, len(tree), min_value)
                if self._covers(concept)
            ]
        else:
            sums = {name: probabilities @ tree.weights(meant) for name, meant in wanted.items()}
            found = [(name, min(1.0, float(value))) for name, value in sums.items()]
        best_first = sorted(found, key=lambda pair: -pair[1])
        return [pair for pair in best_first if pair[1] >= min_value][:max_concepts]

    def _tree(self) -> ConceptTree:
        return ConceptTree.of_labels(self._embedder.labels)

    def _covers(self, concept: GeneralConcept) -> bool:
        """Is it, or all of it, below what the view is about?"""
        leaves = _leaves(self.id)
        return not leaves or leaves.issuperset(concept.leaves)

    def _selected(
        self, select: Iterable[str], language: str | None
    ) -> dict[str, list[GeneralConcept]]:
        tree = self._tree()
        meant: dict[str, list[GeneralConcept]] = {}
        for name in selected_names(select):
            meant[name] = [c for c in tree.named(name, language) if self._covers(c)]
            if not meant[name]:
                raise NotFoundError(f"the model {self.id!r} knows no concept {name!r}")
        return meant

    def __repr__(self) -> str:
        """Its id."""
        return f"<nearsight.models.ConceptModel {self.id!r}>"


class EmbedModel:
    """The vector that searches by image compare; `type` is "embed"."""

    type = "embed"
    id = name = "embed"

    def __init__(self, embedder: Embedder, engine: Engine, limits: Limits) -> None:
        """Use `app.models["embed"]`."""
        self._embedder = embedder
        self._engine = engine
        self._limits = limits

    def predict(self, image: object) -> NDArray[np.float32]:
        """The embedding of a picture, f32[dim], of length 1: the cosine of two is their product.

        Raises `NotFoundError`, `PictureError`, `ArgumentError`, `ModelError`.
        """
        _, result = embed_query(image, self._embedder, self._engine, self._limits)
        vector: NDArray[np.float32] = result.vectors[0] / np.linalg.norm(result.vectors[0])
        return vector

    def __repr__(self) -> str:
        """Its id."""
        return f"<nearsight.models.EmbedModel {self.id!r}>"


class ColorModel:
    """The colours of a picture, found without a network; `type` is "color"."""

    type = "color"
    id = name = "color"

    def __init__(self, limits: Limits) -> None:
        """Use `app.models["color"]`."""
        self._limits = limits

    def predict(self, image: object) -> list[Color]:
        """Its colours: (name, hex, share in 0..1), the largest share first.

        Raises `NotFoundError`, `PictureError`, `ArgumentError`.
        """
        return list(palette(pictures.open(image, self._limits)))

    def __repr__(self) -> str:
        """Its id."""
        return f"<nearsight.models.ColorModel {self.id!r}>"


class FocusModel:
    """How sharp a picture is, found without a network; `type` is "focus"."""

    type = "focus"
    id = name = "focus"

    def __init__(self, limits: Limits) -> None:
        """Use `app.models["focus"]`."""
        self._limits = limits

    def predict(self, image: object) -> list[tuple[str, float]]:
        """("focus", sharpness in 0..1): sharp photographs lie above 0.5, blurred ones below.

        Raises `NotFoundError`, `PictureError`, `ArgumentError`.
        """
        return [("focus", sharpness(pictures.open(image, self._limits)))]

    def __repr__(self) -> str:
        """Its id."""
        return f"<nearsight.models.FocusModel {self.id!r}>"


@cache
def _leaves(view: str) -> frozenset[int]:
    """What a view is about; empty if it is everything."""
    tree = ConceptTree.load()
    return frozenset(leaf for root in VIEWS[view] for leaf in tree[root].leaves)


ReadyModel = ConceptModel | EmbedModel | ColorModel | FocusModel


def ready_models(embedder: Embedder, engine: Engine, limits: Limits) -> list[ReadyModel]:
    """All of them, the general one first."""
    views = [ConceptModel(id_, embedder, engine, limits) for id_ in VIEWS]
    return [*views, EmbedModel(embedder, engine, limits), ColorModel(limits), FocusModel(limits)]
